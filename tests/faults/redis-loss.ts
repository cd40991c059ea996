import { setTimeout as delay } from 'node:timers/promises'
import { RUNS } from '@opifer/platform'
import { type OpiferProcess, type RedisServer, startIngest, startRedis } from '@opifer/testkit'
import { Queue } from 'bullmq'
import { webhookOf } from './alerts.ts'
import { createRandom, type Random } from './random.ts'
import { QUEUE_PREFIX } from './world.ts'

export interface Loss {
  appendfsync: 'always' | 'everysec'
  rounds: number
  acknowledged: number
  lost: number
}

/**
 * Measures how many alerts that were answered 202 are gone after Redis was killed with SIGKILL under load and has come
 * back on its append-only file. The machine goes on: what Redis has handed to the kernel is not lost with the process.
 */
export async function measureLoss(appendfsync: Loss['appendfsync'], rounds: number, seed: number): Promise<Loss> {
  const random = createRandom(seed)
  const redis = await startRedis({ appendonly: appendfsync })
  const ingest = await startIngest({
    redisUrl: redis.url,
    flags: [`--queuePrefix=${QUEUE_PREFIX}`, '--redisTimeout=1s'],
  })
  const loss = { appendfsync, rounds, acknowledged: 0, lost: 0 }
  try {
    for (let round = 0; round < rounds; round++) {
      const acknowledged = await loadUntilKilled(`round ${round}`, { redis, ingest, random })
      await redis.restart()
      loss.acknowledged += acknowledged.length
      loss.lost += await countMissing(acknowledged, redis.url)
      await untilReady(ingest)
    }
    return loss
  } finally {
    await ingest.stop()
    await redis.stop()
  }
}

interface Scene {
  redis: RedisServer
  ingest: OpiferProcess
  random: Random
}

const SENDERS = 16

/** Posts single alerts from many senders until Redis is gone; returns the runs that were acknowledged. */
async function loadUntilKilled(scope: string, { redis, ingest, random }: Scene): Promise<string[]> {
  const acknowledged: string[] = []
  const killed = new AbortController()
  const senders = Array.from({ length: SENDERS }, async (_, sender) => {
    for (let number = 0; !killed.signal.aborted; number++) {
      const runId = await post(ingest.url, `${scope}, ${sender}-${number}`)
      if (runId !== undefined) acknowledged.push(runId)
    }
  })
  await delay(random.int(300, 1_500))
  await redis.kill()
  killed.abort()
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

async function untilReady({ url }: OpiferProcess): Promise<void> {
  for (;;) {
    const { status } = await fetch(`${url}/readiness`)
    if (status === 200) return
    await delay(50)
  }
}
