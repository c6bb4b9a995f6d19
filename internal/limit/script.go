package limit

// The scripts run inside Redis, which runs one at a time: so all windows and slots of a
// call are taken at once. A window is a string: the newest second, the sum, and the
// cells, packed. A slot is a member of a sorted set, whose score is when it ends (in
// milliseconds). All keys of a call carry its account as hash tag.
//
// ARGV[1] is the time in milliseconds, 0 for Redis' own: of all clocks it is the one that
// every process sees. ARGV[2] is a slot's lifetime.
const scriptHead = `
local CELLS, WINDOW = 61, 60000
local now, lifetime = tonumber(ARGV[1]), tonumber(ARGV[2])
if now == 0 then
	local t = redis.call('TIME')
	now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
local second = math.floor(now / 1000)

local function load(key)
	local packed = redis.call('GET', key)
	local w
	if packed then
		w = cmsgpack.unpack(packed)
	else
		w = {second, 0}
		for i = 3, CELLS + 2 do w[i] = 0 end
	end
	local last = w[1]
	if second - last >= CELLS then
		w[2] = 0
		for i = 3, CELLS + 2 do w[i] = 0 end
		w[1] = second
	elseif second > last then
		for s = last + 1, second do
			local i = s % CELLS + 3
			w[2] = w[2] - w[i]
			w[i] = 0
		end
		w[1] = second
	end
	return w
end

local function save(key, w)
	redis.call('SET', key, cmsgpack.pack(w), 'PX', WINDOW + 2000)
end

local function add(w, sec, n)
	if sec > w[1] then sec = w[1] end
	if sec <= w[1] - CELLS then return end
	local i = sec % CELLS + 3
	n = math.max(n, -w[i])
	w[i] = w[i] + n
	w[2] = w[2] + n
end

local function wait(w, limit, cost)
	local over = w[2] + cost - limit
	if over <= 0 then return 0 end
	for s = w[1] - CELLS + 1, w[1] do
		over = over - w[s % CELLS + 3]
		if over <= 0 then return math.max((s + CELLS) * 1000 - now, 1) end
	end
	return WINDOW
end

local function hold(key, call)
	redis.call('ZADD', key, now + lifetime, call)
	redis.call('PEXPIRE', key, lifetime + 2000)
end
`

// takeScript takes all or nothing. ARGV: marker (empty: it is not checked, and
// KEYS[1] is no marker), call, and for each further key: kind (w or s), limit, cost. The answer: 1 or
// 0 (-1: this memory is not the one of the marker), the time, and for each key what is left
// and how long to wait.
const takeScript = scriptHead + `
local marker, call, key, arg = ARGV[3], ARGV[4], 1, 5
if marker ~= '' then
	if redis.call('GET', KEYS[1]) ~= marker then return {-1, now} end
	key = 2
end
local answer, found, fits = {1, now}, {}, true
for k = key, #KEYS do
	local kind, limit, cost = ARGV[arg], tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
	arg = arg + 3
	local left, pause
	if kind == 'w' then
		local w = load(KEYS[k])
		found[k] = w
		left, pause = limit - w[2], 0
		if cost > 0 then pause = wait(w, limit, cost) end
	else
		redis.call('ZREMRANGEBYSCORE', KEYS[k], '-inf', now)
		left, pause = limit - redis.call('ZCARD', KEYS[k]), 0
		if left < 1 then pause = 1000 end
	end
	if pause > 0 then fits = false end
	answer[#answer + 1] = left
	answer[#answer + 1] = pause
end
if not fits then
	answer[1] = 0
	return answer
end
for k = key, #KEYS do
	local at = k - key
	local cost = tonumber(ARGV[5 + at * 3 + 2])
	local w = found[k]
	if w then
		if cost > 0 then
			add(w, second, cost)
			save(KEYS[k], w)
		end
	else
		hold(KEYS[k], call)
	end
	answer[3 + at * 2] = answer[3 + at * 2] - cost
end
return answer
`

// adjustScript corrects windows and slots. ARGV, for each key, is a word and what belongs
// to it: w, how many, and pairs of a second and what to add there; release, renew or add,
// and the call. Renewing does not bring back a slot that is gone. The answer is the time.
const adjustScript = scriptHead + `
local arg = 3
for k = 1, #KEYS do
	local word, first = ARGV[arg], ARGV[arg + 1]
	arg = arg + 2
	if word == 'w' then
		local w = load(KEYS[k])
		for _ = 1, tonumber(first) do
			add(w, tonumber(ARGV[arg]), tonumber(ARGV[arg + 1]))
			arg = arg + 2
		end
		save(KEYS[k], w)
	elseif word == 'release' then
		redis.call('ZREM', KEYS[k], first)
	elseif word == 'add' then
		hold(KEYS[k], first)
	else
		redis.call('ZREMRANGEBYSCORE', KEYS[k], '-inf', now)
		if redis.call('ZSCORE', KEYS[k], first) then hold(KEYS[k], first) end
	end
end
return now
`

// beatScript says that a process is alive. KEYS: the marker of this memory, the
// processes. ARGV: a marker for a memory that has none, the process, and 'leave' where it
// ends. The answer: the marker, the time, and the live processes.
const beatScript = scriptHead + `
local LIVE = 5000
redis.call('SET', KEYS[1], ARGV[3], 'NX')
if ARGV[5] == 'leave' then
	redis.call('ZREM', KEYS[2], ARGV[4])
else
	redis.call('ZADD', KEYS[2], now, ARGV[4])
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - LIVE)
return {redis.call('GET', KEYS[1]), now, redis.call('ZRANGE', KEYS[2], 0, -1)}
`
