package store

import (
	"testing"
	"time"
	"unsafe"

	"aro/pkg/vm/value"
)

// TestL03_TimeToLive: setting the clock an hour forward or back, after a repository was
// opened, neither ends rows nor lets them live longer.
func TestL03_TimeToLive(t *testing.T) {
	for _, shift := range []time.Duration{time.Hour, -time.Hour} {
		r := NewMemory().Repository("row-repository").(*memory)
		r.SetLimits(Limits{TTL: time.Minute})
		r.Store(value.MapOf("id", value.OfInt(1)))
		before := r.opened
		// As if the clock had been set since: the calendar is another, the monotonic
		// reading is not. Seconds of the calendar are in the upper bits of the first word.
		*(*uint64)(unsafe.Pointer(&r.opened)) -= uint64(int64(shift/time.Second)) << 30
		if r.opened.Round(0).Equal(before.Round(0)) || r.opened.Sub(before) != 0 {
			t.Fatalf("the clock does not jump: %v, %v", before, r.opened)
		}
		if n := len(r.Rows()); n != 1 {
			t.Errorf("after a jump by %v there are %d rows", shift, n)
		}
		r.opened = r.opened.Add(-2 * time.Minute) // time that really passes
		if n := len(r.Rows()); n != 0 {
			t.Errorf("after two minutes and a jump by %v there are %d rows", shift, n)
		}
	}
}
