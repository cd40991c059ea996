import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, redisMemory } from './bench.ts'
import type { StandIn } from './cluster.ts'
import { interleave, median } from './measure.ts'
import { MIB } from './process-stats.ts'
import type { HttpLoad, HttpLoadResult } from './processes/http-load.ts'
import { compared, type Figure, figure } from './targets.ts'

/** One in ten alerts is new. The others are repeats, as from clustered Alertmanagers and a flapping network. */
const REPEATS = 10
const WORKERS = 2
const JOB_MS = 200

interface Storm {
  seconds: number
  jobs: number
  distinct: number
  redis: number
  ingest: number
  worker: number
}

/** A storm of alerts, from the first webhook until every run has ended, and one of half the size to see what doubling costs. */
export async function measureStorm(bench: Bench, standIn: StandIn): Promise<Figure[]> {
  const alerts = bench.quick ? 10_000 : 100_000
  const full: Storm[] = []
  const half: Storm[] = []
  await interleave(bench.quick ? 1 : 2, {
    half: () => storm(bench, standIn, alerts / 2, half),
    full: () => storm(bench, standIn, alerts, full),
  })
  const all = [...half, ...full]
  const sum = (what: 'jobs' | 'distinct') => all.reduce((total, one) => total + one[what], 0)
  const of = (storms: Storm[], what: keyof Storm) => storms.slice(1).map((one) => one[what])
  const linear = (what: 'redis' | 'ingest' | 'worker') =>
    compared(`scale.linear.${what}`, 'MiB', of(full, what), of(half, what))
  return [
    figure('scale.storm.rate', alerts / median(of(full, 'seconds')), 'alerts/s'),
    // Summed over all storms: a single extra Job in any of them is a failure.
    compared('scale.storm.jobs', 'Jobs', [sum('jobs')], [sum('distinct')]),
    compared('scale.linear.time', 's', of(full, 'seconds'), of(half, 'seconds')),
    linear('redis'),
    linear('ingest'),
    linear('worker'),
  ]
}

/** Uses new processes each time, because it measures peak memory. Returns seconds. */
function storm(bench: Bench, standIn: StandIn, alerts: number, storms: Storm[]): Promise<number> {
  return bench.scope(async () => {
    await bench.empty()
    await standIn.reset({ completeAfterMs: JOB_MS })
    const flags = [`--kubeconfig=${standIn.kubeconfig}`]
    const ingest = await bench.start('ingest')
    const workers = await Promise.all(Array.from({ length: WORKERS }, () => bench.start('worker', { flags })))
    const distinct = alerts / REPEATS
    const startedAt = performance.now()
    const [{ rejected }, redis] = await Promise.all([
      bench
        .helper<HttpLoad, HttpLoadResult>('http-load.ts')
        .ask({ ...LOAD, port: Number(new URL(ingest.url).port), webhooks: alerts / LOAD.alerts, distinct }),
      untilDrained(bench, standIn, distinct),
    ])
    if (rejected > 0) throw new Error(`ingest rejected ${rejected} webhooks of the storm`)
    const seconds = (performance.now() - startedAt) / 1_000
    const { jobs } = await standIn.count()
    const worker = Math.max(...workers.map((one) => one.memory().peak)) / MIB
    storms.push({ seconds, jobs, distinct, redis: redis / MIB, ingest: ingest.memory().peak / MIB, worker })
    return seconds
  })
}

const LOAD = { alerts: 100, connections: 16, seconds: 120, first: 0 } as const
const TIMEOUT_MS = 180_000

/** Returns the peak memory of Redis. */
async function untilDrained({ queue, redis }: Bench, standIn: StandIn, distinct: number): Promise<number> {
  const deadline = performance.now() + TIMEOUT_MS
  let peak = 0
  for (;;) {
    peak = Math.max(peak, await redisMemory(redis))
    const { jobs } = await standIn.count()
    const left = await queue.getJobCountByTypes('waiting', 'active', 'delayed')
    if (jobs >= distinct && left === 0) return peak
    if (performance.now() > deadline)
      throw new Error(`${left} runs and ${distinct - jobs} Jobs are left after the storm`)
    await sleep(50)
  }
}
