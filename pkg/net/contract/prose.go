package contract

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Prose is what a document says to people. A contract keeps nothing of it; it is
// read again for those who want to see it.
type Prose struct {
	Title, Version, Description string

	Operations map[string]OperationProse // by operationId
	Schemas    map[string]SchemaProse    // by name
}

// OperationProse describes an operation.
type OperationProse struct {
	Summary, Description string
	Tag                  string            // the first one
	Params, Responses    map[string]string // by name, by status as written
}

// SchemaProse describes a schema and its properties.
type SchemaProse struct {
	Description string
	Properties  map[string]string
}

// ReadProse reads a document that Load has accepted, and converts it to JSON.
func ReadProse(data []byte) (*Prose, []byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, nil, err
	}
	root := &doc
	if doc.Kind == yaml.DocumentNode && len(doc.Content) > 0 {
		root = doc.Content[0]
	}
	c := newCompiler(nil)
	c.root = root
	if root.Kind != yaml.MappingNode || !c.checkTree() {
		return nil, nil, errors.New("not an OpenAPI document")
	}
	info := lookup(root, "info")
	p := &Prose{Title: scalarText(info, "title"), Version: scalarText(info, "version"), Description: scalarText(info, "description"),
		Operations: map[string]OperationProse{}, Schemas: map[string]SchemaProse{}}
	eachPair(lookup(root, "paths"), func(_, item *yaml.Node) {
		item = follow(root, item)
		shared := lookup(item, "parameters")
		eachPair(item, func(_, op *yaml.Node) {
			if id := scalarText(op, "operationId"); id != "" {
				p.Operations[id] = operationProse(root, shared, op)
			}
		})
	})
	eachPair(lookup(lookup(root, "components"), "schemas"), func(key, s *yaml.Node) {
		q := SchemaProse{Description: scalarText(s, "description"), Properties: map[string]string{}}
		eachPair(lookup(s, "properties"), func(name, prop *yaml.Node) {
			q.Properties[name.Value] = scalarText(prop, "description")
		})
		p.Schemas[key.Value] = q
	})
	return p, append(appendNode(nil, root), '\n'), nil
}

func operationProse(root, shared, op *yaml.Node) OperationProse {
	q := OperationProse{Summary: scalarText(op, "summary"), Description: scalarText(op, "description"),
		Params: map[string]string{}, Responses: map[string]string{}}
	if tags := lookup(op, "tags"); tags != nil && tags.Kind == yaml.SequenceNode && len(tags.Content) > 0 {
		q.Tag = deref(tags.Content[0]).Value
	}
	for _, list := range [2]*yaml.Node{shared, lookup(op, "parameters")} {
		if list == nil || list.Kind != yaml.SequenceNode {
			continue
		}
		for _, n := range list.Content {
			n = follow(root, n)
			q.Params[scalarText(n, "name")] = scalarText(n, "description")
		}
	}
	eachPair(lookup(op, "responses"), func(code, r *yaml.Node) {
		q.Responses[code.Value] = scalarText(follow(root, r), "description")
	})
	return q
}

// follow finds what a $ref stands for.
func follow(root, n *yaml.Node) *yaml.Node {
	n = deref(n)
	for range 16 {
		ref := reference(n)
		if ref == nil {
			break
		}
		n = resolvePointer(root, ref.Value)
	}
	return n
}

func scalarText(n *yaml.Node, key string) string {
	if n == nil || n.Kind != yaml.MappingNode {
		return ""
	}
	if v := lookup(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

// appendNode appends a tree as JSON; the order of keys stays.
func appendNode(b []byte, n *yaml.Node) []byte {
	n = deref(n)
	if n == nil {
		return append(b, "null"...)
	}
	switch n.Kind {
	case yaml.MappingNode:
		b = append(b, '{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, deref(n.Content[i]).Value)
			b = appendNode(append(b, ':'), n.Content[i+1])
		}
		return append(b, '}')
	case yaml.SequenceNode:
		b = append(b, '[')
		for i, e := range n.Content {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendNode(b, e)
		}
		return append(b, ']')
	}
	switch n.ShortTag() {
	case "!!null":
		return append(b, "null"...)
	case "!!bool":
		return strconv.AppendBool(b, strings.EqualFold(n.Value, "true"))
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return append(b, n.Value...)
		}
	}
	return appendText(b, n.Value)
}

func appendText(b []byte, s string) []byte {
	text, _ := json.Marshal(s) // of a string: cannot fail
	return append(b, text...)
}

// String returns the word of the format.
func (f Format) String() string { return formatNames[f] }
