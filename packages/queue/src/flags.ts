import type { ResolvedMark } from '@opifer/core'
import { defineScript, type RedisClient } from '@opifer/platform/redis'
import { flagKeys } from './keys.ts'

/** An alert that ended. */
export interface ResolvedAlert {
  alertId: string
  mark: ResolvedMark
}

/** Flags about runs and alerts, shared by all processes. */
export interface RunFlags {
  /** For each alert key the run whose cooldown it is in, or null. One command. */
  coolingDown(alertKeys: readonly string[]): Promise<(string | null)[]>
  /** Keeps the latest end of each alert: a twin of a clustered Alertmanager may deliver an earlier one late. */
  markResolved(alerts: readonly ResolvedAlert[], keepMs: number): Promise<void>
  /** Asks for a run to be cancelled. Its next attempt does it. */
  requestCancel(runId: string, by: string): Promise<void>
  /** Who asked for the run to be cancelled. */
  cancelledBy(runId: string): Promise<string | undefined>
}

export function createRunFlags(redis: RedisClient, prefix: string): RunFlags {
  const keys = flagKeys(prefix)
  const keepLatest = defineScript(redis, 'opiferKeepLatest', KEEP_LATEST)
  return {
    async coolingDown(alertKeys) {
      return alertKeys.length === 0 ? [] : redis.mget(alertKeys.map(keys.cooldown))
    },
    async markResolved(alerts, keepMs) {
      if (alerts.length === 0) return
      const marks = alerts.map(({ mark }) => JSON.stringify(mark))
      await keepLatest(
        alerts.map(({ alertId }) => keys.resolved(alertId)),
        [keepMs, ...marks],
      )
    },
    async requestCancel(runId, by) {
      await redis.set(keys.cancel(runId), by, 'PX', CANCEL_MS)
    },
    cancelledBy: async (runId) => (await redis.get(keys.cancel(runId))) ?? undefined,
  }
}

/** Compares by the sender's time where a mark has one, capped at its receipt, else by the receipt. */
const KEEP_LATEST = `
local function time(mark) return math.min(mark.endedAt or mark.receivedAt, mark.receivedAt) end
for i, key in ipairs(KEYS) do
  local known = redis.call('GET', key)
  local mark = ARGV[i + 1]
  if not known or time(cjson.decode(known)) <= time(cjson.decode(mark)) then
    redis.call('SET', key, mark, 'PX', ARGV[1])
  end
end`

/** Far longer than a worker takes to see it. */
const CANCEL_MS = 24 * 3_600_000
