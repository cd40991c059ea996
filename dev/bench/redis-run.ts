import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { statusOf } from '@opifer/testkit'
import type { Redis } from 'ioredis'
import { ALERTNAME } from './alerts.ts'
import type { Bench } from './bench.ts'
import { startStandIn } from './cluster.ts'
import { interleave } from './measure.ts'
import type { BareJobs } from './processes/bare-jobs.ts'
import { until } from './runs.ts'
import { compared, type Figure } from './targets.ts'

const RUNS = 100
/** Between two alerts: the stack is otherwise idle. */
const PAUSE_MS = 10
const JOB_MS = 50

/**
 * What one run costs Redis from webhook to outcome, history included: an alert with two labels, one ingest and one worker.
 * The baseline is a BullMQ job with the same payload that is added, processed and completed.
 */
export async function measureRedisRun(bench: Bench): Promise<Figure[]> {
  const { redis, queue, redisUrl } = bench
  const standIn = await startStandIn(bench)
  await standIn.reset({ completeAfterMs: JOB_MS })
  const ingest = await bench.start('ingest')
  await bench.start('worker', { flags: [`--kubeconfig=${standIn.kubeconfig}`] })
  const bare = bench.helper<BareJobs, void>('bare-jobs.ts')
  const runs = createRuns(bench, ingest.url)
  const bareJobs = async () => {
    const [job] = await queue.getCompleted(0, 0)
    const load = { redisUrl, data: job?.data as object, jobs: RUNS, pauseMs: PAUSE_MS }
    return () => bare.ask(load)
  }

  // Warm up before the nested commands are counted, so that Redis has all scripts.
  await runs()
  await (await bareJobs())()
  const direct = { run: await directShares(redisUrl, runs), bare: await directShares(redisUrl, await bareJobs()) }
  const measured = await interleave(bench.quick ? 1 : 4, {
    run: () => costOf(redis, direct.run, runs),
    bare: async () => costOf(redis, direct.bare, await bareJobs()),
  })
  return FIGURES.map(([id, unit]) => compared(`redis.run.${id}`, unit, pick(measured.run, id), pick(measured.bare, id)))
}

/** Per run. */
interface Cost {
  /** Calls of EVALSHA, EVAL and FCALL. */
  scripts: number
  /** All commands, including those that scripts call. */
  commands: number
  zadd: number
  xadd: number
  /** Microseconds in which Redis executed commands. */
  time: number
}

const FIGURES = [
  ['scripts', 'calls'],
  ['commands', 'calls'],
  ['zadd', 'calls'],
  ['xadd', 'calls'],
  ['time', 'µs'],
] as const satisfies [keyof Cost, string][]

function pick(costs: readonly Cost[], id: keyof Cost): number[] {
  return costs.map((cost) => cost[id])
}

/** Returns a function that takes new alerts through the stack, and resolves with how often it called ZCARD itself. */
function createRuns({ redis, queue }: Bench, url: string): () => Promise<number> {
  let posted = 0
  return async () => {
    for (let count = 0; count < RUNS; count++) {
      const status = await postAlert(`${url}/alerts`, posted++)
      if (status !== 202) throw new Error(`ingest replied ${status}`)
      await sleep(PAUSE_MS)
    }
    let looks = 0
    // A plain command: the counts of BullMQ are scripts.
    const completed = () => {
      looks++
      return redis.zcard(queue.toKey('completed'))
    }
    await until(completed, posted)
    return looks
  }
}

function postAlert(url: string, number: number): Promise<number> {
  const labels = { alertname: ALERTNAME, instance: `node-${number}` }
  const startsAt = new Date().toISOString()
  const fingerprint = number.toString(16).padStart(16, '0')
  const alert = { status: 'firing', labels, annotations: {}, startsAt, endsAt: '0001-01-01T00:00:00Z', fingerprint }
  const groupKey = `{}:{alertname="${ALERTNAME}"}`
  const webhook = { version: '4', status: 'firing', receiver: 'openfero', groupKey, alerts: [alert] }
  return statusOf(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(webhook),
  })
}

interface CommandStats {
  calls: number
  micros: number
}

const SCRIPTS = new Set(['eval', 'evalsha', 'fcall'])
/** Commands of this benchmark only. */
const OWN = new Set(['info', 'config|resetstat'])

/** `work` resolves with the number of its own ZCARD calls, if any. */
async function costOf(
  redis: Redis,
  direct: ReadonlyMap<string, number>,
  work: () => Promise<number | void>,
): Promise<Cost> {
  await redis.config('RESETSTAT')
  const looks = (await work()) ?? 0
  const stats = parseStats(await redis.info('commandstats'))
  const zcard = stats.get('zcard')
  if (zcard) stats.set('zcard', { calls: zcard.calls - looks, micros: zcard.micros * (1 - looks / zcard.calls) })

  const all = [...stats].filter(([name]) => !OWN.has(name))
  const calls = (name: string) => (stats.get(name)?.calls ?? 0) / RUNS
  return {
    scripts: sum([...SCRIPTS].map(calls)),
    commands: sum(all.map(([, { calls: count }]) => count)) / RUNS,
    zadd: calls('zadd'),
    xadd: calls('xadd'),
    // The time of a script includes its commands, so only the share that clients sent directly is added.
    time: sum(all.map(([name, { micros }]) => micros * (SCRIPTS.has(name) ? 1 : (direct.get(name) ?? 1)))) / RUNS,
  }
}

/** For each command, the share of calls from clients, not scripts. Separate from the measurement because MONITOR slows Redis. */
async function directShares(redisUrl: string, work: () => Promise<unknown>): Promise<Map<string, number>> {
  const direct = new Map<string, number>()
  const nested = new Map<string, number>()
  await using resources = new AsyncDisposableStack()
  // Not `redis.monitor()`: ioredis 6 fails when the first lines arrive together with the reply to MONITOR.
  const { hostname, port } = new URL(redisUrl)
  const socket = resources.adopt(connect({ host: hostname, port: Number(port) }), (open) => void open.destroy())
  socket.write('MONITOR\r\n')
  const lines = createInterface({ input: socket })
  await once(lines, 'line')
  lines.on('line', (line) => {
    const [, source, name = ''] = /^\+[\d.]+ \[\d+ (\S+)\] "([^"]+)"/.exec(line) ?? []
    const counts = source === 'lua' ? nested : direct
    counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1)
  })
  await work()

  const share = (name: string) => {
    const own = direct.get(name) ?? 0
    return own / (own + (nested.get(name) ?? 0))
  }
  return new Map([...direct.keys(), ...nested.keys()].map((name) => [name, share(name)]))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function parseStats(text: string): Map<string, CommandStats> {
  const lines = text.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm)
  return new Map(
    Array.from(lines, ([, name = '', calls, micros]) => [name, { calls: Number(calls), micros: Number(micros) }]),
  )
}
