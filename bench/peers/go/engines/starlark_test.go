package engines

import (
	"bytes"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"peers/engines/source"
)

const starSrc = `
def loop(n):
    s = 0
    i = 0
    while i < n:
        if i > 10:
            s += 2
        i += 1
    return s

def dispatch(m, n):
    s = None
    for i in range(n):
        s = get(m, "name")
    return s

def handler(event):
    id = event["id"]
    user = event["user"]
    text = event["text"]
    line = user + ": " + text
    send("chat", {"id": id, "line": line})
`

var starOpts = &syntax.FileOptions{Recursion: true, While: true}

var starPre = starlark.StringDict{
	"get": starlark.NewBuiltin("get", func(_ *starlark.Thread, f *starlark.Builtin, a starlark.Tuple, kw []starlark.Tuple) (starlark.Value, error) {
		var d *starlark.Dict
		var k starlark.String
		if err := starlark.UnpackPositionalArgs("get", a, kw, 2, &d, &k); err != nil {
			return nil, err
		}
		v, _, err := d.Get(k)
		return v, err
	}),
	"send": starlark.NewBuiltin("send", func(_ *starlark.Thread, f *starlark.Builtin, a starlark.Tuple, kw []starlark.Tuple) (starlark.Value, error) {
		var c string
		var d *starlark.Dict
		if err := starlark.UnpackPositionalArgs("send", a, kw, 2, &c, &d); err != nil {
			return nil, err
		}
		v, _, _ := d.Get(starlark.String("line"))
		sent++
		lastLine = string(v.(starlark.String))
		return starlark.None, nil
	}),
}

func starDict(m map[string]any) *starlark.Dict {
	d := starlark.NewDict(len(m))
	for k, v := range m {
		switch v := v.(type) {
		case string:
			d.SetKey(starlark.String(k), starlark.String(v))
		case int:
			d.SetKey(starlark.String(k), starlark.MakeInt(v))
		}
	}
	return d
}

func init() {
	g := must(starlark.ExecFileOptions(starOpts, &starlark.Thread{}, "x.star", starSrc, starPre))
	g.Freeze()
	num := func(fn string, arg, want int) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				v := must(starlark.Call(&starlark.Thread{}, g[fn], starlark.Tuple{starlark.MakeInt(arg)}, nil))
				n, _ := v.(starlark.Int).Int64()
				checkInt(b, int(n), want)
			}
		}
	}
	loops = append(loops, entry{"starlark-go", num("loop", rounds, wantLoop)})
	hostCalls = append(hostCalls, entry{"starlark-go", func(b *testing.B) {
		m := starDict(map[string]any{"id": 1, "name": "alice", "age": 3})
		for b.Loop() {
			if v := must(starlark.Call(&starlark.Thread{}, g["dispatch"], starlark.Tuple{m, starlark.MakeInt(calls)}, nil)); v != starlark.String("alice") {
				b.Fatal(v)
			}
		}
	}})
	handlers = append(handlers, entry{"starlark-go", func(b *testing.B) {
		sent = 0
		for i := range b.N {
			must(starlark.Call(&starlark.Thread{Name: "h"}, g["handler"], starlark.Tuple{starDict(newEvent(i))}, nil))
		}
		checkSent(b)
	}})
	big := source.Script("star")
	compilers = append(compilers, entry{"starlark-go", func(b *testing.B) {
		for b.Loop() {
			_, p, err := starlark.SourceProgramOptions(starOpts, "x.star", big, starPre.Has)
			must(p, err)
		}
	}})
	loaders = append(loaders, entry{"starlark-go", func(b *testing.B) {
		_, p, err := starlark.SourceProgramOptions(starOpts, "x.star", big, starPre.Has)
		must(p, err)
		var buf bytes.Buffer
		p.Write(&buf)
		b.ReportMetric(float64(buf.Len()), "file-bytes")
		for b.Loop() {
			p := must(starlark.CompiledProgram(bytes.NewReader(buf.Bytes())))
			must(p.Init(&starlark.Thread{}, starPre))
		}
	}})
}
