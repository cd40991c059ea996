/**
 * The two kinds of failure. Any other error is unexpected and retried like a `RetryError`, until the run expires.
 */

/** A retry cannot help: the run ends `invalid`, with this message as its reason. */
export class PermanentError extends Error {
  override name = 'PermanentError'
}

/** Transient. The message is shown to operators and contains no secrets. */
export class RetryError extends Error {
  override name = 'RetryError'
  /** Minimum wait that the other side asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, options: ErrorOptions & { retryAfterMs?: number | undefined } = {}) {
    super(message, options)
    this.retryAfterMs = options.retryAfterMs
  }
}
