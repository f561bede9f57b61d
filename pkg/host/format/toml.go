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

// The library looks each key up among its sisters one by one, so the time grows
// with their square. Within these bounds the worst document takes some seconds.
const (
	maxTOML     = 4 << 20
	maxTOMLKeys = 5_000
)

// tomlKeys refuses documents with too many tables, or too many keys in one table,
// those of inline tables included.
func tomlKeys(text string) error {
	tables, keys, depth := 0, 0, 0
	start := true // of a line
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\n':
			start = true
			continue
		case c == ' ' || c == '\t' || c == '\r':
			continue
		case c == '#':
			if n := strings.IndexByte(text[i:], '\n'); n > 0 {
				i += n - 1
			} else {
				i = len(text)
			}
		case c == '"' || c == '\'':
			i = endOfTOMLString(text, i)
		case c == '[' && start && depth == 0:
			if keys = 0; !strings.HasPrefix(text[i:], "[[") {
				tables++
			}
			depth++
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth = max(depth-1, 0)
		case c == '=':
			keys++
		}
		start = false
		if tables > maxTOMLKeys || keys > maxTOMLKeys {
			return &LimitError{"toml", fmt.Sprintf("more than %d keys in one place", maxTOMLKeys), "that many"}
		}
	}
	return nil
}

// endOfTOMLString returns the position of the last quote of the string at i.
func endOfTOMLString(text string, i int) int {
	quote := text[i : i+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(text[i:], triple) {
		quote = triple
	}
	for j := i + len(quote); j < len(text); j++ {
		switch {
		case text[j] == '\\' && quote[0] == '"':
			j++
		case text[j] == '\n' && len(quote) == 1:
			return j - 1 // damaged
		case strings.HasPrefix(text[j:], quote):
			return j + len(quote) - 1
		}
	}
	return len(text)
}

// decodeTOML reads a document; one that is a single array of tables gives that
// list.
func decodeTOML(text string, _ *Options) (value.Value, error) {
	if err := tomlKeys(text); err != nil {
		return value.Value{}, err
	}
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
