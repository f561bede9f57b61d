package host_test

import (
	"testing"
	"time"
)

// TestL03: schedules and times to live are not those of the calendar: through a leap
// day, and the hours that Europe leaves out in spring and has twice in autumn, an hour is
// an hour. The clock is faked and begins with the year 2000.
func TestL03_Calendar(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	before := time.Local
	time.Local = zone
	defer func() { time.Local = before }()
	out, code := runIn(t, t.TempDir(), `(Application-Start: Calendar) {
    Configure the <day-repository: ttl> with 1 day.
    Schedule the <hour> with 1 hour.
    Sleep the <months> for 475230 minutes.
    Compute the <hours: count> from the <hour-repository>.
    Compute the <days: count> from the <day-repository>.
    Log "${<hours>} hours, ${<days>} of them within a day" to the <console>.
    Stop the <hour>.
    Return an <OK: status> for the <application>.
}
(Count: hour Handler) {
    Create the <row> with { at: <now> }.
    Store the <row> into the <hour-repository>.
    Store the <row> into the <day-repository>.
}
`)
	if code != 0 || out != "7920 hours, 24 of them within a day\n" {
		t.Errorf("%d: %s", code, out)
	}
}
