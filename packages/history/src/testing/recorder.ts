import type { JobTimes, Result, Run } from '@opifer/core'
import { defineScript, type RedisClient } from '@opifer/platform/redis'
import { historyBase, queuedRunKey } from '../keys.ts'
import { createHistoryEncoder, type HistorySettings } from '../write/encoder.ts'
import { HISTORY_LUA } from '../write/lua.ts'

/** Records runs as the worker's transition scripts do. Rejects if Redis does. */
export interface Recorder {
  began(run: Run, at: number): Promise<void>
  /** Puts a run where the queue keeps it, with the Operario and Job a worker gave it. */
  created(run: Run): Promise<void>
  ended(run: Run & { result: Result }, jobTimes?: JobTimes): Promise<void>
}

export function createRecorder(redis: RedisClient, prefix: string, settings: HistorySettings): Recorder {
  const base = historyBase(prefix)
  const encoder = createHistoryEncoder(settings)
  const began = defineScript(redis, 'opiferTestingBegan', script('recordBegan'))
  const ended = defineScript(redis, 'opiferTestingEnded', script('recordEnded'))
  return {
    began: async (run, at) => void (await began([base], encoder.began(run, at))),
    created: async (run) => void (await redis.hset(queuedRunKey(prefix, run.id), 'data', JSON.stringify(run))),
    ended: async (run, jobTimes) => void (await ended([base], encoder.ended(run, jobTimes))),
  }
}

function script(record: string): string {
  return `${HISTORY_LUA}
    local err = ${record}(KEYS[1], 1)
    return err and redis.error_reply(err)`
}
