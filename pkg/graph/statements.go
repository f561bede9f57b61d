package graph

import (
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/host"
)

// statements adds what the statements of a feature set cause. A site has the verb
// and its nouns as they are written; what only a value tells, such as the address
// of a Request, stays unknown.
func (b *builder) statements(s *host.Set, c *bytecode.Chunk) {
	set := SetID(s.Name, s.Activity)
	for i := range c.Sites {
		site := &c.Sites[i]
		var text *bytecode.Stmt
		if n := int(site.Stmt); n >= 0 && n < len(c.Stmts) {
			text = &c.Stmts[n]
		}
		verb, line := site.Verb, int32(0)
		if text != nil {
			verb, line = strings.ToLower(text.Verb), text.Line
		}
		to := func(flow Flow, kind Kind, name, detail string) {
			b.edge(set, b.node(kind, name, detail), flow, verb, line)
		}
		if action := b.actions[site.Verb]; action != "" {
			b.edge(set, action, Calls, verb, line)
			continue
		}
		switch object := site.Object.Base; site.Verb {
		case "emit":
			to(Emits, Event, site.Result.Base, "")
		case "schedule":
			to(Schedules, Timer, site.Result.Base, interval(site, text))
			b.edge(id(Timer, site.Result.Base), b.node(Event, site.Result.Base, ""), Triggers, "", 0)
		case "store", "delete", "clear":
			if isRepository(object) {
				to(Writes, Repository, object, "")
			}
		case "update":
			if isRepository(site.Result.Base) {
				to(Writes, Repository, site.Result.Base, "")
			}
		case "(count)", "(stale)", "(rows)":
			verb = "read"
			to(Reads, Repository, object, "")
		case "retrieve", "reduce", "filter", "map", "sort", "group":
			switch {
			case isRepository(object):
				to(Reads, Repository, object, "")
			case site.Verb == "retrieve" && (object == "url" || object == "endpoint"):
				to(Asks, Outside, "HTTP", "")
			}
		case "request", "probe":
			to(Asks, Outside, "HTTP", "")
		case "stream":
			if object == "url" || object == "endpoint" {
				to(Asks, Outside, "HTTP", "")
			}
		case "call":
			to(Asks, Outside, object, "")
		case "connect":
			to(Asks, Outside, named(site, "TCP"), "")
		case "listen":
			to(Starts, Service, named(site, "TCP"), "")
		case "start":
			to(Starts, Service, site.Result.Base, "")
		case "accept":
			b.accept(set, site, verb, line)
		case "send", "broadcast", "publish":
			b.edge(set, b.audience(s, site, text), Sends, verb, line)
		}
	}
}

func isRepository(noun string) bool { return strings.HasSuffix(noun, "-repository") }

// named is the name that a statement gives to what it opens.
func named(s *bytecode.Site, otherwise string) string {
	switch {
	case s.As != "":
		return s.As
	case s.Result.Base != "":
		return s.Result.Base
	}
	return otherwise
}

func (b *builder) accept(set string, s *bytecode.Site, verb string, line int32) {
	from, to, ok := strings.Cut(s.Result.Raw, "_to_")
	if !ok {
		return // fails when it runs
	}
	field := "status"
	if len(s.Object.Specs) > 0 {
		field = strings.Join(s.Object.Specs, ".")
	}
	n := b.node(Transition, field+": "+from+" → "+to, "")
	b.edge(set, n, Accepts, verb, line)
	for _, t := range b.transitions {
		if t.node == n {
			return
		}
	}
	b.transitions = append(b.transitions, transition{n, field, s.Result.Raw})
}

// audience is who a statement talks to: a service that it names, a channel, all
// browsers, or the connection of the event.
func (b *builder) audience(s *host.Set, site *bytecode.Site, text *bytecode.Stmt) string {
	name := site.Object.Base
	if site.Verb == "publish" {
		if name == "" && text != nil {
			name = strings.Trim(words(text.Expr), `"`)
		}
		return b.node(Audience, "channel "+name, "")
	}
	switch {
	case b.listeners[name]:
		return b.node(Service, name, "")
	case name == "ws", strings.Contains(name, "websocket") && !strings.HasPrefix(name, "websocket-connection"):
		return b.node(Audience, "browsers", "all WebSockets")
	case site.Verb == "broadcast" && (name == "" || name == "socket-server" || name == "socket" || name == "sockets" || name == "clients"):
		return b.node(Audience, "clients", "all TCP connections")
	}
	switch s.Kind {
	case host.SocketEvent:
		return b.node(Audience, "the client", "TCP connection")
	case host.WebSocketEvent:
		return b.node(Audience, "the browser", "WebSocket")
	}
	if name == "" {
		name = "connection"
	}
	return b.node(Audience, name, "")
}

// interval is what stands behind with, as far as the statement says it.
func interval(s *bytecode.Site, text *bytecode.Stmt) string {
	if text == nil {
		return ""
	}
	every := strings.TrimSpace(words(text.Expr))
	if every == "" {
		return ""
	}
	if s.Unit != "" && !strings.HasSuffix(every, s.Unit) {
		every += " " + s.Unit
	}
	return "every " + every
}

func words(parts []bytecode.Part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.Text)
	}
	return b.String()
}
