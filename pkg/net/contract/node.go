package contract

import (
	"math"
	"strconv"
	"strings"

	"aro/pkg/vm/value"

	"go.yaml.in/yaml/v4"
)

// maxPairs bounds a mapping after YAML merge keys have been followed.
const maxPairs = 100_000

// deref follows aliases.
func deref(n *yaml.Node) *yaml.Node {
	for range 8 {
		if n == nil || n.Kind != yaml.AliasNode {
			return n
		}
		n = n.Alias
	}
	return nil
}

// eachPair calls f for every key of a mapping with its value, in document order.
// A merge key (<<) contributes the keys that the mapping itself does not have.
func eachPair(n *yaml.Node, f func(key, val *yaml.Node)) {
	left := maxPairs
	pairs(deref(n), &left, 0, nil, f)
}

func pairs(n *yaml.Node, left *int, depth int, skip func(key string) bool, f func(key, val *yaml.Node)) {
	if n == nil || n.Kind != yaml.MappingNode || depth > 16 {
		return
	}
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := deref(n.Content[i]), deref(n.Content[i+1])
		if key == nil || val == nil {
			continue
		}
		if *left--; *left < 0 {
			return
		}
		if key.Value == "<<" && key.Tag == "!!merge" {
			merged = append(merged, val)
			continue
		}
		if skip == nil || !skip(key.Value) {
			f(key, val)
		}
	}
	if merged == nil {
		return
	}
	own := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		own[n.Content[i].Value] = true
	}
	inner := func(key string) bool { return own[key] || skip != nil && skip(key) }
	once := func(key, val *yaml.Node) {
		if !inner(key.Value) {
			f(key, val)
			own[key.Value] = true
		}
	}
	for _, m := range merged {
		if m.Kind == yaml.SequenceNode {
			for _, item := range m.Content {
				pairs(deref(item), left, depth+1, inner, once)
			}
		} else {
			pairs(m, left, depth+1, inner, once)
		}
	}
}

// lookup returns the value under key, nil when n is no mapping or lacks it.
func lookup(n *yaml.Node, key string) *yaml.Node {
	var found *yaml.Node
	eachPair(n, func(k, v *yaml.Node) {
		if found == nil && k.Value == key {
			found = v
		}
	})
	return found
}

// resolvePointer returns the node that a local reference such as
// #/components/schemas/User names, nil when there is none.
func resolvePointer(root *yaml.Node, ref string) *yaml.Node {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	n := deref(root)
	if path == "" {
		return n
	}
	if path[0] != '/' {
		return nil
	}
	for step := range strings.SplitSeq(path[1:], "/") {
		step = pointerStep(step)
		if n == nil {
			return nil
		}
		if n.Kind == yaml.SequenceNode {
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(n.Content) {
				return nil
			}
			n = deref(n.Content[i])
			continue
		}
		n = lookup(n, step)
	}
	return n
}

var pointerEscapes = strings.NewReplacer("~1", "/", "~0", "~")

func pointerStep(s string) string { return pointerEscapes.Replace(unescape(s, false)) }

// valueBudget bounds how many nodes one default, enum or const may have, since
// aliases can make a small document large.
const valueBudget = 10_000

// nodeValue converts a YAML node to a value; ok is false when it is too large.
func nodeValue(n *yaml.Node) (v value.Value, ok bool) {
	left := valueBudget
	v = toValue(n, &left, 0)
	return v, left >= 0
}

func toValue(n *yaml.Node, left *int, depth int) value.Value {
	n = deref(n)
	if *left--; *left < 0 || n == nil || depth > maxDepth {
		*left = min(*left, -1)
		return value.Nil
	}
	switch n.Kind {
	case yaml.SequenceNode:
		items := make([]value.Value, 0, min(len(n.Content), *left))
		for _, e := range n.Content {
			items = append(items, toValue(e, left, depth+1))
			if *left < 0 {
				break
			}
		}
		return value.OfList(items)
	case yaml.MappingNode:
		b := value.NewBuilder(len(n.Content) / 2)
		eachPair(n, func(key, val *yaml.Node) {
			if *left >= 0 {
				b.Set(key.Value, toValue(val, left, depth+1))
			}
		})
		return b.Value()
	}
	return scalarValue(n)
}

func scalarValue(n *yaml.Node) value.Value {
	switch n.ShortTag() {
	case "!!null":
		return value.Nil
	case "!!bool":
		return value.OfBool(strings.EqualFold(n.Value, "true"))
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			return value.OfInt(i)
		}
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return value.OfFloat(f)
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return value.OfFloat(f)
		}
	}
	return value.OfString(strings.ToValidUTF8(n.Value, "\uFFFD"))
}
