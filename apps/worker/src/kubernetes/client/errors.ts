import { PermanentError, RetryError } from '../../errors.ts'

/** The API server's response to a failed call (kubernetes.io/docs/reference/kubernetes-api/common-definitions/status). */
export interface ApiStatus {
  code: number
  reason: string
  message: string
  /** Milliseconds, from the `Retry-After` header. */
  retryAfterMs?: number | undefined
}

/** A call that the API server answered with an error. Callers handle the codes they expect and pass the rest to `classify`. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: ApiStatus

  constructor(status: ApiStatus) {
    super(`${status.code} ${status.reason}: ${status.message}`)
    this.status = status
  }
}

/** Reason of a response without one: it came from a proxy, or the API server has no reason for the error. */
export const NO_REASON = 'Unknown'

/** What an unanswered call lacked. Nothing is sent before there is a connection. */
export type Missing = 'credentials' | 'connection' | 'answer'

/** A call without a response. */
export class NoAnswerError extends Error {
  override name = 'NoAnswerError'
  readonly missing: Missing
  readonly code: string | undefined

  constructor(missing: Missing, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.missing = missing
    this.code = codeOf(cause)
  }
}

/**
 * Codes that a retry of the same request cannot change. All others may: 429 and 5xx are transient, 401 passes with a new
 * token, 403 with a freed quota or a corrected Role, 404 with the creation of the namespace.
 */
const PERMANENT_CODES = new Set([400, 405, 406, 413, 415, 422])

/**
 * Turns the error of a failed call into a permanent or a retryable one, with the original as its cause.
 *
 * @param what what the call was doing, such as `creating Job a/b`
 */
export function classify(error: unknown, what: string): PermanentError | RetryError {
  if (error instanceof RetryError) return error
  if (!(error instanceof ApiError)) {
    const missing = error instanceof NoAnswerError ? error.missing : 'answer'
    return new RetryError(`${what}: ${NO_ANSWER[missing]} (${nameOf(error)})`, { cause: error })
  }
  const message = `${what}: the API server answered ${error.message}`
  return PERMANENT_CODES.has(error.status.code)
    ? new PermanentError(message, { cause: error })
    : new RetryError(message, { cause: error, retryAfterMs: error.status.retryAfterMs })
}

const NO_ANSWER: Record<Missing, string> = {
  credentials: 'no credentials for the API server',
  connection: 'cannot reach the API server',
  answer: 'the API server did not answer',
}

const OVERLOAD_CODES = new Set([429, 500, 502, 503, 504])

/**
 * Whether an error means that the API server is overloaded or unreachable and needs fewer concurrent calls.
 *
 * @returns the pause that it asked for, in milliseconds, or undefined if it is not overloaded
 */
export function overload(error: unknown): { pauseMs: number } | undefined {
  if (error instanceof NoAnswerError) return error.missing === 'credentials' ? undefined : { pauseMs: 0 }
  if (!(error instanceof ApiError)) return undefined
  const { code, retryAfterMs = 0 } = error.status
  return OVERLOAD_CODES.has(code) ? { pauseMs: retryAfterMs } : undefined
}

/**
 * Whether a failed call may have taken effect all the same: it was sent and not answered, or answered by a proxy that may
 * have forwarded it, or the API server itself does not know whether etcd committed it.
 */
export function isIndeterminate(error: unknown): boolean {
  if (error instanceof NoAnswerError) return error.missing === 'answer'
  if (!(error instanceof ApiError)) return true
  const { code, reason, message } = error.status
  if (code === 502 || code === 504 || (code >= 500 && reason === NO_REASON)) return true
  return reason === 'ServerTimeout' || (code === 500 && message.includes('etcd'))
}

function nameOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.message : String(error))
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
