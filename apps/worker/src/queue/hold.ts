import type { Run } from '@opifer/core'
import type { Lock } from '@opifer/history'
import type { RedisClient } from '@opifer/platform'
import type { Job } from 'bullmq'
import { RetryError } from '../errors.ts'
import { monotonic } from '../monotonic.ts'

/**
 * A worker's hold on a run, as Redis sees it. A worker that was frozen or cut off may have lost it without noticing, and
 * another worker may have taken the run to its end meanwhile. Both throw a `RetryError` then.
 */
export interface Hold {
  /** The lock by which Redis itself can tell. */
  lock: Lock
  /** Makes sure that the run is this worker's, and will be for a while. */
  confirm: () => Promise<void>
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

export function createHold(job: Job, { redis, key, token, lockDuration, now = monotonic }: HoldOptions): Hold {
  let sureUntil = Number.NEGATIVE_INFINITY
  const lock = { key: `${key}:lock`, token }
  return {
    lock,
    async confirm() {
      const asked = now()
      if (asked < sureUntil) return
      if (!(await job.extendLock(token, lockDuration))) throw lost()
      // The other half is for what is sent upon this to arrive.
      sureUntil = asked + lockDuration / 2
    },
    async save({ operario, unansweredSince, job: made, result }) {
      const data = JSON.stringify({ ...job.data, operario, unansweredSince, job: made, result })
      if (!(await redis.eval(SAVE, 2, key, lock.key, token, data))) throw lost()
    },
  }
}

/**
 * One step and not two: a command whose answer was lost with the connection is sent again once there is a new one, which
 * may be after the run was taken over and ended.
 */
const SAVE = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'data', ARGV[2])
return 1`

function lost(): RetryError {
  return new RetryError('another worker has taken the run over')
}
