import { setTimeout as sleep } from 'node:timers/promises'
import { monotonic } from '../../monotonic.ts'

/** How many calls may be under way at a time, found out as we go. */
export interface AdaptiveLimit {
  /** Makes the call when its turn has come, and learns from how it went. */
  run: <Value>(call: () => Promise<Value>) => Promise<Value>
  /** Calls that may be under way at a time now. */
  current: () => number
}

export interface AdaptiveLimitOptions {
  most: number
  /** Whether an error says that the other side has too much to do, and for how many milliseconds it wants to be left alone. */
  complaint: (error: unknown) => { pauseMs: number } | undefined
  /** Milliseconds since any time; a wall clock that is set back would make a pause last longer. */
  now?: () => number
  wait?: (ms: number) => Promise<unknown>
}

/**
 * Lets as many calls through as the other side takes without complaint: half as many after a complaint or a slow answer,
 * one more after each full round without (additive increase, multiplicative decrease, as TCP does it).
 */
export function createAdaptiveLimit({
  most,
  complaint,
  now = monotonic,
  wait = sleep,
}: AdaptiveLimitOptions): AdaptiveLimit {
  const waiting: (() => void)[] = []
  let limit = most
  let underWay = 0
  let cutAt = Number.NEGATIVE_INFINITY
  let pausedUntil = Number.NEGATIVE_INFINITY

  function admit(): void {
    while (underWay < Math.floor(limit) && waiting.length > 0) {
      underWay++
      waiting.shift()?.()
    }
  }

  function cut(startedAt: number): void {
    // Calls that were sent before the last cut say nothing about what it has brought.
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
    async run(call) {
      await enter()
      const startedAt = now()
      try {
        const value = await call()
        if (now() - startedAt > SLOW_MS) cut(startedAt)
        else limit = Math.min(most, limit + 1 / limit)
        return value
      } catch (error) {
        const complained = complaint(error)
        if (complained) {
          cut(startedAt)
          pausedUntil = Math.max(pausedUntil, now() + complained.pauseMs)
        }
        throw error
      } finally {
        underWay--
        admit()
      }
    },
  }
}

/** A create takes milliseconds; one that takes this long stood in a queue at the other side. */
const SLOW_MS = 1_000
