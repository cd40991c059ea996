import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { VERSION } from '@opifer/platform/process'
import type { RedisClient } from '@opifer/platform/redis'
import type { Logger } from '@opifer/platform/telemetry'
import { z } from 'zod'
import { defineCommand } from './commands.ts'
import { json } from './json.ts'
import { historyBase } from './keys.ts'

/** A process of Opifer that is there. */
export type Member = z.output<typeof memberSchema>

const memberSchema = z.object({
  /** One of a kind for each start of a process. */
  id: z.string(),
  app: z.enum(['ingest', 'worker', 'dashboard']),
  host: z.string(),
  pid: z.number(),
  version: z.string(),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
})

/** Which processes are there. Who has not announced itself for a while is taken for gone. */
export interface Presence {
  announce(member: Member): Promise<void>
  leave(id: string): Promise<void>
  list(): Promise<Member[]>
}

export function createPresence(redis: RedisClient, prefix: string): Presence {
  const base = historyBase(prefix)
  const members = `${base}presence`
  const memberKey = (id: string) => `${members}:${id}`
  const announce = defineCommand(redis, 'opiferPresenceAnnounce', ANNOUNCE)
  return {
    announce: async (member) =>
      void (await announce(members, memberKey(member.id), member.id, JSON.stringify(member), LASTS_MS)),
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

/** Announces this process for as long as it lives. */
export function stayPresent(app: Member['app'], redis: RedisClient, prefix: string, log: Logger): HeldPresence {
  const presence = createPresence(redis, prefix)
  const id = randomUUID()
  const member = { id, app, host: hostname(), pid: process.pid, version: VERSION, startedAt: Date.now() }
  const stopping = new AbortController()
  // Whoever looks sees that nobody is there; what is wrong with Redis others tell.
  const onError = (err: unknown) => log.debug({ err }, 'presence')
  const announce = () => presence.announce(member).catch(onError)
  // Not only when it is time again: until then whoever looks would miss this process.
  const onReady = () => void announce()
  redis.on('ready', onReady)

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      await announce()
      await sleep(ANNOUNCE_MS, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  void follow()
  return {
    async stop() {
      stopping.abort()
      redis.off('ready', onReady)
      // While Redis is away nobody can be told, and need not be: an announcement that is not renewed ends by itself.
      await Promise.race([presence.leave(id).catch(onError), sleep(LEAVE_MS, undefined, { ref: false })])
    },
  }
}

export interface HeldPresence {
  stop: () => Promise<void>
}

/** How often a process announces itself, in milliseconds. */
const ANNOUNCE_MS = 5_000

const LEAVE_MS = 500

/** Two announcements may be late or lost. */
const LASTS_MS = 3 * ANNOUNCE_MS

/** By Redis' own clock, since those of the processes may differ. */
const ANNOUNCE = `
local now = tonumber(redis.call('TIME')[1])
redis.call('SET', ARGV[1], ARGV[3], 'PX', ARGV[4])
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[4] / 1000)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
`
