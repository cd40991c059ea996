import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, QUEUE_PREFIX } from './bench.ts'
import type { Helper } from './helper.ts'
import type { QueueLoad, QueueLoadResult } from './processes/queue-load.ts'

type Filler = Helper<QueueLoad, QueueLoadResult>

export function startFiller(bench: Bench): Filler {
  return bench.helper('queue-load.ts')
}

/** Puts runs into the queue, as ingest would but without it; a multiple of 100. */
export async function fill(bench: Bench, filler: Filler, runs: number, first = 0): Promise<void> {
  const load = { alerts: 100, inFlight: 8, seconds: 600, distinct: Number.MAX_SAFE_INTEGER }
  await filler.ask({ ...load, redisUrl: bench.redisUrl, prefix: QUEUE_PREFIX, runs, first })
}

/** Waits until a count is reached. Looks rarely, since looking takes time from what is measured. */
export async function until(count: () => Promise<number>, target: number, timeoutMs = 120_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const now = await count()
    if (now >= target) return
    if (performance.now() > deadline) throw new Error(`${now} of ${target} after ${timeoutMs / 1_000} s`)
    await sleep(10)
  }
}

/** Holds the workers up with an empty queue, so that they begin what comes next all at one moment. */
export async function emptyAndPause(bench: Bench): Promise<void> {
  await bench.empty()
  await bench.queue.pause()
}

let filled = 0

/**
 * Lets the running workers create Jobs from a full queue, up to the last run that is re-delayed. There must not be more of
 * them than are done in 13 s: the first ones begin to look after their Jobs then.
 */
export async function dispatch(bench: Bench, filler: Filler, runs: number): Promise<{ done: number; seconds: number }> {
  await emptyAndPause(bench)
  await fill(bench, filler, runs, filled)
  filled += runs
  const startedAt = performance.now()
  await bench.queue.resume()
  await until(() => bench.queue.getDelayedCount(), runs)
  return { done: runs, seconds: (performance.now() - startedAt) / 1_000 }
}
