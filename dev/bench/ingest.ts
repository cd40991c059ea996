import { type Bench, QUEUE_PREFIX } from './bench.ts'
import type { Helper } from './helper.ts'
import { interleave, median, paceOf } from './measure.ts'
import type { HttpLoad, HttpLoadResult } from './processes/http-load.ts'
import type { JobPattern, QueueLoad, QueueLoadResult } from './processes/queue-load.ts'
import type { Program } from './program.ts'
import { comparedPaces, type Figure, figure } from './targets.ts'

/** Concurrent webhooks, and concurrent `addBulk` calls of the baseline. */
const IN_FLIGHT = 32

/** No repeats. */
const ALL = Number.MAX_SAFE_INTEGER

interface Setting {
  bench: Bench
  ingest: Program
  http: Helper<HttpLoad, HttpLoadResult>
  queue: Helper<QueueLoad, QueueLoadResult>
  pattern: JobPattern
  seconds: number
  rounds: number
}

/** Alerts per second that one ingest process acknowledges; the baseline is BullMQ's `addBulk`. */
export async function measureIngest(bench: Bench): Promise<Figure[]> {
  const ingest = await bench.start('ingest', { profile: 'ingest' })
  const http = bench.helper<HttpLoad, HttpLoadResult>('http-load.ts')
  const setting: Setting = {
    bench,
    ingest,
    http,
    pattern: await readPattern(bench, ingest, http),
    queue: bench.helper('queue-load.ts'),
    seconds: bench.quick ? 0.7 : 2,
    rounds: bench.quick ? 2 : 5,
  }
  const figures: Figure[] = []
  for (const alerts of [1, 10, 100]) {
    for (const kind of ['fresh', 'duplicate'] as const) figures.push(...(await throughput(setting, alerts, kind)))
    const top = figures.find(({ id }) => id === `ingest.${alerts}.fresh`)?.value ?? Number.NaN
    figures.push(...(await halfRate(setting, alerts, top)))
  }
  return figures
}

/** A job exactly as ingest adds it. */
async function readPattern(bench: Bench, ingest: Program, http: Helper<HttpLoad, HttpLoadResult>): Promise<JobPattern> {
  await http.ask({ port: portOf(ingest), alerts: 1, connections: 1, seconds: 10, webhooks: 1, first: 0, distinct: 1 })
  const [job] = await bench.queue.getWaiting(0, 0)
  if (!job) throw new Error('ingest queued nothing')
  return { name: job.name, data: job.data }
}

async function throughput(setting: Setting, alerts: number, kind: 'fresh' | 'duplicate'): Promise<Figure[]> {
  const { bench, ingest, http, queue, pattern, seconds, rounds } = setting
  const load = { alerts, seconds, first: 0, distinct: kind === 'fresh' ? ALL : alerts }
  const results: HttpLoadResult[] = []
  const measured = await interleave(rounds, {
    ingest: () =>
      paceOf(ingest.pid, async () => {
        await bench.empty()
        const result = await http.ask({ ...load, port: portOf(ingest), connections: IN_FLIGHT })
        await checkAllThere(bench, result, kind === 'fresh' ? result.acknowledged : alerts)
        results.push(result)
        return { done: result.acknowledged, seconds: result.seconds }
      }),
    baseline: () =>
      paceOf(queue.pid, async () => {
        await bench.empty()
        const target = { redisUrl: bench.redisUrl, prefix: QUEUE_PREFIX, pattern }
        const { added, seconds: taken } = await queue.ask({ ...load, ...target, inFlight: IN_FLIGHT })
        return { done: added, seconds: taken }
      }),
  })
  const id = `ingest.${alerts}.${kind}`
  return [...comparedPaces(id, 'alert', measured.ingest, measured.baseline), ...latencies(id, results.slice(1))]
}

/** Latency at half the maximum rate, evenly spaced. */
async function halfRate(
  { bench, ingest, http, seconds, rounds }: Setting,
  alerts: number,
  top: number,
): Promise<Figure[]> {
  const results: HttpLoadResult[] = []
  for (let round = 0; round < rounds; round++) {
    await bench.empty()
    const load = { port: portOf(ingest), alerts, connections: 2 * IN_FLIGHT, first: 0, distinct: ALL, seconds }
    results.push(await http.ask({ ...load, rate: top / alerts / 2 }))
  }
  return latencies(`ingest.${alerts}.half`, results)
}

function latencies(id: string, results: readonly HttpLoadResult[]): Figure[] {
  return [
    figure(`${id}.p50`, median(results.map(({ p50 }) => p50)), 'ms'),
    figure(`${id}.p99`, median(results.map(({ p99 }) => p99)), 'ms'),
  ]
}

function portOf({ url }: Program): number {
  return Number(new URL(url).port)
}

/** The rate counts only if every acknowledged alert is in the queue. */
async function checkAllThere({ queue }: Bench, { rejected }: HttpLoadResult, expected: number): Promise<void> {
  const waiting = await queue.getWaitingCount()
  if (rejected > 0) throw new Error(`ingest rejected ${rejected} webhooks`)
  if (waiting !== expected) throw new Error(`${waiting} runs are queued, not ${expected}`)
}
