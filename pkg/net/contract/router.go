package contract

import (
	"strings"
)

// Router finds the operation for a request (03 §3.4). It is a trie of path
// segments: at every node a literal child is tried first, then segments that mix
// text and parameters in contract order, then the parameter; what does not lead
// to a route is taken back. It is immutable and safe for concurrent use.
//
// A path visits a node of the trie at most once, so the time is bounded by the
// contract, whatever the client sends.
type Router struct {
	root node
}

type node struct {
	literals []edge // in contract order
	index    map[string]*node
	mixed    []mixedEdge
	param    *node
	routes   []route // that end here, in contract order
}

type edge struct {
	text string
	to   *node
}

// mixedEdge is a segment such as {id}.pdf: texts has one more element than the
// segment has parameters.
type mixedEdge struct {
	texts []string
	to    *node
}

type route struct {
	method Methods
	op     *Operation
}

// fixedParams is how many path parameters a Match holds without allocating.
const fixedParams = 8

// Match is the outcome of routing.
type Match struct {
	// Operation is nil when nothing matched, or when the path is known and the
	// method is not; Known tells the two apart.
	Operation *Operation
	Known     bool
	Head      bool    // a HEAD request that the GET operation answers, without body
	Allowed   Methods // declared for the path; set when the method is not

	n      int
	params [fixedParams]string
	more   []string
}

// Params returns the number of path parameters.
func (m *Match) Params() int { return m.n }

// Param returns the decoded text of path parameter i, in the order of the
// template. An escaped slash has become "/" in it: callers that build file
// names must guard against that.
func (m *Match) Param(i int) string {
	if i < fixedParams {
		return m.params[i]
	}
	return m.more[i-fixedParams]
}

// Name returns the name of path parameter i.
func (m *Match) Name(i int) string { return m.Operation.table.pathNames[i] }

func (m *Match) push(s string) {
	if m.n < fixedParams {
		m.params[m.n] = s
	} else {
		m.more = append(m.more[:m.n-fixedParams], s)
	}
	m.n++
}

// NewRouter builds the router of a contract's operations.
func NewRouter(c *Contract) *Router {
	r := &Router{}
	for _, op := range c.Operations {
		r.add(op)
	}
	return r
}

func (r *Router) add(op *Operation) {
	n := &r.root
	path, ok := trimPath(op.Path)
	for ok {
		var segment string
		segment, path, ok = strings.Cut(path, "/")
		n = n.child(segment)
	}
	n.routes = append(n.routes, route{methodOf(op.Method), op})
}

// child returns the node below n for a segment of a template.
func (n *node) child(segment string) *node {
	texts, names := splitSegment(segment)
	switch {
	case len(names) == 0:
		return n.literal(unescape(segment, false))
	case len(names) == 1 && texts[0] == "" && texts[1] == "":
		if n.param == nil {
			n.param = &node{}
		}
		return n.param
	}
	for _, m := range n.mixed {
		if strings.Join(m.texts, "{}") == strings.Join(texts, "{}") {
			return m.to
		}
	}
	to := &node{}
	n.mixed = append(n.mixed, mixedEdge{texts, to})
	return to
}

func (n *node) literal(text string) *node {
	if to := n.find(text); to != nil {
		return to
	}
	to := &node{}
	n.literals = append(n.literals, edge{text, to})
	if n.index != nil {
		n.index[text] = to
	} else if len(n.literals) > 8 {
		n.index = make(map[string]*node, 2*len(n.literals))
		for _, e := range n.literals {
			n.index[e.text] = e.to
		}
	}
	return to
}

func (n *node) find(text string) *node {
	if n.index != nil {
		return n.index[text]
	}
	for i := range n.literals {
		if n.literals[i].text == text {
			return n.literals[i].to
		}
	}
	return nil
}

// trimPath takes the slashes off both ends of a path. ok is false for "/", which
// has no segments.
func trimPath(path string) (rest string, ok bool) {
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return "", false
	}
	return strings.TrimSuffix(path, "/"), true
}

// Match routes a request. rawPath is the path as sent, still escaped; a query
// that follows it is ignored. A literal route costs no allocation, and neither
// does a parameter without escapes; parameters alias rawPath.
func (r *Router) Match(method, rawPath string) (m Match) {
	if rawPath == "" || rawPath[0] != '/' {
		return m
	}
	if i := strings.IndexByte(rawPath, '?'); i >= 0 {
		rawPath = rawPath[:i]
	}
	w := walk{method: methodOf(method), m: &m}
	if rest, ok := trimPath(rawPath); ok {
		w.visit(&r.root, rest)
	} else {
		w.arrive(&r.root)
	}
	if m.Operation == nil {
		m.n, m.more = 0, nil
	} else {
		m.Allowed = 0
	}
	return m
}

// walk is the state of one Match.
type walk struct {
	method Methods
	m      *Match
}

// arrive ends a path at n and reports whether that decides the match. A path
// that lacks the method does not: one of lower precedence may have it.
func (w *walk) arrive(n *node) bool {
	m := w.m
	if len(n.routes) == 0 {
		return false
	}
	m.Known = true
	var get *Operation
	for i := range n.routes {
		switch x := &n.routes[i]; {
		case x.method == w.method && (w.method != methodOther || x.op.Method == ""):
			m.Operation, m.Head = x.op, false
			return true
		case x.method == MethodGet && get == nil:
			get = x.op
		}
		m.Allowed |= n.routes[i].method
	}
	if w.method == MethodHead && get != nil {
		m.Operation, m.Head = get, true
		return true
	}
	return false
}

func (w *walk) visit(n *node, path string) bool {
	segment, rest := path, ""
	last := true
	if i := strings.IndexByte(path, '/'); i >= 0 {
		segment, rest, last = path[:i], path[i+1:], false
	}
	segment = unescape(segment, false)
	if to := n.find(segment); to != nil && w.step(to, rest, last) {
		return true
	}
	if segment == "" {
		return false
	}
	kept := w.m.n
	for i := range n.mixed {
		if n.mixed[i].match(segment, w.m) && w.step(n.mixed[i].to, rest, last) {
			return true
		}
		w.m.n = kept
	}
	if n.param != nil {
		w.m.push(segment)
		if w.step(n.param, rest, last) {
			return true
		}
		w.m.n = kept
	}
	return false
}

func (w *walk) step(n *node, rest string, last bool) bool {
	if last {
		return w.arrive(n)
	}
	return w.visit(n, rest)
}

// match splits a segment by the texts and pushes the parameters, none of which
// may be empty. A text between two parameters is found at its first occurrence.
func (e *mixedEdge) match(segment string, m *Match) bool {
	rest, ok := strings.CutPrefix(segment, e.texts[0])
	if !ok {
		return false
	}
	last := len(e.texts) - 1
	for i := 1; i < last; i++ {
		if rest == "" {
			return false
		}
		at := strings.Index(rest[1:], e.texts[i])
		if at < 0 {
			return false
		}
		m.push(rest[:at+1])
		rest = rest[at+1+len(e.texts[i]):]
	}
	rest, ok = strings.CutSuffix(rest, e.texts[last])
	if !ok || rest == "" {
		return false
	}
	m.push(rest)
	return true
}
