import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ALERT_BYTES } from './alerts.ts'
import { type Bench, redisMemory } from './bench.ts'
import { startStandIn } from './cluster.ts'
import { interleave } from './measure.ts'
import { MIB } from './process-stats.ts'
import type { HttpLoad, HttpLoadResult } from './processes/http-load.ts'
import type { Program } from './program.ts'
import { emptyAndPause, until } from './runs.ts'
import { compared, type Figure, figure } from './targets.ts'

/** Memory by number of runs, and startup times. */
export async function measureFootprint(bench: Bench): Promise<Figure[]> {
  const standIn = await startStandIn(bench)
  const startup = await bench.scope(() => measureStartup(bench, standIn.kubeconfig))
  const worker = await bench.start('worker', { flags: [`--kubeconfig=${standIn.kubeconfig}`] })
  const ingest = await bench.start('ingest')
  const post = createSender(bench, ingest)
  const measure = (id: string) => [
    figure(`footprint.${id}.ingest`, ingest.memory().now / MIB, 'MiB'),
    figure(`footprint.${id}.worker`, worker.memory().now / MIB, 'MiB'),
  ]
  /** Queues more runs and measures memory per run. */
  async function measureQueued(runs: number): Promise<Figure[]> {
    const before = await redisMemory(bench.redis)
    await post(runs)
    return [...measure(nameOf(runs)), redisFigure(nameOf(runs), (await redisMemory(bench.redis)) - before, runs)]
  }
  async function createJobs(count: number): Promise<void> {
    await bench.queue.resume()
    await until(async () => (await standIn.count()).jobs, count)
    await bench.queue.pause()
  }

  await emptyAndPause(bench)
  const empty = await redisMemory(bench.redis)
  const [few, several, many] = bench.quick ? [100, 1_000, 3_000] : [1_000, 10_000, 100_000]
  const figures = [...startup, ...measure('idle'), ...(await measureQueued(few)), ...(await measureQueued(several))]
  await createJobs(few + several)
  const inFlight = (await redisMemory(bench.redis)) - empty
  const id = `${nameOf(several)}-in-flight`
  figures.push(...measure(id), redisFigure(id, inFlight, few + several), ...(await measureQueued(many)))
  // Under load, with all of them queued.
  await createJobs(1.2 * several)
  return [
    ...figures,
    figure('footprint.peak.ingest', ingest.memory().peak / MIB, 'MiB'),
    figure('footprint.peak.worker', worker.memory().peak / MIB, 'MiB'),
  ]
}

function redisFigure(id: string, bytes: number, runs: number): Figure {
  return compared(`footprint.${id}.redis`, 'bytes/run', [bytes / runs], [ALERT_BYTES])
}

/** Sends a number of new alerts. */
function createSender(bench: Bench, { url }: Program): (alerts: number) => Promise<void> {
  const http = bench.helper<HttpLoad, HttpLoadResult>('http-load.ts')
  const load = { port: Number(new URL(url).port), alerts: 100, connections: 8, seconds: 300 }
  let first = 0
  return async (alerts) => {
    const { acknowledged } = await http.ask({ ...load, webhooks: alerts / load.alerts, first, distinct: alerts })
    if (acknowledged !== alerts) throw new Error(`ingest acknowledged ${acknowledged} of ${alerts} alerts`)
    first += alerts
  }
}

function nameOf(runs: number): string {
  return runs >= 1_000 ? `${runs / 1_000}k` : String(runs)
}

/** From process start to the first `ok` of `/readiness`; the baseline is an empty Node process. */
async function measureStartup(bench: Bench, kubeconfig: string): Promise<Figure[]> {
  const startUp = async (app: 'ingest' | 'worker', flags: string[]) => {
    const program = await bench.start(app, { flags })
    await program.stop()
    return program.startupMs
  }
  const measured = await interleave(bench.quick ? 1 : 5, {
    ingest: () => startUp('ingest', []),
    worker: () => startUp('worker', [`--kubeconfig=${kubeconfig}`]),
    node: startNode,
  })
  return [
    compared('footprint.startup.ingest', 'ms', measured.ingest, measured.node),
    compared('footprint.startup.worker', 'ms', measured.worker, measured.node),
  ]
}

async function startNode(): Promise<number> {
  const startedAt = performance.now()
  await once(spawn(process.execPath, ['--eval', '0']), 'exit')
  return performance.now() - startedAt
}
