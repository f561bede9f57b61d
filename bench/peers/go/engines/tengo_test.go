package engines

import (
	"bytes"
	"testing"

	"github.com/d5/tengo/v2"
	"github.com/d5/tengo/v2/parser"

	"peers/engines/source"
)

const (
	tengoLoop = `f := func(n) { s := 0; for i := 0; i < n; i += 1 { if i > 10 { s += 2 } }; return s }
out := f(n)`
	tengoDisp = `f := func(m, n) { s := ""; for i := 0; i < n; i++ { s = get(m, "name") }; return s }
out := f(m, n)`
	tengoHand = `h := func(event) {
  id := event.id
  user := event.user
  text := event.text
  line := user + ": " + text
  send("chat", {id: id, line: line})
}
h(event)`
)

func tengoCompile(src string, vars map[string]any) *tengo.Compiled {
	s := tengo.NewScript([]byte(src))
	for k, v := range vars {
		if err := s.Add(k, v); err != nil {
			panic(err)
		}
	}
	return must(s.Compile())
}

var tengoGet = &tengo.UserFunction{Name: "get", Value: func(a ...tengo.Object) (tengo.Object, error) {
	return a[0].(*tengo.Map).Value[a[1].(*tengo.String).Value], nil
}}

var tengoSend = &tengo.UserFunction{Name: "send", Value: func(a ...tengo.Object) (tengo.Object, error) {
	sent++
	lastLine = a[1].(*tengo.Map).Value["line"].(*tengo.String).Value
	return tengo.UndefinedValue, nil
}}

func init() {
	num := func(src string, arg, want int) func(*testing.B) {
		return func(b *testing.B) {
			c := tengoCompile(src, map[string]any{"n": arg})
			for b.Loop() {
				if err := c.Run(); err != nil {
					b.Fatal(err)
				}
				checkInt(b, c.Get("out").Int(), want)
			}
		}
	}
	loops = append(loops, entry{"tengo", num(tengoLoop, rounds, wantLoop)})
	hostCalls = append(hostCalls, entry{"tengo", func(b *testing.B) {
		c := tengoCompile(tengoDisp, map[string]any{"n": calls, "get": tengoGet, "m": map[string]any{"id": 1, "name": "alice", "age": 3}})
		for b.Loop() {
			if err := c.Run(); err != nil {
				b.Fatal(err)
			}
		}
		if c.Get("out").String() != "alice" {
			b.Fatal()
		}
	}})
	hand := func(b *testing.B) {
		sent = 0
		base := tengoCompile(tengoHand, map[string]any{"send": tengoSend, "event": map[string]any{}})
		for i := range b.N {
			if err := base.Set("event", newEvent(i)); err != nil {
				b.Fatal(err)
			}
			if err := base.Run(); err != nil {
				b.Fatal(err)
			}
		}
		checkSent(b)
	}
	handlers = append(handlers, entry{"tengo", hand})
	big := source.Script("tengo")
	compilers = append(compilers, entry{"tengo", func(b *testing.B) {
		for b.Loop() {
			tengoCompile(big, map[string]any{"send": tengoSend})
		}
	}})
	loaders = append(loaders, entry{"tengo", func(b *testing.B) {
		fs := parser.NewFileSet()
		sf := fs.AddFile("x", -1, len(big))
		f := must(parser.NewParser(sf, []byte(big), nil).ParseFile())
		st := tengo.NewSymbolTable()
		st.Define("send")
		c := tengo.NewCompiler(sf, st, nil, nil, nil)
		if err := c.Compile(f); err != nil {
			b.Fatal(err)
		}
		var buf bytes.Buffer
		if err := c.Bytecode().Encode(&buf); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(buf.Len()), "file-bytes")
		for b.Loop() {
			var bc tengo.Bytecode
			if err := bc.Decode(bytes.NewReader(buf.Bytes()), nil); err != nil {
				b.Fatal(err)
			}
		}
	}})
}
