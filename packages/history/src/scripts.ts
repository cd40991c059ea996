/**
 * What is written, as Redis' own scripts: each is one round trip and happens whole or not at all. The first key is what all
 * keys begin with; it holds the hash tag, so a Redis Cluster finds the node that has them all.
 */

/** Shared by the scripts below. */
const PRELUDE = `
local base = KEYS[1]

local function tell(id, kind)
  redis.call('PUBLISH', base .. 'events', cjson.encode({id = id, kind = kind}))
end

-- Every key ends by itself, an hour later than it must: so most calls need only look, which no log and no replica is told.
local function keepFor(key, keep)
  if redis.call('PTTL', key) < keep - 3600000 then redis.call('PEXPIRE', key, keep) end
end

-- Takes out runs that are too old: a few at a time, more than come in, so that no call takes long.
local function trim(index, cutoff)
  local key = base .. 'index:' .. index
  local old = redis.call('ZRANGE', key, '-inf', '(' .. cutoff, 'BYSCORE', 'LIMIT', 0, 100)
  if #old > 0 then redis.call('ZREM', key, unpack(old)) end
end

local function add(index, score, id, keep)
  local key = base .. 'index:' .. index
  redis.call('ZADD', key, score, id)
  keepFor(key, keep)
end

-- Adds to an index that was not known at the beginning, and notes that for the day on which the run is dropped.
local function addLater(record, index, score, id, keep)
  local indexes = redis.call('HGET', record, 'indexes') or ''
  if not string.find('\\n' .. indexes .. '\\n', '\\n' .. index .. '\\n', 1, true) then
    redis.call('HSET', record, 'indexes', indexes .. '\\n' .. index)
  end
  add(index, score, id, keep)
end

local function drop(id)
  local record = base .. 'run:' .. id
  for index in string.gmatch(redis.call('HGET', record, 'indexes') or '', '[^\\n]+') do
    redis.call('ZREM', base .. 'index:' .. index, id)
  end
  redis.call('ZREM', base .. 'index:all', id)
  redis.call('DEL', record)
end

local function count(at, keep, fields)
  local key = base .. 'stats:' .. at
  for field, by in pairs(fields) do redis.call('HINCRBY', key, field, by) end
  keepFor(key, keep)
end

local function isHeld(lock, token)
  return lock == '' or redis.call('GET', lock) == token
end

-- Writes the beginning of a record where it is not there yet.
local function begin(id, run, startedAt, score, indexes, keep, cutoff, most)
  local record = base .. 'run:' .. id
  local isNew = redis.call('HSETNX', record, 'run', run) == 1
  keepFor(record, keep)
  if not isNew then return false end
  redis.call('HSET', record, 'startedAt', startedAt, 'indexes', indexes)
  local names = {}
  for index in string.gmatch(indexes, '[^\\n]+') do
    names[#names + 1] = index
    add(index, score, id, keep)
  end
  trim('all', cutoff)
  trim('open', cutoff)
  -- One of the others in its turn: over many runs all that are in use are trimmed.
  trim(names[tonumber(startedAt) % #names + 1], cutoff)
  local excess = redis.call('ZCARD', base .. 'index:all') - tonumber(most)
  if excess > 0 then
    for _, oldest in ipairs(redis.call('ZRANGE', base .. 'index:all', 0, math.min(excess, 10) - 1)) do drop(oldest) end
  end
  return true
end
`

export const BEGAN = `${PRELUDE}
local id, run, startedAt, score, indexes, keep, cutoff, most, statsAt, bucket, waited = unpack(ARGV)
if not begin(id, run, startedAt, score, indexes, keep, cutoff, most) then return end
count(statsAt, keep, {['waiting:' .. bucket] = 1, ['waiting:sum'] = waited})
tell(id, 'began')
`

export const CREATED = `${PRELUDE}
local id, lock, token, job, operario, index, score, keep, cutoff, statsAt, bucket, took = unpack(ARGV)
if not isHeld(lock, token) then return end
local record = base .. 'run:' .. id
-- One that is not there, or not any more, is only counted: its end brings all of this again.
if redis.call('HEXISTS', record, 'run') == 1 then
  local isNew = redis.call('HSETNX', record, 'job', job) == 1
  if operario ~= '' then
    redis.call('HSET', record, 'operario', operario)
    addLater(record, index, score, id, keep)
    trim(index, cutoff)
  end
  keepFor(record, keep)
  if not isNew then return end
end
count(statsAt, keep, {['toJob:' .. bucket] = 1, ['toJob:sum'] = took})
tell(id, 'created')
`

/** The time and not a number tells attempts apart: a call whose answer was lost is sent again. */
export const ATTEMPT_FAILED = `${PRELUDE}
local id, at, error, keep, most = unpack(ARGV)
local record = base .. 'run:' .. id
local errors = cjson.decode(redis.call('HGET', record, 'errors') or '[]')
local last = errors[#errors]
if last and last.at == tonumber(at) then return end
errors[#errors + 1] = cjson.decode(error)
while #errors > tonumber(most) do table.remove(errors, 1) end
redis.call('HSET', record, 'errors', cjson.encode(errors))
redis.call('HINCRBY', record, 'attempts', 1)
keepFor(record, keep)
tell(id, 'attempt-failed')
`

export const ENDED = `${PRELUDE}
local id, run, startedAt, score, indexes, keep, cutoff, most, lock, token, result, outcome, job, operario, operarioIndex, times, statsAt, byOperario = unpack(ARGV)
if not isHeld(lock, token) then return end
local record = base .. 'run:' .. id
begin(id, run, startedAt, score, indexes, keep, cutoff, most)
-- Where so many newer runs are kept that this one is dropped at once, it is only counted.
if redis.call('EXISTS', record) == 1 then
  if redis.call('HSETNX', record, 'result', result) == 0 then return end
  if job ~= '' then redis.call('HSETNX', record, 'job', job) end
  if times ~= '' then redis.call('HSET', record, 'jobTimes', times) end
  if operario ~= '' then
    redis.call('HSETNX', record, 'operario', operario)
    addLater(record, operarioIndex, score, id, keep)
  end
  redis.call('ZREM', base .. 'index:open', id)
  addLater(record, outcome, score, id, keep)
  trim(outcome, cutoff)
end
local counts = {[outcome] = 1}
if byOperario ~= '' then counts[byOperario] = 1 end
count(statsAt, keep, counts)
tell(id, 'ended')
`

/** A record that is not there yet is begun later, or never: it ends by itself. */
export const REPEATED = `${PRELUDE}
local at, keep = ARGV[1], ARGV[2]
for i = 3, #ARGV do
  local record = base .. 'run:' .. ARGV[i]
  redis.call('HINCRBY', record, 'repeats', 1)
  redis.call('HSET', record, 'repeatedAt', at)
  if redis.call('PTTL', record) < 0 then redis.call('PEXPIRE', record, keep) end
  tell(ARGV[i], 'repeated')
end
`

/** Reads an index from new to old, beginning behind a place in it, or as near before that as can be told. */
export const READ_INDEX = `
local from = ARGV[2] ~= '' and redis.call('ZREVRANK', KEYS[1], ARGV[2])
if not from then
  local bound = ARGV[1]
  if ARGV[2] ~= '' then bound = '(' .. bound end
  from = redis.call('ZCOUNT', KEYS[1], bound, '+inf')
end
return redis.call('ZRANGE', KEYS[1], from, from + ARGV[3] - 1, 'REV', 'WITHSCORES')
`

/** Reads an index from old to new, beginning behind a place in it, or as near before that as can be told. */
export const READ_INDEX_ONWARD = `
local rank = redis.call('ZRANK', KEYS[1], ARGV[2])
local from = rank and rank + 1 or redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. ARGV[1])
return redis.call('ZRANGE', KEYS[1], from, from + ARGV[3] - 1, 'WITHSCORES')
`
