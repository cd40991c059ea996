import { defineScript, type RedisClient } from '@opifer/platform/redis'
import { z } from 'zod'
import { json } from './json.ts'
import { historyBase } from './keys.ts'

/** The queue's depth at one time, in milliseconds since the epoch. */
export type DepthSample = z.output<typeof sampleSchema>

const sampleSchema = z.object({
  at: z.number(),
  /** Runs waiting for a worker. */
  waiting: z.number(),
  active: z.number(),
  /** Runs waiting for their Job, or for a retry. */
  delayed: z.number(),
  /** Milliseconds that the oldest waiting run has waited. */
  oldestWaiting: z.number().optional(),
})

export interface DepthRange {
  /** Milliseconds since the epoch, inclusive. */
  from: number
  /** Milliseconds since the epoch, exclusive. */
  to: number
  /** Milliseconds. */
  step: number
}

export interface DepthLog {
  /** True for exactly one of the processes that ask within a sampling interval: it takes the sample. */
  claimSlot(at: number): Promise<boolean>
  write(sample: DepthSample): Promise<void>
  /** The last sample of each step that has one. */
  read(range: DepthRange): Promise<DepthSample[]>
}

/** The sampling interval in milliseconds. */
export const SAMPLE_MS = 15_000

/** @param maxAge milliseconds for which a sample is kept */
export function createDepthLog(redis: RedisClient, prefix: string, maxAge: number): DepthLog {
  const key = `${historyBase(prefix)}depth`
  const write = defineScript(redis, 'opiferDepthWrite', WRITE)
  return {
    async claimSlot(at) {
      const slot = Math.floor(at / SAMPLE_MS)
      return (await redis.set(`${key}:slot:${slot}`, '1', 'PX', 4 * SAMPLE_MS, 'NX')) === 'OK'
    },
    write: async (sample) => void (await write([key], [sample.at, JSON.stringify(sample), maxAge])),
    async read({ from, to, step }) {
      const times = Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step)
      const last = await Promise.all(
        times.map((time) => {
          const end = Math.min(time + step, to)
          return redis.zrange(key, `(${end}`, `${time}`, 'BYSCORE', 'REV', 'LIMIT', 0, 1)
        }),
      )
      return last.flat().flatMap((text) => json.pipe(sampleSchema).safeParse(text).data ?? [])
    },
  }
}

const WRITE = `
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. (ARGV[1] - ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
`
