import { pino } from 'pino'

export type Logger = pino.Logger

/** JSON lines on standard output, each with the name of the process that wrote it. */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  })
}

/**
 * An error as it is logged: its kind, message and stack, and those of its causes. Nothing else that hangs on it, since
 * clients put whole requests there, with credentials.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  }
}
