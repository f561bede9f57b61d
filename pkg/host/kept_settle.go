package host

import (
	"time"

	"aro/pkg/vm/value"
)

// settleAgain is when what could not be written is tried again.
const settleAgain = time.Second

// settle makes the row what the event has come to: dead letters first, so that a crash in
// between stores them twice under one id, and loses none.
func (k *keptEvent) settle() {
	k.mu.Lock()
	if k.raising || k.writing || !k.dirty {
		k.mu.Unlock()
		return
	}
	k.writing, k.dirty = true, false
	letters, then := k.letters, k.then
	k.letters, k.then = nil, nil
	row := value.Value{}
	if len(k.left) > 0 {
		row = k.asRow()
	}
	k.mu.Unlock()
	put := func() {
		k.v.put(k.row, row, func(err error, lost bool) {
			switch {
			case lost:
				k.lose()
			case err != nil:
				k.unsettled(nil, then)
			default:
				k.settled(!row.IsBound(), then)
			}
		})
	}
	if len(letters) == 0 {
		put()
		return
	}
	k.v.h.storeRows(k.v.h.Repository(deadLetters), letters, func(err error) {
		if err != nil {
			k.unsettled(letters, then)
			return
		}
		put()
	})
}

// settled goes on when the row is what it should be.
func (k *keptEvent) settled(removed bool, then []func()) {
	if removed {
		k.v.forget(k, true)
	}
	k.mu.Lock()
	k.writing = false
	k.mu.Unlock()
	for _, f := range then {
		f()
	}
	k.settle()
}

// unsettled tries again later what could not be written.
func (k *keptEvent) unsettled(letters []value.Value, then []func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writing, k.dirty = false, true
	k.letters = append(letters, k.letters...)
	k.then = append(then, k.then...)
	if !k.v.h.IsStopping() {
		time.AfterFunc(settleAgain, k.settle)
	}
}

// lose leaves the event to the process that has taken it over.
func (k *keptEvent) lose() {
	k.mu.Lock()
	for _, d := range k.left {
		if d.timer != nil {
			d.timer.Stop()
		}
	}
	k.mu.Unlock() // writing stays: nothing is written any more
	k.v.forget(k, false)
}
