import { PermanentError, RetryError } from '../errors.ts'

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

/**
 * Codes that stay what they are however often the same request is sent. All others may pass: 429 and 5xx by themselves,
 * 401 when the token is renewed, 403 when a quota is free again or a Role is mended, 404 when the namespace is made.
 */
const PERMANENT_CODES = new Set([400, 405, 406, 413, 415, 422])

/** Makes a failed call permanent or worth a retry, keeping the cause. */
export function classify(error: unknown, what: string): PermanentError | RetryError {
  if (error instanceof RetryError) return error
  if (!(error instanceof ApiError)) {
    return new RetryError(`${what}: the API server did not answer (${nameOf(error)})`, { cause: error })
  }
  const message = `${what}: the API server answered ${error.message}`
  return PERMANENT_CODES.has(error.status.code)
    ? new PermanentError(message, { cause: error })
    : new RetryError(message, { cause: error, retryAfterMs: error.status.retryAfterMs })
}

const OVERLOAD_CODES = new Set([429, 500, 502, 503, 504])

/**
 * Whether a failed call tells that the API server has too much to do, or none to answer with: what calls for fewer calls at
 * a time, and for how many milliseconds it wants to be left alone.
 */
export function overload(error: unknown): { pauseMs: number } | undefined {
  if (!(error instanceof ApiError)) return { pauseMs: 0 }
  const { code, retryAfterMs = 0 } = error.status
  return OVERLOAD_CODES.has(code) ? { pauseMs: retryAfterMs } : undefined
}

/**
 * Whether a call may have been carried out though it failed: it was sent and not answered, or the API server itself does
 * not know what etcd has made of it.
 */
export function mayBeDone(error: unknown): boolean {
  if (!(error instanceof ApiError)) return !NEVER_SENT.has(codeOf(error) ?? '')
  const { code, reason, message } = error.status
  return code === 504 || reason === 'ServerTimeout' || (code === 500 && message.includes('etcd'))
}

const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])

function nameOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.message : String(error))
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
