/**
 * Lua that records runs, for embedding in scripts that check the caller's lease first: `recordBegan(base, first)` and
 * `recordEnded(base, first)` read their arguments, encoded by `createHistoryEncoder`, from `ARGV[first]` onward. Both
 * change nothing for a run that they already recorded. They never raise, so a history that Redis rejects doesn't stop a
 * run: they return nil, or the error's text for the log. `base` is `historyBase(prefix)`; its hash tag lets the scripts
 * use keys they don't declare, even in a Redis Cluster.
 */
export const HISTORY_LUA = `
local recordBegan, recordEnded
do
  local call = redis.call

  local function safely(record, ...)
    local ok, err = pcall(record, ...)
    if ok then return nil end
    return type(err) == 'table' and err.err or tostring(err)
  end

  -- The expiry has an hour to spare, so most calls only look at it: a look is not replicated.
  local function refresh(key, keep)
    if call('PTTL', key) < keep - 3600000 then call('PEXPIRE', key, keep) end
  end

  local function addTo(base, index, score, id, keep)
    local key = base .. 'index:' .. index
    call('ZADD', key, score, id)
    refresh(key, keep)
  end

  -- Returns how often the field was counted in its interval. The first count of an interval creates its hash.
  local function count(base, interval, field, keep)
    local key = base .. 'stats:' .. interval
    local total = call('HINCRBY', key, field, 1)
    if total == 1 then call('PEXPIRE', key, keep) end
    return total
  end

  -- For the first run of an interval and for one in sixteen after it: often enough for a quiet history, cheap for a busy
  -- one. Each index loses at most a hundred runs, which is more than it gains until the next time.
  local function trim(base, indexes, cutoff, keep)
    refresh(base .. 'index:all', keep)
    for _, index in ipairs(indexes) do
      local key = base .. 'index:' .. index
      local old = call('ZRANGE', key, '-inf', '(' .. cutoff, 'BYSCORE', 'LIMIT', 0, 100)
      if #old > 0 then call('ZREM', key, unpack(old)) end
    end
  end

  local function drop(base, id)
    local record = base .. 'run:' .. id
    for _, names in ipairs(call('HMGET', record, 'indexes', 'endIndexes')) do
      for index in string.gmatch(names or '', '[^\\n]+') do call('ZREM', base .. 'index:' .. index, id) end
    end
    call('ZREM', base .. 'index:all', id)
    call('ZREM', base .. 'index:open', id)
    call('DEL', record)
  end

  -- Writes the record of a run that has just been added to the index of all, unless that holds so many newer ones that
  -- this one is dropped at once. Returns whether it was kept.
  local function create(base, id, run, startedAt, score, alertname, alert, keep, max)
    local all = base .. 'index:all'
    local size = call('ZCARD', all)
    if size == 1 then call('PEXPIRE', all, keep) end
    local record = base .. 'run:' .. id
    call('HSET', record, 'run', run, 'startedAt', startedAt, 'indexes', alertname .. '\\n' .. alert)
    call('PEXPIRE', record, keep)
    if alertname ~= '' then addTo(base, alertname, score, id, keep) end
    if alert ~= '' then addTo(base, alert, score, id, keep) end
    local excess = size - max
    if excess <= 0 then return true end
    local isKept = true
    for _, oldest in ipairs(call('ZRANGE', all, 0, math.min(excess, 10) - 1)) do
      drop(base, oldest)
      if oldest == id then isKept = false end
    end
    return isKept
  end

  local function began(base, first)
    local id, run, startedAt, score, alertname, alert, keep, cutoff, max, interval, waited = unpack(ARGV, first, first + 10)
    if call('ZADD', base .. 'index:all', score, id) == 0 then return end
    if create(base, id, run, startedAt, score, alertname, alert, keep, max) then
      addTo(base, 'open', score, id, keep)
    end
    if count(base, interval, waited, keep) % 16 == 1 then
      trim(base, {'all', 'open', alertname, alert}, cutoff, keep)
    end
    call('PUBLISH', base .. 'changes', 'began ' .. id)
  end

  local function ended(base, first)
    local id, run, finishedAt, score, alertname, alert, keep, cutoff, max, result, outcome, job, operario, operarioIndex,
      jobTimes, interval, counted, jobInterval, toJob = unpack(ARGV, first, first + 18)
    local record = base .. 'run:' .. id
    local startedAt, known = unpack(call('HMGET', record, 'startedAt', 'result'))
    if known then return end
    local isKept = true
    if not startedAt then
      call('ZADD', base .. 'index:all', score, id)
      isKept = create(base, id, run, finishedAt, score, alertname, alert, keep, max)
    end
    call('ZREM', base .. 'index:open', id)
    if isKept then
      local fields = {'result', result, 'endIndexes', outcome .. '\\n' .. operarioIndex}
      local function set(field, value)
        if value ~= '' then fields[#fields + 1], fields[#fields + 2] = field, value end
      end
      set('operario', operario)
      set('job', job)
      set('jobTimes', jobTimes)
      call('HSET', record, unpack(fields))
      -- Until then the expiry set at the beginning will do: it has an hour to spare.
      if finishedAt - score > 3600000 then call('PEXPIRE', record, keep) end
      addTo(base, outcome, score, id, keep)
      if operarioIndex ~= '' then addTo(base, operarioIndex, score, id, keep) end
    end
    if toJob ~= '' then count(base, jobInterval, toJob, keep) end
    if count(base, interval, counted, keep) % 16 == 1 then
      trim(base, {'all', 'open', alertname, alert, outcome, operarioIndex}, cutoff, keep)
    end
    call('PUBLISH', base .. 'changes', 'ended ' .. id)
  end

  recordBegan = function(base, first) return safely(began, base, first) end
  recordEnded = function(base, first) return safely(ended, base, first) end
end
`
