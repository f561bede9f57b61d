package durable

import (
	"encoding/binary"
	"time"

	"aro/pkg/store"
)

// A record is what one write did: the name of the repository, the number of effects,
// and for each its kind and what belongs to it. The payload of a frame of the log is
// records, each behind its length.
//
//	Put      age, time, row         Removed, Dropped  age
//	Touched  age, time              Bounded           largest number, time to live
//
// Two more kinds take a repository in or out (Configure … durable): adopted is
// followed by effects that build it up, abandoned by nothing.
const (
	adopted   = 32
	abandoned = 33
)

func appendRecord(b []byte, name string, effects []store.Effect) []byte {
	b = appendString(b, name)
	b = binary.AppendUvarint(b, uint64(len(effects)))
	for i := range effects {
		b = appendEffect(b, &effects[i])
	}
	return b
}

func appendEffect(b []byte, e *store.Effect) []byte {
	b = append(b, byte(e.Kind))
	switch e.Kind {
	case store.Put:
		b = binary.AppendUvarint(b, e.Age)
		b = binary.AppendVarint(b, e.Time)
		b = appendValue(b, e.Row, 0)
	case store.Touched:
		b = binary.AppendUvarint(b, e.Age)
		b = binary.AppendVarint(b, e.Time)
	case store.Removed, store.Dropped:
		b = binary.AppendUvarint(b, e.Age)
	case store.Bounded:
		b = binary.AppendUvarint(b, uint64(max(e.New.MaxSize, 0)))
		b = binary.AppendVarint(b, int64(e.New.TTL))
	}
	return b
}

// effect reads what appendEffect wrote.
func (d *decoder) effect() (e store.Effect) {
	e.Kind = store.EffectKind(d.byte())
	switch e.Kind {
	case store.Put:
		e.Age, e.Time = d.uint(), d.int()
		e.Row = d.value(0)
	case store.Touched:
		e.Age, e.Time = d.uint(), d.int()
	case store.Removed, store.Dropped:
		e.Age = d.uint()
	case store.Bounded:
		e.New = store.Limits{MaxSize: int(d.uint()), TTL: time.Duration(d.int())}
	case store.Emptied, adopted, abandoned:
	default:
		d.fail()
	}
	return e
}
