// Package calendar holds what programs compute with dates: offsets, ranges,
// distances and recurrences (02 §10). Dates themselves are a kind of value.
//
// All arithmetic happens in the zone of the date it starts from: a day later is
// the same time on the next day, also where a clock change lies between.
package calendar

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Unit is a unit of time.
type Unit uint8

// The units. Seconds, minutes and hours are exact; the others follow the
// calendar.
const (
	Second Unit = iota
	Minute
	Hour
	Day
	Week
	Month
	Year
)

// units are the words for the units. Single letters are exact, since m and M
// differ; words may be written in any case.
var units = map[string]Unit{
	"s": Second, "sec": Second, "second": Second, "seconds": Second,
	"m": Minute, "min": Minute, "minute": Minute, "minutes": Minute,
	"h": Hour, "hour": Hour, "hours": Hour,
	"d": Day, "day": Day, "days": Day,
	"w": Week, "week": Week, "weeks": Week,
	"M": Month, "month": Month, "months": Month,
	"y": Year, "year": Year, "years": Year,
}

// unitOf finds a unit by its letter or word.
func unitOf(word string) (Unit, bool) {
	if u, ok := units[word]; ok {
		return u, true
	}
	u, ok := units[strings.ToLower(word)]
	return u, ok
}

// Offset is a signed number of units, such as +7d.
type Offset struct {
	N    int64
	Unit Unit
}

// ParseOffset reads `[+-]digits unit`; ok is false for text of another form. An
// offset with an unknown unit or too large a number is an error.
func ParseOffset(s string) (o Offset, ok bool, err error) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return o, false, nil
	}
	i := 1
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == 1 {
		return o, false, nil
	}
	word := strings.TrimSpace(s[i:])
	if o.Unit, ok = unitOf(word); !ok {
		return o, true, fmt.Errorf("'%s' is no unit of time; use s, m, h, d, w, M or y, as in +7d", word)
	}
	if o.N, err = strconv.ParseInt(s[:i], 10, 64); err != nil || o.N > maxOffset || o.N < -maxOffset {
		return o, true, errTooFar
	}
	return o, true, nil
}

// maxOffset is ten thousand years in seconds: no offset needs more.
const maxOffset = 366 * 10000 * 86400

var errTooFar = errors.New("the date would lie outside the years 0 to 9999")

// Apply returns t moved by the offset. Months and years keep the day, clamped to
// the length of the month: a month after January 31 is February 28 or 29.
func (o Offset) Apply(t time.Time) (time.Time, error) {
	u := move(t, o.Unit, o.N)
	if y := u.Year(); y < 0 || y > 9999 {
		return time.Time{}, errTooFar
	}
	return u, nil
}

// exact is the length of the units in seconds; of months and years it is their
// mean, which is good for estimates only.
var exact = [...]int64{Second: 1, Minute: 60, Hour: 3600, Day: 86400, Week: 7 * 86400, Month: 2629746, Year: 31556952}

// move is Apply without its limits.
func move(t time.Time, u Unit, n int64) time.Time {
	if far := 20000 * exact[Year] / exact[u]; n > far {
		return time.Unix(1<<40, 0).UTC() // some 35,000 years away: Apply refuses it
	} else if n < -far {
		return time.Unix(-1<<40, 0).UTC()
	}
	switch u {
	case Second, Minute, Hour:
		return time.Unix(t.Unix()+n*exact[u], int64(t.Nanosecond())).In(t.Location())
	case Day:
		return t.AddDate(0, 0, int(n))
	case Week:
		return t.AddDate(0, 0, int(7*n))
	case Year:
		n *= 12
	}
	y, m, day := t.Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	day = min(day, first.AddDate(0, 1, -1).Day())
	return time.Date(first.Year(), first.Month(), day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
}
