package engines

import (
	"testing"

	"github.com/expr-lang/expr"
	exprvm "github.com/expr-lang/expr/vm"

	"peers/engines/source"
)

// expr is an expression language: no loops or functions of its own, so loop and
// host calls are a reduce over a range, and the handler is one expression.
type exprEnv struct {
	Event map[string]any `expr:"event"`
	M     map[string]any `expr:"m"`
	N     int            `expr:"n"`
}

var exprOpts = []expr.Option{
	expr.Env(exprEnv{}),
	expr.Function("get", func(a ...any) (any, error) { return a[0].(map[string]any)[a[1].(string)], nil },
		new(func(map[string]any, string) any)),
	expr.Function("send", func(a ...any) (any, error) {
		sent++
		lastLine = a[1].(map[string]any)["line"].(string)
		return nil, nil
	}, new(func(string, map[string]any) any)),
}

func init() {
	loops = append(loops, entry{"expr", func(b *testing.B) {
		p := must(expr.Compile(`reduce(0..n-1, # > 10 ? #acc + 2 : #acc, 0)`, exprOpts...))
		for b.Loop() {
			v := exprvm.VM{MemoryBudget: 10_000_000}
			checkInt(b, must(v.Run(p, exprEnv{N: rounds})).(int), wantLoop)
		}
	}})
	hostCalls = append(hostCalls, entry{"expr", func(b *testing.B) {
		p := must(expr.Compile(`reduce(1..n, get(m, "name"), "")`, exprOpts...))
		env := exprEnv{N: calls, M: map[string]any{"id": 1, "name": "alice", "age": 3}}
		for b.Loop() {
			v := exprvm.VM{MemoryBudget: 10_000_000}
			if must(v.Run(p, env)) != "alice" {
				b.Fatal()
			}
		}
	}})
	hand := func(b *testing.B) {
		sent = 0
		p := must(expr.Compile(`send("chat", {"id": event.id, "line": string(event.user) + ": " + string(event.text)})`, exprOpts...))
		var v exprvm.VM
		for i := range b.N {
			must(v.Run(p, exprEnv{Event: newEvent(i)}))
		}
		checkSent(b)
	}
	handlers = append(handlers, entry{"expr", hand})
	compilers = append(compilers, entry{"expr", func(b *testing.B) {
		for b.Loop() {
			for i := range source.Funcs {
				must(expr.Compile(source.One("expr", i), exprOpts...))
			}
		}
	}})
}
