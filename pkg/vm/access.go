package vm

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"

	"aro/pkg/vm/value"
)

// Exporter is an Env that takes the bindings of Application-Start which event
// handlers may read.
type Exporter interface {
	Export(name string, v value.Value)
}

//go:noinline
func (co *Coroutine) env(name uint16, flags uint8) (value.Value, error) {
	v, err := co.envQuiet(name, flags)
	if err == nil && !v.IsBound() {
		err = fmt.Errorf("Undefined variable: '%s'", co.code.Chunk.Names[name])
	}
	return v, err
}

//go:noinline
func (co *Coroutine) envQuiet(name uint16, flags uint8) (value.Value, error) {
	if co.Env == nil {
		return value.Value{}, nil
	}
	return co.Env.Lookup(co, co.code.Chunk.Names[name], flags&1 != 0)
}

// get walks the whole path; a missing step is an error.
func (f *field) get(v value.Value) (value.Value, error) {
	for n, step := range f.path {
		next, ok := f.step(v, n, step)
		if !ok {
			if v.Lenient() {
				return value.Nil, nil
			}
			if v.Kind() <= value.Null {
				return value.Value{}, fmt.Errorf("Undefined variable: '%s'", f.upTo(n))
			}
			return value.Value{}, fmt.Errorf("Property '%s' not found on type '%s'", step, v.TypeName())
		}
		v = next
	}
	return v, nil
}

// getQuiet walks the path and returns unbound where a step is missing.
func (f *field) getQuiet(v value.Value) value.Value {
	for n, step := range f.path {
		next, ok := f.step(v, n, step)
		if !ok {
			return value.Value{}
		}
		v = next
	}
	return v
}

func (f *field) step(v value.Value, n int, step string) (value.Value, bool) {
	if n == 0 {
		if rec := v.Record(); rec != nil {
			return f.lookup(rec, step)
		}
	}
	if p, ok := v.Property(step); ok {
		return p, true
	}
	if v.Kind() == value.String || v.Kind() == value.Bytes {
		if p, ok := textProperty(v, step); ok {
			return p, true
		}
	}
	return builtinProperty(v, step)
}

// lookup reads a key of a record and teaches the inline cache its slot.
func (f *field) lookup(rec *value.Record, key string) (value.Value, bool) {
	slot := rec.Shape().Slot(key)
	if slot < 0 {
		return builtinProperty(value.OfRecord(rec), key)
	}
	if f.miss.Load() < maxMisses {
		f.miss.Add(1)
		f.cache.Store(&slotCache{rec.Shape(), slot})
	}
	return rec.Slot(slot), true
}

// upTo names the reference up to step n, for error texts.
func (f *field) upTo(n int) string {
	if n == 0 {
		return f.name
	}
	return f.name + ": " + strings.Join(f.path[:n], ".")
}

// extract is Extract with a result qualifier (02 §4.1): a list element, a map
// key, a key inside text, a property; a qualifier that means nothing to the
// source is ignored.
func (f *field) extract(v value.Value) (value.Value, error) {
	for n, step := range f.path {
		if n == 0 && v.Kind() == value.Map {
			if p, ok := f.lookup(v.Record(), step); ok {
				v = p
				continue
			}
			if isTypeWord(step) {
				continue
			}
			if v.Lenient() {
				return value.Nil, nil
			}
			return value.Value{}, fmt.Errorf("Property '%s' not found on type 'Map'", step)
		}
		switch v.Kind() {
		case value.List:
			if e, ok := value.Element(v.List(), step); ok {
				v = e
			}
		case value.String, value.Bytes:
			if p, ok := textProperty(v, step); ok {
				v = p
			} else if !isTypeWord(step) {
				return value.Value{}, fmt.Errorf("Property '%s' not found on type '%s'", step, v.TypeName())
			}
		case value.Map, value.Opaque, value.Date:
			if p, ok := v.Property(step); ok {
				v = p
			} else if v.Lenient() {
				return value.Nil, nil
			} else if !isTypeWord(step) {
				return value.Value{}, fmt.Errorf("Property '%s' not found on type '%s'", step, v.TypeName())
			}
		}
	}
	return v, nil
}

// typeWords are qualifiers that annotate and never select (01 §5.2).
var typeWords = map[string]bool{"string": true, "integer": true, "int": true, "number": true, "float": true, "double": true,
	"boolean": true, "bool": true, "list": true, "array": true, "map": true, "dictionary": true, "object": true, "date": true,
	"json": true, "xml": true, "yaml": true, "csv": true, "bytes": true, "text": true}

// isTypeWord reports whether a qualifier is an annotation: a built-in type or
// format name, or a PascalCase word, which names a schema.
func isTypeWord(s string) bool {
	return typeWords[strings.ToLower(s)] || s != "" && unicode.IsUpper([]rune(s)[0])
}

// textProperty looks a key up inside text: JSON, a form, "key: value" lines,
// "word rest" lines, in this order (02 §4.1.2).
func textProperty(v value.Value, key string) (value.Value, bool) {
	text := v.Str()
	if v.Kind() == value.Bytes {
		text = string(v.Bytes())
	}
	s := strings.TrimSpace(text)
	if s == "" {
		return value.Value{}, false
	}
	if s[0] == '{' || s[0] == '[' {
		if parsed, err := value.ParseJSON(s); err == nil {
			return parsed.Property(key)
		}
	}
	if strings.Contains(s, "=") && !strings.Contains(s, ":") {
		if p, ok := formProperty(s, key); ok {
			return p, true
		}
	}
	for line := range strings.Lines(s) {
		k, rest, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(strings.TrimSpace(k), key) {
			return value.OfString(strings.TrimSpace(rest)), true
		}
	}
	for line := range strings.Lines(s) {
		word, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && strings.EqualFold(word, key) {
			return value.OfString(strings.TrimSpace(rest)), true
		}
	}
	return value.Value{}, false
}

// readText is Extract without any qualifier: text that is JSON is read.
func readText(v value.Value) value.Value {
	if v.Kind() != value.String || v.Len() == 0 {
		return v
	}
	if s := strings.TrimSpace(v.Str()); s != "" && (s[0] == '{' || s[0] == '[') {
		if parsed, err := value.ParseJSON(s); err == nil {
			return parsed
		}
	}
	return v
}

// builtinProperty answers the operations that any value offers as a property
// when it has no key of that name (01 §5.4).
func builtinProperty(v value.Value, name string) (value.Value, bool) {
	switch v.Kind() {
	case value.String, value.List, value.Map:
	default:
		return value.Value{}, false
	}
	switch name {
	case "length", "count":
		return value.OfInt(int64(Length(v))), true
	case "uppercase":
		return value.OfString(strings.ToUpper(v.Text())), true
	case "lowercase":
		return value.OfString(strings.ToLower(v.Text())), true
	case "trim":
		return value.OfString(strings.TrimSpace(v.Text())), true
	case "hash":
		return value.OfString(Hash(v)), true
	}
	return value.Value{}, false
}

// Hash is the SHA-256 of a value in hexadecimal: of its text, or of the compact
// JSON of a list or map.
func Hash(v value.Value) string {
	var sum [sha256.Size]byte
	if v.Kind() == value.List || v.Kind() == value.Map {
		sum = sha256.Sum256(v.AppendJSON(nil))
	} else {
		sum = sha256.Sum256(v.AppendText(nil))
	}
	return hex.EncodeToString(sum[:])
}

// index is x[i]: lists count from the end, maps take text.
func index(x, i value.Value) (value.Value, error) {
	switch x.Kind() {
	case value.List:
		if i.Kind() != value.Int {
			return value.Value{}, fmt.Errorf("Type mismatch: a list position must be an Integer, got '%s'", i.TypeName())
		}
		if e, ok := value.FromEnd(x.List(), int(i.Int())); ok {
			return e, nil
		}
		return value.Value{}, fmt.Errorf("Index %d is outside the list, which has %d elements", i.Int(), len(x.List()))
	case value.Map:
		if v, ok := x.Record().Get(i.Text()); ok {
			return v, nil
		}
		return value.Value{}, fmt.Errorf("Property '%s' not found on type 'Map'", i.Text())
	}
	return value.Value{}, fmt.Errorf("Type mismatch: expected a List or Map, got '%s'", x.TypeName())
}
