package format

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"aro/pkg/vm/value"

	"github.com/pelletier/go-toml/v2"
)

// encodeTOML writes the rows of a list as [[name]] tables, a map as lines, and
// anything else as one line with the variable's name. TOML has no null: it is
// written as empty text, which is what reading null gives in other formats.
func encodeTOML(b []byte, v value.Value, o *Options) []byte {
	if rows, ok := rowsOf(v); ok {
		for i, row := range rows {
			if i > 0 {
				b = append(b, "\n\n"...)
			}
			b = append(append(append(b, "[["...), tomlKey(o.Name)...), "]]"...)
			for _, e := range sorted(row) {
				b = appendTOML(append(append(append(b, '\n'), tomlKey(e.key)...), " = "...), e.val)
			}
		}
		return b
	}
	if rec := v.Record(); rec != nil {
		for i, e := range sorted(rec) {
			if i > 0 {
				b = append(b, '\n')
			}
			b = appendTOML(append(append(b, tomlKey(e.key)...), " = "...), e.val)
		}
		return b
	}
	return appendTOML(append(append(b, tomlKey(o.Name)...), " = "...), v)
}

func appendTOML(b []byte, v value.Value) []byte {
	switch v = simple(v); v.Kind() {
	case value.Bool, value.Int, value.Float:
		return v.AppendText(b) // inf, -inf and nan are the words of TOML too
	case value.List:
		b = append(b, '[')
		for i, e := range v.List() {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendTOML(b, e)
		}
		return append(b, ']')
	case value.Map:
		if v.Record().Len() == 0 {
			return append(b, "{}"...)
		}
		b = append(b, "{ "...)
		for i, e := range sorted(v.Record()) {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendTOML(append(append(b, tomlKey(e.key)...), " = "...), e.val)
		}
		return append(b, " }"...)
	}
	return append(b, quoteTOML(cell(v))...)
}

func tomlKey(key string) string {
	for i := range len(key) {
		if c := key[i]; c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return quoteTOML(key)
		}
	}
	if key == "" {
		return `""`
	}
	return key
}

// quoteTOML writes a basic string.
func quoteTOML(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// decodeTOML reads a document; one that is a single array of tables gives that
// list.
func decodeTOML(text string, _ *Options) (value.Value, error) {
	var doc map[string]any
	if err := toml.Unmarshal([]byte(text), &doc); err != nil {
		return value.Value{}, fmt.Errorf("invalid TOML: %w", err)
	}
	v, err := fromTOML(doc, 0)
	if err != nil || len(doc) != 1 {
		return v, err
	}
	if only := v.Record().Slot(0); only.Kind() == value.List {
		if _, ok := rowsOf(only); ok {
			return only, nil
		}
	}
	return v, nil
}

func fromTOML(x any, depth int) (value.Value, error) {
	if depth > maxDepth {
		return value.Value{}, errTooDeep
	}
	switch x := x.(type) {
	case map[string]any:
		b := value.NewBuilder(len(x))
		for _, k := range slices.Sorted(maps.Keys(x)) {
			v, err := fromTOML(x[k], depth+1)
			if err != nil {
				return value.Value{}, err
			}
			b.Set(k, v)
		}
		return b.Value(), nil
	case []any:
		list := make([]value.Value, len(x))
		for i, e := range x {
			v, err := fromTOML(e, depth+1)
			if err != nil {
				return value.Value{}, err
			}
			list[i] = v
		}
		return value.OfList(list), nil
	case string:
		return value.OfString(x), nil
	case int64:
		return value.OfInt(x), nil
	case float64:
		return value.OfFloat(x), nil
	case bool:
		return value.OfBool(x), nil
	case time.Time: // dates stay text, as in the other formats
		return value.OfString(x.Format(time.RFC3339Nano)), nil
	}
	return value.OfString(fmt.Sprint(x)), nil // local dates and times
}
