package host

import (
	"strings"
	"testing"
	"time"
)

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
