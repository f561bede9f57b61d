package host

import (
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// stats counts the runs of one feature set, without lock and allocation. Reading
// the clock twice would cost a quarter of a short handler, so runs are measured
// like this: each of the first ones, each that waited or computed for long, and of
// the other, short ones one in sixteen, which stand for the rest in the average.
// min and max are those of the measured runs.
type stats struct {
	// Each run reads these, and few write them: they are not beside what is written.
	_           [64]byte
	measured    atomic.Bool             // the first ones
	runs        atomic.Pointer[counter] // made by the first run
	_           [48]byte
	failed      atomic.Int64
	short, long sample
	min, max    atomic.Int64 // nanoseconds; min is 0 while there is none
}

// goOn counts on where another feature set stands, of which runs may be under way:
// they share the counter of runs.
func (s *stats) goOn(old *stats) {
	s.runs.Store(old.runs.Load())
	s.measured.Store(old.measured.Load())
	s.failed.Store(old.failed.Load())
	s.min.Store(old.min.Load())
	s.max.Store(old.max.Load())
	for _, p := range [...][2]*sample{{&s.short, &old.short}, {&s.long, &old.long}} {
		p[0].n.Store(p[1].n.Load())
		p[0].sum.Store(p[1].sum.Load())
	}
}

// sample is a number of measured runs and the sum of their nanoseconds.
type sample struct{ n, sum atomic.Int64 }

const (
	measureFirst = 16
	measureBits  = 4 // afterwards one in 2^4
)

// clock is what an execution knows of its time.
type clock struct {
	begun   time.Duration // since the host's start, 0 while nobody looked
	random  uint32
	waiting bool // the run has waited
	within  bool // the run began within one that had looked at the clock, so that Since is that one's
}

// start decides whether the run is measured.
func (k *clock) start(h *Host, s *Set) {
	k.begun, k.waiting = 0, false
	k.random = k.random*1664525 + 1013904223
	if k.random>>(32-measureBits) == 0 || !s.stats.measured.Load() || s.durations != nil {
		k.begun = h.now()
	}
}

// waits is called before a run waits for the first time and after that: what ran
// before was short, so it is early enough to look at the clock.
func (k *clock) waits(h *Host) {
	if k.waiting {
		return
	}
	k.waiting = true
	if k.begun == 0 {
		k.begun = h.now()
	}
}

// goes is called when a run is about to look at the clock. What ran before was
// short, as with waits; most runs never get here, whatever they are within.
func (k *clock) goes(e *Execution) {
	if k.within && k.begun == 0 && e.Since().IsZero() {
		k.begun = e.Host.now()
	}
}

// now is the monotonic time since the start of the host, never 0.
func (h *Host) now() time.Duration { return time.Since(h.started) | 1 }

// count counts a run that ended.
func (e *Execution) count(failed bool) {
	s, k := &e.Set.stats, &e.clock
	runs := s.runs.Load()
	if runs == nil {
		s.runs.CompareAndSwap(nil, new(counter))
		runs = s.runs.Load()
	}
	e.tally(runs)
	if !s.measured.Load() && runs.sum() >= measureFirst {
		s.measured.Store(true)
	}
	if failed {
		s.failed.Add(1)
	}
	of := &s.short
	if k.waiting {
		of = &s.long
	} else if looked := e.Since(); !looked.IsZero() {
		of = &s.long
		if k.begun == 0 {
			k.begun = looked.Sub(e.Host.started)
		}
	}
	if k.begun == 0 {
		return
	}
	n := max(int64(e.Host.now()-k.begun), 1)
	if s := e.Set.durations; s != nil {
		s.add(n)
	}
	of.sum.Add(n)
	of.n.Add(1)
	for old := s.max.Load(); n > old && !s.max.CompareAndSwap(old, n); old = s.max.Load() {
	}
	for old := s.min.Load(); (n < old || old == 0) && !s.min.CompareAndSwap(old, n); old = s.min.Load() {
	}
}

// count is the number of runs.
func (s *stats) count() int64 {
	if runs := s.runs.Load(); runs != nil {
		return runs.sum()
	}
	return 0
}

// total estimates the time of all runs: that of the long ones, which were all
// measured, and of the short ones by their sample.
func (s *stats) total(runs int64) float64 {
	long, short := s.long.n.Load(), s.short.n.Load()
	t := float64(s.long.sum.Load())
	if short > 0 {
		t += float64(s.short.sum.Load()) / float64(short) * float64(max(runs-long, 0))
	}
	return t
}

// setMetrics are the counters of one feature set at one moment.
type setMetrics struct {
	name, activity string
	runs, failed   int64
	avg, min, max  float64 // milliseconds
}

// metrics is what the formats of 02 §16 show. The running executions are not in
// it.
type metrics struct {
	sets         []setMetrics // those that ran, by name
	runs, failed int64
	avg          float64 // milliseconds
	uptime       time.Duration
	process      processMetrics
	refusals     []Refusal
	waiting      int           // events that are kept, -1 when none are
	stale        time.Duration // for which nothing was heard of other machines, -1 without others
}

// processMetrics is what the system knows about the process; what it does not
// tell is zero.
type processMetrics struct {
	user, system      time.Duration
	virtual, resident int64 // bytes
	open, limit       int64 // file descriptors
	start             time.Time
}

// processStart is when this process came up, close enough.
var processStart = time.Now()

// metrics reads the counters.
func (h *Host) metrics() *metrics {
	const ms = float64(time.Millisecond)
	total := 0.0
	m := &metrics{uptime: time.Since(h.started), process: readProcess(), refusals: h.Refusals(), waiting: h.keeper.waiting(), stale: -1}
	if h.shared != nil {
		m.stale = h.shared.Behind()
	}
	m.process.start = processStart
	for _, s := range h.program().sets {
		n := s.stats.count()
		if n == 0 {
			continue
		}
		t := s.stats.total(n)
		m.sets = append(m.sets, setMetrics{name: s.Name, activity: s.Activity, runs: n, failed: s.stats.failed.Load(),
			avg: t / float64(n) / ms, min: float64(s.stats.min.Load()) / ms, max: float64(s.stats.max.Load()) / ms})
		m.runs, m.failed, total = m.runs+n, m.failed+m.sets[len(m.sets)-1].failed, total+t
	}
	if m.runs > 0 {
		m.avg = total / float64(m.runs) / ms
	}
	sort.SliceStable(m.sets, func(i, j int) bool {
		a, b := &m.sets[i], &m.sets[j]
		return a.name < b.name || a.name == b.name && a.activity < b.activity
	})
	return m
}

// metricsText is the metrics in a format, plain for one that nobody knows.
func (h *Host) metricsText(format string) value.Value {
	write := metricsFormats[strings.ToLower(format)]
	if write == nil {
		write = plainMetrics
	}
	return value.OfString(string(write(nil, h.metrics())))
}

// metricsObject is <metrics> where it is read like a variable.
type metricsObject struct{ h *Host }

// TypeName implements value.Object.
func (o metricsObject) TypeName() string { return "Metrics" }

// Property implements value.Object: a format.
func (o metricsObject) Property(format string) (value.Value, bool) {
	return o.h.metricsText(format), true
}

// Simple implements value.Object.
func (o metricsObject) Simple() value.Value { return o.h.metricsText("plain") }

// metricsVerb is <metrics: format> in an expression.
func metricsVerb(c *vm.Call) (value.Value, error) {
	return executionOf(c).Host.metricsText(c.Site.Object.Raw), nil
}
