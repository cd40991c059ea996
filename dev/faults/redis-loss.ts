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
import { Redis } from 'ioredis'
import { webhookOf } from './alerts.ts'
import { createRandom, type Random } from './random.ts'
import { QUEUE_PREFIX } from './world.ts'

/** What may befall Redis: it is killed and comes back on its append-only file, or Sentinel makes its replica the master. */
export type Blow = (typeof BLOWS)[number]

export interface Loss {
  rounds: number
  acknowledged: number
  lost: number
}

/**
 * Measures how many alerts that were answered 202 are gone after Redis was struck under load. When it is killed, the machine
 * goes on: what Redis has handed to the kernel is not lost with the process.
 */
export async function measureLoss(blow: Blow, rounds: number, seed: number): Promise<Loss> {
  const random = createRandom(seed)
  const loss = { rounds, acknowledged: 0, lost: 0 }
  for (let round = 0; round < rounds; round++) {
    const scene = await SCENES[blow]()
    try {
      const acknowledged = await loadUntilStruck(`round ${round}`, scene, random)
      loss.acknowledged += acknowledged.length
      loss.lost += await countMissing(acknowledged, await scene.recover())
    } finally {
      await scene.stop()
    }
  }
  return loss
}

/** Redis and an ingest that writes to it. */
interface Scene {
  ingest: OpiferProcess
  strike: () => Promise<void>
  /** Returns where what is left is found. */
  recover(): Promise<string>
  stop(): Promise<void>
}

export const BLOWS = [
  'kill with appendfsync always',
  'kill with appendfsync everysec',
  'failover from a killed master',
  'failover on demand',
  'failover on demand with min-replicas-to-write 1',
] as const

const SCENES: Record<Blow, () => Promise<Scene>> = {
  'kill with appendfsync always': () => alone('always'),
  'kill with appendfsync everysec': () => alone('everysec'),
  'failover from a killed master': () => withSentinel(({ master }) => master.kill()),
  'failover on demand': () => withSentinel((sentinel) => sentinel.failover()),
  'failover on demand with min-replicas-to-write 1': () =>
    withSentinel((sentinel) => sentinel.failover(), ['--min-replicas-to-write', '1']),
}

const FLAGS = [`--queuePrefix=${QUEUE_PREFIX}`, '--redisTimeout=1s']

async function alone(appendonly: 'always' | 'everysec'): Promise<Scene> {
  const redis = await startRedis({ appendonly })
  const ingest = await startIngest({ redisUrl: redis.url, flags: FLAGS })
  return {
    ingest,
    strike: () => redis.kill(),
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
  strike: (sentinel: RedisSentinel) => Promise<void>,
  settings: readonly string[] = [],
): Promise<Scene> {
  const sentinel = await startRedisSentinel(settings)
  const nodes = sentinel.sentinels.map(({ host, port }) => `${host}:${port}`).join()
  const flags = [...FLAGS, `--redisSentinels=${nodes}`, `--redisSentinelMaster=${sentinel.name}`]
  const ingest = await startIngest({ redisUrl: sentinel.master.url, flags })
  return {
    ingest,
    strike: () => strike(sentinel),
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

/** Posts single alerts from many senders until Redis is struck; returns the runs that were acknowledged. */
async function loadUntilStruck(scope: string, { ingest, strike }: Scene, random: Random): Promise<string[]> {
  const acknowledged: string[] = []
  const struck = new AbortController()
  const senders = Array.from({ length: SENDERS }, async (_, sender) => {
    for (let number = 0; !struck.signal.aborted; number++) {
      const runId = await post(ingest.url, `${scope}, ${sender}-${number}`)
      if (runId !== undefined) acknowledged.push(runId)
    }
  })
  await delay(random.int(300, 1_500))
  await strike()
  struck.abort()
  await Promise.all(senders)
  return acknowledged
}

async function post(url: string, scope: string): Promise<string | undefined> {
  const alert = {
    alertname: 'FaultAbsent',
    instance: 'host-0',
    status: 'firing',
    episode: 0,
    defective: false,
  } as const
  const response = await fetch(`${url}/alerts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(webhookOf({ group: 'loss', alerts: [alert] }, scope)),
  })
  const answer = (await response.json()) as { alerts?: { runId: string }[] }
  return response.status === 202 ? answer.alerts?.[0]?.runId : undefined
}

async function countMissing(runIds: readonly string[], url: string): Promise<number> {
  const queue = new Queue(RUNS.name, { connection: { url }, prefix: QUEUE_PREFIX })
  const jobs = await Promise.all(runIds.map((id) => queue.getJob(id)))
  await queue.close()
  return jobs.filter((job) => job === undefined).length
}
