import type { Run } from '@opifer/core'
import type { Lock } from '@opifer/history'
import type { RedisClient } from '@opifer/platform/redis'
import type { Job } from 'bullmq'
import { RetryError } from '../errors.ts'

/**
 * A worker's hold on a run, as Redis sees it. A worker that was frozen or cut off may have lost it without noticing, and
 * another worker may have taken the run to its end meanwhile. All but `unansweredSince` throw a `RetryError` then.
 */
export interface Hold {
  /** The lock by which Redis itself can tell. */
  lock: Lock
  /** Makes sure that the run is this worker's, and will be for a while. */
  confirm: () => Promise<void>
  /** Confirms, and notes that from now on a create may have been carried out whose answer nobody has seen. */
  expectAnswer: (at: number) => Promise<void>
  /** Takes that back: the answer told that nothing was created. */
  answered: () => Promise<void>
  /** Since when a create may have been carried out without an answer, in this turn or one before it. */
  unansweredSince: () => Promise<number | undefined>
  /** Keeps what a worker adds to a run, and nothing else: another version of Opifer may have written more than this one reads. */
  save: (run: Run) => Promise<void>
}

export interface HoldOptions {
  redis: RedisClient
  /** The run's key in Redis. */
  key: string
  /** Proves to Redis that the run is this worker's. */
  token: string
  /** Milliseconds. */
  lockDuration: number
  now?: () => number
}

export function createHold(
  job: Job,
  { redis, key, token, lockDuration, now = () => performance.now() }: HoldOptions,
): Hold {
  let sureUntil = Number.NEGATIVE_INFINITY
  const lock = { key: `${key}:lock`, token }
  function believe(since: number): void {
    // The other half of the lock's time is for what is sent upon this to arrive.
    sureUntil = since + lockDuration / 2
  }
  async function write(script: string, ...args: (string | number)[]): Promise<void> {
    if (!(await redis.eval(script, 2, key, lock.key, token, ...args))) throw lost()
  }
  return {
    lock,
    async confirm() {
      const asked = now()
      if (asked < sureUntil) return
      if (!(await job.extendLock(token, lockDuration))) throw lost()
      believe(asked)
    },
    async expectAnswer(at) {
      const asked = now()
      await write(EXPECT_ANSWER, at, lockDuration)
      believe(asked)
    },
    answered: () => write(ANSWERED),
    async unansweredSince() {
      const since = await redis.hget(key, 'unansweredSince')
      return since === null ? undefined : Number(since)
    },
    save: ({ operario, job: made, result }) =>
      write(SAVE, JSON.stringify({ ...job.data, operario, job: made, result })),
  }
}

/**
 * One step and not two: a command whose answer was lost with the connection is sent again once there is a new one, which
 * may be after the run was taken over and ended.
 */
const IF_HELD = `if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end`

const SAVE = `${IF_HELD}
redis.call('HSET', KEYS[1], 'data', ARGV[2])
return 1`

/** In a field of its own beside BullMQ's: it must stand before the create is sent, and goes with the run. */
const EXPECT_ANSWER = `${IF_HELD}
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('HSETNX', KEYS[1], 'unansweredSince', ARGV[2])
return 1`

const ANSWERED = `${IF_HELD}
redis.call('HDEL', KEYS[1], 'unansweredSince')
return 1`

function lost(): RetryError {
  return new RetryError('another worker has taken the run over')
}
