//go:build !runtime

package contract

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi/datamodel"
	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"
	"go.yaml.in/yaml/v4"
)

// Load compiles an OpenAPI 3 document, YAML or JSON; name is the file's, for
// messages. Everything wrong is reported together. The contract is nil when one
// of the problems is not a Warning.
//
// This file is the only one that knows libopenapi: it supplies the parsed tree
// and the model of paths, parameters, bodies, responses and security. The model
// is dropped before Load returns. Schemas are compiled from the tree, which
// keeps their numbers exact and their positions at hand.
func Load(data []byte, name string) (c *Contract, problems []Problem) {
	defer func() {
		if r := recover(); r != nil {
			c, problems = nil, []Problem{{Message: fmt.Sprintf("Cannot read %s: %v", name, r)}}
		}
	}()
	reading.Lock()
	defer reading.Unlock()
	l := &loader{}
	c = l.load(data, name)
	sort.SliceStable(l.problems, func(i, j int) bool { return l.problems[i].Line < l.problems[j].Line })
	for _, p := range l.problems {
		if !p.Warning {
			return nil, l.problems
		}
	}
	return c, l.problems
}

// reading keeps others out while one document uses the caches of libopenapi, which
// load empties.
var reading sync.Mutex

type loader struct {
	*compiler
	schemes map[string]*v3.SecurityScheme
	model   *v3.Document
	ids     map[string]*Operation
}

func (l *loader) load(data []byte, name string) *Contract {
	l.compiler = newCompiler(nil)
	doc, err := open(data, false)
	if err != nil {
		// A version that libopenapi does not know is an error as well, but ours
		// to describe: read the tree all the same.
		if doc, e := open(data, true); e == nil && l.tree(doc) && !l.version() {
			return nil
		}
		l.unreadable(err, name)
		return nil
	}
	// The library keeps what it has computed in caches of the process, and with it
	// every node of the document: 130 MB for a contract that needs 5.
	defer libopenapi.ClearAllCaches()
	defer doc.Release()
	if !l.tree(doc) {
		l.report(nil, false, "Cannot read %s: not an OpenAPI document", name)
		return nil
	}
	if !l.version() {
		return nil
	}
	if !l.checkTree() {
		return nil
	}
	l.checkReferences()
	if len(l.problems) > 0 {
		return nil
	}
	model, err := doc.BuildV3Model()
	l.modelErrors(err, model == nil)
	if model == nil {
		return nil
	}
	l.model = &model.Model
	return l.compile()
}

// open parses a document. Without lenient it must claim to be OpenAPI.
//
// JSON is read by jsonTree. libopenapi then opens a document of one line with the
// same version, and gets the tree afterwards.
func open(data []byte, lenient bool) (libopenapi.Document, error) {
	if tree := jsonTree(data); tree != nil {
		if v := lookup(tree, "openapi"); v != nil && v.ShortTag() == "!!str" {
			doc, err := parse([]byte("openapi: "+strconv.Quote(v.Value)), lenient)
			if err == nil {
				doc.GetSpecInfo().RootNode = &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{tree}}
				return doc, nil
			}
		}
	}
	return parse(data, lenient)
}

func parse(data []byte, lenient bool) (libopenapi.Document, error) {
	return libopenapi.NewDocumentWithConfiguration(data, &datamodel.DocumentConfiguration{
		Logger:                 slog.New(slog.DiscardHandler),
		BypassDocumentCheck:    lenient,
		SkipJSONConversion:     true, // its duplicate check is quadratic; see walker
		SkipMetadataCollection: true,
		ExcludeExtensionRefs:   true,
		AllowFileReferences:    false,
		AllowRemoteReferences:  false,
	})
}

// tree takes the parsed tree over; false when it is no mapping.
func (l *loader) tree(doc libopenapi.Document) bool {
	root := doc.GetSpecInfo().RootNode
	if root != nil && root.Kind == yaml.DocumentNode && len(root.Content) > 0 {
		root = root.Content[0]
	}
	if root == nil || root.Kind != yaml.MappingNode {
		return false
	}
	l.root = root
	return true
}

func (l *loader) version() bool {
	n := lookup(l.root, "openapi")
	if n != nil && n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, "3.") {
		return true
	}
	found := "none"
	for _, key := range [...]string{"openapi", "swagger"} {
		if v := lookup(l.root, key); v != nil && v.Kind == yaml.ScalarNode {
			found = v.Value
			n = v
			break
		}
	}
	l.report(n, false, "Unsupported OpenAPI version: %s", found)
	return false
}

// yamlPosition finds the position that an error carries in its text. Of a range,
// the end is where reading stopped.
var yamlPosition = regexp.MustCompile(`line (\d+)(?:[,:] column (\d+))?|(?:at L\d+\.C\d+-|at )L(\d+)\.C(\d+):?`)

func (l *loader) unreadable(err error, name string) {
	p := Problem{Message: "Cannot read " + name + ": " + err.Error()}
	if m := yamlPosition.FindStringSubmatchIndex(err.Error()); m != nil && m[6] >= 0 {
		p.Message = "Cannot read " + name + ": " + strings.TrimSpace(err.Error()[m[1]:])
	}
	if strings.Contains(p.Message, "cannot start any token") {
		p.Message += "; YAML is indented with spaces, never with tabs"
	}
	p.locate(err.Error())
	l.problems = append(l.problems, p)
}

func (p *Problem) locate(text string) {
	if m := yamlPosition.FindStringSubmatch(text); m != nil {
		p.Line, _ = strconv.Atoi(m[1] + m[3])
		p.Column, _ = strconv.Atoi(m[2] + m[4])
	}
}

// modelErrors takes over what libopenapi says. As long as there is a model, what
// it complains about does not concern us or is found again with better words;
// cyclic references, for one, are fine here.
func (l *loader) modelErrors(err error, fatal bool) {
	if err == nil {
		return
	}
	list := []error{err}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		list = joined.Unwrap()
	}
	for _, e := range list {
		p := Problem{Message: e.Error(), Warning: !fatal}
		p.locate(p.Message)
		l.problems = append(l.problems, p)
	}
}

func (l *loader) compile() *Contract {
	c := &Contract{Port: l.port(), Schemas: l.named()}
	l.ids = make(map[string]*Operation)
	l.schemes = make(map[string]*v3.SecurityScheme)
	if l.model.Components != nil {
		each(l.model.Components.SecuritySchemes, func(name string, s *v3.SecurityScheme) { l.schemes[name] = s })
	}
	if l.model.Paths != nil {
		nodes := make(map[string]*yaml.Node)
		eachPair(lookup(l.root, "paths"), func(key, val *yaml.Node) { nodes[key.Value] = val })
		each(l.model.Paths.PathItems, func(path string, item *v3.PathItem) {
			node := nodes[path]
			if !strings.HasPrefix(path, "/") {
				l.report(node, false, "Path '%s' must begin with '/'", path)
				return
			}
			c.Operations = append(c.Operations, l.item(path, item, node, false)...)
		})
	}
	each(l.model.Webhooks, func(name string, item *v3.PathItem) {
		node := lookup(lookup(l.root, "webhooks"), name)
		c.Operations = append(c.Operations, l.item("/"+strings.TrimPrefix(name, "/"), item, node, true)...)
	})
	for _, s := range c.share() {
		s.prepare()
	}
	c.prepare()
	return c
}

// each calls f for the entries of a map that may be nil, in document order.
func each[V any](m *orderedmap.Map[string, V], f func(key string, v V)) {
	if m == nil {
		return
	}
	for k, v := range m.FromOldest() {
		f(k, v)
	}
}

// port reads servers[0].
func (l *loader) port() int {
	if len(l.model.Servers) == 0 || l.model.Servers[0] == nil {
		return DefaultPort
	}
	url := l.model.Servers[0].URL
	each(l.model.Servers[0].Variables, func(name string, v *v3.ServerVariable) {
		if v != nil {
			url = strings.ReplaceAll(url, "{"+name+"}", v.Default)
		}
	})
	host := url
	if i := strings.Index(host, "://"); i >= 0 {
		host = host[i+3:]
	}
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host = host[:i]
	}
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.HasSuffix(host, "]") || i == len(host)-1 {
		return DefaultPort
	}
	port, err := strconv.Atoi(host[i+1:])
	if err != nil || port < 0 || port > 65535 || !digits(host[i+1:]) {
		servers := lookup(l.root, "servers")
		l.report(servers, false, "Invalid port in server URL '%s'", url)
		return DefaultPort
	}
	return port
}

// item compiles the operations of one path in document order.
func (l *loader) item(path string, item *v3.PathItem, node *yaml.Node, webhook bool) []*Operation {
	if item == nil {
		return nil
	}
	node = l.target(node)
	var ops []*Operation
	eachPair(node, func(key, val *yaml.Node) {
		var op *v3.Operation
		switch key.Value {
		case "get":
			op = item.Get
		case "put":
			op = item.Put
		case "post":
			op = item.Post
		case "delete":
			op = item.Delete
		case "options":
			op = item.Options
		case "head":
			op = item.Head
		case "patch":
			op = item.Patch
		case "trace":
			op = item.Trace
		default:
			return
		}
		method := strings.ToUpper(key.Value)
		if op == nil || val.Kind != yaml.MappingNode {
			l.report(key, false, "%s %s must be a mapping", method, path)
			return
		}
		ops = append(ops, l.operation(method, path, item, op, key, val, webhook))
	})
	return ops
}

func (l *loader) operation(method, path string, item *v3.PathItem, from *v3.Operation, key, node *yaml.Node, webhook bool) *Operation {
	op := &Operation{ID: from.OperationId, Method: method, Path: path, Webhook: webhook, Line: key.Line}
	op.Deprecated = from.Deprecated != nil && *from.Deprecated
	if op.ID == "" && webhook {
		op.ID = path[1:]
	}
	if op.ID == "" {
		l.report(key, false, "Missing operationId for %s %s. All operations must have an operationId.", method, path)
	} else if first := l.ids[op.ID]; first != nil {
		l.report(key, false, "Duplicate operationId '%s': %s %s and %s %s", op.ID, first.Method, first.Path, method, path)
	} else {
		l.ids[op.ID] = op
	}
	op.Params = l.params(item.Parameters, from.Parameters, method+" "+path, key)
	if b := from.RequestBody; b != nil {
		op.Body = &Body{Required: b.Required != nil && *b.Required, Content: l.content(b.Content)}
	}
	if r := from.Responses; r != nil {
		each(r.Codes, func(code string, resp *v3.Response) { l.response(op, code, resp, key) })
		if r.Default != nil {
			l.response(op, "default", r.Default, key)
		}
	}
	required := l.model.Security
	if lookup(node, "security") != nil {
		required = from.Security
	}
	op.Security = l.security(required, op, key)
	return op
}

func (l *loader) response(op *Operation, code string, from *v3.Response, at *yaml.Node) {
	r := &Response{}
	switch {
	case code == "default":
	case len(code) == 3 && code[0] >= '1' && code[0] <= '5' && strings.EqualFold(code[1:], "xx"):
		r.Status = int(code[0] - '0')
	default:
		n, err := strconv.Atoi(code)
		if err != nil || n < 100 || n > 999 {
			l.report(at, true, "Response '%s' of %s %s is ignored: not a status code", code, op.Method, op.Path)
			return
		}
		r.Status = n
	}
	if r.Status == 101 {
		op.WebSocket = true
	}
	if from != nil {
		r.Content = l.content(from.Content)
		r.Headers = l.headers(from.Headers, op, code, at)
	}
	op.Responses = append(op.Responses, r)
}

func (l *loader) content(m *orderedmap.Map[string, *v3.MediaType]) []Media {
	var out []Media
	each(m, func(name string, t *v3.MediaType) {
		media := Media{Type: strings.ToLower(mediaType(name))}
		if t != nil && t.Schema != nil {
			media.Schema = l.proxy(t.Schema)
		}
		out = append(out, media)
	})
	return out
}

// proxy compiles the schema that libopenapi holds a place for. It is never
// rendered by libopenapi itself.
func (l *loader) proxy(p *base.SchemaProxy) *Schema {
	low := p.GoLow()
	if low == nil {
		return l.schema(nil)
	}
	if p.IsReference() {
		if n := l.resolve(p.GetReference()); n != nil && !hasSiblings(low.GetValueNode()) {
			return l.schema(n)
		}
	}
	return l.schema(low.GetValueNode())
}

// params merges the parameters of path and operation by name and location.
func (l *loader) params(shared, own []*v3.Parameter, where string, at *yaml.Node) []*Param {
	var out []*Param
	for _, list := range [2][]*v3.Parameter{shared, own} {
		for _, from := range list {
			p := l.param(from, where, at)
			if p == nil {
				continue
			}
			i := slices.IndexFunc(out, func(q *Param) bool { return q.In == p.In && q.Name == p.Name })
			if i >= 0 {
				out[i] = p
			} else {
				out = append(out, p)
			}
		}
	}
	return out
}

func (l *loader) param(from *v3.Parameter, where string, at *yaml.Node) *Param {
	if from == nil || from.Name == "" {
		l.report(at, true, "A parameter of %s without a name is ignored", where)
		return nil
	}
	in := slices.Index(locationNames[:], from.In)
	if in < 0 {
		l.report(at, true, "Parameter '%s' of %s is ignored: unknown location '%s'", from.Name, where, from.In)
		return nil
	}
	p := &Param{Name: from.Name, In: Location(in), Required: from.Required != nil && *from.Required,
		AllowEmpty: from.AllowEmptyValue, Style: paramStyle(Location(in), from.Style)}
	p.Explode = p.Style == StyleForm
	if from.Explode != nil {
		p.Explode = *from.Explode
	}
	switch {
	case from.Schema != nil:
		p.Schema = l.proxy(from.Schema)
	case from.Content != nil:
		for _, m := range l.content(from.Content) {
			p.Schema, p.JSON = m.Schema, isJSONType(m.Type)
			break
		}
	}
	if p.Schema != nil {
		p.Default = p.Schema.Default
	}
	return p
}

func paramStyle(in Location, name string) Style {
	switch name {
	case "form":
		return StyleForm
	case "simple":
		return StyleSimple
	case "spaceDelimited":
		return StyleSpace
	case "pipeDelimited":
		return StylePipe
	case "deepObject":
		return StyleDeepObject
	case "label":
		return StyleLabel
	case "matrix":
		return StyleMatrix
	}
	if in == InPath || in == InHeader {
		return StyleSimple
	}
	return StyleForm
}

// security compiles requirement objects; an alternative without checks makes
// the operation public to those without credentials.
func (l *loader) security(list []*base.SecurityRequirement, op *Operation, at *yaml.Node) []Requirement {
	var out []Requirement
	for _, from := range list {
		if from == nil {
			continue
		}
		r := Requirement{}
		each(from.Requirements, func(name string, _ []string) {
			if c, ok := l.check(name, op, at); ok {
				r = append(r, c)
			}
		})
		out = append(out, r)
	}
	return out
}

func (l *loader) check(name string, op *Operation, at *yaml.Node) (SecurityCheck, bool) {
	s := l.schemes[name]
	if s == nil {
		known := "none"
		if len(l.schemes) > 0 {
			names := make([]string, 0, len(l.schemes))
			for n := range l.schemes {
				names = append(names, n)
			}
			slices.Sort(names)
			known = strings.Join(names, ", ")
		}
		l.report(at, false, "Unknown security scheme '%s' in %s %s. Known security schemes: %s", name, op.Method, op.Path, known)
		return SecurityCheck{}, false
	}
	c := SecurityCheck{Scheme: name, Kind: CheckScheme, Name: "Bearer"}
	switch s.Type {
	case "apiKey":
		in := slices.Index(locationNames[:], s.In)
		if in < 0 || Location(in) == InPath || s.Name == "" {
			break
		}
		return SecurityCheck{Scheme: name, Kind: CheckAPIKey, In: Location(in), Name: s.Name}, true
	case "oauth2", "openIdConnect":
		return c, true
	case "http":
		switch {
		case strings.EqualFold(s.Scheme, "bearer") || s.Scheme == "":
		case strings.EqualFold(s.Scheme, "basic"):
			c.Name = "Basic"
		default:
			c.Name = s.Scheme
		}
		return c, true
	}
	// Fail closed: what cannot be seen is never there.
	l.report(at, true, "Security scheme '%s' (%s) cannot be checked; requests that need it are refused", name, s.Type)
	return SecurityCheck{Scheme: name, Kind: CheckImpossible}, true
}

// headers compiles the header lines of a response.
func (l *loader) headers(m *orderedmap.Map[string, *v3.Header], op *Operation, code string, at *yaml.Node) []*ResponseHeader {
	var out []*ResponseHeader
	each(m, func(name string, from *v3.Header) {
		if !isToken(name) {
			l.report(at, true, "Header '%s' of response %s of %s %s is ignored: not the name of a header", name, code, op.Method, op.Path)
			return
		}
		if reserved[strings.ToLower(name)] {
			return // described, not asked for
		}
		h := &ResponseHeader{Name: name}
		if from != nil {
			h.Required, h.Explode = from.Required, from.Explode
			switch {
			case from.Schema != nil:
				h.Schema = l.proxy(from.Schema)
			case from.Content != nil:
				for _, media := range l.content(from.Content) {
					h.Schema, h.JSON = media.Schema, isJSONType(media.Type)
					break
				}
			}
		}
		out = append(out, h)
	})
	return out
}
