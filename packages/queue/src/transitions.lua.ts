import { HISTORY_LUA } from '@opifer/history'

/**
 * One script per transition of a run. Each checks the fencing token in the same step as it writes: a command whose answer
 * was lost with the connection is sent again on the next one, possibly after another worker has taken over the run.
 *
 * A history that can't be written never stops a run: the scripts return its error for the log, or an empty string.
 */
const IF_LEASED = `if redis.call('GET', KEYS[2]) ~= ARGV[1] then return false end`

/**
 * KEYS run, lock, resolved, cooldown, next Job number, cancel, and for runs of older versions the older name of resolved
 * ARGV token, lease ms, in doubt from (or empty), history base, arguments of recordBegan
 */
export const BEGIN = `${HISTORY_LUA}
${IF_LEASED}
redis.call('PEXPIRE', KEYS[2], ARGV[2])
local fields = redis.call('HMGET', KEYS[1], 'inDoubtSince', 'unansweredSince')
local since = fields[1] or fields[2]
if ARGV[3] ~= '' and not since then redis.call('HSET', KEYS[1], 'inDoubtSince', ARGV[3]) end
local flags = redis.call('MGET', unpack(KEYS, 3))
return {recordBegan(ARGV[4], 5) or '', since, flags[1], flags[2], flags[3], flags[4], flags[5] or false}`

/**
 * In a field of its own next to BullMQ's: it must be there before the create is sent, and it goes with the run. A mark of
 * an older version, `unansweredSince`, counts as the first.
 *
 * KEYS run, lock; ARGV token, lease ms, in doubt from
 */
export const MARK_IN_DOUBT = `${IF_LEASED}
redis.call('PEXPIRE', KEYS[2], ARGV[2])
if redis.call('HEXISTS', KEYS[1], 'unansweredSince') == 0 then redis.call('HSETNX', KEYS[1], 'inDoubtSince', ARGV[3]) end
return 1`

/** KEYS run, lock; ARGV token */
export const SETTLE = `${IF_LEASED}
redis.call('HDEL', KEYS[1], 'inDoubtSince', 'unansweredSince')
return 1`

/**
 * The cooldown and the next Job number are set before the run leaves the queue, so a repeat cannot slip in between.
 *
 * KEYS run, lock, cooldown, next Job number
 * ARGV token, the run, its id, cooldown ms, next number (or empty), ms to keep that, history base, arguments of recordEnded
 */
export const FINISH = `${HISTORY_LUA}
${IF_LEASED}
redis.call('HSET', KEYS[1], 'data', ARGV[2])
if tonumber(ARGV[4]) > 0 then redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4]) end
if ARGV[5] ~= '' and tonumber(ARGV[5]) > tonumber(redis.call('GET', KEYS[4]) or 0) then
  redis.call('SET', KEYS[4], ARGV[5], 'PX', ARGV[6])
end
return recordEnded(ARGV[7], 8) or ''`
