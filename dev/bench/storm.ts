import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, redisMemory } from './bench.ts'
import type { StandIn } from './cluster.ts'
import { interleave, median } from './measure.ts'
import { MIB } from './process-stats.ts'
import type { HttpLoad, HttpLoadResult } from './processes/http-load.ts'
import { compared, type Figure, figure } from './targets.ts'

/** Of ten alerts one is new; the others are repeats, as a flapping network and clustered Alertmanagers make them. */
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

/** A storm of alerts, from its first webhook until every run has ended; and one of half its size, for what doubling costs. */
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
    // Of all storms together: one Job too many, once, is one too many.
    compared('scale.storm.jobs', 'Jobs', [sum('jobs')], [sum('distinct')]),
    compared('scale.linear.time', 's', of(full, 'seconds'), of(half, 'seconds')),
    linear('redis'),
    linear('ingest'),
    linear('worker'),
  ]
}

/** In new processes each time, since the most memory that a process ever took is asked for. Returns seconds. */
function storm(bench: Bench, standIn: StandIn, alerts: number, storms: Storm[]): Promise<number> {
  return bench.scope(async () => {
    await bench.empty()
    await standIn.reset({ completeAfterMs: JOB_MS })
    const flags = [`--kubeconfig=${standIn.kubeconfig}`]
    const ingest = await bench.start('ingest')
    const workers = await Promise.all(Array.from({ length: WORKERS }, () => bench.start('worker', { flags })))
    const distinct = alerts / REPEATS
    const startedAt = performance.now()
    const [{ refused }, redis] = await Promise.all([
      bench
        .helper<HttpLoad, HttpLoadResult>('http-load.ts')
        .ask({ ...LOAD, port: Number(new URL(ingest.url).port), webhooks: alerts / LOAD.alerts, distinct }),
      untilDrained(bench, standIn, distinct),
    ])
    if (refused > 0) throw new Error(`ingest refused ${refused} webhooks of the storm`)
    const seconds = (performance.now() - startedAt) / 1_000
    const { jobs } = await standIn.count()
    const worker = Math.max(...workers.map((one) => one.memory().peak)) / MIB
    storms.push({ seconds, jobs, distinct, redis: redis / MIB, ingest: ingest.memory().peak / MIB, worker })
    return seconds
  })
}

const LOAD = { alerts: 100, connections: 16, seconds: 120, first: 0 } as const
const PATIENCE_MS = 180_000

/** Returns the most memory that Redis took. */
async function untilDrained({ queue, redis }: Bench, standIn: StandIn, distinct: number): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS
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
