package compile

import (
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// flow follows the names of one feature set from statement to statement and
// finds those that are used before they are bound (N3), never bound at all (N4)
// and bound but never used (N5). It changes nothing: what it reports are
// warnings, because a host may provide more than the sources show.
type flow struct {
	p    *program
	file *syntax.File
	set  *syntax.FeatureSet

	scopes  []map[string]*binding // innermost last
	all     map[string]*binding   // every name bound so far in any scope, its first binding
	order   []*binding
	open    []use           // uses that nothing had bound
	tested  map[string]bool // names under a test that unbound names pass (01 §6.5)
	renders bool            // a template may read every name
	broken  bool            // a statement could not be read: what it binds is not known
	returns bool
}

type binding struct {
	noun   *syntax.Noun
	used   bool
	silent bool // N5 does not apply
	loop   syntax.Node
}

type use struct {
	name string
	span syntax.Span
}

// externalNames are provided by the host or by the trigger, or are words that
// verbs read themselves (01 §9.1, §10).
var externalNames = wordSet(`now metrics application contract Contract http-server terminal current-time
	event request response pathParameters queryParameters headerParameters cookieParameters headers cookies body shutdown
	input transition packet connection websocket-connection websocket-message key validation new-entry
	console stdin stdout stderr events startup port host file directory url path destination command endpoint template context
	session environment framework env parameter git system repository keyboard websocket incoming-request
	file-monitor socket-server screen line cursor`)

// takenNames are those of alwaysNames in every application: they win over variables of the same name (01 §9.1), with what they mean.
var takenNames = map[string]string{"now": "the current time", "metrics": "the counters of the application", "application": "the running application"}

// byProducts are the verbs whose result nobody needs to read: they are called
// for what they do.
var byProducts = wordSet(`make append write copy move delete log emit send notify publish store schedule start stop listen
	keepalive render show repaint clear broadcast close connect wait sleep execute subscribe unsubscribe stage commit push pull
	checkout tag clone include accept`)

func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// fallbackNames are the variables that a Return without data answers with
// (02 §6.1).
var fallbackNames = []string{"greeting", "message", "result", "data", "output", "value"}

// checkNames runs the analysis for one feature set.
func (p *program) checkNames(set *syntax.FeatureSet) {
	f := &flow{p: p, file: set.File, set: set, all: map[string]*binding{}, tested: map[string]bool{}}
	f.scopes = []map[string]*binding{{}}
	if set.Takes != nil {
		f.bind(&syntax.Noun{Span: set.Takes.Span, Base: set.Takes.Name}, true)
	}
	f.expr(set.When, false)
	f.open = f.open[:0] // a declaration guard may name fields of the event
	if set.Body != nil {
		f.block(set.Body)
	}
	f.report()
}

func (f *flow) report() {
	if f.broken {
		return
	}
	isTest := isTest(f.set)
	seen := map[string]bool{}
	for _, u := range f.open {
		if seen[u.name] || f.tested[u.name] || isTest {
			continue
		}
		seen[u.name] = true
		if b := f.all[u.name]; b != nil {
			line, _ := f.file.Position(b.noun.Start)
			hint := "It is bound at line " + itoa(line)
			if b.loop != nil {
				from, _ := f.file.Position(b.loop.Range().Start)
				hint = "It is bound in the loop at line " + itoa(from) + ", whose names end with each round"
			}
			f.p.report(f.file, u.span, syntax.Warning, "ARO-N3", "Variable '"+u.name+"' is used before it is defined", hint)
			b.used = true
			continue
		}
		f.p.report(f.file, u.span, syntax.Warning, "ARO-N4",
			"'"+u.name+"' is not provided by this feature set nor published by any other", f.suggest(u.name))
	}
	if f.renders || isTest {
		return
	}
	if f.returns {
		for _, name := range fallbackNames {
			if b := f.all[name]; b != nil {
				b.used = true
			}
		}
	}
	for _, b := range f.order {
		name := b.noun.Base
		if b.used || b.silent || strings.HasPrefix(name, "_") || f.set.Name == "Application-Start" && f.p.exported[name] || f.p.given[name] {
			continue
		}
		f.p.report(f.file, b.noun.Span, syntax.Warning, "ARO-N5", "Variable '"+name+"' is never used", "Use it, leave the statement out, or name it <_"+name+">")
	}
}

// suggest proposes a name that the feature set knows for one that it does not.
func (f *flow) suggest(name string) string {
	best := newGuess(name)
	for _, b := range f.order {
		best.offer(b.noun.Base)
	}
	for n := range externalNames {
		best.offer(n)
	}
	for n := range f.p.published {
		best.offer(n)
	}
	if best.word != "" {
		return "Did you mean <" + best.word + ">?"
	}
	return "Bind <" + name + "> first, or Publish it in a feature set with the same business activity"
}

// known reports whether a name that this feature set does not bind may be bound
// by somebody else.
func (f *flow) known(name string) bool {
	if externalNames[name] || f.p.published[name] || f.p.handles[name] || f.p.given[name] || strings.HasPrefix(name, "_") {
		return true
	}
	for _, suffix := range [...]string{"-repository", "-server", "-connection", "-monitor"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return isHandler(f.set) && f.p.startNames[name]
}

func (f *flow) find(name string) *binding {
	for i := len(f.scopes) - 1; i >= 0; i-- {
		if b := f.scopes[i][name]; b != nil {
			return b
		}
	}
	return nil
}

// bind notes a binding in the innermost scope.
func (f *flow) bind(n *syntax.Noun, silent bool) {
	if n == nil || f.scopes[len(f.scopes)-1][n.Base] != nil {
		return
	}
	b := &binding{noun: n, silent: silent}
	f.scopes[len(f.scopes)-1][n.Base] = b
	f.order = append(f.order, b)
	if f.all[n.Base] == nil {
		f.all[n.Base] = b
	}
}

// use notes that a name is read. required: reading it unbound fails.
func (f *flow) use(name string, span syntax.Span, required bool) {
	if b := f.find(name); b != nil {
		b.used = true
		return
	}
	if required && !f.known(name) {
		f.open = append(f.open, use{name, span})
	}
}

// noun notes the uses of a reference: its base, and variables that its qualifier
// may name.
func (f *flow) noun(n *syntax.Noun, required bool) {
	if n == nil {
		return
	}
	f.use(n.Base, n.Span, required)
	f.qualifier(n)
}

func (f *flow) qualifier(n *syntax.Noun) {
	if n == nil {
		return
	}
	f.expr(n.Text, true)
	for _, s := range n.Segments {
		if b := f.find(s); b != nil {
			b.used = true
		}
	}
}

func (f *flow) block(b *syntax.Block) {
	if b == nil {
		return
	}
	for _, s := range b.Stmts {
		f.stmt(s)
	}
}

func (f *flow) stmt(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.Simple:
		f.simple(s)
	case *syntax.Pipeline:
		for _, stage := range s.Stages {
			f.simple(stage)
		}
	case *syntax.ErrorStatement:
		f.broken = true
	case *syntax.PublishAs:
		f.noun(s.Internal, false) // N2 is an error of its own
		f.bind(s.External, true)
	case *syntax.Require:
		f.bind(s.Name, true)
	case *syntax.Match:
		f.expr(s.Subject, true)
		for _, c := range s.Cases {
			for _, p := range c.Patterns {
				f.expr(p.Lo, false)
				f.expr(p.Hi, false)
			}
			f.expr(c.Guard, true)
			f.block(c.Body)
		}
		f.block(s.Otherwise)
	case *syntax.ForEach:
		f.expr(s.Collection, true)
		f.loop(s, s.Body, s.Filter, s.Item, s.Index)
	case *syntax.RangeLoop:
		f.expr(s.From, true)
		f.expr(s.To, true)
		f.loop(s, s.Body, nil, s.Var, nil)
	case *syntax.While:
		f.expr(s.Cond, true)
		f.block(s.Body)
		// The second round reads what the first one bound below.
		f.markUses(s)
	}
}

// markUses marks every name that n mentions as used, where it is bound.
func (f *flow) markUses(n syntax.Node) {
	syntax.Walk(n, func(n syntax.Node) bool {
		if r, ok := n.(*syntax.Ref); ok {
			f.use(r.Noun.Base, r.Span, false)
		}
		return true
	})
}

func (f *flow) loop(at syntax.Node, body *syntax.Block, filter syntax.Expr, item, index *syntax.Noun) {
	f.scopes = append(f.scopes, map[string]*binding{})
	first := len(f.order)
	f.bind(item, true)
	f.bind(index, true)
	f.expr(filter, true)
	f.block(body)
	for _, b := range f.order[first:] {
		if b.loop == nil {
			b.loop = at
		}
	}
	f.scopes = f.scopes[:len(f.scopes)-1]
}

func (f *flow) simple(s *syntax.Simple) {
	v := f.p.verb(s.Verb)
	dotted := strings.Contains(s.Verb, ".")
	if _, ok := isActionCall(s.Verb); ok {
		v = actionSignature
	}
	if v == nil {
		v = &bytecode.Verb{Name: strings.ToLower(s.Verb), Result: bytecode.Operates, Object: bytecode.TryObject, Role: bytecode.RoleOwn, Pure: true}
		dotted = true
	}
	f.expr(s.When, true)
	f.expr(s.Sink, true)
	f.clauses(s, v)
	f.renders = f.renders || v.Renders
	f.returns = f.returns || v.Lower == bytecode.AsReturn
	f.result(s, v, dotted)
	if s.As != nil {
		f.bind(s.As, true)
	}
}

// clauses notes what the statement reads besides its result.
func (f *flow) clauses(s *syntax.Simple, v *bytecode.Verb) {
	if o := s.Object; o != nil {
		switch {
		case o.Kind != syntax.NounOperand:
			f.operand(o, v)
		case v.Name == "when": // the name of a feature set
		default:
			if v.ObjectBinds {
				f.noun(o.Noun, true)
				f.bind(o.Noun, true)
				break
			}
			required := v.Object == bytecode.ReadObject || v.Object == bytecode.SystemObject && !systemWords[o.Noun.Base]
			f.noun(o.Noun, required)
		}
	}
	for _, m := range s.Mods {
		f.operand(m, nil)
	}
	if s.Where != nil {
		f.pred(s.Where)
	}
	f.expr(s.Limit, true)
	f.expr(s.Offset, true)
	f.expr(s.Default, true)
}

// operand notes the uses of a clause. v is given for the object: a lone reference
// there may be a word that the verb reads itself.
func (f *flow) operand(o *syntax.Operand, v *bytecode.Verb) {
	switch o.Kind {
	case syntax.AggregateOperand:
		return // a field of the elements
	case syntax.NamedOperand:
		for _, a := range o.Named {
			f.expr(a.Value, true)
		}
	case syntax.NounOperand:
		f.noun(o.Noun, true)
	default:
		_, lone := o.Expr.(*syntax.Ref)
		word := lone && v != nil && v.Object != bytecode.ReadObject && v.Object != bytecode.SystemObject
		f.expr(o.Expr, !word)
	}
}

func (f *flow) pred(p syntax.Pred) {
	switch p := p.(type) {
	case *syntax.PredAnd:
		f.pred(p.L)
		f.pred(p.R)
	case *syntax.PredOr:
		f.pred(p.L)
		f.pred(p.R)
	case *syntax.PredNot:
		f.pred(p.X)
	case *syntax.Cond:
		for _, a := range p.Args {
			f.expr(a, true)
		}
	}
}

// result notes what the statement does with the name in result position
// (01 §9.3).
func (f *flow) result(s *syntax.Simple, v *bytecode.Verb, dotted bool) {
	n := s.Result
	if n == nil || s.Sink != nil {
		return
	}
	if v.ResultSpec || v.WalkResult || v.Result != bytecode.Labels {
		f.qualifier(n)
	}
	silent := dotted || byProducts[v.Name]
	switch v.Result {
	case bytecode.Labels:
		f.use(n.Base, n.Span, false)
	case bytecode.Consumes:
		if v.SpecBinds && n.Kind == syntax.PathQual && !isAnnotation(n.Raw) {
			f.bind(n, true)
			return
		}
		// With a value of its own the statement may name anything.
		valued := s.Object != nil && s.Object.Kind != syntax.NounOperand || len(s.Mods) > 0 || v.Role == bytecode.RoleServer
		f.use(n.Base, n.Span, !valued)
	case bytecode.Rebinds, bytecode.Operates:
		if f.find(n.Base) != nil || strings.HasSuffix(n.Base, "-repository") || externalNames[n.Base] || f.p.handles[n.Base] {
			f.use(n.Base, n.Span, false)
			return
		}
		f.bind(n, silent)
	default:
		if what := takenNames[n.Base]; what != "" {
			f.p.report(f.file, n.Span, syntax.Warning, "ARO-N6",
				"Nobody can read this '"+n.Base+"': the name means "+what+" everywhere", "Use another name, e.g. <the-"+n.Base+">")
		}
		f.bind(n, silent)
	}
}

// expr notes the uses of an expression. required is false where unbound names
// are allowed.
func (f *flow) expr(e syntax.Expr, required bool) {
	switch e := e.(type) {
	case *syntax.Ref:
		f.noun(e.Noun, required)
	case *syntax.Is:
		if r, ok := ungroup(e.X).(*syntax.Ref); ok {
			f.noun(r.Noun, false)
			if e.Kind != syntax.IsValue {
				f.tested[r.Noun.Base] = true
			} else {
				f.noun(r.Noun, required)
			}
		} else {
			f.expr(e.X, required)
		}
		f.expr(e.Operand, required)
	case *syntax.Binary:
		f.expr(e.L, required)
		f.expr(e.R, required)
	case *syntax.Unary:
		f.expr(e.X, required)
	case *syntax.Group:
		f.expr(e.X, required)
	case *syntax.Member:
		f.expr(e.X, required)
	case *syntax.Subscript:
		f.expr(e.X, required)
		f.expr(e.Index, required)
	case *syntax.ListExpr:
		for _, x := range e.Elems {
			f.expr(x, required)
		}
	case *syntax.MapExpr:
		for _, x := range e.Entries {
			f.expr(x.Value, required)
		}
	case *syntax.Interpolated:
		for _, x := range e.Parts {
			f.expr(x, required)
		}
	}
}
