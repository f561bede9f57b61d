package engines

import (
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"peers/engines/source"
)

const luaSrc = `
function loop(n) local s, i = 0, 0 while i < n do if i > 10 then s = s + 2 end i = i + 1 end return s end
function dispatch(m, n) local s for i = 1, n do s = get(m, "name") end return s end
function handler(event)
  local id, user, text = event.id, event.user, event.text
  local line = user .. ": " .. text
  send("chat", {id = id, line = line})
end
`

func luaProto(src string) *lua.FunctionProto {
	c := must(parse.Parse(strings.NewReader(src), "x"))
	return must(lua.Compile(c, "x"))
}

func luaState(p *lua.FunctionProto) *lua.LState {
	L := lua.NewState()
	L.SetGlobal("get", L.NewFunction(func(L *lua.LState) int {
		L.Push(L.CheckTable(1).RawGetString(L.CheckString(2)))
		return 1
	}))
	L.SetGlobal("send", L.NewFunction(func(L *lua.LState) int {
		L.CheckString(1)
		sent++
		lastLine = string(L.CheckTable(2).RawGetString("line").(lua.LString))
		return 0
	}))
	L.Push(L.NewFunctionFromProto(p))
	L.Call(0, 0)
	return L
}

func luaTable(L *lua.LState, m map[string]any) *lua.LTable {
	t := L.CreateTable(0, len(m))
	for k, v := range m {
		switch v := v.(type) {
		case string:
			t.RawSetString(k, lua.LString(v))
		case int:
			t.RawSetString(k, lua.LNumber(v))
		}
	}
	return t
}

func luaCall(b *testing.B, L *lua.LState, fn lua.LValue, ret int, args ...lua.LValue) {
	if err := L.CallByParam(lua.P{Fn: fn, NRet: ret, Protect: true}, args...); err != nil {
		b.Fatal(err)
	}
}

func init() {
	proto := luaProto(luaSrc)
	num := func(fn string, arg, want int) func(*testing.B) {
		return func(b *testing.B) {
			L := luaState(proto)
			defer L.Close()
			for b.Loop() {
				luaCall(b, L, L.GetGlobal(fn), 1, lua.LNumber(arg))
				checkInt(b, int(L.Get(-1).(lua.LNumber)), want)
				L.Pop(1)
			}
		}
	}
	loops = append(loops, entry{"gopher-lua", num("loop", rounds, wantLoop)})
	hostCalls = append(hostCalls, entry{"gopher-lua", func(b *testing.B) {
		L := luaState(proto)
		defer L.Close()
		m := luaTable(L, map[string]any{"id": 1, "name": "alice", "age": 3})
		for b.Loop() {
			luaCall(b, L, L.GetGlobal("dispatch"), 1, m, lua.LNumber(calls))
			if L.Get(-1).String() != "alice" {
				b.Fatal()
			}
			L.Pop(1)
		}
	}})
	handlers = append(handlers,
		entry{"gopher-lua", func(b *testing.B) {
			sent = 0
			pool := []*lua.LState{luaState(proto)}
			for i := range b.N {
				L := pool[len(pool)-1]
				pool = pool[:0]
				luaCall(b, L, L.GetGlobal("handler"), 0, luaTable(L, newEvent(i)))
				pool = append(pool, L)
			}
			checkSent(b)
		}})
	big := source.Script("lua")
	compilers = append(compilers, entry{"gopher-lua", func(b *testing.B) {
		for b.Loop() {
			luaProto(big)
		}
	}})
	loaders = append(loaders, entry{"gopher-lua", func(b *testing.B) {
		p := luaProto(big)
		for b.Loop() {
			luaState(p).Close()
		}
	}})
}
