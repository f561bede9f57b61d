package host

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// set is a reading of a clock that somebody has set by d since the process began: what
// the calendar says is another, what the monotonic clock says is not.
func set(now time.Time, d time.Duration) time.Time {
	const monotonic, second = 1 << 63, 1 << 30 // of the first word of a Time
	if wall := (*uint64)(unsafe.Pointer(&now)); *wall&monotonic != 0 {
		*wall += uint64(int64(d/time.Second)) * second
	}
	return now
}

// TestL03_Jumps: the clock is set an hour forward and back, again and again; a schedule
// fires once an hour all the same.
func TestL03_Jumps(t *testing.T) {
	real := time.Now() // the faked clock of the bubble has no monotonic reading
	if jumped := set(real, time.Hour); jumped.Round(0).Sub(real.Round(0)) != time.Hour || jumped.Sub(real) != 0 {
		t.Fatalf("the clock does not jump: %v, %v", real, jumped)
	}
	synctest.Test(t, func(t *testing.T) {
		var shift, fired atomic.Int64
		begun := time.Now()
		h := &Host{}
		h.Leads = func(string) bool { fired.Add(1); return false }
		h.schedules.clock = func() time.Time { return set(real.Add(time.Since(begun)), time.Duration(shift.Load())) }
		h.schedule("hour", time.Hour)
		defer h.unschedule("hour")
		time.Sleep(30 * time.Minute)
		for i := range 48 {
			jump := []time.Duration{time.Hour, 0, -time.Hour, 0}[i%4]
			shift.Store(int64(jump))
			time.Sleep(time.Hour)
			synctest.Wait()
			if n := fired.Load(); n != int64(i+1) {
				t.Fatalf("after %d hours, and the clock set by %v, fired %d times", i+1, jump, n)
			}
		}
	})
}

// TestL03_Monotonic: a schedule is due by a monotonic reading of the clock, which
// setting the machine's clock does not move. Adding to it and reading it later keeps
// that.
func TestL03_Monotonic(t *testing.T) {
	h := &Host{}
	h.schedule("tick", time.Hour)
	defer h.unschedule("tick")
	due := h.schedules.all["tick"].due
	for range 3 {
		if text := due.String(); !strings.Contains(text, " m=") {
			t.Fatalf("due by the calendar: %s", text)
		}
		due = due.Add(time.Hour)
	}
}
