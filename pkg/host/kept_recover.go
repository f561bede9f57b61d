package host

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// lookEvery is how often a process looks for events of those that died.
const lookEvery = time.Second

// turn says whether events are kept from now on. Those that are kept already stay so.
func (v *keeper) turn(on bool) {
	h := v.h
	v.mu.Lock()
	first := on && v.process == ""
	if first {
		if h.shared != nil {
			v.process = h.shared.Process()
		} else {
			var id [6]byte
			rand.Read(id[:])
			v.process = hex.EncodeToString(id[:])
		}
	}
	v.mu.Unlock()
	v.on.Store(on)
	if !first {
		return
	}
	h.OnDrain(v.drain)
	if h.alone && !h.Testing {
		h.Diagnose("[WARNING] durable-events: handlers that fail are tried again, but events end with the process; --data FOLDER or --engine ADDRESS keeps them")
	}
	if h.life.ready.Load() {
		v.recover()
	}
}

// begun is called when Application-Start has done what handlers rely on: what an earlier
// process has left is run from then on.
func (h *Host) begun() {
	if h.life.ready.Swap(true) || h.alone {
		return
	}
	if h.keeper.on.Load() {
		h.keeper.recover()
	} else if n := h.Engine.Repository(keptEvents).Count(); n > 0 && h.shared == nil {
		h.Diagnose("[WARNING] %d event(s) of an earlier run wait for their handlers, and durable-events is off: they stay where they are", n)
	}
}

// recover runs what is left of processes that have ended, now and, where others may end,
// every second.
func (v *keeper) recover() {
	h := v.h
	h.flight.begun.add(0, 1)
	go v.takeOver(func(err error) {
		h.flight.ended.add(0, 1)
		if err == nil && h.shared == nil {
			return
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		if !v.stopped {
			v.look = time.AfterFunc(lookEvery, v.recover)
		}
	})
}

// takeOver makes events that nobody runs those of this process, and runs them.
func (v *keeper) takeOver(done func(error)) {
	type owned struct{ event, process string }
	seen := make(map[string]owned) // by the id of the row
	for _, row := range v.h.Engine.Repository(keptEvents).Rows() {
		if v.orphaned(row) {
			seen[textOf(row, "id")] = owned{textOf(row, "event"), textOf(row, "process")}
		}
	}
	if len(seen) == 0 {
		done(nil)
		return
	}
	var taken []*keptEvent
	v.write(func(w store.Repository) {
		taken = nil
		for _, row := range w.Rows() {
			if old, ok := seen[textOf(row, "id")]; !ok || old != (owned{textOf(row, "event"), textOf(row, "process")}) {
				continue // somebody was quicker
			}
			if k, ok := v.keptRow(row); ok {
				k.moveOn(textOf(row, "process") != v.process)
				taken = append(taken, k)
			}
		}
		for _, k := range taken {
			w.Store(k.asRow())
		}
	}, func(err error) {
		if err == nil {
			for _, k := range taken {
				k.resume()
			}
		}
		done(err)
	})
}

// orphaned reports whether a row is nobody's: of a process that has ended, or one of
// this process whose Emit had no answer and failed, and which was stored nevertheless.
func (v *keeper) orphaned(row value.Value) bool {
	v.mu.Lock()
	known := v.all[textOf(row, "id")] != nil
	v.mu.Unlock()
	if known {
		return false
	}
	p := textOf(row, "process")
	return p == v.process || v.h.shared == nil || v.h.shared.Gone(p)
}

// moveOn makes the state of a row that of the next process. An attempt that was under way in
// another one counts: its handler may be what ends processes. Of this one none was, or the
// event would be known.
func (k *keptEvent) moveOn(elsewhere bool) {
	now := time.Now()
	for _, d := range k.left {
		switch {
		case d.next.IsZero() && elsewhere:
			d.attempt++
		case !d.next.After(now):
			d.next = time.Time{}
		}
	}
}

// resume runs the handlers of an event that was taken over, each when its time comes.
func (k *keptEvent) resume() {
	v := k.v
	v.mu.Lock()
	if v.stopped || v.all[k.row] != nil {
		v.mu.Unlock()
		return
	}
	k.raising = true
	v.add(k)
	v.mu.Unlock()
	for _, d := range slices.Clone(k.left) {
		switch {
		case d.attempt > mostAttempts:
			d.giveUp("the process ended while the last attempt was under way")
		case d.next.IsZero():
			d.again()
		default:
			k.mu.Lock()
			d.wait(time.Until(d.next))
			k.mu.Unlock()
		}
	}
	k.raised()
}

// drain stops trying again: what is left is for the next start, or lost.
func (v *keeper) drain() {
	v.mu.Lock()
	v.stopped = true
	if v.look != nil {
		v.look.Stop()
	}
	var all []*keptEvent
	for _, k := range v.all {
		all = append(all, k)
	}
	v.mu.Unlock()
	var lost []string
	for _, k := range all {
		k.mu.Lock()
		for _, d := range k.left {
			if d.timer != nil && d.timer.Stop() {
				lost = append(lost, d.handler+" of "+k.name)
			}
		}
		k.mu.Unlock()
	}
	if !v.h.alone || len(lost) == 0 {
		return
	}
	n := len(lost)
	slices.Sort(lost)
	lost = slices.Compact(lost)
	if more := len(lost) - 5; more > 0 {
		lost = append(lost[:5], "…")
	}
	v.h.Diagnose("[WARNING] the application ends, and %d handler(s) would have been tried again: %s", n, strings.Join(lost, ", "))
}
