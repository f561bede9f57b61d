package host

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
	"aro/pkg/vm/value/calendar"
)

// dateOf returns a date, or the date that text names.
func dateOf(v value.Value) (value.Value, error) {
	if d, ok := v.AsDate(); ok {
		return d, nil
	}
	if v.Kind() == value.String {
		return value.Value{}, fmt.Errorf("'%s' is no date; write it as 2025-01-31 or 2025-01-31T10:00:00Z", vm.Clip(v.Str(), defaultClip))
	}
	return value.Value{}, fmt.Errorf("Type mismatch: expected 'Date', got '%s'", v.TypeName())
}

// shift is a date offset as an operation.
func shift(o calendar.Offset) func(value.Value, operands) (value.Value, error) {
	return func(v value.Value, _ operands) (value.Value, error) {
		d, err := dateOf(v)
		if err != nil {
			return value.Value{}, err
		}
		t, err := o.Apply(d.Time())
		return value.OfTime(t), err
	}
}

// defaultPattern is how format writes a date without a pattern of its own.
const defaultPattern = "MMMM dd, yyyy"

// formatDate writes a date in its own zone.
func formatDate(v value.Value, with operands) (value.Value, error) {
	d, err := dateOf(v)
	if err != nil {
		return value.Value{}, err
	}
	pattern := defaultPattern
	if with.with.IsBound() {
		if with.with.Kind() != value.String {
			return value.Value{}, fmt.Errorf("'format' needs a pattern such as \"dd.MM.yyyy\", not a %s", with.with.TypeName())
		}
		pattern = with.with.Str()
	}
	var room [64]byte
	return value.OfString(string(compileDatePattern(pattern).format(room[:0], d.Time()))), nil
}

func distanceTo(v value.Value, with operands) (value.Value, error) {
	if !with.to.IsBound() {
		return value.Value{}, errors.New("'distance' needs two dates: Compute the <d: distance> from <a> to <b>.")
	}
	from, err := dateOf(v)
	if err != nil {
		return value.Value{}, err
	}
	to, err := dateOf(with.to)
	if err != nil {
		return value.Value{}, err
	}
	return value.OfObject(&calendar.Distance{From: from, To: to}), nil
}

// inZone keeps the moment and changes the zone in which it is shown, taken apart
// and computed with.
func inZone(v value.Value, with operands) (value.Value, error) {
	d, err := dateOf(v)
	if err != nil {
		return value.Value{}, err
	}
	if with.with.Kind() != value.String {
		return value.Value{}, errors.New("'timezone' needs the name of a zone: with \"Europe/Berlin\"")
	}
	loc, err := zoneNamed(with.with.Str())
	if err != nil {
		return value.Value{}, err
	}
	return value.OfTime(d.Time().In(loc)), nil
}

// zones keeps the zones in use: loading one reads a file. Bounded, since the
// names may come from requests.
var zones struct {
	sync.Mutex
	m map[string]*time.Location
}

const maxZones = 64

func zoneNamed(name string) (*time.Location, error) {
	zones.Lock()
	defer zones.Unlock()
	if loc := zones.m[name]; loc != nil {
		return loc, nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("'%s' is no time zone that this machine knows; use a name such as UTC or Europe/Berlin", vm.Clip(name, defaultClip))
	}
	if zones.m == nil || len(zones.m) >= maxZones {
		zones.m = make(map[string]*time.Location)
	}
	zones.m[name] = loc
	return loc, nil
}

// createRange is `Create the <r: date-range> from <a> to <b>.`
func createRange(c *vm.Call) (value.Value, error) {
	from, ok1 := clause(c, "from", bytecode.SlotFrom)
	to, ok2 := clause(c, "to", bytecode.SlotTo)
	if !ok1 || !ok2 {
		return value.Value{}, errors.New("a date-range needs two dates: Create the <r: date-range> from <a> to <b>.")
	}
	start, err := dateOf(from)
	if err != nil {
		return value.Value{}, err
	}
	end, err := dateOf(to)
	if err != nil {
		return value.Value{}, err
	}
	return value.OfObject(&calendar.Range{Start: start, End: end}), nil
}

// createRecurrence is `Create the <s: recurrence> with "every monday" [from
// <start>].`
func createRecurrence(c *vm.Call) (value.Value, error) {
	pattern, ok := clause(c, "with", bytecode.SlotWith)
	if !ok || pattern.Kind() != value.String {
		return value.Value{}, errors.New("a recurrence needs a pattern: Create the <s: recurrence> with \"every monday\".")
	}
	var start value.Value
	if from, ok := clause(c, "from", bytecode.SlotFrom); ok {
		var err error
		if start, err = dateOf(from); err != nil {
			return value.Value{}, err
		}
	}
	r, err := calendar.ParseRecurrence(pattern.Str(), start, func() time.Time { return time.Now().UTC() })
	if err != nil {
		return value.Value{}, err
	}
	return value.OfObject(r), nil
}

// clause returns what a preposition gives, whether it stands first, which makes
// it the object, or later.
func clause(c *vm.Call, prep string, slot bytecode.Slot) (value.Value, bool) {
	if c.Site.Prep == prep {
		slot = bytecode.SlotObject
	}
	v, ok := argOr(c, slot)
	return v, ok && v.IsBound()
}

// extract is Extract with further clauses; the rest became instructions. The
// zone of a date is one: `Extract the <local: timezone> from <now> with "…".`
func extract(c *vm.Call) (value.Value, error) {
	v := c.Arg(bytecode.SlotObject)
	if with, ok := argOr(c, bytecode.SlotWith); ok && c.Site.Result.Raw == "timezone" {
		return inZone(v, operands{with: with})
	}
	return v, nil
}
