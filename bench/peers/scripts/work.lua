-- The work of the suite in Lua 5.4, written like the output of `go test -bench`.
--   lua5.4 work.lua big.lua
local handled, last = 0, nil
local function send(channel, m) handled = handled + 1 last = m.line end
local function handler(event)
  local id, user, text = event.id, event.user, event.text
  local line = user .. ": " .. text
  send("chat", {id = id, line = line})
end
local function get(m, key) return m[key] end

local function loop()
  local n, i = 0, 0
  while i < 1000000 do
    if i > 10 then n = n + 2 end
    i = i + 1
  end
  return n
end

local function calls()
  local m, s = {id = 1, name = "alice", age = 3}, nil
  for i = 1, 100000 do s = get(m, "name") end
  return s
end

local function handlers()
  for i = 1, 100000 do
    handler({id = "m-" .. (i % 8), user = "alice", text = "hello everybody", room = "lobby"})
  end
end

-- measure runs f for at least a fifth of a second of processor time.
local function measure(name, per, f)
  f()
  local n, began = 0, os.clock()
  repeat f() n = n + 1 until os.clock() - began > 0.2
  print(string.format("Benchmark%s/lua %d %.1f cpu-ns/op", name, n, (os.clock() - began) / n / per * 1e9))
end

measure("Loop", 1, loop)
measure("HostCall", 1, calls)
measure("Handler", 100000, handlers)
if arg[1] then
  local file = assert(io.open(arg[1]))
  local source = file:read("a")
  file:close()
  measure("Compile", 1, function() assert(load(source)) end)
  local compiled = string.dump(assert(load(source)))
  measure("Load", 1, function() assert(load(compiled)) end)
end
