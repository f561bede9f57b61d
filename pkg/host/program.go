package host

import (
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
)

// program is one compilation as the host runs it: its feature sets, filed under
// what makes them run. It does not change; Reload puts another one in its place.
type program struct {
	sets       []*Set
	byName     map[string]*Set
	actions    map[string]*Set
	events     map[string][]*Set // domain events
	connection map[Kind]map[string][]*Set
	fileEvents map[string][]*Set // by created, modified, deleted
	keys       []*Set            // handlers of KeyPress
	start      *Set
	end        map[Kind]*Set
	watchers   map[*repository]*watchers
}

// watchers are the feature sets that run when a repository changes.
type watchers struct {
	observers  []*Set
	everywhere []*Set // those of observers that hear of the changes of other machines, too
	evicted    []*Set // handlers of rows that its limit drops
}

// newProgram links a program, which must have been verified. Its code is linked when
// it is first run, when the program is the host's.
func (h *Host) newProgram(p *bytecode.Program) *program {
	n := &program{
		byName:     make(map[string]*Set),
		actions:    make(map[string]*Set),
		events:     make(map[string][]*Set),
		connection: make(map[Kind]map[string][]*Set),
		fileEvents: make(map[string][]*Set),
		end:        make(map[Kind]*Set),
		watchers:   make(map[*repository]*watchers),
	}
	for _, c := range p.Chunks {
		s := newSet(c)
		s.Code = vm.LinkLater(c, h.resolve)
		if h.Watch != nil {
			s.durations = new(histogram)
		}
		n.add(h, s)
	}
	return n
}

// add files a set under what makes it run.
func (p *program) add(h *Host, s *Set) {
	p.sets = append(p.sets, s)
	switch s.Kind {
	case Start:
		if p.start == nil {
			p.start = s
		}
	case EndSuccess, EndError:
		p.end[s.Kind] = s
	case Action:
		p.actions[strings.ToLower(s.Name)] = s
	case Handler:
		p.events[s.Event] = append(p.events[s.Event], s)
	case Observer:
		w := p.of(h.Repository(s.Event))
		w.observers = append(w.observers, s)
		if s.everywhere {
			w.everywhere = append(w.everywhere, s)
		}
	case EvictedEvent:
		w := p.of(h.Repository(s.Event))
		w.evicted = append(w.evicted, s)
	case KeyEvent:
		p.keys = append(p.keys, s)
	case FileEvent:
		for _, event := range [...]string{FileCreated, FileModified, FileDeleted} {
			if s.Event == event || s.Event == "" {
				p.fileEvents[event] = append(p.fileEvents[event], s)
			}
		}
	case SocketEvent, WebSocketEvent:
		if p.connection[s.Kind] == nil {
			p.connection[s.Kind] = make(map[string][]*Set)
		}
		p.connection[s.Kind][s.Event] = append(p.connection[s.Kind][s.Event], s)
	}
	if p.byName[s.Name] == nil {
		p.byName[s.Name] = s
	}
}

func (p *program) of(r *repository) *watchers {
	w := p.watchers[r]
	if w == nil {
		w = &watchers{}
		p.watchers[r] = w
	}
	return w
}

// install makes a program the one that events find.
func (h *Host) install(p *program) {
	h.current.Store(p)
	h.reposMu.RLock()
	defer h.reposMu.RUnlock()
	for _, r := range h.repos {
		r.watchers.Store(p.watchers[r]) // nil when nobody watches
		if w := p.watchers[r]; w != nil && w.everywhere != nil {
			h.watchElsewhere(r)
		}
	}
}

// program is what runs now. An event looks once, so that all its handlers are of one
// compilation.
func (h *Host) program() *program { return h.current.Load() }

// Reload puts another program, which must have been verified, in the place of the
// running one. What runs goes on as it began, the next event meets the new program.
// Rows, connections, schedules, and what Application-Start bound and published stay;
// Application-Start does not run again. Feature sets that keep their name and activity
// go on counting their runs. Any goroutine may call it, one at a time.
func (h *Host) Reload(p *bytecode.Program) {
	old, next := h.program(), h.newProgram(p)
	for _, s := range next.sets {
		if was := old.byName[s.Name]; was != nil && was.Activity == s.Activity {
			s.stats.goOn(&was.stats)
			if was.durations != nil {
				s.durations = was.durations
			}
		}
	}
	h.templates.forget()
	h.install(next)
	h.templates.forget() // what was rendered in between
}
