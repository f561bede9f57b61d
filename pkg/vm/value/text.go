package value

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Text returns the text form (01 §8.1): what ++, ${} and error texts use.
func (v Value) Text() string {
	if v.Kind() == String {
		return v.Str()
	}
	return string(v.AppendText(nil))
}

// AppendText appends the text form: strings bare at the top, quoted inside
// collections; floats shortest; map keys sorted.
func (v Value) AppendText(b []byte) []byte { return v.appendText(b, 0) }

// maxNesting bounds how deep the forms of a value, and comparisons, go into
// nested collections. A program can nest without bound (a loop that wraps a list
// in a list), and a Go stack that overflows ends the process. What lies deeper is
// shown as "…" in text and null in JSON, and compares as equal.
const maxNesting = 10000

func (v Value) appendText(b []byte, depth int) []byte {
	if depth > maxNesting {
		return append(b, "…"...)
	}
	switch v.Kind() {
	case String:
		return append(b, v.Str()...)
	case List:
		b = append(b, '[')
		for i, e := range v.List() {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = e.appendInner(b, depth+1)
		}
		return append(b, ']')
	case Map:
		r := v.Record()
		if r.Len() == 0 {
			return append(b, "[:]"...)
		}
		b = append(b, '[')
		for i, slot := range r.shape.SortedSlots() {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(append(append(b, '"'), r.shape.keys[slot]...), `": `...)
			b = r.slots()[slot].appendInner(b, depth+1)
		}
		return append(b, ']')
	}
	return v.appendScalar(b)
}

func (v Value) appendInner(b []byte, depth int) []byte {
	switch v.Kind() {
	case String:
		return append(append(append(b, '"'), v.Str()...), '"')
	case Opaque:
		return v.Object().Simple().appendInner(b, depth)
	}
	return v.appendText(b, depth)
}

// appendScalar appends everything but strings, lists and maps, in text form.
func (v Value) appendScalar(b []byte) []byte {
	switch v.Kind() {
	case Unbound, Null:
		return append(b, "null"...)
	case Bool:
		return strconv.AppendBool(b, v.num != 0)
	case Int:
		return strconv.AppendInt(b, int64(v.num), 10)
	case Float:
		return AppendFloat(b, v.Float())
	case Date:
		return appendISO(b, v)
	case Bytes:
		return append(strconv.AppendInt(b, int64(v.num), 10), " bytes"...)
	case Opaque:
		return v.Object().Simple().AppendText(b)
	}
	return b
}

// AppendFloat appends the shortest text that reads back as f, always with a
// point or an exponent: decimal for 1e-4 ≤ |f| ≤ 2⁵³, else like 1e+16.
func AppendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "nan"...)
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a > 1<<53) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	n := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	if !slices.Contains(b[n:], '.') {
		b = append(b, ".0"...)
	}
	return b
}

// Display returns the display form, which Log and the console use.
func (v Value) Display() string {
	if v.Kind() == String {
		return v.Str()
	}
	return string(v.AppendDisplay(nil))
}

// AppendDisplay appends the display form: floats with two decimals, maps one
// `path: value` line per leaf, sorted; lists in brackets unless they hold a map.
func (v Value) AppendDisplay(b []byte) []byte { return v.appendDisplay(b, 0) }

func (v Value) appendDisplay(b []byte, depth int) []byte {
	if depth > maxNesting {
		return append(b, "…"...)
	}
	switch v.Kind() {
	case String:
		return append(b, v.Str()...)
	case Float:
		return appendFixed(b, v.Float())
	case List:
		return v.appendListDisplay(b, depth)
	case Map:
		for i, line := range flatten(nil, "", v.Record(), depth) {
			if i > 0 {
				b = append(b, '\n')
			}
			b = append(b, line...)
		}
		return b
	case Opaque:
		return v.Object().Simple().AppendDisplay(b)
	}
	return v.appendScalar(b)
}

func appendFixed(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return AppendFloat(b, f)
	}
	return strconv.AppendFloat(b, f, 'f', 2, 64)
}

func (v Value) appendListDisplay(b []byte, depth int) []byte {
	items := v.List()
	if slices.ContainsFunc(items, func(e Value) bool { return e.Kind() == Map }) {
		for i, e := range items {
			if i > 0 {
				b = append(b, "\n\n"...)
			}
			b = e.appendDisplay(b, depth+1)
		}
		return b
	}
	b = append(b, '[')
	for i, e := range items {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = e.appendDisplay(b, depth+1)
	}
	return append(b, ']')
}

// maxFlatten is the same for paths, whose length grows with the depth.
const maxFlatten = 500

// flatten returns the sorted display lines of a map.
func flatten(lines []string, prefix string, r *Record, depth int) []string {
	if depth > maxFlatten {
		return append(lines, prefix+": …")
	}
	start := len(lines)
	for i, k := range r.shape.keys {
		v := r.slots()[i]
		if v.Kind() == Opaque {
			v = v.Object().Simple()
		}
		path := prefix + k
		switch v.Kind() {
		case Map:
			lines = flatten(lines, path+".", v.Record(), depth+1)
		case List:
			lines = append(lines, path+": "+inMapDisplay(v.List()))
		default:
			lines = append(lines, path+": "+v.Display())
		}
	}
	if prefix == "" {
		sortByPath(lines[start:])
	}
	return lines
}

// sortByPath sorts display lines by the part before ": ".
func sortByPath(lines []string) {
	slices.SortStableFunc(lines, func(a, b string) int {
		pa, _, _ := strings.Cut(a, ": ")
		pb, _, _ := strings.Cut(b, ": ")
		return strings.Compare(pa, pb)
	})
}

// inMapDisplay is the form of a list that stands inside a map: its elements
// sorted as text, without brackets, maps in text form.
func inMapDisplay(items []Value) string {
	parts := make([]string, len(items))
	for i, e := range items {
		if e.Kind() == Map {
			parts[i] = e.Text()
		} else {
			parts[i] = e.Display()
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// Developer returns the developer form: String("x"), Int(7), Dict { k: Int(1) }.
func (v Value) Developer() string {
	var b strings.Builder
	v.developer(&b, 0)
	return b.String()
}

func (v Value) developer(b *strings.Builder, depth int) {
	if depth > maxNesting {
		b.WriteString("…")
		return
	}
	switch v.Kind() {
	case Unbound, Null:
		b.WriteString("Null(null)")
	case Bool:
		b.WriteString("Bool(" + v.Text() + ")")
	case Int:
		b.WriteString("Int(" + v.Text() + ")")
	case Float:
		b.WriteString("Double(" + v.Text() + ")")
	case String:
		b.WriteString(`String("` + v.Str() + `")`)
	case Date:
		b.WriteString("Date(" + v.Text() + ")")
	case Bytes:
		b.WriteString("Bytes(" + v.Text() + ")")
	case List:
		b.WriteByte('[')
		for i, e := range v.List() {
			if i > 0 {
				b.WriteString(", ")
			}
			e.developer(b, depth+1)
		}
		b.WriteByte(']')
	case Map:
		r := v.Record()
		b.WriteString("Dict {")
		for i, slot := range r.shape.SortedSlots() {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(" " + r.shape.keys[slot] + ": ")
			r.slots()[slot].developer(b, depth+1)
		}
		b.WriteString(" }")
	default:
		o := v.Object()
		if d, ok := o.(interface{ Developer() string }); ok {
			b.WriteString(d.Developer())
			return
		}
		o.Simple().developer(b, depth+1)
	}
}
