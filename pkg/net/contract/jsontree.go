package contract

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// jsonTree reads a JSON document into the tree that the YAML parser would make
// of it, positions included, in a tenth of the time and a sixth of the memory:
// that parser copies its queue of tokens at every key of a flow mapping.
//
// It returns nil for everything else, valid YAML in braces among it. The YAML
// parser then has the last word, and its errors are the ones that users read.
func jsonTree(data []byte) *yaml.Node {
	p := jsonParser{in: data, line: 1, names: make(map[string]string)}
	p.space()
	if p.peek() != '{' {
		return nil
	}
	root := p.value(0)
	if p.space(); root == nil || p.at != len(data) {
		return nil
	}
	return root
}

type jsonParser struct {
	in        []byte
	at        int
	line      int
	lineStart int // offset of the current line …
	narrow    int // … and how many of its bytes so far continue a character
	counted   int // offset up to which narrow has counted

	slab  []yaml.Node
	stack []*yaml.Node      // children of the open mappings and sequences
	names map[string]string // one copy of every short text: keys repeat
}

func (p *jsonParser) peek() byte {
	if p.at < len(p.in) {
		return p.in[p.at]
	}
	return 0
}

func (p *jsonParser) space() {
	for p.at < len(p.in) {
		switch p.in[p.at] {
		case '\n':
			p.line++
			p.lineStart, p.narrow, p.counted = p.at+1, 0, p.at+1
		case ' ', '\t', '\r':
		default:
			return
		}
		p.at++
	}
}

// node makes a node at the current position. Columns count characters.
func (p *jsonParser) node(kind yaml.Kind, tag string) *yaml.Node {
	if len(p.slab) == 0 {
		p.slab = make([]yaml.Node, 256)
	}
	n := &p.slab[0]
	p.slab = p.slab[1:]
	for ; p.counted < p.at; p.counted++ {
		if !utf8.RuneStart(p.in[p.counted]) {
			p.narrow++
		}
	}
	n.Kind, n.Tag, n.Line, n.Column = kind, tag, p.line, p.at-p.lineStart-p.narrow+1
	return n
}

// value reads a value; nil when there is none or it is not JSON.
func (p *jsonParser) value(depth int) *yaml.Node {
	if depth > maxDepth {
		return nil
	}
	switch c := p.peek(); c {
	case '{':
		n := p.node(yaml.MappingNode, "!!map")
		return p.children(n, '}', depth)
	case '[':
		n := p.node(yaml.SequenceNode, "!!seq")
		return p.children(n, ']', depth)
	case '"':
		return p.text()
	case 't':
		return p.word("true", "!!bool")
	case 'f':
		return p.word("false", "!!bool")
	case 'n':
		return p.word("null", "!!null")
	}
	return p.number()
}

func (p *jsonParser) children(n *yaml.Node, end byte, depth int) *yaml.Node {
	n.Style = yaml.FlowStyle
	p.at++
	base := len(p.stack)
	for p.space(); p.peek() != end; p.space() {
		if len(p.stack) > base {
			if p.peek() != ',' {
				return nil
			}
			p.at++
			p.space()
		}
		if n.Kind == yaml.MappingNode {
			if p.peek() != '"' {
				return nil
			}
			key := p.text()
			if p.space(); key == nil || p.peek() != ':' {
				return nil
			}
			p.at++
			p.space()
			p.stack = append(p.stack, key)
		}
		v := p.value(depth + 1)
		if v == nil {
			return nil
		}
		p.stack = append(p.stack, v)
	}
	p.at++
	if len(p.stack) > base {
		n.Content = append(make([]*yaml.Node, 0, len(p.stack)-base), p.stack[base:]...)
		p.stack = p.stack[:base]
	}
	return n
}

func (p *jsonParser) text() *yaml.Node {
	n := p.node(yaml.ScalarNode, "!!str")
	n.Style = yaml.DoubleQuotedStyle
	start, escaped := p.at, false
	for p.at++; ; p.at++ {
		if p.at >= len(p.in) || p.in[p.at] < ' ' {
			return nil
		}
		switch p.in[p.at] {
		case '\\':
			escaped = true
			p.at++
			continue
		case '"':
		default:
			continue
		}
		break
	}
	p.at++
	raw := p.in[start+1 : p.at-1]
	if !utf8.Valid(raw) {
		return nil
	}
	if !escaped {
		n.Value = p.intern(raw)
		return n
	}
	// What encoding/json replaces, such as half a surrogate pair, is not for us.
	if json.Unmarshal(p.in[start:p.at], &n.Value) != nil || strings.ContainsRune(n.Value, utf8.RuneError) {
		return nil
	}
	return n
}

// intern returns a text that does not keep the document alive.
func (p *jsonParser) intern(raw []byte) string {
	if len(raw) > 64 {
		return string(raw)
	}
	s, ok := p.names[string(raw)]
	if !ok {
		s = string(raw)
		p.names[s] = s
	}
	return s
}

func (p *jsonParser) word(word, tag string) *yaml.Node {
	n := p.node(yaml.ScalarNode, tag)
	if !strings.HasPrefix(string(p.in[p.at:min(p.at+len(word), len(p.in))]), word) {
		return nil
	}
	p.at += len(word)
	n.Value = word
	return n
}

func (p *jsonParser) number() *yaml.Node {
	n := p.node(yaml.ScalarNode, "!!int")
	start := p.at
	for p.at < len(p.in) && strings.IndexByte("+-.0123456789eE", p.in[p.at]) >= 0 {
		if strings.IndexByte(".eE", p.in[p.at]) >= 0 {
			n.Tag = "!!float"
		}
		p.at++
	}
	raw := p.in[start:p.at]
	if len(raw) == 0 || !json.Valid(raw) {
		return nil
	}
	n.Value = p.intern(raw)
	return n
}
