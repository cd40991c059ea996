import { pino } from 'pino'

export type Logger = pino.Logger

/** JSON lines on standard output, each with the name of the process that wrote it. */
export function createLogger(name: string, level: string): Logger {
  const options = {
    name,
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: unknown) => describeError(error) },
  }
  // By default pino writes in the background: the last lines before the end then come out of order, or not at all.
  return pino(options, pino.destination({ dest: 1, sync: true }))
}

/**
 * An error as it is logged: its kind, message, code and stack, and those of its causes. Nothing else that hangs on it,
 * since clients put whole requests there, with credentials.
 */
function describeError(error: unknown, within: readonly unknown[] = []): unknown {
  if (!(error instanceof Error))
    return isPrimitive(error) ? error : `${Object.prototype.toString.call(error)}, no Error`
  if (within.includes(error)) return 'circular'
  const inner = (cause: unknown) => describeError(cause, [...within, error])
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && isPrimitive(error.code) && { code: error.code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: inner(error.cause) }),
    // Of a host with several addresses, none of which answered; the message itself is empty then.
    ...(error instanceof AggregateError && { errors: error.errors.map(inner) }),
  }
}

function isPrimitive(value: unknown): boolean {
  return Object(value) !== value
}
