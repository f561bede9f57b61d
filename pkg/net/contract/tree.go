package contract

import (
	"math"

	"go.yaml.in/yaml/v4"
)

const (
	// maxExpansion is how much larger than the document its aliases may make it
	// (05 P02).
	maxExpansion = 10
	// freeExpansion lets small documents use aliases freely.
	freeExpansion = 10_000
)

// checkTree refuses trees that would make a reader recurse without end or
// without bound: aliases that contain themselves, aliases of aliases of aliases,
// nesting beyond maxDepth. The library that builds the model after us protects
// itself from none of them, and a stack overflow cannot be recovered.
func (c *compiler) checkTree() bool {
	m := measure{c: c, size: make(map[*yaml.Node]int), ok: true}
	total := m.visit(c.root, 0)
	if m.ok && total > maxExpansion*len(m.size)+freeExpansion {
		c.report(c.root, false, "The aliases of the document expand to more than %d times its size", maxExpansion)
		m.ok = false
	}
	return m.ok
}

// measure computes the size of every node with its aliases followed. A size of
// active marks the nodes above the one being visited.
type measure struct {
	c    *compiler
	size map[*yaml.Node]int
	ok   bool
}

const active = -1

func (m *measure) visit(n *yaml.Node, depth int) int {
	if n == nil || !m.ok {
		return 0
	}
	if depth > maxDepth {
		m.fail(n, "The document is nested too deeply")
		return 0
	}
	switch size, ok := m.size[n]; {
	case ok && size == active:
		m.fail(n, "An alias contains itself")
		return 0
	case ok:
		return size
	}
	m.size[n] = active
	size := 1
	if n.Kind == yaml.AliasNode {
		size += m.visit(n.Alias, depth+1)
	}
	for _, e := range n.Content {
		size = min(size+m.visit(e, depth+1), math.MaxInt/2)
	}
	m.size[n] = size
	return size
}

func (m *measure) fail(n *yaml.Node, text string) {
	m.ok = false
	m.c.report(n, false, "%s", text)
}
