package host

import (
	"fmt"
	"math"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/store"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// configureRepository is `Configure the <x-repository: maxSize> with 3.` Rows
// beyond a smaller limit are evicted at once.
func configureRepository(c *vm.Call) (value.Value, error) {
	s := c.Site
	v, ok := argOr(c, bytecode.SlotDuration, bytecode.SlotObject, bytecode.SlotWith)
	if !ok {
		return value.Value{}, fmt.Errorf("'%s' needs a value", s.Verb)
	}
	r := executionOf(c).Host.Repository(s.Result.Base)
	n, number := v.AsNumber()
	var set func(*store.Limits)
	switch s.Result.Raw {
	case "maxSize":
		if !number || n < 1 || n != math.Trunc(n) || n > math.MaxInt32 {
			return value.Value{}, fmt.Errorf("maxSize must be a whole number above zero, got %s", v.Text())
		}
		set = func(l *store.Limits) { l.MaxSize = int(n) }
	case "ttl":
		unit := units[s.Unit]
		if unit == 0 {
			unit = time.Second
		}
		if !number || !(n > 0) {
			return value.Value{}, fmt.Errorf("ttl must be a number of seconds above zero, got %s", v.Text())
		}
		d := time.Duration(min(n*float64(unit), float64(longestInterval)))
		set = func(l *store.Limits) { l.TTL = max(d, 1) }
	case "durable":
		return configureDurable(c, r, v)
	default:
		return value.Value{}, noSetting("a repository", s.Result.Raw, settings["-repository"])
	}
	return r.writeNow(c, func(w store.Repository) (value.Value, []store.Change) {
		l := w.Limits()
		set(&l)
		return value.OfObject(r), w.SetLimits(l)
	})
}

// evictedEvent is the Trigger of `x-repository Evicted Handler` (02 §7.6).
func evictedEvent(repo string, c *store.Change) Trigger {
	b := value.NewBuilder(4)
	b.Set("evictedItem", c.Old)
	b.Set("repositoryName", value.OfString(repo))
	b.Set("reason", value.OfString("maxSize"))
	b.Set("timestamp", value.OfFloat(float64(c.Time.UnixMicro())/1e6))
	return about{event: b.Value(), subject: c.Old}
}

// A repository is also a value.Object: what Configure binds.

// TypeName implements value.Object.
func (r *repository) TypeName() string { return "Repository" }

// Property implements value.Object.
func (r *repository) Property(name string) (value.Value, bool) {
	switch name {
	case "count":
		return value.OfInt(int64(r.Count())), true
	case "maxSize":
		n := r.Limits().MaxSize
		return value.OfInt(int64(n)), n > 0
	case "ttl":
		d := r.Limits().TTL
		return value.OfFloat(d.Seconds()), d > 0
	}
	return value.Element(r.Rows(), name)
}

// Simple implements value.Object.
func (r *repository) Simple() value.Value { return value.OfList(r.Rows()) }
