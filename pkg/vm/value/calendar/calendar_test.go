package calendar

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"pgregory.net/rapid"

	"aro/pkg/vm/value"
)

func date(t testing.TB, s string) time.Time {
	t.Helper()
	d, ok := value.ParseDate(s)
	if !ok {
		t.Fatalf("%s is no date", s)
	}
	return d.Time()
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Skip(err)
	}
	return loc
}

func TestOffsets(t *testing.T) {
	for _, c := range []struct{ from, offset, want string }{
		{"2025-01-31T10:00:00Z", "+30s", "2025-01-31T10:00:30Z"},
		{"2025-01-31T10:00:00Z", "+90m", "2025-01-31T11:30:00Z"},
		{"2025-01-31T10:00:00Z", "-3h", "2025-01-31T07:00:00Z"},
		{"2025-01-31T10:00:00Z", "+1d", "2025-02-01T10:00:00Z"},
		{"2025-01-31T10:00:00Z", "-2w", "2025-01-17T10:00:00Z"},
		{"2025-01-31T10:00:00Z", "+1M", "2025-02-28T10:00:00Z"},
		{"2024-01-31T10:00:00Z", "+1M", "2024-02-29T10:00:00Z"},
		{"2025-03-31T10:00:00Z", "-1M", "2025-02-28T10:00:00Z"},
		{"2025-01-15T10:00:00Z", "-13M", "2023-12-15T10:00:00Z"},
		{"2024-02-29T10:00:00Z", "+1y", "2025-02-28T10:00:00Z"},
		{"2024-02-29T10:00:00Z", "-4y", "2020-02-29T10:00:00Z"},
		{"2025-12-30T12:00:00Z", "+5 days", "2026-01-04T12:00:00Z"},
		{"2025-12-30T12:00:00Z", "+1Month", "2026-01-30T12:00:00Z"},
		{"2025-12-30T12:00:00Z", "+1D", "2025-12-31T12:00:00Z"},
		{"2025-12-30T12:00:00Z", "+2min", "2025-12-30T12:02:00Z"},
		{"2025-12-30T12:00:00Z", "+1y", "2026-12-30T12:00:00Z"},
		{"1700-01-01T00:00:00Z", "+10000000000s", "2016-11-20T17:46:40Z"},
	} {
		o, ok, err := ParseOffset(c.offset)
		if !ok || err != nil {
			t.Errorf("%s: ok %v, error %v", c.offset, ok, err)
			continue
		}
		got, err := o.Apply(date(t, c.from))
		if err != nil || !got.Equal(date(t, c.want)) {
			t.Errorf("%s %s = %v (%v), want %s", c.from, c.offset, got, err, c.want)
		}
	}
	for _, s := range []string{"", "7d", "+d", "++7d", "length"} {
		if _, ok, _ := ParseOffset(s); ok {
			t.Errorf("%q passes as an offset", s)
		}
	}
	for _, s := range []string{"+7", "+7x", "-7 fortnights", "+99999999999999999999d"} {
		if _, ok, err := ParseOffset(s); !ok || err == nil {
			t.Errorf("%q: ok %v, error %v; want an offset with an error", s, ok, err)
		}
	}
	for _, s := range []string{"+8000y", "-2026y", "+300000000000s", "+99999999999d", "-99999999999M"} {
		o, _, err := ParseOffset(s)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := o.Apply(date(t, "2025-01-01")); err == nil {
			t.Errorf("%s gives %v, want an error", s, got)
		}
	}
}

// A day is the same time on another day, an hour is always 3600 seconds.
func TestOffsetsFollowTheZone(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	before := time.Date(2025, 3, 29, 12, 0, 0, 0, berlin) // clocks change in the night
	day, _ := Offset{1, Day}.Apply(before)
	hours, _ := Offset{24, Hour}.Apply(before)
	if day.Hour() != 12 || day.Sub(before) != 23*time.Hour || hours.Hour() != 13 {
		t.Errorf("a day later is %v, 24 hours later %v", day, hours)
	}
	if month, _ := (Offset{1, Month}).Apply(before); month.Hour() != 12 || month.Day() != 29 || month.Location() != berlin {
		t.Errorf("a month later is %v", month)
	}
}

// Exact units can be taken back; the calendar ones keep the order of dates.
func TestOffsetLaws(t *testing.T) {
	back := func(sec int32, n int16, u uint8) bool {
		t0 := time.Unix(int64(sec), 0).UTC()
		o := Offset{int64(n), Unit(u % 5)}
		there, err := o.Apply(t0)
		o.N = -o.N
		home, err2 := o.Apply(there)
		return err == nil && err2 == nil && home.Equal(t0)
	}
	if err := quick.Check(back, nil); err != nil {
		t.Error(err)
	}
	ordered := func(a, b int32, n int8, u uint8) bool {
		x, y := time.Unix(int64(min(a, b)), 0).UTC(), time.Unix(int64(max(a, b)), 0).UTC()
		o := Offset{int64(n), Unit(u % 7)}
		p, _ := o.Apply(x)
		q, _ := o.Apply(y)
		// Clamping can make two days of a long month one; it never swaps days.
		return p.Format(time.DateOnly) <= q.Format(time.DateOnly)
	}
	if err := quick.Check(ordered, nil); err != nil {
		t.Error(err)
	}
}

func props(t *testing.T, o value.Object, want map[string]string) {
	t.Helper()
	for name, text := range want {
		v, ok := o.Property(name)
		if !ok || v.Text() != text {
			t.Errorf("%s: %s is %q (%v), want %q", o.Simple().Text(), name, v.Text(), ok, text)
		}
	}
}

func TestRangesAndDistances(t *testing.T) {
	d := func(s string) value.Value { return value.OfTime(date(t, s)) }
	props(t, &Range{d("2025-01-01"), d("2025-01-15")}, map[string]string{"start": "2025-01-01T00:00:00Z", "END": "2025-01-15T00:00:00Z",
		"days": "14", "Hours": "336", "weeks": "2", "minutes": "20160", "seconds": "1209600"})
	props(t, &Range{d("2025-01-01"), d("2025-03-31T23:59:59Z")}, map[string]string{"days": "89"})
	props(t, &Range{d("2025-01-15"), d("2025-01-01")}, map[string]string{"start": "2025-01-15T00:00:00Z", "days": "14"})
	props(t, &Range{d("0001-01-01"), d("9999-01-01")}, map[string]string{"days": "3651694"})
	props(t, &Distance{d("2025-01-15"), d("2025-01-01T01:00:00Z")}, map[string]string{"days": "-13", "hours": "-335", "weeks": "-1",
		"from": "2025-01-15T00:00:00Z", "to": "2025-01-01T01:00:00Z"})
	props(t, &Distance{d("2025-01-01T00:00:00.9Z"), d("2025-01-01T00:00:02.1Z")}, map[string]string{"seconds": "1"})
	props(t, &Distance{d("2025-01-01T00:00:02.1Z"), d("2025-01-01T00:00:00.9Z")}, map[string]string{"seconds": "-1"})
	r := &Range{d("2025-01-01"), d("2025-01-15")}
	for _, name := range []string{"day", "second", "s", "months", "years", "length", ""} {
		if v, ok := r.Property(name); ok {
			t.Errorf("a range has the property %q: %s", name, v.Text())
		}
	}
	back := &Range{r.End, r.Start}
	for s, want := range map[string]bool{"2025-01-01": true, "2025-01-15T00:00:00Z": true, "2025-01-15T00:00:01Z": false,
		"2024-12-31T23:59:59.9Z": false, "2025-01-15T01:00:00+02:00": true} {
		if v := d(s); r.Contains(v) != want || back.Contains(v) != want || r.Contains(value.OfString(s)) != want {
			t.Errorf("%s in the range is not %v", s, want)
		}
	}
	if r.Contains(value.OfInt(5)) || r.Contains(value.OfString("soon")) {
		t.Error("a range contains what is no date")
	}
}

func TestRecurrences(t *testing.T) {
	for _, c := range []struct{ pattern, start, now, next, previous string }{
		{"every day", "", "2025-06-15T10:00:00Z", "2025-06-16T10:00:00Z", "2025-06-14T10:00:00Z"},
		{"Every 2 Weeks", "", "2025-06-15T10:00:00Z", "2025-06-29T10:00:00Z", "2025-06-01T10:00:00Z"},
		{"every 2nd day", "", "2025-06-15T10:00:00Z", "2025-06-17T10:00:00Z", "2025-06-13T10:00:00Z"},
		{"every second", "", "2025-06-15T10:00:00Z", "2025-06-15T10:00:01Z", "2025-06-15T09:59:59Z"},
		{"every 90 minutes", "", "2025-06-15T10:00:00Z", "2025-06-15T11:30:00Z", "2025-06-15T08:30:00Z"},
		{"every month", "", "2025-01-31T10:00:00Z", "2025-02-28T10:00:00Z", "2024-12-31T10:00:00Z"},
		{"every year", "", "2024-02-29T10:00:00Z", "2025-02-28T10:00:00Z", "2023-02-28T10:00:00Z"},
		// June 15, 2025 is a Sunday.
		{"every monday", "", "2025-06-15T10:00:00Z", "2025-06-16T10:00:00Z", "2025-06-09T10:00:00Z"},
		{"every sun", "", "2025-06-15T10:00:00Z", "2025-06-22T10:00:00Z", "2025-06-08T10:00:00Z"},
		{"every third sunday", "", "2025-06-14T10:00:00Z", "2025-06-15T10:00:00Z", "2025-05-18T10:00:00Z"},
		{"every 3rd sunday", "", "2025-06-15T10:00:00Z", "2025-07-20T10:00:00Z", "2025-05-18T10:00:00Z"},
		{"every second tuesday", "", "2025-06-09T10:00:00Z", "2025-06-10T10:00:00Z", "2025-05-13T10:00:00Z"},
		{"every fifth monday", "", "2025-06-15T10:00:00Z", "2025-06-30T10:00:00Z", "2025-03-31T10:00:00Z"},
		{"every last friday", "", "2025-06-15T10:00:00Z", "2025-06-27T10:00:00Z", "2025-05-30T10:00:00Z"},
		{"every last friday", "", "2025-06-27T10:00:00Z", "2025-07-25T10:00:00Z", "2025-05-30T10:00:00Z"},
		{"every last fri", "", "2025-12-28T10:00:00Z", "2026-01-30T10:00:00Z", "2025-12-26T10:00:00Z"},
		// With a start, its time of day and its rhythm count.
		{"every 2 weeks", "2025-06-02T09:00:00Z", "2025-06-15T10:00:00Z", "2025-06-16T09:00:00Z", "2025-06-02T09:00:00Z"},
		{"every month", "2025-01-31T09:00:00Z", "2025-03-15T10:00:00Z", "2025-03-31T09:00:00Z", "2025-02-28T09:00:00Z"},
		{"every day", "2025-06-15T10:00:00Z", "2025-06-15T10:00:00Z", "2025-06-16T10:00:00Z", "null"},
		{"every day", "2025-07-01T09:00:00Z", "2025-06-15T10:00:00Z", "2025-07-01T09:00:00Z", "null"},
		{"every monday", "2025-07-01T09:00:00Z", "2025-06-15T10:00:00Z", "2025-07-07T09:00:00Z", "null"},
		{"every sunday", "2025-06-01T11:00:00Z", "2025-06-15T10:00:00Z", "2025-06-15T11:00:00Z", "2025-06-08T11:00:00Z"},
		{"every sunday", "2025-06-01T09:00:00Z", "2025-06-15T10:00:00Z", "2025-06-22T09:00:00Z", "2025-06-15T09:00:00Z"},
		{"every 1000000000 years", "", "2025-06-15T10:00:00Z", "null", "null"},
	} {
		start := value.Value{}
		if c.start != "" {
			start = value.OfTime(date(t, c.start))
		}
		r, err := ParseRecurrence(c.pattern, start, func() time.Time { return date(t, c.now) })
		if err != nil {
			t.Error(err)
			continue
		}
		props(t, r, map[string]string{"next": c.next, "Previous": c.previous, "pattern": c.pattern})
	}
	for _, s := range []string{"", "every", "monday", "each day", "every fortnight", "every -2 days", "every 0 days", "every 2", "every last day",
		"every sixth monday", "every day at 9", "every 2 mondays", "every 9999999999 days", "every d"} {
		if r, err := ParseRecurrence(s, value.Value{}, time.Now); err == nil {
			t.Errorf("%q passes as %+v", s, r)
		} else if !strings.Contains(err.Error(), "every last friday") {
			t.Errorf("%q: the error gives no example: %v", s, err)
		}
	}
}

func TestOccurrences(t *testing.T) {
	now := func() time.Time { return date(t, "2025-01-31T10:00:00Z") }
	list := func(pattern string, start value.Value) (out []string) {
		r, err := ParseRecurrence(pattern, start, now)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := r.Property("occurrences")
		for _, e := range v.List() {
			out = append(out, e.Time().Format(time.DateOnly))
		}
		return out
	}
	if got := list("every month", value.Value{}); len(got) != 10 || !slices.Equal(got[:3], []string{"2025-02-28", "2025-03-31", "2025-04-30"}) {
		t.Errorf("every month: %v", got)
	}
	if got := list("every fifth friday", value.Value{}); len(got) != 10 || !slices.Equal(got[:3], []string{"2025-05-30", "2025-08-29", "2025-10-31"}) {
		t.Errorf("every fifth friday: %v", got)
	}
	start := value.OfTime(date(t, "2025-03-01"))
	if got := list("every 2 days", start); len(got) != 10 || got[0] != "2025-03-01" || got[1] != "2025-03-03" {
		t.Errorf("with a start to come: %v", got)
	}
}

// Every occurrence is later than the one before, and previous undoes next.
func TestRecurrenceLaws(t *testing.T) {
	patterns := []string{"every day", "every 3 weeks", "every month", "every tuesday", "every first monday", "every fifth sunday", "every last friday"}
	law := func(sec int32, n uint8) bool {
		r, err := ParseRecurrence(patterns[int(n)%len(patterns)], value.OfTime(time.Unix(0, 0).UTC()), nil)
		if err != nil {
			return false
		}
		now := time.Unix(int64(max(sec, -(sec+1)))|1<<20, 0).UTC()
		first, ok := r.step(now, 1)
		second, ok2 := r.step(first, 1)
		again, ok3 := r.step(second, -1)
		third, ok4 := r.step(now, 2)
		return ok && ok2 && ok3 && ok4 && first.After(now) && second.After(first) && again.Equal(first) && third.Equal(second)
	}
	if err := quick.Check(law, &quick.Config{MaxCount: 300}); err != nil {
		t.Error(err)
	}
}

// A weekday is one of the zone, and the time of day stays across clock changes.
func TestRecurrenceFollowsTheZone(t *testing.T) {
	tokyo := zone(t, "Asia/Tokyo")
	start := time.Date(2025, 6, 2, 8, 0, 0, 0, tokyo) // a Monday; Sunday evening in UTC
	r, _ := ParseRecurrence("every monday", value.OfTime(start), func() time.Time { return date(t, "2025-06-15T23:30:00Z") })
	v, _ := r.Property("next")
	if got := v.Text(); got != "2025-06-23T08:00:00+09:00" {
		t.Errorf("next Monday in Tokyo is %s", got)
	}
}

func FuzzRecurrence(f *testing.F) {
	for _, s := range []string{"every monday", "every 2 weeks", "every last friday", "every 1000000000 years", "every 2nd second"} {
		f.Add(s, int64(1750000000), int64(0), true)
	}
	f.Fuzz(func(t *testing.T, pattern string, now, start int64, hasStart bool) {
		const span = 200_000_000_000
		v := value.Value{}
		if hasStart {
			v = value.OfTime(time.Unix(start%span, 0).UTC())
		}
		r, err := ParseRecurrence(pattern, v, func() time.Time { return time.Unix(now%span, 0).UTC() })
		if err != nil {
			return
		}
		present := r.now()
		if next, _ := r.Property("next"); next.Kind() == value.Date && !next.Time().After(present) {
			t.Errorf("next %s is not after %s", next.Text(), present)
		}
		if prev, _ := r.Property("previous"); prev.Kind() == value.Date && !prev.Time().Before(present) {
			t.Errorf("previous %s is not before %s", prev.Text(), present)
		}
		r.Property("occurrences")
	})
}

// TestP12_Extremes: with any year up to a million, any offset and any number, there is a
// date between the years 0 and 9999 on the right side of the one before, or an error; and
// nothing is counted out one by one.
func TestP12_Extremes(t *testing.T) {
	begun := time.Now()
	rapid.Check(t, func(t *rapid.T) {
		year := rapid.IntRange(-999_999, 999_999).Draw(t, "year")
		layout := rapid.SampledFrom([]string{"%04d-02-28", "%d-02-28", "%+07d-02-28", "%06d-02-28", "%04d-02-28T23:59:59Z", "%+d-02-28T00:00:00+14:00", "%04d-02-28T00:00:00-12:00"}).Draw(t, "layout")
		text := fmt.Sprintf(layout, year)
		v, ok := value.ParseDate(text)
		if ok {
			if y := v.Time().Year(); y < year-1 || y > year+1 || y < -1 || y > 10_000 {
				t.Fatalf("%s is %s", text, v.Text())
			}
		} else if year >= 1 && year <= 9998 && layout[:4] == "%04d" {
			t.Fatalf("%s is no date", text)
		}
		from := value.OfTime(time.Unix(rapid.Int64Range(-62167219200, 253402300799).Draw(t, "from"), 0).UTC())
		unit := rapid.SampledFrom([]string{"s", "m", "h", "d", "w", "M", "y"}).Draw(t, "unit")
		n := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-999_999, 999_999), rapid.Int64Range(-maxOffset, maxOffset)).Draw(t, "n")
		if o, is, err := ParseOffset(fmt.Sprintf("%+d%s", n, unit)); !is {
			t.Fatalf("%+d%s is no offset", n, unit)
		} else if err == nil {
			to, err := o.Apply(from.Time())
			if err == nil && (to.Year() < 0 || to.Year() > 9999 || n > 0 && !to.After(from.Time()) || n < 0 && !to.Before(from.Time())) {
				t.Fatalf("%s %+d%s is %v", from.Text(), n, unit, to)
			}
		}
		to := value.OfTime(time.Unix(rapid.Int64Range(-62167219200, 253402300799).Draw(t, "to"), 0).UTC())
		r, d := &Range{from, to}, &Distance{from, to}
		for _, name := range []string{"seconds", "minutes", "hours", "days", "weeks"} {
			length, ok := r.Property(name)
			way, ok2 := d.Property(name)
			if !ok || !ok2 || length.Int() < 0 || length.Int() != max(way.Int(), -way.Int()) || way.Int() > 0 && to.Time().Before(from.Time()) {
				t.Fatalf("%s: %s %s, %s", r.Simple().Text(), length.Text(), name, way.Text())
			}
		}
		if !r.Contains(from) || !r.Contains(to) {
			t.Fatalf("%s does not contain its ends", r.Simple().Text())
		}
		pattern := fmt.Sprintf("every %d %s", rapid.Int64Range(1, 1e18).Draw(t, "count"), rapid.SampledFrom([]string{"seconds", "days", "weeks", "months", "years"}).Draw(t, "units"))
		if rec, err := ParseRecurrence(pattern, from, func() time.Time { return to.Time() }); err == nil {
			for _, name := range []string{"next", "previous", "occurrences"} {
				rec.Property(name)
			}
		}
	})
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("a hundred cases took %v", took)
	}
}
