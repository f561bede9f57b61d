package host

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// An event of `Emit` is kept until its handlers have ended well, if the program asks for
// that: `Configure the <application: durable-events> with true.` It is a row of a
// repository of the engine, from before its handlers begin until the last of them has
// ended, so it survives what rows survive. A handler that fails is tried again, and one
// that goes on failing leaves a row in the dead-letter-repository (05 E07).

// keptEvents is the repository.
const keptEvents = store.Events

// deadLetters is the repository of what was given up, one like any other.
const deadLetters = "dead-letter-repository"

// The bounds of trying again.
const (
	mostAttempts = 10
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	mostKept     = 65536 // events of this process whose handlers have not ended well
)

// keeper has the kept events of this process.
type keeper struct {
	h  *Host
	on atomic.Bool

	mu      sync.Mutex
	process string // names this process among all that have used the engine; "" until it is needed
	all     map[string]*keptEvent
	free    []string // ids of rows that are there no more, see newRow
	rows    uint64   // ids of rows so far
	events  uint64   // ids of events so far
	look    *time.Timer
	stopped bool
}

// keptEvent is an event some of whose handlers have not ended well.
type keptEvent struct {
	v       *keeper
	row     string // id of its row
	id      string // unique, and the same at each attempt
	name    string
	payload value.Value
	at      time.Time

	mu      sync.Mutex
	left    []*duty
	letters []value.Value // of handlers that were given up, to be stored before the row changes
	then    []func()      // what waits until the row says what it shall
	raising bool          // the first attempts begin: what they come to is written once
	dirty   bool          // the row is not what it shall be
	writing bool
}

// duty is a handler that has to run for an event.
type duty struct {
	k       *keptEvent
	handler string    // names the feature set among those of the event
	attempt int       // that runs, or comes next
	next    time.Time // when; zero while it runs
	timer   *time.Timer
}

// begin makes the event of an Emit; nil when no handler wants it.
func (v *keeper) begin(name string, sets []*Set, p value.Value) (*keptEvent, error) {
	k := &keptEvent{v: v, name: name, payload: p, at: time.Now(), raising: true}
	for i, s := range sets {
		if s.accepts(Payload{p}) {
			k.left = append(k.left, &duty{k: k, handler: handlerName(sets, i), attempt: 1})
		}
	}
	if len(k.left) == 0 {
		return nil, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.all) >= mostKept {
		return nil, &endless{"events_waiting", fmt.Sprintf("%d events wait for handlers that have failed or not ended: no more are kept", mostKept)}
	}
	v.events++
	k.id = v.process + "-" + strconv.FormatUint(v.events, 10)
	k.row = v.newRow()
	v.add(k)
	return k, nil
}

// newRow is an id for a row. Ids are used again, or the repository would remember the
// places of tens of thousands of rows that never come back; v.mu is held.
func (v *keeper) newRow() string {
	if n := len(v.free); n > 0 {
		id := v.free[n-1]
		v.free = v.free[:n-1]
		return id
	}
	v.rows++
	return v.process + "/" + strconv.FormatUint(v.rows, 10)
}

// add counts an event as one of this process, which Keepalive then waits for; v.mu is held.
func (v *keeper) add(k *keptEvent) {
	if v.all == nil {
		v.all = make(map[string]*keptEvent)
	}
	v.all[k.row] = k
	v.h.life.sources.Add(1)
}

// forget ends it. The row is there no more, or is no concern of this process.
func (v *keeper) forget(k *keptEvent, removed bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all[k.row] != k {
		return
	}
	delete(v.all, k.row)
	v.h.life.sources.Add(-1)
	if removed && strings.HasPrefix(k.row, v.process+"/") {
		v.free = append(v.free, k.row)
	}
}

// waiting is how many events of this process wait for handlers; -1 when it keeps none. Where
// rows are only this process's, those of earlier ones count before they are taken over, too.
func (v *keeper) waiting() int {
	v.mu.Lock()
	n := len(v.all)
	if v.process == "" {
		n = -1
	}
	v.mu.Unlock()
	if n >= 0 && v.h.durable != nil {
		n = max(n, v.h.Engine.Repository(keptEvents).Count())
	}
	return n
}

// handlerName names a handler among those of an event: feature sets may share a name.
func handlerName(sets []*Set, i int) string {
	n := 1
	for _, s := range sets[:i] {
		if s.Name == sets[i].Name {
			n++
		}
	}
	if n == 1 {
		return sets[i].Name
	}
	return sets[i].Name + " #" + strconv.Itoa(n)
}

// handler finds it again, nil when the program has it no more.
func (v *keeper) handler(event, name string) *Set {
	sets := v.h.program().events[event]
	for i := range sets {
		if handlerName(sets, i) == name {
			return sets[i]
		}
	}
	return nil
}

// event is what a handler sees: the payload, and id and attempt where it has no field of
// that name. An id of the payload's own wins, and the event's is eventId then.
func (d *duty) event() value.Value {
	rec := d.k.payload.Record()
	if rec == nil {
		return d.k.payload
	}
	name := "id"
	if _, taken := rec.Get(name); taken {
		name = "eventId"
	}
	for _, f := range [...]struct {
		name string
		v    value.Value
	}{{name, value.OfString(d.k.id)}, {"attempt", value.OfInt(int64(d.attempt))}} {
		if _, taken := rec.Get(f.name); !taken {
			rec = rec.With(f.name, f.v)
		}
	}
	return value.OfRecord(rec)
}

// pause is how long a handler waits that has failed so often: one second, doubled with
// each failure up to five minutes, a fifth more or less so that what has failed
// together does not come back together.
func pause(failures int) time.Duration {
	d := longestPause
	if failures < 10 {
		d = min(firstPause<<(failures-1), longestPause)
	}
	return min(d+time.Duration((rand.Float64()-0.5)*0.4*float64(d)), longestPause)
}

// The row of an event. What is not in it, such as a connection that is only alive here, is
// what a row keeps of it.

func (k *keptEvent) asRow() value.Value {
	handlers := make([]value.Value, len(k.left))
	for i, d := range k.left {
		next := int64(0)
		if !d.next.IsZero() {
			next = d.next.UnixMilli()
		}
		handlers[i] = value.MapOf("handler", value.OfString(d.handler), "attempt", value.OfInt(int64(d.attempt)), "next", value.OfInt(next))
	}
	return value.MapOf("id", value.OfString(k.row), "event", value.OfString(k.id), "name", value.OfString(k.name), "data", k.payload,
		"time", value.OfInt(k.at.UnixMilli()), "process", value.OfString(k.v.process), "handlers", value.OfList(handlers))
}

// keptRow reads a row.
func (v *keeper) keptRow(row value.Value) (*keptEvent, bool) {
	number := func(of value.Value, name string) int64 {
		x, _ := of.Property(name)
		if x.Kind() != value.Int {
			return 0
		}
		return x.Int()
	}
	k := &keptEvent{v: v, row: textOf(row, "id"), id: textOf(row, "event"), name: textOf(row, "name"), at: time.UnixMilli(number(row, "time"))}
	k.payload, _ = row.Property("data")
	handlers, _ := row.Property("handlers")
	if row.Record() == nil || k.name == "" || handlers.Kind() != value.List {
		return nil, false
	}
	for _, x := range handlers.List() {
		d := &duty{k: k, handler: textOf(x, "handler"), attempt: int(number(x, "attempt"))}
		if next := number(x, "next"); next != 0 {
			d.next = time.UnixMilli(next)
		}
		k.left = append(k.left, d)
	}
	return k, true
}

// textOf is a field of a row.
func textOf(row value.Value, field string) string {
	v, _ := row.Property(field)
	return v.Text()
}

// put makes the row of an event what it shall be; an unbound row removes it. lost says
// that another process has taken the event over, so nothing was changed. done may be
// called before put returns.
func (v *keeper) put(id string, row value.Value, done func(err error, lost bool)) {
	change := func(w store.Repository) {
		if row.IsBound() {
			w.Store(row)
		} else {
			w.Delete(store.Query{Field: "id", Equal: value.OfString(id)})
		}
	}
	if v.h.shared == nil {
		v.write(change, func(err error) { done(err, false) })
		return
	}
	lost := false
	v.write(func(w store.Repository) {
		rows := w.Select(store.Query{Field: "id", Equal: value.OfString(id)})
		if lost = len(rows) == 0 || textOf(rows[0], "process") != v.process; !lost {
			change(w)
		}
	}, func(err error) { done(err, err == nil && lost) })
}

// write changes the rows of events and tells done when the change is as safe as a
// statement's: on the disk, or everybody's. It does nothing without an engine that keeps
// rows: they would only be a copy of what is in memory.
func (v *keeper) write(apply func(store.Repository), done func(error)) {
	h := v.h
	switch {
	case h.shared != nil:
		h.shared.Write(keptEvents, apply, func(err error) { go done(err) })
	case h.durable != nil:
		before := h.durable.Position()
		apply(h.Engine.Repository(keptEvents))
		already, err := h.durable.Sync(before, h.durable.Position(), func(err error) { go done(err) })
		if already {
			done(err)
		}
	default:
		done(nil)
	}
}
