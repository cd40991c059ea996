export interface RetryDelay {
  /** Returns a number in [0, 1). */
  random: () => number
  baseMs: number
  maxMs: number
  /** Minimum that the other side asked for, if any. */
  floorMs?: number | undefined
}

/** Milliseconds before the next attempt: exponential backoff up to `maxMs`, with jitter over its upper half. */
export function retryDelay(failures: number, { random, baseMs, maxMs, floorMs = 0 }: RetryDelay): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30))
  return Math.round(Math.max(floorMs, full / 2) + (random() * full) / 2)
}
