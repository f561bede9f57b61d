//go:build !runtime

package contract

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// namedParts are the keys whose children are keyed by names of the author's
// choice, so that a property called "example" is not taken for the keyword.
var namedParts = map[string]bool{
	"properties": true, "patternProperties": true, "$defs": true, "definitions": true, "dependentSchemas": true,
	"paths": true, "webhooks": true, "pathItems": true, "schemas": true, "parameters": true, "requestBodies": true,
	"responses": true, "headers": true, "securitySchemes": true, "content": true, "variables": true, "mapping": true,
}

// unusedParts are the keys that nothing here reads (03 §3.1). They are cut out of
// the tree before the model is built: what they refer to need not exist, and
// large contracts shrink by half.
var unusedParts = map[string]bool{
	"example": true, "examples": true, "links": true, "callbacks": true, "externalDocs": true,
	"xml": true, "encoding": true, "tags": true,
}

// opaqueParts hold data or names of the author's choice: $ref means nothing there.
var opaqueParts = map[string]bool{"default": true, "enum": true, "const": true, "security": true, "required": true}

// walker visits everything a contract is read for, cuts the rest away, and
// checks every reference and every key.
type walker struct {
	c     *compiler
	known map[string][]string // names by section of components
	seen  map[*yaml.Node]bool
	found map[string]bool // references that lead somewhere
}

// checkReferences reports references to things that are not there, and those
// that leave the document: nothing is ever fetched. It prunes the tree.
func (c *compiler) checkReferences() {
	w := walker{c: c, known: make(map[string][]string), seen: make(map[*yaml.Node]bool), found: make(map[string]bool)}
	w.visit(c.root, false)
}

func (w *walker) visit(n *yaml.Node, names bool) {
	n = deref(n)
	if n == nil || w.seen[n] {
		return
	}
	w.seen[n] = true
	if n.Kind == yaml.SequenceNode {
		for _, e := range n.Content {
			w.visit(e, false)
		}
		return
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	kept := n.Content[:0]
	first := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		k := key.Value
		if other := first[k]; other != nil && key.Kind == yaml.ScalarNode {
			w.c.report(key, false, "Duplicate key '%s', given in line %d before", k, other.Line)
		} else if key.Kind == yaml.ScalarNode {
			first[k] = key
		}
		if !names && (unusedParts[k] || strings.HasPrefix(k, "x-")) {
			continue
		}
		if !names && opaqueParts[k] && mentionsRef(val) {
			val = w.c.hide(val)
		}
		kept = append(kept, key, val)
		switch {
		case !names && k == "$ref" && val.Kind == yaml.ScalarNode:
			w.reference(val)
		case !names && opaqueParts[k]:
		default:
			w.visit(val, !names && namedParts[k])
		}
	}
	n.Content = kept
}

// mentionsRef reports whether $ref is a key anywhere below n.
func mentionsRef(n *yaml.Node) bool {
	n = deref(n)
	if n == nil {
		return false
	}
	for i, e := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			if e.Value == "$ref" || e.Kind == yaml.AliasNode {
				return true
			}
		} else if mentionsRef(e) {
			return true
		}
	}
	return false
}

// hide takes data with a $ref in it out of the tree, for libopenapi would follow
// it. The placeholder finds it again.
func (c *compiler) hide(n *yaml.Node) *yaml.Node {
	place := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line, Column: n.Column}
	c.hidden[place] = n
	return place
}

func (w *walker) reference(ref *yaml.Node) {
	if !strings.HasPrefix(ref.Value, "#") {
		w.c.report(ref, false, "$ref '%s' leaves the contract; only references inside it ('#/…') are followed", ref.Value)
		return
	}
	if w.found[ref.Value] {
		return
	}
	if n := resolvePointer(w.c.root, ref.Value); n != nil {
		for range maxDepth {
			next := reference(n)
			if next == nil {
				w.found[ref.Value] = true
				return
			}
			if n = resolvePointer(w.c.root, next.Value); n == nil {
				return // reported where it stands
			}
		}
		w.c.report(ref, false, "A $ref leads back to itself")
		return
	}
	steps := strings.Split(ref.Value, "/")
	if len(steps) != 4 || steps[1] != "components" {
		w.c.report(ref, false, "Unknown reference '%s'", ref.Value)
		return
	}
	section, name := steps[2], pointerStep(steps[3])
	word, ok := sectionWords[section]
	if !ok {
		w.c.report(ref, false, "Unknown reference '%s'", ref.Value)
		return
	}
	known := "none"
	if names := w.names(section); len(names) > 0 {
		known = strings.Join(names, ", ")
	}
	w.c.report(ref, false, "Unknown %s '%s'. Known %ss: %s", word, name, word, known)
}

var sectionWords = map[string]string{
	"schemas": "schema", "parameters": "parameter", "requestBodies": "request body", "responses": "response",
	"securitySchemes": "security scheme", "pathItems": "path item", "headers": "header",
}

// names returns the keys of a section of components.
func (w *walker) names(section string) []string {
	if names, ok := w.known[section]; ok {
		return names
	}
	var names []string
	eachPair(lookup(lookup(w.c.root, "components"), section), func(key, _ *yaml.Node) {
		names = append(names, key.Value)
	})
	w.known[section] = names
	return names
}
