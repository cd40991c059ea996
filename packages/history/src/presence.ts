import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { every, VERSION } from '@opifer/platform/process'
import { defineScript, type RedisClient } from '@opifer/platform/redis'
import type { Logger } from '@opifer/platform/telemetry'
import { z } from 'zod'
import { json } from './json.ts'
import { historyBase } from './keys.ts'

/** A live process of Opifer. */
export type Member = z.output<typeof memberSchema>

const memberSchema = z.object({
  /** Unique for each start of a process. */
  id: z.string(),
  app: z.enum(['ingest', 'worker', 'dashboard']),
  host: z.string(),
  pid: z.number(),
  version: z.string(),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
})

/** Live processes, by heartbeat. One that misses its heartbeats is taken for dead. */
export interface Presence {
  announce(member: Member): Promise<void>
  leave(id: string): Promise<void>
  list(): Promise<Member[]>
}

export function createPresence(redis: RedisClient, prefix: string): Presence {
  const base = historyBase(prefix)
  const members = `${base}presence`
  const memberKey = (id: string) => `${members}:${id}`
  const announce = defineScript(redis, 'opiferPresenceAnnounce', ANNOUNCE)
  return {
    announce: async (member) =>
      void (await announce([members], [memberKey(member.id), member.id, JSON.stringify(member), EXPIRY_MS])),
    async leave(id) {
      await Promise.all([redis.zrem(members, id), redis.del(memberKey(id))])
    },
    async list() {
      const ids = await redis.zrange(members, '0', '-1')
      const found = ids.length > 0 ? await redis.mget(ids.map(memberKey)) : []
      return found.flatMap((text) => (text ? (json.pipe(memberSchema).safeParse(text).data ?? []) : []))
    },
  }
}

export interface Heartbeat {
  /** Stops announcing this process, and announces that it left. */
  stop: () => Promise<void>
}

/** Announces this process until the heartbeat is stopped. */
export function startHeartbeat(app: Member['app'], redis: RedisClient, prefix: string, log: Logger): Heartbeat {
  const presence = createPresence(redis, prefix)
  const id = randomUUID()
  const member = { id, app, host: hostname(), pid: process.pid, version: VERSION, startedAt: Date.now() }
  // Debug only: the dashboard shows that the process is missing, and the Redis connection logs its own errors.
  const onError = (err: unknown) => log.debug({ err }, 'heartbeat failed')
  const announce = () => presence.announce(member).catch(onError)
  const beat = every(HEARTBEAT_MS, announce, { onError })
  // A reconnect must not wait for the next beat, or the process would be missing until then.
  const onReady = () => void announce()
  redis.on('ready', onReady)

  return {
    async stop() {
      // Not awaited: while Redis is down, an announcement never ends.
      void beat[Symbol.asyncDispose]()
      redis.off('ready', onReady)
      // Without Redis there is no point in waiting: an announcement expires unless it is renewed.
      await Promise.race([presence.leave(id).catch(onError), sleep(LEAVE_MS, undefined, { ref: false })])
    },
  }
}

const HEARTBEAT_MS = 5_000

const LEAVE_MS = 500

/** Two heartbeats may be late or lost. */
const EXPIRY_MS = 3 * HEARTBEAT_MS

/** Uses Redis' clock, since those of the processes may differ. */
const ANNOUNCE = `
local now = tonumber(redis.call('TIME')[1])
redis.call('SET', ARGV[1], ARGV[3], 'PX', ARGV[4])
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[4] / 1000)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
`
