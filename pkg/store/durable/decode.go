package durable

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"time"

	"aro/pkg/vm/value"
	"aro/pkg/vm/value/calendar"
)

// errForm says that bytes with a good checksum do not have the form of this
// version: another program wrote them.
var errForm = errors.New("it is not in the form that this version writes")

// decoder reads values and numbers. The first thing that does not fit makes bad
// true and everything after it zero. Nothing it returns aliases its input, so a row
// does not keep the block alive that it was read from.
type decoder struct {
	b     []byte
	bad   bool
	zones map[zone]*time.Location
	keys  map[string]string // keys of maps, which repeat
}

type zone struct {
	name   string
	offset int64
}

func (d *decoder) fail() {
	d.bad, d.b = true, nil
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail()
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

func (d *decoder) uint() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoder) int() int64 {
	n, size := binary.Varint(d.b)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[size:]
	return n
}

// bytes returns the next n bytes, which are still those of the input.
func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

// count reads how many things follow, each of which has a byte at least.
func (d *decoder) count() int {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) string() string { return string(d.bytes(d.uint())) }

// key reads a string that others are likely to repeat.
func (d *decoder) key() string {
	b := d.bytes(d.uint())
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

func (d *decoder) value(depth int) value.Value {
	if depth > maxNesting+1 {
		d.fail()
		return value.Value{}
	}
	switch tag := d.byte(); tag {
	case tagUnbound:
		return value.Value{}
	case tagNull:
		return value.Nil
	case tagFalse:
		return value.False
	case tagTrue:
		return value.True
	case tagInt:
		return value.OfInt(d.int())
	case tagFloat:
		b := d.bytes(8)
		if d.bad {
			return value.Value{}
		}
		return value.OfFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case tagString:
		return value.OfString(d.string())
	case tagMarkup:
		ext := d.string()
		return value.OfString(d.string()).Markup(value.ContentFor("x." + ext))
	case tagBytes:
		return value.OfBytes(append([]byte(nil), d.bytes(d.uint())...))
	case tagList:
		items := make([]value.Value, d.count())
		for i := range items {
			if items[i] = d.value(depth + 1); d.bad {
				return value.Value{}
			}
		}
		return value.OfList(items)
	case tagMap, tagLenientMap:
		n := d.count()
		b := value.NewBuilder(min(n, 1024))
		for range n {
			k := d.key()
			b.Set(k, d.value(depth+1))
			if d.bad {
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
		pattern := d.string()
		start := d.value(depth + 1)
		r, err := calendar.ParseRecurrence(pattern, start, func() time.Time { return time.Now().UTC() })
		if err != nil {
			d.fail()
			return value.Value{}
		}
		return value.OfObject(r)
	}
	d.fail()
	return value.Value{}
}

func (d *decoder) date(tag byte) value.Value {
	sec, nano := d.int(), d.uint()
	if nano >= uint64(time.Second) {
		d.fail()
	}
	t := time.Unix(sec, int64(nano)).UTC()
	if tag == tagZoned {
		t = t.In(d.zone())
	}
	if d.bad {
		return value.Value{}
	}
	return value.OfTime(t)
}

// zone reads a time zone: the one of that name, or the offset that it had when the
// date was written if this machine does not know the name.
func (d *decoder) zone() *time.Location {
	z := zone{d.string(), d.int()}
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
