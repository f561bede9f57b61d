package host

import (
	"sync"
	"time"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// systemSample is how long the processor is watched for `Retrieve … from the
// <system>`.
const systemSample = 150 * time.Millisecond

// usage is a capacity in bytes and what is taken of it.
type usage struct{ used, total uint64 }

// ticks is processor time since the machine started, in any unit.
type ticks struct{ busy, total uint64 }

// percent is the load between two looks at the processor.
func (t ticks) percent(since ticks) int64 {
	if t.total <= since.total || t.busy < since.busy {
		return 0
	}
	return int64((t.busy - since.busy) * 100 / (t.total - since.total))
}

// system is <system> (02 §11). Read as a variable it does not wait: the processor's
// load is then that since the look before, at first since the machine started.
type system struct {
	mu   sync.Mutex
	last ticks
}

// look returns the processor's load since the look before.
func (s *system) look() int64 {
	now := readTicks()
	s.mu.Lock()
	defer s.mu.Unlock()
	p := now.percent(s.last)
	s.last = now
	return p
}

// TypeName implements value.Object.
func (s *system) TypeName() string { return "System" }

// Property implements value.Object.
func (s *system) Property(name string) (value.Value, bool) {
	switch name {
	case "cpu":
		return value.OfInt(s.look()), true
	case "memory":
		return readMemory().value(), true
	case "disk":
		return readDisk().value(), true
	}
	return value.Value{}, false
}

// Simple implements value.Object.
func (s *system) Simple() value.Value { return systemValue(s.look()) }

func systemValue(cpu int64) value.Value {
	return value.MapOf("cpu", value.OfInt(cpu), "memory", readMemory().value(), "disk", readDisk().value())
}

// value is a usage in whole gigabytes.
func (u usage) value() value.Value {
	const giga = 1 << 30
	percent := uint64(0)
	if u.total > 0 {
		percent = u.used * 100 / u.total
	}
	return value.MapOf("used", value.OfInt(int64(u.used/giga)), "total", value.OfInt(int64(u.total/giga)), "percent", value.OfInt(int64(percent)))
}

// retrieveSystem is `Retrieve the <stats> from the <system>` or `<system: cpu>`.
func retrieveSystem(c *vm.Call) (value.Value, error) {
	switch part := c.Site.Object.Raw; part {
	case "memory":
		return readMemory().value(), nil
	case "disk":
		return readDisk().value(), nil
	default:
		return c.Suspend(&systemWatch{h: executionOf(c).Host, part: part})
	}
}

// systemWatch looks at the processor twice.
type systemWatch struct {
	h    *Host
	part string
}

// Start implements vm.Op.
func (w *systemWatch) Start(co *vm.Coroutine) bool {
	before := readTicks()
	time.AfterFunc(systemSample, func() {
		cpu := readTicks().percent(before)
		if w.part == "cpu" {
			resume(co, value.OfInt(cpu), nil)
			return
		}
		resume(co, systemValue(cpu), nil)
	})
	return false
}
