-- Tells the others that an attempt is still being worked on.
-- KEYS: resident.  ARGV: attempt, lease ms.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local queue, found = '', false
for name, deadline in string.gmatch(redis.call('HGET', KEYS[1], 'q') or '', '([^:,]+):(%d+),') do
  if name == ARGV[1] then deadline = string.format('%d', now + tonumber(ARGV[2])); found = true end
  queue = queue .. name .. ':' .. deadline .. ','
end
if found then redis.call('HSET', KEYS[1], 'q', queue) end
return found and 1 or 0
