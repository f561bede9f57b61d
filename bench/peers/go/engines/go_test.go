package engines

import (
	"testing"
)

//go:noinline
func goLoop(n int) int {
	s, i := 0, 0
	for i < n {
		if i > 10 {
			s += 2
		}
		i++
	}
	return s
}

var goGet = func(m map[string]any, k string) any { return m[k] }

var goSend = func(ch string, m map[string]any) {
	sent++
	lastLine = m["line"].(string)
}

//go:noinline
func goHandler(ev map[string]any) {
	id := ev["id"]
	user := ev["user"].(string)
	text := ev["text"].(string)
	goSend("chat", map[string]any{"id": id, "line": user + ": " + text})
}

// goStruct: the same work where the event's fields are known at compile time.
type evT struct{ ID, User, Text, Room string }
type outT struct{ ID, Line string }

var structSend = func(ch string, m *outT) {
	sent++
	lastLine = m.Line
}

//go:noinline
func newStructEvent(i int) *evT { return &evT{ids[i&7], "alice", "hello everybody", "lobby"} }

//go:noinline
func goStructHandler(e *evT) {
	structSend("chat", &outT{e.ID, e.User + ": " + e.Text})
}

func init() {
	loops = append(loops, entry{"go", func(b *testing.B) {
		for b.Loop() {
			checkInt(b, goLoop(rounds), wantLoop)
		}
	}})
	hostCalls = append(hostCalls, entry{"go", func(b *testing.B) {
		m := map[string]any{"id": 1, "name": "alice", "age": 3}
		for b.Loop() {
			var v any
			for i := 0; i < calls; i++ {
				v = goGet(m, "name")
			}
			if v != "alice" {
				b.Fatal(v)
			}
		}
	}})
	handlers = append(handlers,
		entry{"go, only the event", func(b *testing.B) {
			for i := range b.N {
				ev := newEvent(i)
				lastLine = ev["room"].(string)
			}
		}},
		entry{"go", func(b *testing.B) {
			sent = 0
			for i := range b.N {
				goHandler(newEvent(i))
			}
			checkSent(b)
		}},
		entry{"go with structs", func(b *testing.B) {
			sent = 0
			for i := range b.N {
				goStructHandler(newStructEvent(i))
			}
			checkSent(b)
		}})
}
