import { HISTORY_LUA } from '@opifer/history'

/**
 * One script per transition of a run. Each checks the fencing token in the same step as it writes: a command whose answer
 * was lost with the connection is sent again on the next one, possibly after another worker has taken over the run.
 *
 * A history that can't be written never stops a run: the scripts return its error for the log, or an empty string.
 */
const IF_LEASED = `if redis.call('GET', KEYS[2]) ~= ARGV[1] then return false end`

/**
 * The next Job of an alert is a number, followed by the run that has claimed it: the last one that was about to create it.
 * Only that run counts on when it ends. Otherwise the end of an earlier run could make others pass over a running Job that
 * got the number after the earlier Job was deleted.
 */
const NUMBER_OF = `
local function numberOf(nextJob) return tonumber(string.match(nextJob or '0', '^%d+')) end`

/**
 * Marks no create as in doubt where a flag may keep the run from one. The mark of an older version, `unansweredSince`, comes
 * first: it is the earlier one. A mark with the time of this very call is its own, sent again after a lost answer.
 *
 * KEYS run, lock, resolved, cooldown, next Job, cancel
 * ARGV token, lease ms, in doubt from (or empty), the run's id, ms to keep the number, history base, arguments of recordBegan
 */
export const BEGIN = `${HISTORY_LUA}${NUMBER_OF}
${IF_LEASED}
redis.call('PEXPIRE', KEYS[2], ARGV[2])
local resolved, cooling, nextJob, cancel = unpack(redis.call('MGET', KEYS[3], KEYS[4], KEYS[5], KEYS[6]))
local older, since, number = unpack(redis.call('HMGET', KEYS[1], 'unansweredSince', 'inDoubtSince', 'inDoubtJob'))
if since == ARGV[3] then since, number = false, false end
if older then since, number = older, false end
local marked = ARGV[3] ~= '' and not since and not resolved and not cooling and not cancel
if marked then
  redis.call('HSET', KEYS[1], 'inDoubtSince', ARGV[3], 'inDoubtJob', numberOf(nextJob))
  redis.call('SET', KEYS[5], numberOf(nextJob) .. ' ' .. ARGV[4], 'PX', ARGV[5])
end
return {recordBegan(ARGV[6], 7) or '', marked and 1 or 0, since, number, resolved, cooling, numberOf(nextJob), cancel}`

/**
 * In fields of their own next to BullMQ's: they must be there before the create is sent, and go with the run. The time is
 * that of the first create in doubt, the number that of the last.
 *
 * KEYS run, lock, next Job; ARGV token, lease ms, in doubt from, number of the Job, the run's id, ms to keep the number
 */
export const MARK_IN_DOUBT = `${NUMBER_OF}
${IF_LEASED}
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('HSETNX', KEYS[1], 'inDoubtSince', ARGV[3])
redis.call('HSET', KEYS[1], 'inDoubtJob', ARGV[4])
if tonumber(ARGV[4]) >= numberOf(redis.call('GET', KEYS[3])) then
  redis.call('SET', KEYS[3], ARGV[4] .. ' ' .. ARGV[5], 'PX', ARGV[6])
end
return 1`

/** KEYS run, lock; ARGV token */
export const CLEAR_IN_DOUBT = `${IF_LEASED}
redis.call('HDEL', KEYS[1], 'inDoubtSince', 'inDoubtJob')
return 1`

/**
 * The cooldown and the next Job are set before the run leaves the queue, so a repeat cannot slip in between.
 *
 * KEYS run, lock, cooldown, next Job
 * ARGV token, the run, its id, cooldown ms, number of its Job (or empty), ms to keep the number, history base, arguments of recordEnded
 */
export const FINISH = `${HISTORY_LUA}
${IF_LEASED}
redis.call('HSET', KEYS[1], 'data', ARGV[2])
if tonumber(ARGV[4]) > 0 then redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4]) end
if redis.call('GET', KEYS[4]) == ARGV[5] .. ' ' .. ARGV[3] then
  redis.call('SET', KEYS[4], tostring(ARGV[5] + 1), 'PX', ARGV[6])
end
return recordEnded(ARGV[7], 8) or ''`
