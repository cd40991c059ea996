import { setTimeout as delay } from 'node:timers/promises'

export interface EventuallyOptions {
  /** How long to keep trying, in milliseconds. */
  readonly timeout?: number
  /** How long to wait between two tries, in milliseconds. */
  readonly interval?: number
}

/** Retries the assertion until it passes and returns what it returned; after the timeout throws its last error. */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { timeout = 10_000, interval = 20 }: EventuallyOptions = {},
): Promise<T> {
  const start = performance.now()
  for (;;) {
    try {
      return await assertion()
    } catch (error) {
      const waited = performance.now() - start
      if (waited >= timeout) throw withWaitingTime(error, waited)
    }
    await delay(interval)
  }
}

/** Amends the error instead of wrapping it: the test runner prints the diff that an assertion error carries. */
function withWaitingTime(error: unknown, waited: number): Error {
  const amended = error instanceof Error ? error : new Error(String(error))
  amended.message += ` (retried for ${Math.round(waited)} ms)`
  return amended
}
