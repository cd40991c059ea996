import { setTimeout as delay } from 'node:timers/promises'

/** How long tests wait for a condition, and how often they look, in milliseconds. For `vi.waitFor` and `expect.poll`. */
export const PATIENCE = { timeout: 10_000, interval: 20 } as const

export interface EventuallyOptions {
  readonly timeout?: number
  readonly interval?: number
}

/**
 * `vi.waitFor` for code that also runs outside of Vitest: retries until `attempt` returns, and throws its last error
 * after the timeout.
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  { timeout = PATIENCE.timeout, interval = PATIENCE.interval }: EventuallyOptions = {},
): Promise<T> {
  const start = performance.now()
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const waited = performance.now() - start
      if (waited >= timeout) throw withWaitingTime(error, waited)
    }
    await delay(interval)
  }
}

/** Changes the message instead of wrapping the error: the test runner prints the diff of an assertion error. */
function withWaitingTime(error: unknown, waited: number): Error {
  const amended = error instanceof Error ? error : new Error(String(error))
  amended.message += ` (retried for ${Math.round(waited)} ms)`
  return amended
}
