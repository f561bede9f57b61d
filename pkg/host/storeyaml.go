package host

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"aro/pkg/vm/value"
)

// yamlRows is the default RowFormat. What it writes it reads back as it was,
// except null, which YAML files have as empty text (02 §9.3), and dates, which
// become their text.
var yamlRows = RowFormat{Read: readYAML, Write: writeYAML}

// readYAML reads one document; an empty one gives an unbound value.
func readYAML(data []byte) (value.Value, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return value.Value{}, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if doc.Kind == 0 || len(doc.Content) == 0 {
		return value.Value{}, nil
	}
	r := yamlReader{budget: 1_000_000 + len(data)}
	if root := doc.Content[0]; root.ShortTag() != "!!null" {
		return r.value(root)
	}
	return value.Value{}, nil
}

// yamlReader turns nodes into values. The budget bounds what aliases of aliases
// expand to.
type yamlReader struct{ budget, depth int }

func (r *yamlReader) value(n *yaml.Node) (v value.Value, err error) {
	r.budget--
	r.depth++
	defer func() { r.depth-- }()
	if r.budget < 0 || r.depth > 1000 {
		return v, fmt.Errorf("line %d: too large or too deep", n.Line)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias)
	case yaml.SequenceNode:
		list := make([]value.Value, len(n.Content))
		for i, x := range n.Content {
			if list[i], err = r.value(x); err != nil {
				return v, err
			}
		}
		return value.OfList(list), nil
	case yaml.MappingNode:
		b := value.NewBuilder(len(n.Content) / 2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Kind != yaml.ScalarNode {
				return v, fmt.Errorf("line %d: a key must be text", n.Content[i].Line)
			}
			if v, err = r.value(n.Content[i+1]); err != nil {
				return v, err
			}
			b.Set(n.Content[i].Value, v)
		}
		return b.Value(), nil
	}
	return yamlScalar(n), nil
}

func yamlScalar(n *yaml.Node) value.Value {
	switch n.ShortTag() {
	case "!!null":
		return value.OfString("")
	case "!!bool":
		if b, err := strconv.ParseBool(strings.ToLower(n.Value)); err == nil {
			return value.OfBool(b)
		}
	case "!!int":
		base := 0
		if digits := strings.TrimLeft(n.Value, "+-"); strings.Trim(digits, "0123456789") == "" {
			base = 10 // a leading zero makes no octal number
		}
		if i, err := strconv.ParseInt(n.Value, base, 64); err == nil {
			return value.OfInt(i)
		}
		fallthrough
	case "!!float":
		word := strings.NewReplacer(".inf", "inf", ".nan", "nan").Replace(strings.ToLower(n.Value))
		if f, err := strconv.ParseFloat(word, 64); err == nil {
			return value.OfFloat(f)
		}
	}
	return value.OfString(n.Value)
}

// writeYAML writes rows in the style of 02 §9.2. Text that YAML would read as
// something else is quoted, which that style does not do: a file that gets rows
// back must give the same rows.
func writeYAML(rows []value.Value) []byte {
	return appendYAML(nil, value.OfList(rows), 0, false)
}

// appendYAML writes v at an indentation. open says that v stands on the line of
// its `- `, so that its first line needs no indentation.
func appendYAML(b []byte, v value.Value, indent int, open bool) []byte {
	line := func(i int) {
		if i > 0 {
			b = append(b, '\n')
		}
		if i > 0 || !open {
			b = append(b, strings.Repeat(" ", indent)...)
		}
	}
	switch v.Kind() {
	case value.List:
		for i, x := range v.List() {
			line(i)
			b = append(b, "- "...)
			if isBlock(x) {
				b = appendYAML(b, x, indent+2, true)
			} else {
				b = appendYAMLScalar(b, x)
			}
		}
		if len(v.List()) == 0 {
			b = append(b, "[]"...)
		}
	case value.Map:
		rec := v.Record()
		keys := make([]string, rec.Len())
		for i := range keys {
			keys[i], _ = rec.At(i)
		}
		slices.Sort(keys)
		for i, k := range keys {
			x, _ := rec.Get(k)
			line(i)
			b = append(appendYAMLText(b, k), ':')
			if isBlock(x) {
				b = append(b, '\n')
				b = appendYAML(b, x, indent+2, false)
			} else {
				b = appendYAMLScalar(append(b, ' '), x)
			}
		}
	}
	return b
}

// isBlock reports whether a value takes lines of its own.
func isBlock(v value.Value) bool {
	switch v.Kind() {
	case value.List:
		return len(v.List()) > 0
	case value.Map:
		return v.Record().Len() > 0
	}
	return false
}

func appendYAMLScalar(b []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.List:
		return append(b, "[]"...)
	case value.Map:
		return append(b, "{}"...)
	case value.Bool, value.Int:
		return append(b, v.Text()...)
	case value.Float:
		switch f := v.Float(); {
		case math.IsNaN(f):
			return append(b, ".nan"...)
		case math.IsInf(f, 1):
			return append(b, ".inf"...)
		case math.IsInf(f, -1):
			return append(b, "-.inf"...)
		}
		return append(b, v.Text()...)
	case value.Null, value.Unbound:
		return append(b, "null"...)
	}
	return appendYAMLText(b, v.Text())
}

func appendYAMLText(b []byte, s string) []byte {
	if isPlain(s) {
		return append(b, s...)
	}
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == ' ' || unicode.IsGraphic(r) && r != '\ufeff':
			b = utf8.AppendRune(b, r)
		default:
			b = fmt.Appendf(b, `\U%08X`, r)
		}
	}
	return append(b, '"')
}

// isPlain reports whether text can stand without quotes and stays text: it starts
// with a letter, holds nothing that means something to YAML, and is no word for a
// boolean or null.
func isPlain(s string) bool {
	switch strings.ToLower(s) {
	case "", "true", "false", "null", "yes", "no", "on", "off":
		return false
	}
	for i, r := range s {
		switch {
		case unicode.IsLetter(r):
		case i > 0 && (unicode.IsDigit(r) || r == ' ' || strings.ContainsRune("_-./@+()%&=?!$,;'", r)):
		default:
			return false
		}
	}
	return s[len(s)-1] != ' '
}
