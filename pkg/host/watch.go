package host

import (
	"maps"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"aro/pkg/vm"
)

// Watch collects what the inspector shows: the durations of all runs, failures,
// and the last lines of output. A host has none by default, and a run then pays for
// it with one look at a nil pointer; with one, each run reads the clock twice and
// counts into a histogram. It is safe for concurrent use.
type Watch struct {
	mu       sync.Mutex
	lines    []Line // the last maxLines
	failures []Failure
	last     int64 // number of the last line or failure
}

// The bounds of what a Watch keeps.
const (
	maxLines    = 500
	maxFailures = 50
	maxLineSize = 2000
)

// Line is one line that the program wrote.
type Line struct {
	N       int64     `json:"n"` // ascending
	Time    time.Time `json:"time"`
	Problem bool      `json:"problem"` // written to stderr
	Text    string    `json:"text"`
}

// Failure is a feature set that failed.
type Failure struct {
	N         int64     `json:"n"`
	Time      time.Time `json:"time"`
	Set       string    `json:"set"`
	Activity  string    `json:"activity"`
	Message   string    `json:"message"`
	Statement string    `json:"statement"`
	Cause     string    `json:"cause"`
	Place     string    `json:"place"` // file:line:col
}

// SetState is one feature set at one moment. Times are nanoseconds, each within an
// eighth of the truth.
type SetState struct {
	Name     string `json:"name"`
	Activity string `json:"activity"`
	Runs     int64  `json:"runs"`
	Failed   int64  `json:"failed"`
	P50      int64  `json:"p50"`
	P99      int64  `json:"p99"`
}

// RepositoryState is how many rows a repository has.
type RepositoryState struct {
	Name string `json:"name"`
	Rows int    `json:"rows"`
}

// histogram counts durations: four steps for each power of two.
type histogram struct{ counts [64 * 4]atomic.Int64 }

func (g *histogram) add(ns int64) {
	exp := bits.Len64(uint64(ns)) - 1
	step := 0
	if exp >= 2 {
		step = int(uint64(ns)>>(exp-2)) & 3
	}
	g.counts[exp*4+step].Add(1)
}

// quantile is the middle of the step that q of the runs do not exceed.
func (g *histogram) quantile(q float64) int64 {
	total := int64(0)
	for i := range g.counts {
		total += g.counts[i].Load()
	}
	if total == 0 {
		return 0
	}
	rank, seen := int64(q*float64(total-1)), int64(0)
	for i := range g.counts {
		if seen += g.counts[i].Load(); seen > rank {
			low := float64(int64(1)<<(i/4)) * (1 + float64(i%4)/4)
			return int64(low + float64(int64(1)<<(i/4))/8)
		}
	}
	return 0
}

// line keeps a line of output.
func (w *Watch) line(text []byte, problem bool) {
	if n := len(text); n > 0 && text[n-1] == '\n' {
		text = text[:n-1]
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last++
	w.lines = keep(w.lines, Line{w.last, time.Now(), problem, string(text[:min(len(text), maxLineSize)])}, maxLines)
}

func (w *Watch) failure(s *Set, err error) {
	f := Failure{Time: time.Now(), Set: s.Name, Activity: s.Activity, Message: err.Error(), Place: place(err)}
	if x, ok := err.(*vm.StatementError); ok {
		f.Statement = x.Statement
		if x.Cause != nil {
			f.Cause = x.Cause.Error()
		}
	}
	if f.Place != "" {
		f.Place = f.Place[1:]
	}
	for _, text := range []*string{&f.Message, &f.Statement, &f.Cause} {
		*text = (*text)[:min(len(*text), maxLineSize)]
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last++
	f.N = w.last
	w.failures = keep(w.failures, f, maxFailures)
}

// keep appends x, forgetting the oldest beyond most.
func keep[T any](list []T, x T, most int) []T {
	if len(list) >= most {
		copy(list, list[1:])
		list = list[:most-1]
	}
	return append(list, x)
}

// Since returns copies of the lines and failures after number n, and the number of
// the last one.
func (w *Watch) Since(n int64) (lines []Line, failures []Failure, last int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.lines {
		if l.N > n {
			lines = append(lines, l)
		}
	}
	for _, f := range w.failures {
		if f.N > n {
			failures = append(failures, f)
		}
	}
	return lines, failures, w.last
}

// SetStates lists the feature sets in source order. Without Config.Watch there are
// no times.
func (h *Host) SetStates() []SetState {
	out := make([]SetState, 0, len(h.program().sets))
	for _, s := range h.program().sets {
		x := SetState{Name: s.Name, Activity: s.Activity, Runs: s.stats.count(), Failed: s.stats.failed.Load()}
		if s.durations != nil {
			x.P50, x.P99 = s.durations.quantile(0.5), s.durations.quantile(0.99)
		}
		out = append(out, x)
	}
	return out
}

// RepositoryStates lists the repositories that were used, by name.
func (h *Host) RepositoryStates() []RepositoryState {
	h.reposMu.RLock()
	defer h.reposMu.RUnlock()
	out := make([]RepositoryState, 0, len(h.repos))
	for _, name := range slices.Sorted(maps.Keys(h.repos)) {
		out = append(out, RepositoryState{name, h.repos[name].Count()})
	}
	return out
}

// Running is how many executions run that a trigger from outside started.
func (h *Host) Running() int64 { return h.flight.running() }

// IsReady reports whether the application is there for clients: Application-Start
// has ended or keeps the application alive, and no shutdown has begun.
func (h *Host) IsReady() bool { return h.life.ready.Load() && !h.IsStopping() }

// Metrics returns the metrics in a format of 02 §16, such as prometheus.
func (h *Host) Metrics(format string) string { return h.metricsText(format).Str() }

// refusals counts what was refused, dropped or closed, by reason. Nothing that runs
// well gets here.
type refusals struct {
	mu     sync.Mutex
	counts map[string]int64
}

// Refused counts something that was refused, dropped or closed. Reasons are a few
// fixed words: each becomes a line of the metrics.
func (h *Host) Refused(reason string) {
	h.refusals.mu.Lock()
	defer h.refusals.mu.Unlock()
	if h.refusals.counts == nil {
		h.refusals.counts = map[string]int64{}
	}
	h.refusals.counts[reason]++
}

// Refusal is how often there was a reason to refuse something.
type Refusal struct {
	Reason string `json:"reason"`
	N      int64  `json:"n"`
}

// Refusals lists what Refused counted, by reason.
func (h *Host) Refusals() []Refusal {
	h.refusals.mu.Lock()
	defer h.refusals.mu.Unlock()
	out := make([]Refusal, 0, len(h.refusals.counts))
	for _, reason := range slices.Sorted(maps.Keys(h.refusals.counts)) {
		out = append(out, Refusal{reason, h.refusals.counts[reason]})
	}
	return out
}
