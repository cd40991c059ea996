/**
 * The two kinds of failure. Whatever is neither is unknown, and tried again like a `RetryError`: runs end by age.
 */

/** Trying again can't help: the run ends `invalid`, with this message as the reason. */
export class PermanentError extends Error {
  override name = 'PermanentError'
}

/** May pass. The message is fit for a person and holds no secrets. */
export class RetryError extends Error {
  override name = 'RetryError'
  /** Milliseconds that the other side asked us to wait at least. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, options: ErrorOptions & { retryAfterMs?: number | undefined } = {}) {
    super(message, options)
    this.retryAfterMs = options.retryAfterMs
  }
}
