-- Stores a message's reply and the resident's session, and appends the exchange to the stream, all or nothing.
-- KEYS: message, resident, stream.  ARGV: attempt, reply, reply TTL ms, session, session TTL ms, exchange, stream length.
-- Returns {"ok", ""}; or {"late", reply} when another attempt answered first; or {"late", ""} when one is about to.
local stored = redis.call('GET', KEYS[1])
if stored and stored ~= 'P' .. ARGV[1] then
  return {'late', string.sub(stored, 1, 1) == 'R' and string.sub(stored, 2) or ''}
end
redis.call('SET', KEYS[1], 'R' .. ARGV[2], 'PX', ARGV[3])
local queue = ''
for name, deadline in string.gmatch(redis.call('HGET', KEYS[2], 'q') or '', '([^:,]+):(%d+),') do
  if name ~= ARGV[1] then queue = queue .. name .. ':' .. deadline .. ',' end
end
if queue == '' then redis.call('HDEL', KEYS[2], 'q') else redis.call('HSET', KEYS[2], 'q', queue) end
if ARGV[4] == '' then redis.call('HDEL', KEYS[2], 's') else redis.call('HSET', KEYS[2], 's', ARGV[4]) end
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[7], '*', 'x', ARGV[6])
return {'ok', ''}
