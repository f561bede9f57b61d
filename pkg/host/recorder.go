package host

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"

	"aro/pkg/vm"
)

// flightRecorder keeps the last steps of all runs: when each began, waited, went on and
// ended, and where, without a value (05 O04). There is none unless Config.Flight names
// a file, and a run then pays one look at a nil pointer for each step; with one, a step
// reads the clock and takes 60 ns. Its memory is 2 MiB.
type flightRecorder struct {
	h       *Host
	file    string
	stripes [stripes]struct {
		mu    sync.Mutex
		steps []step
		next  int
		_     [24]byte
	}
	mu   sync.Mutex
	last time.Time // of the latest file that nobody asked for
}

// The bounds of what is kept.
const (
	flightTime  = 10 * time.Second
	flightSteps = 8192 // for each of the stripes
)

// step is one thing that a run did.
type step struct {
	at   time.Duration // since the host's start
	set  *Set
	run  uint32
	pc   int32
	what stepKind
}

type stepKind uint8

const (
	stepBegins stepKind = iota
	stepWaits
	stepGoesOn
	stepEnds
	stepFails
)

var stepNames = [...]string{"begins", "waits", "goes on", "ends", "fails"}

func newFlightRecorder(h *Host, file string) *flightRecorder {
	r := &flightRecorder{h: h, file: file}
	for i := range r.stripes {
		r.stripes[i].steps = make([]step, 0, flightSteps)
	}
	return r
}

// note keeps a step. It is called by the goroutine that has the run.
func (r *flightRecorder) note(e *Execution, what stepKind) {
	if e.Set == nil || e.branch {
		return // a template or the body of a loop: part of a run
	}
	s := step{r.h.now(), e.Set, e.clock.random, int32(e.PC()), what}
	p := &r.stripes[e.stripe%stripes]
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.steps) < flightSteps {
		p.steps = append(p.steps, s)
		return
	}
	p.steps[p.next] = s
	p.next = (p.next + 1) % flightSteps
}

// ended keeps the end of a run, and writes the file if it is one to look at.
func (r *flightRecorder) ended(e *Execution) {
	if e.State() != vm.Failed {
		r.note(e, stepEnds)
		return
	}
	r.note(e, stepFails)
	var budget vm.BudgetError
	switch _, panicked := panicOf(e.Err()); {
	case e.Set == nil || e.branch:
	case panicked:
		r.write("a panic in "+e.Set.Name, false)
	case errors.As(e.Err(), &budget):
		r.write(e.Set.Name+" used up its budget", false)
	}
}

// WriteFlight writes the file of Config.Flight now; cause stands in its first line.
func (h *Host) WriteFlight(cause string) {
	if h.recorder != nil {
		h.recorder.write(cause, true)
	}
}

// write writes what happened in the last seconds. Unless somebody asked, it does so
// once in that time: the next failures are in the same story.
func (r *flightRecorder) write(cause string, asked bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if !asked {
		if !r.last.IsZero() && now.Sub(r.last) < flightTime {
			return
		}
		r.last = now
	}
	if err := os.WriteFile(r.file, r.text(cause, now), 0o600); err != nil {
		r.h.Diagnose("[ERROR] the flight recorder cannot write: %s", ioError(err))
		return
	}
	r.h.Diagnose("[Runtime] flight recorder: %s; the last %v are in %s", cause, flightTime, r.file)
}

// text is the file: a line for each step, by time. A place is where the run was then.
func (r *flightRecorder) text(cause string, now time.Time) []byte {
	end := r.h.now()
	var all []step
	for i := range r.stripes {
		p := &r.stripes[i]
		p.mu.Lock()
		all = append(all, p.steps...)
		p.mu.Unlock()
	}
	sort.SliceStable(all, func(i, k int) bool { return all[i].at < all[k].at })
	out := fmt.Appendf(nil, "%s at %s. Seconds before that, run, what, and where it was.\n", cause, now.UTC().Format(time.RFC3339Nano))
	began := make(map[uint32]time.Duration)
	for _, s := range all {
		if s.what == stepBegins {
			began[s.run] = s.at
		}
		if end-s.at > flightTime {
			continue
		}
		chunk := s.set.Code.Chunk
		place := chunk.At(int(s.pc))
		out = fmt.Appendf(out, "%9.6f %08x %-7s %s:%d [%s: %s]", (s.at - end).Seconds(), s.run, stepNames[s.what], chunk.File, place.Line, s.set.Name, s.set.Activity)
		if from, ok := began[s.run]; ok && s.what >= stepEnds {
			out = fmt.Appendf(out, " after %.3f ms", float64((s.at-from).Microseconds())/1000)
			delete(began, s.run)
		}
		out = append(out, '\n')
	}
	return out
}
