import { excerpt } from '@opifer/core'
import { defineScript, type RedisClient } from '@opifer/platform/redis'
import { historyBase } from '../keys.ts'
import type { AttemptError } from '../record.ts'
import { type HistorySettings, keepMs } from './encoder.ts'

/** Records what the transition scripts don't: see `HISTORY_LUA` for the beginning and end of runs. */
export interface HistoryWriter {
  /** Best effort: never rejects. Safe to repeat. */
  attemptFailed(runId: string, error: AttemptError): Promise<void>
}

/** @param onError called with each error that kept something from being recorded */
export function createHistoryWriter(
  redis: RedisClient,
  prefix: string,
  { historyMaxAge }: Pick<HistorySettings, 'historyMaxAge'>,
  onError: (err: unknown) => void,
): HistoryWriter {
  const base = historyBase(prefix)
  const attemptFailed = defineScript(redis, 'opiferHistoryAttemptFailed', ATTEMPT_FAILED)
  return {
    async attemptFailed(runId, { at, message }) {
      const error = JSON.stringify({ at, message: excerpt(message, MAX_MESSAGE) })
      try {
        await attemptFailed([base], [runId, at, error, keepMs(historyMaxAge), MAX_ERRORS])
      } catch (err) {
        onError(err)
      }
    },
  }
}

/** Counts alerts that joined a run. A record created by the worker sets its own expiry. */
export function createRepeatCounter(
  redis: RedisClient,
  prefix: string,
): (runIds: string[], at: number) => Promise<void> {
  const base = historyBase(prefix)
  const repeated = defineScript(redis, 'opiferHistoryRepeated', REPEATED)
  return async (runIds, at) => void (await repeated([base], [at, UNBEGUN_MS, ...runIds]))
}

/** How long repeats are kept for a run that no worker has begun. */
const UNBEGUN_MS = 24 * 3_600_000
const MAX_ERRORS = 20
const MAX_MESSAGE = 1_000

/** An attempt is identified by its time, not by a number: ioredis resends a call whose reply was lost. */
const ATTEMPT_FAILED = `
local id, at, error, keep, max = unpack(ARGV)
local record = KEYS[1] .. 'run:' .. id
local errors = cjson.decode(redis.call('HGET', record, 'errors') or '[]')
local last = errors[#errors]
if last and last.at == tonumber(at) then return end
errors[#errors + 1] = cjson.decode(error)
while #errors > tonumber(max) do table.remove(errors, 1) end
redis.call('HSET', record, 'errors', cjson.encode(errors))
redis.call('HINCRBY', record, 'attempts', 1)
redis.call('PEXPIRE', record, keep)
redis.call('PUBLISH', KEYS[1] .. 'changes', 'attempt-failed ' .. id)
`

/** A record that doesn't exist yet may never be begun, so it gets an expiry. */
const REPEATED = `
for i = 3, #ARGV do
  local record = KEYS[1] .. 'run:' .. ARGV[i]
  redis.call('HINCRBY', record, 'repeats', 1)
  redis.call('HSET', record, 'repeatedAt', ARGV[1])
  if redis.call('PTTL', record) < 0 then redis.call('PEXPIRE', record, ARGV[2]) end
  redis.call('PUBLISH', KEYS[1] .. 'changes', 'repeated ' .. ARGV[i])
end
`
