package format

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"aro/pkg/vm/value"

	"go.yaml.in/yaml/v4"
)

// encodeYAML writes block style with sorted keys. Text is bare; text with a line
// break, a colon or a # is a block. What would not read back as the same text
// either way ("007", "true", " x") is quoted, because repositories are kept in
// this format and an id must stay what it is.
func encodeYAML(b []byte, v value.Value, _ *Options) []byte { return appendYAML(b, v, 0) }

// appendYAML appends v behind a dash, or at the beginning of a line. Everything
// but the first line is indented by indent steps.
func appendYAML(b []byte, v value.Value, indent int) []byte {
	switch v = simple(v); {
	case v.Kind() == value.List && v.Len() > 0:
		for i, e := range v.List() {
			if i > 0 {
				b = newLine(b, indent)
			}
			b = appendYAML(append(b, "- "...), e, indent+1)
		}
		return b
	case v.Kind() == value.Map && v.Record().Len() > 0:
		for i, e := range sorted(v.Record()) {
			if i > 0 {
				b = newLine(b, indent)
			}
			b = append(b, yamlKey(e.key)...)
			b = append(b, ':')
			if e.val.Kind() == value.List && e.val.Len() > 0 || e.val.Kind() == value.Map && e.val.Record().Len() > 0 {
				b = newLine(b, indent+1)
			} else {
				b = append(b, ' ')
			}
			b = appendYAML(b, e.val, indent+1)
		}
		return b
	case v.Kind() == value.String:
		return appendYAMLText(b, v.Str(), indent)
	}
	return appendYAMLScalar(b, v)
}

func newLine(b []byte, indent int) []byte {
	b = append(b, '\n')
	for range indent {
		b = append(b, "  "...)
	}
	return b
}

func appendYAMLScalar(b []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.List:
		return append(b, "[]"...)
	case value.Map:
		return append(b, "{}"...)
	case value.Float:
		switch f := v.Float(); {
		case math.IsNaN(f):
			return append(b, ".nan"...)
		case math.IsInf(f, 1):
			return append(b, ".inf"...)
		case math.IsInf(f, -1):
			return append(b, "-.inf"...)
		}
	case value.Bytes:
		return append(b, strings.Trim(v.JSON(), `"`)...)
	}
	return v.AppendText(b)
}

func appendYAMLText(b []byte, s string, indent int) []byte {
	if strings.ContainsAny(s, "\n:#") {
		if !isBlock(s) {
			return append(b, quoteYAML(s)...)
		}
		b = append(b, "|-"...)
		for line := range strings.SplitSeq(s, "\n") {
			if line == "" {
				b = append(b, '\n')
			} else {
				b = append(newLine(b, max(indent, 1)), line...)
			}
		}
		return b
	}
	if isBare(s) {
		return append(b, s...)
	}
	return append(b, quoteYAML(s)...)
}

// isBlock reports whether text can stand in a literal block as it is.
func isBlock(s string) bool {
	return !strings.ContainsAny(s[:1], " \t\n") && s[len(s)-1] != '\n' && isPrintable(s, "\n\t")
}

// isBare reports whether text without line breaks, colons and # reads back as
// itself without quotes.
func isBare(s string) bool {
	if s == "" || strings.ContainsAny(s[:1], " \t-?,[]{}&*!|>'\"%@`") || strings.HasSuffix(s, " ") ||
		strings.HasSuffix(s, "\t") || strings.HasPrefix(s, "...") || !isPrintable(s, "") {
		return false
	}
	if c := s[0]; c > '9' && c != '<' && !strings.ContainsAny(s[:1], "=~nNtTfFyYoO") {
		return true // no number, date or word with a meaning begins so
	}
	var meaning any
	if (&yaml.Node{Kind: yaml.ScalarNode, Value: s}).Decode(&meaning) != nil {
		return false
	}
	switch meaning.(type) {
	case string, time.Time: // a date stays text when it is read
		return true
	}
	return false
}

func yamlKey(key string) string {
	if strings.ContainsAny(key, "\n:#") || !isBare(key) {
		return quoteYAML(key)
	}
	return key
}

func isPrintable(s, also string) bool {
	for _, r := range s {
		if r == unicode.ReplacementChar || r == '\uFEFF' || !unicode.IsPrint(r) && !strings.ContainsRune(also, r) {
			return false
		}
	}
	return true
}

// quoteYAML writes a double quoted scalar: the escapes of Go are a subset of
// those of YAML.
func quoteYAML(s string) string { return strconv.Quote(strings.ToValidUTF8(s, "\uFFFD")) }

// maxAliased bounds the elements that a document has once its aliases are
// followed. Aliases share what they name, so the bound is for whoever prints the
// value.
const maxAliased = 1 << 20

// decodeYAML reads a document; several of them give a list.
func decodeYAML(text string, _ *Options) (v value.Value, err error) {
	defer func() {
		if p := recover(); p != nil { // the library's, on hostile text
			v, err = value.Value{}, fmt.Errorf("invalid YAML: %v", p)
		}
	}()
	if err := yamlDepth(text); err != nil {
		return value.Value{}, err
	}
	dec := yaml.NewDecoder(strings.NewReader(text))
	var docs []value.Value
	for {
		var n yaml.Node
		if err := dec.Decode(&n); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return value.Value{}, fmt.Errorf("invalid YAML: %w", err)
		}
		r := yamlReader{done: map[*yaml.Node]counted{}}
		v, err := r.value(&n, 0)
		if err != nil {
			return value.Value{}, err
		}
		docs = append(docs, v)
	}
	switch len(docs) {
	case 0:
		return value.OfString(""), nil
	case 1:
		return docs[0], nil
	}
	return value.OfList(docs), nil
}

// yamlDepth refuses text that opens more brackets than the nesting allows, before
// the library spends its time on them.
func yamlDepth(text string) error {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '[', '{':
			if depth++; depth > 4*maxDepth {
				return errTooDeep
			}
		case ']', '}':
			depth = max(depth-1, 0)
		case '\n':
			if i+1 < len(text) && text[i+1] != ' ' && text[i+1] != '[' && text[i+1] != '{' {
				depth = 0 // brackets in the text of earlier lines
			}
		}
	}
	return nil
}

var errTooDeep = fmt.Errorf("nested more than %d levels deep", maxDepth)

// yamlReader turns the nodes of one document into values.
type yamlReader struct {
	done map[*yaml.Node]counted // what anchors name
	n    int                    // elements so far, aliases counted in full
}

type counted struct {
	v     value.Value
	n     int
	ready bool
}

func (r *yamlReader) count(n int) error {
	if r.n += n; r.n > maxTree {
		return errors.New("invalid YAML: too many elements")
	}
	return nil
}

func (r *yamlReader) value(n *yaml.Node, depth int) (value.Value, error) {
	if depth > maxDepth {
		return value.Value{}, errTooDeep
	}
	if err := r.count(1); err != nil {
		return value.Value{}, err
	}
	if n.Anchor != "" && n.Kind != yaml.AliasNode {
		start := r.n
		r.done[n] = counted{}
		v, err := r.bare(n, depth)
		r.done[n] = counted{v, r.n - start + 1, true}
		return v, err
	}
	return r.bare(n, depth)
}

func (r *yamlReader) bare(n *yaml.Node, depth int) (value.Value, error) {
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			return value.OfString(""), nil
		}
		return r.value(n.Content[0], depth)
	case yaml.AliasNode:
		c, known := r.done[n.Alias]
		if !known || !c.ready {
			return value.Value{}, errors.New("invalid YAML: an alias stands inside what it names")
		}
		if r.n+c.n > maxAliased {
			return value.Value{}, errors.New("invalid YAML: the aliases expand to too many elements")
		}
		return c.v, r.count(c.n)
	case yaml.SequenceNode:
		list := make([]value.Value, len(n.Content))
		for i, e := range n.Content {
			v, err := r.value(e, depth+1)
			if err != nil {
				return value.Value{}, err
			}
			list[i] = v
		}
		return value.OfList(list), nil
	case yaml.MappingNode:
		return r.mapping(n, depth)
	}
	return yamlScalar(n), nil
}

// mapping reads a map. The keys of << come in where the map has none of its own.
func (r *yamlReader) mapping(n *yaml.Node, depth int) (value.Value, error) {
	b := value.NewBuilder(len(n.Content) / 2)
	var merged []value.Value
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		for range 8 {
			if key.Kind == yaml.AliasNode {
				key = key.Alias
			}
		}
		if key.Kind != yaml.ScalarNode {
			return value.Value{}, fmt.Errorf("invalid YAML: line %d: a key must be text", key.Line)
		}
		v, err := r.value(n.Content[i+1], depth+1)
		if err != nil {
			return value.Value{}, err
		}
		if key.ShortTag() == "!!merge" {
			if v.Kind() == value.List {
				merged = append(merged, v.List()...)
			} else {
				merged = append(merged, v)
			}
			continue
		}
		b.Set(key.Value, v)
	}
	for _, m := range merged {
		rec := m.Record()
		if rec == nil {
			return value.Value{}, fmt.Errorf("invalid YAML: line %d: << needs a map", n.Line)
		}
		for i := range rec.Len() {
			k, v := rec.At(i)
			if _, own := b.Get(k); !own {
				b.Set(k, v)
			}
		}
		if err := r.count(rec.Len()); err != nil {
			return value.Value{}, err
		}
	}
	return b.Value(), nil
}

// yamlScalar reads a scalar: null is empty text, dates stay text.
func yamlScalar(n *yaml.Node) value.Value {
	switch n.ShortTag() {
	case "!!null":
		return value.OfString("")
	case "!!bool":
		return value.OfBool(strings.EqualFold(n.Value, "true"))
	case "!!int":
		return yamlInt(n.Value)
	case "!!float":
		var f float64
		if n.Decode(&f) == nil {
			return value.OfFloat(f)
		}
	}
	return value.OfString(n.Value)
}

// yamlInt reads an integer. One with leading zeros is a number to some readers,
// octal to others, and most often an id: it stays text, and so does what has more
// digits than a number can hold.
func yamlInt(s string) value.Value {
	digits := strings.TrimLeft(s, "+-")
	base := 10
	if len(digits) > 1 && digits[0] == '0' {
		if c := digits[1]; c != 'x' && c != 'X' && c != 'o' && c != 'O' && c != 'b' && c != 'B' {
			return value.OfString(s)
		}
		base = 0
	}
	if i, err := strconv.ParseInt(s, base, 64); err == nil {
		return value.OfInt(i)
	}
	return value.OfString(s)
}
