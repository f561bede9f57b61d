package format

import (
	"sort"
	"strconv"
	"strings"
	"unicode"

	"aro/pkg/vm/value"
)

// encodeTXT writes key=value lines, the keys of nested maps joined by dots and
// rows as [0].key.
func encodeTXT(b []byte, v value.Value, _ *Options) []byte {
	var lines []string
	if rows, ok := rowsOf(v); ok {
		for i, row := range rows {
			lines = flatten(lines, "["+strconv.Itoa(i)+"].", row)
		}
	} else if rec := v.Record(); rec != nil {
		lines = flatten(nil, "", rec)
	} else if list := v.List(); v.Kind() == value.List {
		for _, e := range list {
			lines = append(lines, oneLine(cell(e)))
		}
	} else {
		return appendRaw(b, v, nil)
	}
	return append(b, strings.Join(lines, "\n")...)
}

func flatten(lines []string, prefix string, r *value.Record) []string {
	for _, e := range sorted(r) {
		if rec := e.val.Record(); rec != nil && rec.Len() > 0 {
			lines = flatten(lines, prefix+e.key+".", rec)
		} else {
			lines = append(lines, prefix+e.key+"="+oneLine(cell(e.val)))
		}
	}
	return lines
}

// oneLine keeps a value from adding lines of its own.
func oneLine(s string) string { return lineBreaks.Replace(s) }

var lineBreaks = strings.NewReplacer("\r", `\r`, "\n", `\n`)

// decodeTXT reads key=value lines; dots nest, [0], [1] … give a list. Lines
// without an equals sign are dropped, so prose reads as an empty map.
func decodeTXT(text string, _ *Options) (value.Value, error) {
	root := newTree()
	for line := range strings.Lines(text) {
		key, v, ok := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), "=")
		if key = strings.TrimSpace(key); ok && key != "" {
			root.set(strings.SplitN(key, ".", maxDepth), strings.TrimSpace(v))
		}
	}
	return root.value(), nil
}

// tree collects dotted keys.
type tree struct {
	keys []string
	subs map[string]*tree
	text string
}

func newTree() *tree { return &tree{subs: map[string]*tree{}} }

func (t *tree) set(path []string, text string) {
	for _, k := range path {
		next := t.subs[k]
		if next == nil {
			next = newTree()
			t.subs[k] = next
			t.keys = append(t.keys, k)
		}
		t = next
	}
	t.text = text
}

func (t *tree) value() value.Value {
	b := value.NewBuilder(len(t.keys))
	var list []value.Value
	for i, k := range t.keys {
		sub, v := t.subs[k], value.Value{}
		if len(sub.keys) == 0 {
			v = value.OfString(sub.text)
		} else {
			v = sub.value()
		}
		b.Set(k, v)
		if len(list) == i && k == "["+strconv.Itoa(i)+"]" {
			list = append(list, v)
		}
	}
	if len(list) > 0 && len(list) == len(t.keys) {
		return value.OfList(list)
	}
	return b.Value()
}

// encodeEnv writes KEY=value lines: nested keys and list positions joined by
// underscores, in capitals, sorted.
func encodeEnv(b []byte, v value.Value, _ *Options) []byte {
	if v.Kind() != value.Map && v.Kind() != value.List {
		return appendRaw(b, v, nil)
	}
	var lines []entryLine
	lines = flattenEnv(lines, "", v)
	sort.SliceStable(lines, func(i, j int) bool { return lines[i].key < lines[j].key })
	for i, l := range lines {
		if i > 0 {
			b = append(b, '\n')
		}
		b = append(append(append(b, l.key...), '='), l.text...)
	}
	return b
}

type entryLine struct{ key, text string }

func flattenEnv(lines []entryLine, key string, v value.Value) []entryLine {
	join := func(k string) string {
		k = strings.Map(func(r rune) rune {
			if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToUpper(r)
			}
			return '_'
		}, k)
		if key == "" {
			return k
		}
		return key + "_" + k
	}
	switch v = simple(v); v.Kind() {
	case value.Map:
		for _, e := range sorted(v.Record()) {
			lines = flattenEnv(lines, join(e.key), e.val)
		}
		return lines
	case value.List:
		for i, e := range v.List() {
			lines = flattenEnv(lines, join(strconv.Itoa(i)), e)
		}
		return lines
	}
	return append(lines, entryLine{key, envText(cell(v))})
}

// envText quotes what would not read back bare.
func envText(s string) string {
	if s == "" || !strings.ContainsAny(s, "\r\n") && !strings.ContainsAny(s[:1], `"'`) && strings.TrimSpace(s) == s {
		return s
	}
	return `"` + envEscapes.Replace(s) + `"`
}

var (
	envEscapes   = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`)
	envUnescapes = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n", `\r`, "\r")
)

// decodeEnv reads KEY=value lines. Quoted values are text; \n, \r, \" and \\
// count in double quotes only.
func decodeEnv(text string, _ *Options) (value.Value, error) {
	b := value.NewBuilder(16)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, s, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			continue
		}
		s = strings.TrimSpace(s)
		switch n := len(s); {
		case n >= 2 && s[0] == '"' && s[n-1] == '"':
			b.Set(key, value.OfString(envUnescapes.Replace(s[1:n-1])))
		case n >= 2 && s[0] == '\'' && s[n-1] == '\'':
			b.Set(key, value.OfString(s[1:n-1]))
		default:
			b.Set(key, detect(s))
		}
	}
	return b.Value(), nil
}
