import { setTimeout as delay } from 'node:timers/promises'
import { RUNS } from '@opifer/queue'
import {
  eventually,
  type OpiferProcess,
  type RedisSentinel,
  startIngest,
  startRedis,
  startRedisSentinel,
} from '@opifer/testkit'
import { Queue } from 'bullmq'
import * as fc from 'fast-check'
import { Redis } from 'ioredis'
import { type AlertPost, webhookOf } from './alerts.ts'
import { QUEUE_PREFIX } from './environment.ts'

export const REDIS_FAILURES = [
  'kill with appendfsync always',
  'kill with appendfsync everysec',
  'failover from a killed master',
  'failover on demand',
  'failover on demand with min-replicas-to-write 1',
] as const

/** Redis is killed and restarts on its append-only file, or Sentinel promotes its replica. */
export type RedisFailure = (typeof REDIS_FAILURES)[number]

export interface Loss {
  rounds: number
  acknowledged: number
  lost: number
}

/**
 * Measures how many alerts that were answered 202 are missing after Redis has failed under load. Only the process is
 * killed, not the machine: what Redis has handed to the kernel is not lost.
 */
export async function measureLoss(failure: RedisFailure, rounds: number, seed: number): Promise<Loss> {
  const loss = { rounds, acknowledged: 0, lost: 0 }
  const delays = fc.sample(fc.noBias(fc.integer({ min: 300, max: 1_500 })), { seed, numRuns: rounds })
  for (const [round, failAfter] of delays.entries()) {
    const scenario = await SCENARIOS[failure]()
    try {
      const acknowledged = await loadUntilFailure(`round ${round}`, scenario, failAfter)
      loss.acknowledged += acknowledged.length
      loss.lost += await countMissing(acknowledged, await scenario.recover())
    } finally {
      await scenario.stop()
    }
  }
  return loss
}

/** Redis and an ingest that writes to it. */
interface Scenario {
  ingest: OpiferProcess
  fail: () => Promise<void>
  /** Returns the URL of the Redis that holds what is left. */
  recover(): Promise<string>
  stop(): Promise<void>
}

const SCENARIOS: Record<RedisFailure, () => Promise<Scenario>> = {
  'kill with appendfsync always': () => alone('always'),
  'kill with appendfsync everysec': () => alone('everysec'),
  'failover from a killed master': () => withSentinel(({ master }) => master.kill()),
  'failover on demand': () => withSentinel((sentinel) => sentinel.failover()),
  'failover on demand with min-replicas-to-write 1': () =>
    withSentinel((sentinel) => sentinel.failover(), ['--min-replicas-to-write', '1']),
}

const FLAGS = [`--queuePrefix=${QUEUE_PREFIX}`, '--redisTimeout=1s']

async function alone(appendonly: 'always' | 'everysec'): Promise<Scenario> {
  const redis = await startRedis({ appendonly })
  const ingest = await startIngest({ redisUrl: redis.url, flags: FLAGS })
  return {
    ingest,
    fail: () => redis.kill(),
    async recover() {
      await redis.restart()
      return redis.url
    },
    async stop() {
      await ingest.stop()
      await redis.stop()
    },
  }
}

async function withSentinel(
  fail: (sentinel: RedisSentinel) => Promise<void>,
  settings: readonly string[] = [],
): Promise<Scenario> {
  const sentinel = await startRedisSentinel(settings)
  const nodes = sentinel.sentinels.map(({ host, port }) => `${host}:${port}`).join()
  const flags = [...FLAGS, `--redisSentinels=${nodes}`, `--redisSentinelMaster=${sentinel.name}`]
  const ingest = await startIngest({ redisUrl: sentinel.master.url, flags })
  return {
    ingest,
    fail: () => fail(sentinel),
    async recover() {
      await eventually(() => assertMaster(sentinel.replica.url), { timeout: 30_000 })
      return sentinel.replica.url
    },
    async stop() {
      await ingest.stop()
      await sentinel.stop()
    },
  }
}

async function assertMaster(url: string): Promise<void> {
  const redis = new Redis(url)
  const [role] = (await redis.call('ROLE')) as string[]
  redis.disconnect()
  if (role !== 'master') throw new Error(`${url} is ${role}`)
}

const SENDERS = 16

/** Posts single alerts from many senders until Redis fails; returns the acknowledged runs. */
async function loadUntilFailure(scope: string, { ingest, fail }: Scenario, failAfter: number): Promise<string[]> {
  const acknowledged: string[] = []
  const failed = new AbortController()
  const senders = Array.from({ length: SENDERS }, async (_, sender) => {
    for (let number = 0; !failed.signal.aborted; number++) {
      const runId = await post(ingest.url, `${scope}, ${sender}-${number}`)
      if (runId !== undefined) acknowledged.push(runId)
    }
  })
  await delay(failAfter)
  await fail()
  failed.abort()
  await Promise.all(senders)
  return acknowledged
}

async function post(url: string, scope: string): Promise<string | undefined> {
  const response = await fetch(`${url}/alerts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(webhookOf({ group: 'loss', alerts: [ALERT] }, scope)),
  })
  const answer = (await response.json()) as { alerts?: { runId: string }[] }
  return response.status === 202 ? answer.alerts?.[0]?.runId : undefined
}

const ALERT: AlertPost = {
  alertname: 'FaultAbsent',
  instance: 'host-0',
  status: 'firing',
  episode: 0,
  invalid: false,
}

async function countMissing(runIds: readonly string[], url: string): Promise<number> {
  const queue = new Queue(RUNS.name, { connection: { url }, prefix: QUEUE_PREFIX })
  const jobs = await Promise.all(runIds.map((id) => queue.getJob(id)))
  await queue.close()
  return jobs.filter((job) => job === undefined).length
}
