import { pino } from 'pino'

export type Logger = pino.Logger

/** JSON lines on standard output, each with the name of the process. */
export function createLogger(name: string, level: string): Logger {
  const options = {
    name,
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: unknown) => describeError(error) },
  }
  // Pino's default, asynchronous writes would lose or reorder the last lines before the process exits.
  return pino(options, pino.destination({ dest: 1, sync: true }))
}

/**
 * Type, message, code and stack of an error and of its causes. No other properties: clients attach whole requests, with
 * credentials.
 */
function describeError(error: unknown, parents: readonly unknown[] = []): unknown {
  if (!(error instanceof Error))
    return isPrimitive(error) ? error : `${Object.prototype.toString.call(error)}, not an Error`
  if (parents.includes(error)) return 'circular'
  const inner = (cause: unknown) => describeError(cause, [...parents, error])
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && isPrimitive(error.code) && { code: error.code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: inner(error.cause) }),
    // From a host with several addresses, all unreachable; its own message is empty.
    ...(error instanceof AggregateError && { errors: error.errors.map(inner) }),
  }
}

function isPrimitive(value: unknown): boolean {
  return Object(value) !== value
}
