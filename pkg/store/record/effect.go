package record

import (
	"encoding/binary"
	"time"

	"aro/pkg/store"
)

// AppendEffects writes the number of effects, and for each its kind and what belongs
// to it. What it takes to revert them is not written.
//
//	Put      age, time, row         Removed, Dropped  age
//	Touched  age, time              Bounded           largest number, time to live
//
// A kind that the store does not know stands alone: it means something to the engine.
func AppendEffects(b []byte, effects []store.Effect) []byte {
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
		b = AppendValue(b, e.Row)
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

// Own is the first kind of effect that an engine may use for itself.
const Own store.EffectKind = 32

// Effect reads one effect; Count in front of the first one reads their number.
func (d *Decoder) Effect() (e store.Effect) {
	e.Kind = store.EffectKind(d.Byte())
	switch e.Kind {
	case store.Put:
		e.Age, e.Time = d.Uint(), d.Int()
		e.Row = d.Value()
	case store.Touched:
		e.Age, e.Time = d.Uint(), d.Int()
	case store.Removed, store.Dropped:
		e.Age = d.Uint()
	case store.Bounded:
		e.New = store.Limits{MaxSize: int(d.Uint()), TTL: time.Duration(d.Int())}
	case store.Emptied:
	default:
		if e.Kind < Own {
			d.Fail()
		}
	}
	return e
}
