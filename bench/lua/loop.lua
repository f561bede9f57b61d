-- The loop of BenchmarkLoop in Lua 5.4: a yardstick that is run beside it, because
-- times on a shared machine mean little without one.
local runs = 20
local t = os.clock()
for _ = 1, runs do
  local n, i = 0, 0
  while i < 1000000 do
    if i > 10 then n = n + 2 end
    i = i + 1
  end
end
print(string.format("%.1f ms for 1e6 rounds", (os.clock() - t) / runs * 1000))
