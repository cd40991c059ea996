import { defineScript, type RedisClient } from '@opifer/platform/redis'
import { indexKey } from '../keys.ts'
import type { Plan } from './plan.ts'
import type { Cursor } from './query.ts'

/** Reads positions in indexes, at most `count`; fewer only at the end. */
export interface Scanner {
  /** Newest first, each run once however many of the indexes hold it. */
  before(cursor: Cursor, plan: Plan, count: number): Promise<Cursor[]>
  /** Oldest first. */
  after(cursor: Cursor, index: string, count: number): Promise<Cursor[]>
}

/** Before this cursor lies every run. */
export const NEWEST: Cursor = { receivedAt: Number.POSITIVE_INFINITY, runId: '' }

export function createScanner(redis: RedisClient, base: string): Scanner {
  const script = defineScript(redis, 'opiferHistoryScan', SCAN)

  async function scan(cursor: Cursor, index: string, count: number, direction: 'before' | 'after'): Promise<Cursor[]> {
    const score = Number.isFinite(cursor.receivedAt) ? cursor.receivedAt : '+inf'
    const reply = (await script([indexKey(base, index)], [score, cursor.runId, count, direction])) as string[]
    return reply.flatMap((runId, at) => (at % 2 === 0 ? [{ runId, receivedAt: Number(reply[at + 1]) }] : []))
  }

  return {
    async before(cursor, plan, count) {
      const found = await Promise.all(plan.map((index) => scan(cursor, index, count, 'before')))
      const sorted = found.flat().sort(newestFirst)
      return sorted.filter(({ runId }, at) => runId !== sorted[at - 1]?.runId).slice(0, count)
    },
    after: (cursor, index, count) => scan(cursor, index, count, 'after'),
  }
}

/** Runs of the same millisecond are in the order Redis keeps them in: by id, which is ASCII. */
function newestFirst(one: Cursor, other: Cursor): number {
  if (one.receivedAt !== other.receivedAt) return other.receivedAt - one.receivedAt
  if (one.runId === other.runId) return 0
  return one.runId < other.runId ? 1 : -1
}

/**
 * Finds the rank of a cursor, by binary search among the runs of the same millisecond if its run is not in the index. It
 * compares bytes, as Redis does: Lua's own comparison depends on the locale.
 */
const SCAN = `
local key, score, id, count, direction = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

local function isLess(one, other)
  for at = 1, math.min(#one, #other) do
    local a, b = string.byte(one, at), string.byte(other, at)
    if a ~= b then return a < b end
  end
  return #one < #other
end

local rank = redis.call('ZRANK', key, id)
local low = rank
if not rank then
  low = redis.call('ZCOUNT', key, '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', key, score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if isLess(redis.call('ZRANGE', key, middle, middle)[1], id) then low = middle + 1 else high = middle end
  end
end
if direction == 'after' then
  local from = rank and rank + 1 or low
  return redis.call('ZRANGE', key, from, from + count - 1, 'WITHSCORES')
end
if low == 0 then return {} end
return redis.call('ZRANGE', key, math.max(low - count, 0), low - 1, 'WITHSCORES')
`
