package calendar

import (
	"strings"
	"time"

	"aro/pkg/vm/value"
)

// Range is the time between two dates, both included. Its ends keep the order in
// which the program gave them.
type Range struct{ Start, End value.Value }

// TypeName implements value.Object.
func (r *Range) TypeName() string { return "DateRange" }

// Property implements value.Object: the ends, and the length in whole units
// whatever the order of the ends.
func (r *Range) Property(name string) (value.Value, bool) {
	switch name = strings.ToLower(name); name {
	case "start":
		return r.Start, true
	case "end":
		return r.End, true
	}
	n, ok := between(r.Start, r.End, name)
	return value.OfInt(max(n, -n)), ok
}

// Simple implements value.Object: `start to end`.
func (r *Range) Simple() value.Value {
	return value.OfString(r.Start.Text() + " to " + r.End.Text())
}

// Developer is the developer form: ranges are shown as dates are.
func (r *Range) Developer() string { return "Date(" + r.Simple().Str() + ")" }

// Contains reports whether a date, or text that reads as one, lies in the range.
func (r *Range) Contains(v value.Value) bool {
	d, ok := v.AsDate()
	if !ok {
		return false
	}
	lo, hi, t := r.Start.Time(), r.End.Time(), d.Time()
	if hi.Before(lo) {
		lo, hi = hi, lo
	}
	return !t.Before(lo) && !t.After(hi)
}

// Distance is the signed way from one date to another.
type Distance struct{ From, To value.Value }

// TypeName implements value.Object.
func (d *Distance) TypeName() string { return "DateDistance" }

// Property implements value.Object: the ends, and the length in whole units,
// negative when To is earlier.
func (d *Distance) Property(name string) (value.Value, bool) {
	switch name = strings.ToLower(name); name {
	case "from":
		return d.From, true
	case "to":
		return d.To, true
	}
	n, ok := between(d.From, d.To, name)
	return value.OfInt(n), ok
}

// Simple implements value.Object: a map of all properties.
func (d *Distance) Simple() value.Value {
	b := value.NewBuilder(7)
	for _, name := range []string{"from", "to", "seconds", "minutes", "hours", "days", "weeks"} {
		v, _ := d.Property(name)
		b.Set(name, v)
	}
	return b.Value()
}

// between counts the whole units from a to b; a name that is no plural of a unit
// up to weeks is none of them. These are exact lengths: a day has 24 hours here.
func between(a, b value.Value, name string) (int64, bool) {
	u, ok := units[name]
	if !ok || u > Week || len(name) < 4 || name[len(name)-1] != 's' {
		return 0, false
	}
	return seconds(a.Time(), b.Time()) / exact[u], true
}

// seconds is the way from a to b, cut to whole seconds. A time.Duration would
// overflow after 292 years.
func seconds(a, b time.Time) int64 {
	s, ns := b.Unix()-a.Unix(), b.Nanosecond()-a.Nanosecond()
	switch {
	case s > 0 && ns < 0:
		s--
	case s < 0 && ns > 0:
		s++
	}
	return s
}
