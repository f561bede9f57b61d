package host

import (
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// Span is a run of a feature set, or a statement of one that waited, as systems for
// tracing draw them. It never changes.
type Span struct {
	Trace, ID, Parent string // hexadecimal; Parent is "" where the trace begins
	Name              string
	Outside           bool // what it began with came from outside
	Start, End        time.Time
	Attrs             []Attr
	Failure           string // "" when it went well
}

// Spanned is a Trigger that says more of the span of what it began, given its answer.
type Spanned interface {
	Span(r Response, failure error) (name string, attrs []Attr)
}

// slowStatement is how long a statement waits at least to get a span of its own.
const slowStatement = time.Millisecond

// tracer makes spans of runs. There is none unless Config.Spans wants them; with one, a
// run allocates its span and reads the clock twice, 0.3 µs.
type tracer struct{ sink func(Span) }

// runSpan is the span of a run that goes on.
type runSpan struct {
	id     string
	began  time.Time
	waits  time.Time // since when, zero while it computes
	waitPC int
}

// note implements follower.
func (t tracer) note(e *Execution, what stepKind) {
	if e.Set == nil || e.branch {
		return // a template or the body of a loop: part of a run
	}
	if what == stepBegins {
		e.more().span = &runSpan{id: newSpanID(), began: time.Now()}
		return
	}
	s := e.extra.span
	switch what {
	case stepWaits:
		s.waits, s.waitPC = time.Now(), e.PC()
	case stepGoesOn:
		if now := time.Now(); now.Sub(s.waits) >= slowStatement {
			t.statement(e, s, now)
		}
		s.waits = time.Time{}
	}
}

// statement makes the span of a statement that waited.
func (t tracer) statement(e *Execution, s *runSpan, now time.Time) {
	trace := e.Trace()
	if !trace.recorded() {
		return
	}
	chunk := e.Set.Code.Chunk
	at := chunk.At(s.waitPC)
	name := e.Set.Name
	if at.Stmt >= 0 && int(at.Stmt) < len(chunk.Stmts) {
		name = sentence(&chunk.Stmts[at.Stmt])
	}
	t.sink(Span{Trace: trace.TraceID(), ID: newSpanID(), Parent: e.spanID(), Name: name, Start: s.waits, End: now,
		Attrs: []Attr{{"code.file.path", value.OfString(chunk.File)}, {"code.line.number", value.OfInt(int64(at.Line))}}})
}

// sentence is a statement as it is written, without values.
func sentence(s *bytecode.Stmt) string {
	name := s.Verb
	if s.Result != "" {
		name += " <" + s.Result + ">"
	}
	if s.Object != "" {
		name += " " + s.Prep + " <" + s.Object + ">"
	}
	return name
}

// ended implements follower.
func (t tracer) ended(e *Execution) {
	if e.Set == nil || e.branch || e.State() == vm.Skipped {
		return
	}
	trace := e.Trace()
	if !trace.recorded() {
		return
	}
	s := Span{Trace: trace.TraceID(), ID: e.spanID(), Name: e.Set.Name + ": " + e.Set.Activity, Start: e.extra.span.began, End: time.Now(),
		Attrs: []Attr{{"code.function.name", value.OfString(e.Set.Name)}, {"aro.activity", value.OfString(e.Set.Activity)}, {"aro.id", value.OfString(trace.ID)}}}
	if up := e.caller(); up != nil {
		s.Parent = up.spanID()
	} else {
		s.Parent, s.Outside = trace.parent, e.fromOutside()
	}
	var failure error
	if e.State() == vm.Failed {
		failure = e.Err()
		s.Failure, _, _ = strings.Cut(printed(failure.Error()), "\n")
		var x *vm.StatementError
		if errors.As(failure, &x) {
			s.Attrs = append(s.Attrs, Attr{"code.file.path", value.OfString(e.Set.Code.Chunk.File)}, Attr{"code.line.number", value.OfInt(int64(x.Line))})
		}
	}
	if d, ok := e.Trigger.(Spanned); ok && s.Outside {
		name, attrs := d.Span(e.Reply, failure)
		s.Name, s.Attrs = name, append(s.Attrs, attrs...)
	}
	t.sink(s)
}

// caller is the run that e is a part of, nil for an outermost one.
func (e *Execution) caller() *Execution {
	for x := e.parent; x != nil; x = x.parent {
		if x.Set != nil && !x.branch {
			return x
		}
	}
	return nil
}

// spanID names the span of a run, with a tracer.
func (e *Execution) spanID() string { return e.extra.span.id }

func newSpanID() string {
	var b [8]byte
	n := rand.Uint64() | 1 // all zeros are no id
	for i := range b {
		b[i] = byte(n >> (8 * i))
	}
	return hex.EncodeToString(b[:])
}

// follower is told what runs do, by the goroutine that has the run.
type follower interface {
	note(e *Execution, what stepKind) // begins, waits, goes on
	ended(e *Execution)
}

// followers are several of them.
type followers []follower

func (f followers) note(e *Execution, what stepKind) {
	for _, x := range f {
		x.note(e, what)
	}
}

func (f followers) ended(e *Execution) {
	for _, x := range f {
		x.ended(e)
	}
}

// follow collects who wants to be told.
func (h *Host) follow() {
	var all followers
	if h.Spans != nil {
		all = append(all, tracer{h.Spans})
	}
	if h.Flight != "" {
		h.recorder = newFlightRecorder(h, h.Flight)
		all = append(all, h.recorder)
	}
	switch len(all) {
	case 0:
	case 1:
		h.follower = all[0]
	default:
		h.follower = all
	}
}
