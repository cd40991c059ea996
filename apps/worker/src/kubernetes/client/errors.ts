import { PermanentError, RetryError } from '../../errors.ts'

/** The API server's answer to a call that failed (kubernetes.io/docs/reference/kubernetes-api/common-definitions/status). */
export interface ApiStatus {
  code: number
  reason: string
  message: string
  /** Milliseconds, from the `Retry-After` header. */
  retryAfterMs?: number | undefined
}

/** A call that the API server answered with an error. The caller decides what a code means to it, `classify` for the rest. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: ApiStatus

  constructor(status: ApiStatus) {
    super(`${status.code} ${status.reason}: ${status.message}`)
    this.status = status
  }
}

/** The reason of an answer that gives none: it is a proxy's, or tells of what the API server has no word for. */
export const NO_REASON = 'Unknown'

/** What a call lacked that got no answer. Until it has a connection nothing of it is sent. */
export type Missing = 'credentials' | 'connection' | 'answer'

/** A call that got no answer. */
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
 * Codes that stay what they are however often the same request is sent. All others may pass: 429 and 5xx by themselves,
 * 401 when the token is renewed, 403 when a quota is free again or a Role is mended, 404 when the namespace is made.
 */
const PERMANENT_CODES = new Set([400, 405, 406, 413, 415, 422])

/** Makes a failed call permanent or worth a retry, keeping the cause. */
export function classify(error: unknown, what: string): PermanentError | RetryError {
  if (error instanceof RetryError) return error
  if (!(error instanceof ApiError)) {
    const missing = error instanceof NoAnswerError ? error.missing : 'answer'
    return new RetryError(`${what}: ${COMPLAINTS[missing]} (${nameOf(error)})`, { cause: error })
  }
  const message = `${what}: the API server answered ${error.message}`
  return PERMANENT_CODES.has(error.status.code)
    ? new PermanentError(message, { cause: error })
    : new RetryError(message, { cause: error, retryAfterMs: error.status.retryAfterMs })
}

const COMPLAINTS: Record<Missing, string> = {
  credentials: 'there are no credentials for the API server',
  connection: 'the API server could not be reached',
  answer: 'the API server did not answer',
}

const OVERLOAD_CODES = new Set([429, 500, 502, 503, 504])

/**
 * Whether a failed call tells that the API server has too much to do, or none to answer with: what calls for fewer calls at
 * a time, and for how many milliseconds it wants to be left alone.
 */
export function overload(error: unknown): { pauseMs: number } | undefined {
  if (error instanceof NoAnswerError) return error.missing === 'credentials' ? undefined : { pauseMs: 0 }
  if (!(error instanceof ApiError)) return undefined
  const { code, retryAfterMs = 0 } = error.status
  return OVERLOAD_CODES.has(code) ? { pauseMs: retryAfterMs } : undefined
}

/**
 * Whether a call may have been carried out though it failed: it was sent and not answered, or not by the API server but by
 * a proxy, which may have passed it on, or the API server itself does not know what etcd has made of it.
 */
export function mayBeDone(error: unknown): boolean {
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
