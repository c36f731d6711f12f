-- Takes a message in: says whether to answer it now, to wait, or that it was answered already.
-- KEYS: message, resident, ruleset token.  ARGV: attempt, lease ms, messages allowed, their window ms, claim TTL ms.
-- message: P<attempt> while it is worked on, R<reply> once answered, F polite flood notice, N nothing (flood goes on).
-- resident: s session · q attempts in order of arrival, "attempt:deadline," each · r times of the latest messages · n flood noticed
-- Returns {state, reply, session, token}; state is go | wait | busy | done | flood | mute.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local attempt, lease = ARGV[1], tonumber(ARGV[2])
local token = redis.call('GET', KEYS[3]) or ''
local stored = redis.call('GET', KEYS[1])
local kind = stored and string.sub(stored, 1, 1)
if kind == 'R' then return {'done', string.sub(stored, 2), '', token} end
if kind == 'F' then return {'flood', '', '', token} end
if kind == 'N' then return {'mute', '', '', token} end

local resident = redis.call('HMGET', KEYS[2], 's', 'q', 'r', 'n')
local owner = kind == 'P' and string.sub(stored, 2) or nil
local queue, mine, owner_lives = {}, false, false
for name, deadline in string.gmatch(resident[2] or '', '([^:,]+):(%d+),') do
  -- An attempt whose worker died stops renewing its deadline and falls out here.
  if tonumber(deadline) > now then
    if name == attempt then mine = true end
    if name == owner then owner_lives = true end
    queue[#queue + 1] = {name, deadline}
  end
end
if owner and owner ~= attempt and owner_lives then return {'busy', '', '', token} end

if not stored then
  local latest, count = {}, 0
  for stamp in string.gmatch(resident[3] or '', '%d+') do
    if tonumber(stamp) > now - tonumber(ARGV[4]) then count = count + 1; latest[count] = stamp end
  end
  local flood = count >= tonumber(ARGV[3])
  latest[count + 1] = string.format('%d', now)
  if flood then table.remove(latest, 1) end
  redis.call('HSET', KEYS[2], 'r', table.concat(latest, ','))
  redis.call('PEXPIRE', KEYS[2], math.max(redis.call('PTTL', KEYS[2]), tonumber(ARGV[5])))
  if flood then
    local first = not resident[4]
    redis.call('HSET', KEYS[2], 'n', 1)
    redis.call('SET', KEYS[1], first and 'F' or 'N', 'PX', ARGV[5])
    return {first and 'flood' or 'mute', '', '', token}
  end
  if resident[4] then redis.call('HDEL', KEYS[2], 'n') end
end

local deadline = string.format('%d', now + lease)
if not mine then queue[#queue + 1] = {attempt, deadline} end
local packed = {}
for place, item in ipairs(queue) do
  packed[place] = item[1] .. ':' .. (item[1] == attempt and deadline or item[2]) .. ','
end
redis.call('HSET', KEYS[2], 'q', table.concat(packed))
redis.call('SET', KEYS[1], 'P' .. attempt, 'PX', ARGV[5])
if queue[1][1] == attempt then return {'go', '', resident[1] or '', token} end
return {'wait', '', '', token}
