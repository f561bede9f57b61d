package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"aro/pkg/vm/value"
)

// Recurrence is a rule such as "every last friday". Its occurrences are asked for
// relative to the present, so the same recurrence answers differently later.
//
// With a start, occurrences are the start and what follows from it. Without one
// they are counted from the moment of the question and keep its time of day.
type Recurrence struct {
	Pattern string
	Start   value.Value // a date, or unbound

	now   func() time.Time
	every Offset // an interval, when day is noDay

	day time.Weekday
	nth int // of the month: 1 to 5, last, or 0 for every week
}

const noDay time.Weekday = -1

const last = -1

// maxInterval bounds the number in "every N units", so that no computation with
// it overflows.
const maxInterval = 1_000_000_000

// listed is how many occurrences the property of that name holds.
const listed = 10

var weekdays = map[string]time.Weekday{
	"sunday": time.Sunday, "sun": time.Sunday, "monday": time.Monday, "mon": time.Monday,
	"tuesday": time.Tuesday, "tue": time.Tuesday, "tues": time.Tuesday, "wednesday": time.Wednesday, "wed": time.Wednesday,
	"thursday": time.Thursday, "thu": time.Thursday, "thur": time.Thursday, "thurs": time.Thursday,
	"friday": time.Friday, "fri": time.Friday, "saturday": time.Saturday, "sat": time.Saturday,
}

var ordinals = map[string]int{"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4,
	"fifth": 5, "5th": 5, "last": last}

// ParseRecurrence reads a pattern (02 §10.4). now is asked whenever a property
// depends on the present; start may be unbound.
func ParseRecurrence(pattern string, start value.Value, now func() time.Time) (*Recurrence, error) {
	r := &Recurrence{Pattern: pattern, Start: start, now: now, day: noDay}
	words := strings.Fields(strings.ToLower(pattern))
	if len(words) < 2 || len(words) > 3 || words[0] != "every" || !r.rule(words[1:]) {
		return nil, fmt.Errorf("'%s' is no recurrence; write for instance every day, every 2 weeks, every monday or every last friday", pattern)
	}
	return r, nil
}

func (r *Recurrence) rule(words []string) bool {
	word := words[len(words)-1]
	day, isDay := weekdays[word]
	unit, isUnit := units[word]
	isUnit = isUnit && len(word) > 2 // words only, no letters
	if len(words) == 1 {
		r.every = Offset{1, unit}
		if isDay {
			r.day = day
		}
		return isDay || isUnit
	}
	nth, isNth := ordinals[words[0]]
	switch {
	case isDay && isNth:
		r.day, r.nth = day, nth
		return true
	case isUnit && isNth && nth != last: // every 2nd day
		r.every = Offset{int64(nth), unit}
		return true
	case isUnit:
		n, err := strconv.ParseInt(words[0], 10, 64)
		r.every = Offset{n, unit}
		return err == nil && n > 0 && n <= maxInterval
	}
	return false
}

// TypeName implements value.Object.
func (r *Recurrence) TypeName() string { return "Recurrence" }

// Property implements value.Object.
func (r *Recurrence) Property(name string) (value.Value, bool) {
	switch strings.ToLower(name) {
	case "pattern":
		return value.OfString(r.Pattern), true
	case "start":
		return r.Start, r.Start.IsBound()
	case "next":
		return dateOrNull(r.step(r.now(), 1)), true
	case "previous":
		return dateOrNull(r.step(r.now(), -1)), true
	case "occurrences":
		return value.OfList(r.following(listed)), true
	}
	return value.Value{}, false
}

// Simple implements value.Object: the pattern.
func (r *Recurrence) Simple() value.Value { return value.OfString(r.Pattern) }

func dateOrNull(t time.Time, ok bool) value.Value {
	if !ok || t.Year() < 0 || t.Year() > 9999 {
		return value.Nil
	}
	return value.OfTime(t)
}

// following returns the next n occurrences, fewer at the end of the calendar.
func (r *Recurrence) following(n int) []value.Value {
	now := r.now()
	list := make([]value.Value, 0, n)
	for i := range n {
		t, ok := r.step(now, int64(i+1))
		v := dateOrNull(t, ok)
		if v.Kind() == value.Null {
			break
		}
		list = append(list, v)
	}
	return list
}

// step returns the n-th occurrence after now, n > 0, or the n-th one before it,
// n < 0; ok is false when it would lie before the start.
func (r *Recurrence) step(now time.Time, n int64) (t time.Time, ok bool) {
	anchor := now
	if r.Start.IsBound() {
		anchor = r.Start.Time()
	}
	if r.day == noDay {
		return r.interval(anchor, now, n)
	}
	return r.weekday(anchor, now, n)
}

// interval counts whole intervals from the anchor, not from the occurrence
// before: January 31 and a month is February 28, two months is March 31.
func (r *Recurrence) interval(anchor, now time.Time, n int64) (time.Time, bool) {
	at := func(k int64) time.Time { return move(anchor, r.every.Unit, k*r.every.N) }
	// k is the last occurrence that is not after now: estimated, then corrected.
	k := seconds(anchor, now)/(exact[r.every.Unit]*r.every.N) - 2
	for !at(k + 1).After(now) {
		k++
	}
	if n > 0 && r.Start.IsBound() {
		k = max(k, -1) // the start is the first one
	}
	if n < 0 && at(k).Before(now) {
		k++ // not at an occurrence now: the one before is k
	}
	k += n
	return at(k), k >= 0 || !r.Start.IsBound()
}

// weekday walks day by day; a rule holds at least once in some months.
func (r *Recurrence) weekday(anchor, now time.Time, n int64) (time.Time, bool) {
	y, m, d := now.In(anchor.Location()).Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC) // without clock changes
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	if step > 0 && anchor.After(now) { // nothing happens before the start
		y, m, d = anchor.Date()
		day = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	for range 366 * listed {
		t := time.Date(day.Year(), day.Month(), day.Day(), anchor.Hour(), anchor.Minute(), anchor.Second(), anchor.Nanosecond(), anchor.Location())
		if r.Start.IsBound() && step < 0 && t.Before(anchor) {
			break
		}
		if r.falls(day) && (step > 0 && t.After(now) || step < 0 && t.Before(now)) && !(r.Start.IsBound() && t.Before(anchor)) {
			if n--; n == 0 {
				return t, true
			}
		}
		day = day.AddDate(0, 0, step)
	}
	return time.Time{}, false
}

// falls reports whether the rule names this day.
func (r *Recurrence) falls(day time.Time) bool {
	if day.Weekday() != r.day {
		return false
	}
	switch r.nth {
	case 0:
		return true
	case last:
		return day.AddDate(0, 0, 7).Month() != day.Month()
	}
	return (day.Day()-1)/7+1 == r.nth
}
