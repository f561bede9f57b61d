package aronet

import (
	"fmt"
	"strings"
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// statement is one statement as the compiler hands it over: a site and the
// values in its slots.
type statement struct {
	site bytecode.Site
	args map[bytecode.Slot]value.Value
}

// chunkOf compiles a statement by hand: the arguments come from a pseudo verb,
// which finds them under the slot's name.
func chunkOf(st *statement) *bytecode.Chunk {
	c := &bytecode.Chunk{Name: "statement", Activity: "Test Statement", MaxRegs: 32}
	st.site.Extra, st.site.Stmt = bytecode.NoReg, -1
	for slot := range bytecode.NumSlots {
		if _, ok := st.args[slot]; !ok {
			continue
		}
		c.Code = append(c.Code, bytecode.Ins{Op: bytecode.ACT, A: uint16(len(st.site.Args)), B: uint16(len(c.Sites))})
		c.Sites = append(c.Sites, bytecode.Site{Verb: "(arg)", Unit: slot.String(), Extra: bytecode.NoReg, Stmt: -1})
		st.site.Args = append(st.site.Args, slot)
	}
	c.Code = append(c.Code, bytecode.Ins{Op: bytecode.ACT, A: bytecode.NoReg, B: uint16(len(c.Sites))}, bytecode.Ins{Op: bytecode.END})
	c.Sites = append(c.Sites, st.site)
	return c
}

// run runs a statement on a new program that shares the network's registries.
func (s *stage) run(st statement) error {
	s.t.Helper()
	c := chunkOf(&st)
	p := &bytecode.Program{Chunks: []*bytecode.Chunk{c, s.sentChunk()}}
	cfg := s.host.Config
	h := host.New(p, cfg)
	s.mu.Lock()
	clear(s.args)
	for slot, v := range st.args {
		s.args[slot.String()] = v
	}
	s.mu.Unlock()
	e := h.Invoke(h.Named("statement"), host.Payload{})
	defer e.Release()
	return e.Err()
}

// sentChunk handles MessageSent.
func (s *stage) sentChunk() *bytecode.Chunk {
	return &bytecode.Chunk{
		Name: "MessageSent Handler", Activity: "MessageSent Handler", MaxRegs: 1,
		Code:  []bytecode.Ins{{Op: bytecode.ACT, A: bytecode.NoReg}, {Op: bytecode.END}},
		Sites: []bytecode.Site{{Verb: "(probe)", Extra: bytecode.NoReg, Stmt: -1}},
	}
}

func str(s string) value.Value { return value.OfString(s) }

func to(base string) bytecode.Site {
	return bytecode.Site{Verb: "send", Prep: "to", Result: bytecode.Noun{Base: "greeting"}, Object: bytecode.Noun{Base: base}}
}

func TestSend(t *testing.T) {
	ready, on, _ := catcher()
	sent := make(chan string, 10)
	on["MessageSent Handler"] = func(tr host.Trigger) { sent <- text(tr, "destination") + ": " + text(tr, "data") }
	s := newStage(t, on, nil)
	conns, clients := s.pair(s.open("hall", listenOptions{}), ready, 2)
	a, b := conns[0], conns[1]
	gone, goneClients := s.pair(s.open("other", listenOptions{}), ready, 1)
	gone[0].Close()
	goneClients[0].rest()
	s.Network.mu.Lock()
	s.outgoing["backend"], s.outgoing["broken"] = a, gone[0]
	s.Network.mu.Unlock()

	with := func(v value.Value) map[bytecode.Slot]value.Value {
		return map[bytecode.Slot]value.Value{bytecode.SlotResult: {}, bytecode.SlotWith: str("x"), bytecode.SlotObject: v}
	}
	json := to("connection")
	json.Result.Raw = "JSON"
	viaSpec := to("websocket-connection")
	viaSpec.Object.Raw, viaSpec.Object.Specs = "the-id", []string{"the-id"}
	literal := to("websocket-connection")
	literal.Object.Raw, literal.Object.Specs = a.id, []string{a.id}
	expr := to("")
	expr.ObjectIsExpr = true
	for _, tc := range []struct {
		name  string
		site  bytecode.Site
		args  map[bytecode.Slot]value.Value
		one   string // what the first client gets
		other string // what the second client gets
		event string
		err   string
	}{
		{name: "connection", site: to("connection"), args: with(a.self), one: "x"},
		{name: "row", site: to("client"), args: with(value.MapOf("id", str("7"), "connection", a.self)), one: "x"},
		{name: "id", site: to("client-id"), args: with(str(a.id)), one: "x"},
		{name: "id as expression", site: expr, args: with(str(a.id)), one: "x"},
		{name: "outgoing by name", site: to("backend"), args: with(value.Value{}), one: "x"},
		{name: "spec is a variable", site: viaSpec, args: map[bytecode.Slot]value.Value{bytecode.SlotWith: str("x"), bytecode.SlotObject: {}, bytecode.SlotObjectSpec: str(a.id)}, one: "x"},
		{name: "spec is an id", site: literal, args: with(value.Value{}), one: "x"},
		{name: "listener by name", site: to("hall"), args: with(value.Value{}), one: "x", other: "x"},
		{name: "listener", site: to("server"), args: with(s.listenerNamed("hall").self), one: "x", other: "x"},
		{name: "name of a listener", site: to("where"), args: with(str("hall")), one: "x", other: "x"},
		{name: "sink", site: to("connection"), args: map[bytecode.Slot]value.Value{bytecode.SlotSink: str("PONG"), bytecode.SlotObject: a.self}, one: "PONG"},
		{name: "result", site: to("connection"), args: map[bytecode.Slot]value.Value{bytecode.SlotResult: value.OfInt(5), bytecode.SlotObject: b.self}, other: "5"},
		{name: "result as JSON", site: json, args: map[bytecode.Slot]value.Value{bytecode.SlotResult: str("q"), bytecode.SlotObject: a.self}, one: `"q"`},
		{name: "nothing to send", site: to("connection"), args: map[bytecode.Slot]value.Value{bytecode.SlotResult: {}, bytecode.SlotObject: a.self}, err: "'greeting' is not bound"},
		{name: "null", site: to("connection"), args: map[bytecode.Slot]value.Value{bytecode.SlotWith: value.Nil, bytecode.SlotObject: a.self}, err: "null"},
		{name: "closed", site: to("connection"), args: with(gone[0].self), err: "closed"},
		{name: "closed id", site: to("client-id"), args: with(str(gone[0].id)), err: "closed"},
		{name: "closed outgoing", site: to("broken"), args: with(value.Value{}), err: "closed"},
		{name: "empty", site: to("server"), args: with(value.Nil), err: "empty"},
		{name: "unbound connection", site: to("server-connection"), args: with(value.Value{}), err: "closed"},
		{name: "address", site: to("user"), args: with(str("a@b.example")), event: "a@b.example: x"},
		{name: "word", site: to("mailbox"), args: with(value.Value{}), event: "mailbox: x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := s.run(statement{site: tc.site, args: tc.args})
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want %q", err, tc.err)
				}
			} else if err != nil {
				t.Error(err)
			}
			// A mark behind shows that nothing else came.
			for i, want := range []string{tc.one, tc.other} {
				mark := fmt.Sprintf("|%s|", tc.name)
				conns[i].send(packetOfText(mark))
				clients[i].hear(want + mark)
			}
			if tc.event != "" {
				if got := next(t, sent); got != tc.event {
					t.Errorf("event %q", got)
				}
			}
		})
	}
	if len(sent) > 0 {
		t.Errorf("an event too many: %s", <-sent)
	}
}

func TestBroadcastTargets(t *testing.T) {
	ready, on, _ := catcher()
	s := newStage(t, on, nil)
	one, clients := s.pair(s.open("hall", listenOptions{}), ready, 1)
	two, more := s.pair(s.open("clients", listenOptions{lines: true}), ready, 1)
	ws := dialWS(t, s.serveWS())
	eventually(t, "the WebSocket is there", func() bool { return s.sockets.len() == 1 })
	site := func(base string) bytecode.Site {
		return bytecode.Site{Verb: "broadcast", Prep: "to", Result: bytecode.Noun{Base: "note"}, Object: bytecode.Noun{Base: base}}
	}
	for _, tc := range []struct {
		base        string
		object      value.Value
		hall, lines bool
		ws          bool
	}{
		{base: "hall", hall: true},
		{base: "clients", lines: true}, // a listener has this very name
		{base: "clients", object: value.OfList(nil), lines: true},
		{base: "socket-server", hall: true, lines: true},
		{base: "sockets", hall: true, lines: true},
		{base: "whoever", hall: true, lines: true},
		{base: "websocket", ws: true},
		{base: "ws", ws: true},
		{base: "chat-websocket-clients", ws: true},
		{base: "x", object: s.listenerNamed("hall").self, hall: true},
		{base: "x", object: one[0].self, hall: true},
	} {
		args := map[bytecode.Slot]value.Value{bytecode.SlotWith: value.MapOf("n", value.OfInt(1)), bytecode.SlotObject: tc.object}
		if err := s.run(statement{site: site(tc.base), args: args}); err != nil {
			t.Errorf("%s: %v", tc.base, err)
		}
		want := map[bool]string{true: `{"n":1}`}
		one[0].send(packetOfText("|"))
		clients[0].hear(want[tc.hall] + "|")
		two[0].send(packetOfText("|"))
		if tc.lines {
			more[0].hear("{\"n\":1}\n|\n")
		} else {
			more[0].hear("|\n")
		}
		for _, c := range s.sockets.list() {
			c.send(packetOfText("|"))
		}
		if tc.ws {
			ws.expect(`text "{\"n\":1}"`)
		}
		ws.expect(`text "|"`)
	}
	quiet := newStage(t, nil, nil)
	for _, base := range []string{"hall", "socket-server", "websocket", "nobody"} {
		args := map[bytecode.Slot]value.Value{bytecode.SlotWith: str("x"), bytecode.SlotObject: {}}
		if err := quiet.run(statement{site: site(base), args: args}); err != nil {
			t.Errorf("nobody there, %s: %v", base, err)
		}
	}
}

func TestChannels(t *testing.T) {
	ready, on, _ := catcher()
	s := newStage(t, on, nil)
	conns, clients := s.pair(s.open("x", listenOptions{}), ready, 3)
	do := func(verb, prep, channel string, bound value.Value, args map[bytecode.Slot]value.Value) error {
		t.Helper()
		args[bytecode.SlotObject] = bound
		return s.run(statement{site: bytecode.Site{Verb: verb, Prep: prep, Result: bytecode.Noun{Base: "it"}, Object: bytecode.Noun{Base: channel}}, args: args})
	}
	result := func(v value.Value) map[bytecode.Slot]value.Value {
		return map[bytecode.Slot]value.Value{bytecode.SlotResult: v}
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	check(do("subscribe", "to", "lobby", value.Value{}, result(conns[0].self)))
	check(do("subscribe", "to", "lobby", value.Value{}, result(conns[0].self))) // twice changes nothing
	check(do("subscribe", "to", "channel", str("lobby"), result(str(conns[1].id))))
	check(do("subscribe", "to", "channel", str("other"), result(conns[2].self)))
	check(do("publish", "to", "channel", str("lobby"), result(value.MapOf("n", value.OfInt(1)))))
	check(do("publish", "to", "lobby", value.Value{}, map[bytecode.Slot]value.Value{bytecode.SlotResult: {}, bytecode.SlotWith: str("!")}))
	check(do("publish", "to", "empty", value.Value{}, result(str("nobody"))))
	check(do("unsubscribe", "from", "lobby", value.Value{}, result(conns[1].self)))
	check(do("unsubscribe", "from", "lobby", value.Value{}, result(conns[1].self)))
	check(do("publish", "to", "lobby", value.Value{}, result(str("last"))))
	conns[0].Close()
	if got := clients[0].rest(); got != `{"n":1}!last` {
		t.Errorf("first member: %q", got)
	}
	check(do("publish", "to", "lobby", value.Value{}, result(str("to nobody"))))
	if s.channels.members("lobby") != nil {
		t.Error("a closed connection is still a member")
	}
	if err := do("subscribe", "to", "lobby", value.Value{}, result(conns[0].self)); err == nil {
		t.Error("a closed connection can subscribe")
	}
	if err := do("subscribe", "to", "lobby", value.Value{}, result(value.Value{})); err == nil {
		t.Error("nothing can subscribe")
	}
	conns[1].Close()
	conns[2].Close()
	if got := clients[1].rest() + clients[2].rest(); got != `{"n":1}!` {
		t.Errorf("others: %q", got)
	}
}

func TestCloseStatement(t *testing.T) {
	ready, on, gone := catcher()
	s := newStage(t, on, nil)
	address := s.open("hall", listenOptions{})
	noun := func(base, raw string) bytecode.Site {
		n := bytecode.Noun{Base: base, Raw: raw}
		if raw != "" {
			n.Specs = []string{raw}
		}
		return bytecode.Site{Verb: "close", Result: n}
	}
	for _, tc := range []struct {
		name string
		site bytecode.Site
		args func(c *Conn) map[bytecode.Slot]value.Value
	}{
		{"connection", noun("connection", ""), func(c *Conn) map[bytecode.Slot]value.Value {
			return map[bytecode.Slot]value.Value{bytecode.SlotResult: c.self}
		}},
		{"row", noun("client", ""), func(c *Conn) map[bytecode.Slot]value.Value {
			return map[bytecode.Slot]value.Value{bytecode.SlotResult: value.MapOf("connection", c.self)}
		}},
		{"id", noun("websocket-connection", "connectionId"), func(c *Conn) map[bytecode.Slot]value.Value {
			return map[bytecode.Slot]value.Value{bytecode.SlotResult: str(c.id)}
		}},
		{"id in a variable", noun("websocket-connection", "the-id"), func(c *Conn) map[bytecode.Slot]value.Value {
			return map[bytecode.Slot]value.Value{bytecode.SlotResult: {}, bytecode.SlotResultSpec: str(c.id)}
		}},
	} {
		conns, clients := s.pair(address, ready, 2)
		if err := s.run(statement{site: tc.site, args: tc.args(conns[0])}); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if clients[0].rest() != "" || next(t, gone) != "closed by server" || !conns[1].IsOpen() {
			t.Errorf("%s: the wrong thing was closed", tc.name)
		}
		if err := s.run(statement{site: tc.site, args: tc.args(conns[0])}); err != nil {
			t.Errorf("%s again: %v", tc.name, err)
		}
		conns[1].Close()
		next(t, gone)
	}
	unbound := map[bytecode.Slot]value.Value{bytecode.SlotResult: {}}
	if err := s.run(statement{site: noun("database-connections", ""), args: unbound}); err != nil {
		t.Error(err)
	}
	conns, clients := s.pair(address, ready, 1)
	if err := s.run(statement{site: noun("hall", ""), args: unbound}); err != nil {
		t.Error(err)
	}
	if clients[0].rest() != "" || conns[0].IsOpen() || s.listenerNamed("hall") != nil {
		t.Error("the listener is still open")
	}
	if next(t, gone) != "server stopped" {
		t.Error("wrong reason")
	}
}
