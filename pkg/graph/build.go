package graph

import (
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/host"
)

// Of draws a program and the routes of its contract; name is the application's.
// It loads all chunks, so nobody may be running them yet. Tests are left out. An
// error is a damaged file.
func Of(name string, p *bytecode.Program, routes []Operation) (*Graph, error) {
	b := &builder{g: &Graph{Name: name, Nodes: []Node{}, Edges: []Edge{}}, nodes: map[string]bool{}, edges: map[edgeKey]int{}, actions: map[string]string{}, listeners: map[string]bool{}}
	var sets []*host.Set
	var chunks []*bytecode.Chunk
	for _, c := range p.Chunks {
		s := host.Classify(c)
		if s.Kind == host.TestSet {
			continue
		}
		if err := c.Load(); err != nil {
			return nil, err
		}
		sets, chunks = append(sets, s), append(chunks, c)
		if s.Kind == host.Action {
			b.actions["application."+strings.ToLower(s.Name)] = SetID(s.Name, s.Activity)
		}
	}
	for _, r := range routes {
		n := b.node(Route, r.Method+" "+r.Path, r.Name)
		for i, s := range sets {
			if s.Name == r.FeatureSet {
				b.edge(n, b.set(s, chunks[i]), Triggers, "", 0)
				break
			}
		}
	}
	for i, s := range sets {
		b.set(s, chunks[i])
	}
	for _, c := range chunks {
		for i := range c.Sites {
			if site := &c.Sites[i]; site.Verb == "listen" {
				b.listeners[named(site, "TCP")] = true
			}
		}
	}
	for i, s := range sets {
		b.statements(s, chunks[i])
	}
	for _, s := range sets {
		b.triggers(s)
	}
	return b.g, nil
}

type builder struct {
	g           *Graph
	nodes       map[string]bool
	edges       map[edgeKey]int
	actions     map[string]string // node of a user action, by verb
	transitions []transition
	listeners   map[string]bool // names that Listen gives
}

type edgeKey struct {
	from, to string
	flow     Flow
}

// transition is what Accept statements say: the field, and from_to_to.
type transition struct{ node, field, change string }

// node adds a node unless it is there, and returns its ID.
func (b *builder) node(kind Kind, name, detail string) string {
	n := Node{ID: id(kind, name), Kind: kind, Name: name, Detail: detail}
	if !b.nodes[n.ID] {
		b.nodes[n.ID] = true
		b.g.Nodes = append(b.g.Nodes, n)
	}
	return n.ID
}

func (b *builder) set(s *host.Set, c *bytecode.Chunk) string {
	n := Node{ID: SetID(s.Name, s.Activity), Kind: FeatureSet, Name: s.Name, Detail: s.Activity, File: c.File, Line: c.Line}
	if !b.nodes[n.ID] {
		b.nodes[n.ID] = true
		b.g.Nodes = append(b.g.Nodes, n)
	}
	return n.ID
}

// edge adds an edge, or a statement to one; verb is "" for what no statement says.
func (b *builder) edge(from, to string, flow Flow, verb string, line int32) {
	k := edgeKey{from, to, flow}
	i, known := b.edges[k]
	if !known {
		i = len(b.g.Edges)
		b.edges[k] = i
		b.g.Edges = append(b.g.Edges, Edge{From: from, To: to, Flow: flow})
	}
	e := &b.g.Edges[i]
	if verb != "" && !slices.Contains(e.Verbs, verb) {
		e.Verbs = append(e.Verbs, verb)
	}
	if line > 0 && !slices.Contains(e.Lines, line) {
		e.Lines = append(e.Lines, line)
	}
}

// triggers adds what makes a feature set run, other than by its name.
func (b *builder) triggers(s *host.Set) {
	set := SetID(s.Name, s.Activity)
	from := func(kind Kind, name string) { b.edge(b.node(kind, name, ""), set, Triggers, "", 0) }
	switch s.Kind {
	case host.Handler:
		if kind, event, ok := strings.Cut(s.Event, "."); ok && kind == "websocket" {
			from(WebSocket, event)
			return
		}
		from(Event, s.Event)
	case host.Observer, host.EvictedEvent:
		from(Repository, s.Event)
	case host.SocketEvent, host.WebSocketEvent:
		kind := TCP
		if s.Kind == host.WebSocketEvent {
			kind = WebSocket
		}
		if s.Event != "" { // without a name that says when, it never runs
			from(kind, s.Event)
		}
	case host.FileEvent:
		name := s.Event
		if name == "" {
			name = "changed"
		}
		from(File, name)
	case host.KeyEvent:
		from(Key, "pressed")
	case host.TransitionEvent, host.StateEvent:
		for _, t := range b.transitions {
			if s.Observes(t.field, t.change) {
				b.edge(t.node, set, Triggers, "", 0)
			}
		}
	}
}
