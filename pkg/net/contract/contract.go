// Package contract turns an OpenAPI 3 document into the plain tables a request
// needs: routes, parameters, bodies, security and schemas.
//
// Load reads a document; it is the only part that runs libopenapi. Encode and
// Decode store the compiled tables, so that a warm start reads no YAML. Both
// ways end in the same Contract, which is immutable: any number of goroutines
// may use it, its operations and its schemas.
package contract

import (
	"strings"

	"aro/pkg/vm/value"
)

// DefaultPort is the port of a contract whose first server names none (03 §3.1).
const DefaultPort = 8080

// Contract is a compiled document. It keeps nothing of the document itself.
type Contract struct {
	Port       int          // of servers[0], DefaultPort without one
	Operations []*Operation // in document order, webhooks last
	Schemas    map[string]*Schema
}

// Problem is something wrong with a document. Line and Column are 1-based and
// zero when the place is unknown. A document with a Problem that is not a
// Warning must not be served; Load then returns no contract.
type Problem struct {
	Line, Column int
	Message      string
	Warning      bool
}

// Operation is one method of one path.
type Operation struct {
	ID         string
	Method     string // upper case
	Path       string // template as written; "/name" for a webhook
	Params     []*Param
	Body       *Body // nil when none is declared
	Responses  []*Response
	Security   []Requirement // alternatives; none means public
	Deprecated bool
	WebSocket  bool // declares a 101 response
	Webhook    bool
	Line       int // of the operation in the document

	table operationTable // built by prepare
}

// Location says where a parameter travels.
type Location uint8

// The locations.
const (
	InQuery Location = iota
	InPath
	InHeader
	InCookie
)

var locationNames = [...]string{"query", "path", "header", "cookie"}

// String returns the word OpenAPI and error texts use.
func (l Location) String() string { return locationNames[l] }

// Style is the serialisation of arrays and objects in a parameter.
type Style uint8

// The styles.
const (
	StyleForm Style = iota
	StyleSimple
	StyleSpace
	StylePipe
	StyleDeepObject
	StyleLabel
	StyleMatrix
)

// Param is a declared parameter.
type Param struct {
	Name       string // header names keep the contract's spelling
	In         Location
	Required   bool
	Explode    bool
	AllowEmpty bool
	JSON       bool // declared through content: application/json
	Style      Style
	Schema     *Schema     // nil: any text
	Default    value.Value // of the schema; Unbound when it has none

	lower string // header name in lower case, Name elsewhere
}

// Media is one content type with its schema, which may be nil.
type Media struct {
	Type   string // lower case, without parameters
	Schema *Schema
}

// Body is a declared request body.
type Body struct {
	Required bool
	Content  []Media // in document order
}

// Response is one declared response. Status is the code; 2 stands for 2XX and 0
// for default.
type Response struct {
	Status  int
	Content []Media
	Headers []*ResponseHeader
}

// CheckKind says how a credential is recognised.
type CheckKind uint8

// The kinds. CheckImpossible stands for what this server cannot see, such as a
// client certificate: it never passes.
const (
	CheckAPIKey CheckKind = iota
	CheckScheme           // Authorization: <Name> <credentials>
	CheckImpossible
)

// SecurityCheck is one security scheme as a presence test (03 §4.5).
type SecurityCheck struct {
	Scheme string // name under components.securitySchemes
	Kind   CheckKind
	In     Location // of an API key
	Name   string   // of the key, or "Bearer", "Basic", … for CheckScheme
}

// Requirement lists checks that must all pass. An empty one always does.
type Requirement []SecurityCheck

// operationTable is what requests look up; it follows from the plain fields.
type operationTable struct {
	query, path, header, cookie []*Param
	pathNames                   []string // names in the template, left to right
	bodyTypes                   string   // "a, b" for the 415 text
	jsonBodyOnly                bool
}

// prepare builds the lookup tables. It runs once, before the contract is shared.
func (c *Contract) prepare() {
	for _, op := range c.Operations {
		op.prepare()
	}
}

func (op *Operation) prepare() {
	t := operationTable{pathNames: templateNames(op.Path)}
	for _, p := range op.Params {
		p.lower = p.Name
		switch p.In {
		case InQuery:
			t.query = append(t.query, p)
		case InPath:
			t.path = append(t.path, p)
		case InHeader:
			p.lower = strings.ToLower(p.Name)
			t.header = append(t.header, p)
		case InCookie:
			t.cookie = append(t.cookie, p)
		}
	}
	if op.Body != nil && len(op.Body.Content) > 0 {
		t.jsonBodyOnly = true
		names := make([]string, len(op.Body.Content))
		for i, m := range op.Body.Content {
			names[i] = m.Type
			t.jsonBodyOnly = t.jsonBodyOnly && isJSONType(m.Type)
		}
		t.bodyTypes = strings.Join(names, ", ")
	}
	op.table = t
	op.fix()
}

// Operation returns the operation with exactly this operationId, nil when there
// is none.
func (c *Contract) Operation(id string) *Operation {
	for _, op := range c.Operations {
		if op.ID == id {
			return op
		}
	}
	return nil
}

// Paths returns every path once, in document order.
func (c *Contract) Paths() []string {
	var paths []string
	seen := make(map[string]bool, len(c.Operations))
	for _, op := range c.Operations {
		if !seen[op.Path] {
			seen[op.Path] = true
			paths = append(paths, op.Path)
		}
	}
	return paths
}
