package record

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"time"

	"aro/pkg/vm/value"
	"aro/pkg/vm/value/calendar"
)

// ErrForm says that bytes do not have the form of this version: another program
// wrote them.
var ErrForm = errors.New("it is not in the form that this version writes")

// Decoder reads values, numbers and effects. The first thing that does not fit makes
// Bad true and everything after it zero. But for Bytes, nothing it returns aliases
// its input, so a row does not keep the block alive that it was read from. One
// goroutine uses it at a time; Rest may be set to go on with other input.
type Decoder struct {
	Rest  []byte // what has not been read
	Bad   bool
	zones map[zone]*time.Location
	keys  map[string]string // keys of maps, which repeat
}

type zone struct {
	name   string
	offset int64
}

// Fail says that what was read makes no sense.
func (d *Decoder) Fail() {
	d.Bad, d.Rest = true, nil
}

// Byte, Uint and Int read numbers: one byte, an unsigned and a zigzag varint.
func (d *Decoder) Byte() byte {
	if len(d.Rest) == 0 {
		d.Fail()
		return 0
	}
	c := d.Rest[0]
	d.Rest = d.Rest[1:]
	return c
}

// Uint: see Byte.
func (d *Decoder) Uint() uint64 {
	n, size := binary.Uvarint(d.Rest)
	if size <= 0 {
		d.Fail()
		return 0
	}
	d.Rest = d.Rest[size:]
	return n
}

// Int: see Byte.
func (d *Decoder) Int() int64 {
	n, size := binary.Varint(d.Rest)
	if size <= 0 {
		d.Fail()
		return 0
	}
	d.Rest = d.Rest[size:]
	return n
}

// Bytes returns the next n bytes, which are still those of the input.
func (d *Decoder) Bytes(n uint64) []byte {
	if n > uint64(len(d.Rest)) {
		d.Fail()
		return nil
	}
	b := d.Rest[:n]
	d.Rest = d.Rest[n:]
	return b
}

// Count reads how many things follow, each of which has a byte at least.
func (d *Decoder) Count() int {
	n := d.Uint()
	if n > uint64(len(d.Rest)) {
		d.Fail()
		return 0
	}
	return int(n)
}

// String reads what AppendString wrote.
func (d *Decoder) String() string { return string(d.Bytes(d.Uint())) }

// Key reads a string that others are likely to repeat.
func (d *Decoder) Key() string {
	b := d.Bytes(d.Uint())
	if s, ok := d.keys[string(b)]; ok {
		return s
	}
	s := string(b)
	if d.keys == nil {
		d.keys = make(map[string]string)
	}
	if len(d.keys) < 4096 {
		d.keys[s] = s
	}
	return s
}

// Value reads what AppendValue wrote.
func (d *Decoder) Value() value.Value { return d.value(0) }

func (d *Decoder) value(depth int) value.Value {
	if depth > maxNesting+1 {
		d.Fail()
		return value.Value{}
	}
	switch tag := d.Byte(); tag {
	case tagUnbound:
		return value.Value{}
	case tagNull:
		return value.Nil
	case tagFalse:
		return value.False
	case tagTrue:
		return value.True
	case tagInt:
		return value.OfInt(d.Int())
	case tagFloat:
		b := d.Bytes(8)
		if d.Bad {
			return value.Value{}
		}
		return value.OfFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case tagString:
		return value.OfString(d.String())
	case tagMarkup:
		ext := d.String()
		return value.OfString(d.String()).Markup(value.ContentFor("x." + ext))
	case tagBytes:
		return value.OfBytes(append([]byte(nil), d.Bytes(d.Uint())...))
	case tagList:
		items := make([]value.Value, d.Count())
		for i := range items {
			if items[i] = d.value(depth + 1); d.Bad {
				return value.Value{}
			}
		}
		return value.OfList(items)
	case tagMap, tagLenientMap:
		n := d.Count()
		b := value.NewBuilder(min(n, 1024))
		for range n {
			k := d.Key()
			b.Set(k, d.value(depth+1))
			if d.Bad {
				return value.Value{}
			}
		}
		if tag == tagLenientMap {
			return value.LenientOf(b.Record())
		}
		return b.Value()
	case tagDate, tagZoned:
		return d.date(tag)
	case tagRange:
		return value.OfObject(&calendar.Range{Start: d.value(depth + 1), End: d.value(depth + 1)})
	case tagDistance:
		return value.OfObject(&calendar.Distance{From: d.value(depth + 1), To: d.value(depth + 1)})
	case tagRecurrence:
		pattern := d.String()
		start := d.value(depth + 1)
		r, err := calendar.ParseRecurrence(pattern, start, func() time.Time { return time.Now().UTC() })
		if err != nil {
			d.Fail()
			return value.Value{}
		}
		return value.OfObject(r)
	}
	d.Fail()
	return value.Value{}
}

func (d *Decoder) date(tag byte) value.Value {
	sec, nano := d.Int(), d.Uint()
	if nano >= uint64(time.Second) {
		d.Fail()
	}
	t := time.Unix(sec, int64(nano)).UTC()
	if tag == tagZoned {
		t = t.In(d.zone())
	}
	if d.Bad {
		return value.Value{}
	}
	return value.OfTime(t)
}

// zone reads a time zone: the one of that name, or the offset that it had when the
// date was written if this machine does not know the name.
func (d *Decoder) zone() *time.Location {
	z := zone{d.String(), d.Int()}
	if loc := d.zones[z]; loc != nil {
		return loc
	}
	var loc *time.Location
	if strings.Contains(z.name, "/") || z.name == "Local" {
		loc, _ = time.LoadLocation(z.name)
	}
	if loc == nil {
		loc = time.FixedZone(z.name, int(z.offset))
	}
	if d.zones == nil {
		d.zones = make(map[zone]*time.Location)
	}
	if len(d.zones) < 1024 {
		d.zones[z] = loc
	}
	return loc
}
