package host

import (
	"strings"
	"sync/atomic"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// Trace names what began outside, a request, a message, a timer, and with it all that
// it causes: handlers of what it emits, observers of what it stores, requests that it
// makes. It is made when somebody asks for it, for a line of the log or a request to
// others, and never changes (05 O02).
type Trace struct {
	ID     string // a UUID of our own, so that no client can choose it
	trace  string // 32 hexadecimal digits: the caller's, else those of the ID
	parent string // 16: the caller's part in it, "" when nobody else began it
	flags  string
	state  string // tracestate, which is passed on as it came
}

// Traced is a Trigger that knows its trace. Trace may be called from any goroutine.
type Traced interface{ Trace() *Trace }

// NewTrace makes a trace. parent and state are the headers traceparent and tracestate
// of who asked, "" for none; a parent that the W3C's recommendation does not allow is
// none.
func NewTrace(parent, state string) *Trace {
	t := &Trace{ID: value.NewUUID(), flags: "01"}
	if trace, parent, flags, ok := readParent(parent); ok {
		t.trace, t.parent, t.flags = trace, parent, flags
		if len(state) <= maxState {
			t.state = state
		}
	}
	return t
}

// maxState is how much of a tracestate must be passed on, by the recommendation.
const maxState = 512

// readParent takes `00-<trace>-<parent>-<flags>` apart. Later versions may have more
// behind it.
func readParent(s string) (trace, parent, flags string, ok bool) {
	const size = 2 + 1 + 32 + 1 + 16 + 1 + 2
	if len(s) < size || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return "", "", "", false
	}
	version, trace, parent, flags := s[:2], s[3:35], s[36:52], s[53:55]
	if !hexadecimal(version) || version == "ff" || !hexadecimal(trace) || !hexadecimal(parent) || !hexadecimal(flags) {
		return "", "", "", false
	}
	if len(s) > size && (version == "00" || s[size] != '-') {
		return "", "", "", false
	}
	if strings.Trim(trace, "0") == "" || strings.Trim(parent, "0") == "" {
		return "", "", "", false
	}
	if strings.IndexByte("13579bdf", flags[1]) >= 0 { // of the flags the one that says: recorded
		return trace, parent, "01", true
	}
	return trace, parent, "00", true
}

func hexadecimal(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// TraceID is what the headers of all who take part have in common.
func (t *Trace) TraceID() string {
	if t.trace != "" {
		return t.trace
	}
	return strings.ReplaceAll(t.ID, "-", "")
}

// Foreign reports whether somebody else began the trace.
func (t *Trace) Foreign() bool { return t.trace != "" }

// Parent and State are the headers of a request that belongs to the trace. span is
// what makes it, "" for nobody in particular: then the part of us in it is the end of
// the ID, so that it leads back to our log.
func (t *Trace) Parent(span string) string {
	if span == "" {
		span = strings.ReplaceAll(t.ID[len(t.ID)-17:], "-", "")
	}
	return "00-" + t.TraceID() + "-" + span + "-" + t.flags
}

// recorded reports whether who began the trace wants it to be kept.
func (t *Trace) recorded() bool { return t.flags != "00" }

// State: see Parent; "" for none.
func (t *Trace) State() string { return t.state }

// Label is the trace in a line of the log.
func (t *Trace) Label() string {
	if t.Foreign() {
		return t.ID + " trace " + t.trace
	}
	return t.ID
}

// LazyTrace is a Trace that is made by who asks first.
type LazyTrace struct{ p atomic.Pointer[Trace] }

// Get returns the trace; make is called when there is none yet, perhaps in vain.
func (l *LazyTrace) Get(make func() *Trace) *Trace {
	if t := l.p.Load(); t != nil {
		return t
	}
	l.p.CompareAndSwap(nil, make())
	return l.p.Load()
}

// Forget makes it a new one, for something else. Nobody may use it meanwhile.
func (l *LazyTrace) Forget() {
	if l.p.Load() != nil {
		l.p.Store(nil)
	}
}

// Trace is that of what started the outermost execution.
func (e *Execution) Trace() *Trace {
	for e.parent != nil {
		e = e.parent
	}
	if t, ok := e.Trigger.(Traced); ok {
		return t.Trace()
	}
	h := e.Host
	h.scope.mu.Lock() // bodies of a parallel loop may ask at the same time
	defer h.scope.mu.Unlock()
	x := e.more()
	if x.trace == nil {
		x.trace = NewTrace("", "")
	}
	return x.trace
}

// TraceOf is the trace that a statement belongs to, and the span of its feature set, ""
// without a tracer.
func TraceOf(c *vm.Call) (t *Trace, span string) {
	e := executionOf(c)
	if e.Host.Spans != nil {
		if e.Set == nil || e.branch {
			e = e.caller()
		}
		if e != nil {
			span = e.spanID()
		}
	}
	return executionOf(c).Trace(), span
}

// fromOutside reports whether the chain began outside the program: what
// Application-Start does needs no id to be found.
func (e *Execution) fromOutside() bool {
	for e.parent != nil {
		e = e.parent
	}
	switch e.Trigger.(type) {
	case noTrigger, shutdownTrigger, given, names:
		return false
	}
	return true
}

// shared is an outside event with several handlers, which have one trace.
type shared struct {
	Trigger
	trace LazyTrace
}

// Trace implements Traced.
func (s *shared) Trace() *Trace { return s.trace.Get(func() *Trace { return NewTrace("", "") }) }
