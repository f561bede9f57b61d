package value

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestISO: the text of a date is that of package time.
func TestISO(t *testing.T) {
	same := func(t interface{ Fatalf(string, ...any) }, sec int64) {
		at := time.Unix(sec, 5).UTC()
		if got, want := string(appendISO(nil, OfTime(at))), at.Format("2006-01-02T15:04:05Z07:00"); got != want {
			t.Fatalf("%d: %s, want %s", sec, got, want)
		}
	}
	for year := -3; year <= 10001; year++ { // the days at which years and leap days turn
		for _, day := range []int{1, 59, 60, 61, 365, 366} {
			at := time.Date(year, 1, day, 0, 0, 0, 0, time.UTC).Unix()
			same(t, at)
			same(t, at-1)
		}
	}
	rapid.Check(t, func(t *rapid.T) { same(t, rapid.Int64Range(-1<<37, 1<<38).Draw(t, "seconds")) })
	zone := time.FixedZone("", 5400)
	if got := string(appendISO(nil, OfTime(time.Unix(0, 0).In(zone)))); got != "1970-01-01T01:30:00+01:30" {
		t.Errorf("in another zone: %s", got)
	}
}
