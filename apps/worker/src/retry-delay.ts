export interface RetryDelay {
  /** In [0, 1). */
  random: () => number
  baseMs: number
  maxMs: number
  /** What the other side asked for, if it did. */
  floorMs?: number | undefined
}

/** Milliseconds before the next attempt: doubled with every failure up to a limit, then spread over its upper half. */
export function retryDelay(failures: number, { random, baseMs, maxMs, floorMs = 0 }: RetryDelay): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30))
  return Math.round(Math.max(floorMs, full / 2) + (random() * full) / 2)
}
