package engines

import (
	"testing"

	"github.com/dop251/goja"

	"peers/engines/source"
)

const jsSrc = `
function loop(n) { let s = 0, i = 0; while (i < n) { if (i > 10) s += 2; i += 1; } return s }
function dispatch(m, n) { let s; for (let i = 0; i < n; i++) s = get(m, "name"); return s }
function handler(event) {
  const id = event.id, user = event.user, text = event.text;
  const line = user + ": " + text;
  send("chat", {id: id, line: line});
}
`

func gojaVM(b testing.TB, p *goja.Program) *goja.Runtime {
	vm := goja.New()
	vm.Set("get", func(c goja.FunctionCall) goja.Value {
		return c.Argument(0).(*goja.Object).Get(c.Argument(1).String())
	})
	vm.Set("send", func(c goja.FunctionCall) goja.Value {
		sent++
		lastLine = c.Argument(1).(*goja.Object).Get("line").String()
		return goja.Undefined()
	})
	if _, err := vm.RunProgram(p); err != nil {
		b.Fatal(err)
	}
	return vm
}

func gojaFn(vm *goja.Runtime, n string) goja.Callable {
	f, ok := goja.AssertFunction(vm.Get(n))
	if !ok {
		panic(n)
	}
	return f
}

func init() {
	p := goja.MustCompile("x", jsSrc, true)
	num := func(fn string, arg, want int) func(*testing.B) {
		return func(b *testing.B) {
			vm := gojaVM(b, p)
			f := gojaFn(vm, fn)
			for b.Loop() {
				v := must(f(goja.Undefined(), vm.ToValue(arg)))
				checkInt(b, int(v.ToInteger()), want)
			}
		}
	}
	loops = append(loops, entry{"goja", num("loop", rounds, wantLoop)})
	hostCalls = append(hostCalls, entry{"goja", func(b *testing.B) {
		vm := gojaVM(b, p)
		f := gojaFn(vm, "dispatch")
		m := must(vm.RunString(`({id: 1, name: "alice", age: 3})`))
		for b.Loop() {
			if v := must(f(goja.Undefined(), m, vm.ToValue(calls))); v.String() != "alice" {
				b.Fatal(v)
			}
		}
	}})
	handlers = append(handlers,
		entry{"goja", func(b *testing.B) {
			sent = 0
			vm := gojaVM(b, p)
			f := gojaFn(vm, "handler")
			for i := range b.N {
				must(f(goja.Undefined(), vm.ToValue(newEvent(i))))
			}
			checkSent(b)
		}})
	big := source.Script("js")
	compilers = append(compilers, entry{"goja", func(b *testing.B) {
		for b.Loop() {
			goja.MustCompile("x", big, true)
		}
	}})
	loaders = append(loaders, entry{"goja", func(b *testing.B) {
		p := goja.MustCompile("x", big, true)
		for b.Loop() {
			gojaVM(b, p)
		}
	}})
}
