import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from './bench.ts'
import type { Helper } from './helper.ts'
import type { HttpLoad, HttpLoadResult } from './processes/http-load.ts'

/** Fills the queue through an ingest process of its own. */
export interface Filler {
  http: Helper<HttpLoad, HttpLoadResult>
  port: number
}

export async function startFiller(bench: Bench): Promise<Filler> {
  const { url } = await bench.start('ingest')
  return { http: bench.helper('http-load.ts'), port: Number(new URL(url).port) }
}

/** Queues a number of runs; a multiple of 100. */
export async function fill({ http, port }: Filler, runs: number, first = 0): Promise<void> {
  const load = { port, alerts: 100, connections: 8, seconds: 300, webhooks: runs / 100, first, distinct: runs }
  const { acknowledged } = await http.ask(load)
  if (acknowledged !== runs) throw new Error(`ingest acknowledged ${acknowledged} of ${runs} alerts`)
}

/** Waits until a count is reached. Looks rarely, because every look takes time from the programs under test. */
export async function until(count: () => Promise<number>, target: number, timeoutMs = 120_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const now = await count()
    if (now >= target) return
    if (performance.now() > deadline) throw new Error(`${now} of ${target} after ${timeoutMs / 1_000} s`)
    await sleep(10)
  }
}

/** Empties the queue and pauses it, so that the workers start on the next runs all at once. */
export async function emptyAndPause(bench: Bench): Promise<void> {
  await bench.empty()
  await bench.queue.pause()
}

let filled = 0

/**
 * Lets the running workers create Jobs from a full queue until every run is delayed. `runs` must not be more than they do in
 * 13 s, when they begin to poll the first Jobs.
 */
export async function dispatch(bench: Bench, filler: Filler, runs: number): Promise<{ done: number; seconds: number }> {
  await emptyAndPause(bench)
  await fill(filler, runs, filled)
  filled += runs
  const startedAt = performance.now()
  await bench.queue.resume()
  await until(() => bench.queue.getDelayedCount(), runs)
  return { done: runs, seconds: (performance.now() - startedAt) / 1_000 }
}
