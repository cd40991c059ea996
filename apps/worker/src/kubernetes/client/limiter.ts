import { setTimeout as sleep } from 'node:timers/promises'

/** Limits how many calls are in flight, adapting to what the other side can take. */
export interface ConcurrencyLimiter {
  /** Makes the call once a slot is free, in order of arrival. */
  run: <Value>(call: () => Promise<Value>) => Promise<Value>
  /** The current limit. */
  current: () => number
  /** Whether a call would be made at once. */
  hasRoom: () => boolean
}

export interface ConcurrencyLimiterOptions {
  /** Initial and highest limit. */
  max: number
  /** Whether an error means that the other side is overloaded, and the pause it asks for in milliseconds. */
  overload: (error: unknown) => { pauseMs: number } | undefined
  /** Milliseconds on a monotonic clock: a wall clock that is set back would lengthen a pause. */
  now?: () => number
  wait?: (ms: number) => Promise<unknown>
}

/**
 * Additive increase, multiplicative decrease, as in TCP: halves the limit after an overload or a slow response, and raises
 * it by one after each full round without either.
 */
export function createConcurrencyLimiter({
  max,
  overload,
  now = () => performance.now(),
  wait = sleep,
}: ConcurrencyLimiterOptions): ConcurrencyLimiter {
  const waiting: (() => void)[] = []
  let limit = max
  let inFlight = 0
  let cutAt = Number.NEGATIVE_INFINITY
  let pausedUntil = Number.NEGATIVE_INFINITY

  function admit(): void {
    while (inFlight < Math.floor(limit) && waiting.length > 0) {
      inFlight++
      waiting.shift()?.()
    }
  }

  function cut(startedAt: number): void {
    // Calls that started before the last cut say nothing about its effect.
    if (startedAt < cutAt) return
    limit = Math.max(1, limit / 2)
    cutAt = now()
  }

  async function enter(): Promise<void> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      admit()
    })
    const pause = pausedUntil - now()
    if (pause > 0) await wait(pause)
  }

  return {
    current: () => Math.floor(limit),
    hasRoom: () => inFlight < Math.floor(limit) && now() >= pausedUntil,
    async run(call) {
      await enter()
      const startedAt = now()
      try {
        const value = await call()
        if (now() - startedAt > SLOW_MS) cut(startedAt)
        else limit = Math.min(max, limit + 1 / limit)
        return value
      } catch (error) {
        const overloaded = overload(error)
        if (overloaded) {
          cut(startedAt)
          pausedUntil = Math.max(pausedUntil, now() + overloaded.pauseMs)
        }
        throw error
      } finally {
        inFlight--
        admit()
      }
    },
  }
}

/** A create takes milliseconds; one that takes this long was queued on the other side. */
const SLOW_MS = 1_000
