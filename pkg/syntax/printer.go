package syntax

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Print writes f in canonical form: articles are "the", strings are quoted with
// `"`, clauses stand in a fixed order. For a file without errors the result
// parses to an equal tree (positions apart) and prints as itself. Comments are
// not in the tree and are lost.
func Print(w *strings.Builder, f *File) {
	p := printer{w: w}
	for _, d := range f.Imports {
		p.put("import ", d.Path, "\n")
	}
	for i, set := range f.Sets {
		if i > 0 || len(f.Imports) > 0 {
			p.put("\n")
		}
		p.featureSet(set)
	}
}

// PrintNode writes one statement, block, expression, condition, noun or operand
// in canonical form.
func PrintNode(w *strings.Builder, n Node) {
	p := printer{w: w}
	switch n := n.(type) {
	case *FeatureSet:
		p.featureSet(n)
	case *Block:
		p.block(n)
	case Stmt:
		p.stmt(n)
	case Expr:
		p.expr(n)
	case Pred:
		p.pred(n, 0)
	case *Noun:
		p.noun(n)
	case *Operand:
		p.operand(n)
	default:
		fmt.Fprintf(w, "(* %T *)", n)
	}
}

type printer struct {
	w      *strings.Builder
	indent int
}

// put is not inlined: its calls would make the executable 30 KB larger.
//
//go:noinline
func (p *printer) put(texts ...string) {
	for _, s := range texts {
		p.w.WriteString(s)
	}
}

func (p *printer) line() {
	p.put("\n")
	for range p.indent {
		p.put("    ")
	}
}

func (p *printer) featureSet(set *FeatureSet) {
	p.header(set)
	p.optional(" when ", set.When)
	p.put(" ")
	p.block(set.Body)
	p.put("\n")
}

func (p *printer) header(set *FeatureSet) {
	p.put("(")
	if strings.HasPrefix(set.Name, "*") {
		p.put(" ") // not a comment
	}
	p.put(set.Name, ": ", set.Activity)
	if set.Takes != nil {
		p.put(" takes <", set.Takes.Name)
		if set.Takes.Type != "" {
			p.put(": ", set.Takes.Type)
		}
		p.put(">")
	} else if set.StateGuard != "" {
		p.put("<", set.StateGuard, ">")
	}
	p.put(")")
}

func (p *printer) optional(word string, x Expr) {
	if x != nil {
		p.put(word)
		p.expr(x)
	}
}

func (p *printer) block(b *Block) {
	p.put("{")
	p.indent++
	for _, s := range b.Stmts {
		p.line()
		p.stmt(s)
	}
	p.indent--
	p.line()
	p.put("}")
}

func (p *printer) stmt(s Stmt) {
	switch s := s.(type) {
	case *Simple:
		p.simple(s)
		p.put(".")
	case *Pipeline:
		for i, stage := range s.Stages {
			if i > 0 {
				p.line()
				p.put("    |> ")
			}
			p.simple(stage)
		}
		p.put(".")
	case *PublishAs:
		p.put("Publish as ")
		p.noun(s.External)
		p.put(" ")
		p.noun(s.Internal)
		p.put(".")
	case *Require:
		p.put("Require the ")
		p.noun(s.Name)
		p.put(" from the ")
		p.noun(s.Source)
		p.put(".")
	case *Match:
		p.match(s)
	case *ForEach:
		if s.Parallel {
			p.put("parallel ")
		}
		p.put("for each ")
		p.noun(s.Item)
		if s.Index != nil {
			p.put(" at ")
			p.noun(s.Index)
		}
		p.optional(" in ", s.Collection)
		if s.Limit != 0 {
			p.put(" with <concurrency: ", strconv.Itoa(s.Limit), ">")
		}
		p.optional(" where ", s.Filter)
		p.put(" ")
		p.block(s.Body)
	case *RangeLoop:
		p.put("for ")
		p.noun(s.Var)
		p.optional(" from ", s.From)
		p.optional(" to ", s.To)
		p.put(" ")
		p.block(s.Body)
	case *While:
		p.optional("while ", s.Cond)
		p.put(" ")
		p.block(s.Body)
	case *Break:
		p.put("break.")
	case *ErrorStatement:
		p.put("(* ", strings.ReplaceAll(s.Message, "*)", "* )"), " *)")
	}
}

func (p *printer) match(s *Match) {
	p.optional("match ", s.Subject)
	p.put(" {")
	p.indent++
	for _, c := range s.Cases {
		p.line()
		p.put("case ")
		for i, t := range c.Patterns {
			if i > 0 {
				p.put(", ")
			}
			if t.Kind == AnyPattern {
				p.put("_")
				continue
			}
			p.expr(t.Lo)
			p.optional("..", t.Hi)
		}
		p.optional(" where ", c.Guard)
		p.put(" ")
		p.block(c.Body)
	}
	if s.Otherwise != nil {
		p.line()
		p.put("otherwise ")
		p.block(s.Otherwise)
	}
	p.indent--
	p.line()
	p.put("}")
}

func (p *printer) simple(s *Simple) {
	if needsBrackets(s) {
		p.put("<", s.Verb, ">")
	} else {
		p.put(s.Verb)
	}
	switch {
	case s.Sink != nil:
		p.put(" ")
		p.expr(s.Sink)
	case s.Result != nil:
		p.put(" ")
		if s.ResultArticle {
			p.put("the ")
		}
		p.noun(s.Result)
		if s.ResultType != "" {
			p.put(" as ", s.ResultType)
		}
	}
	open := s.Sink != nil // an expression stands last, which `in` would continue
	filters := false
	for o := range s.operands {
		if open && o.Prep == "in" && !o.Article && !filters {
			p.filters(s)
			filters = true
		}
		p.put(" ")
		p.operand(o)
		open = o.Kind == ExprOperand || o.Kind == NamedOperand
	}
	if !filters {
		p.filters(s)
	}
	p.optional(" default ", s.Default)
	p.optional(" when ", s.When)
}

// needsBrackets reports whether the plain verb would open another statement.
func needsBrackets(s *Simple) bool {
	switch keywordOf(s.Verb) {
	case kwFor, kwForEach, kwParallel, kwWhile, kwBreak, kwIf, kwElse, kwTry, kwCatch:
		return true
	case kwMatch:
		return !s.ResultArticle
	}
	return false
}

// operands yields the object and the modifiers in source order.
func (s *Simple) operands(yield func(*Operand) bool) {
	if s.Object != nil && !yield(s.Object) {
		return
	}
	for _, o := range s.Mods {
		if !yield(o) {
			return
		}
	}
}

// filters prints the clauses that no operator continues.
func (p *printer) filters(s *Simple) {
	if s.As != nil {
		p.put(" as ")
		p.noun(s.As)
	}
	if s.Where != nil {
		p.put(" where ")
		p.pred(s.Where, 0)
	}
	for i, k := range s.Order {
		if i == 0 {
			p.put(" order by ")
		} else {
			p.put(", ")
		}
		p.put("<", strings.Join(k.Path, "."), ">")
		if k.Desc {
			p.put(" desc")
		}
	}
	p.optional(" limit ", s.Limit)
	p.optional(" offset ", s.Offset)
}

func (p *printer) operand(o *Operand) {
	p.put(o.Prep, " ")
	if o.Method != "" {
		p.put(o.Method, " ")
	}
	if o.Article {
		p.put("the ")
	}
	switch o.Kind {
	case NounOperand:
		switch {
		case o.Article || o.Noun.Kind != NoQual:
			p.noun(o.Noun)
		case o.Prep == "from" || o.Prep == "to" || o.Prep == "with" || o.Prep == "for":
			p.put(o.Noun.Base) // in brackets it would be a value
		default:
			p.noun(o.Noun)
		}
	case ExprOperand:
		p.expr(o.Expr)
	case PortOperand:
		p.put("port ")
		p.expr(o.Expr)
	case DurationOperand:
		p.expr(o.Expr)
		p.put(" ", o.Unit)
	case AggregateOperand:
		p.put(o.Func, "(")
		if o.Noun != nil {
			p.noun(o.Noun)
		}
		p.put(")")
	case NamedOperand:
		for i, a := range o.Named {
			if i > 0 {
				p.put(", ")
			}
			p.put(a.Name, " ")
			p.expr(a.Value)
		}
	}
}

func (p *printer) noun(n *Noun) {
	if n == nil {
		return
	}
	p.put("<", n.Base)
	switch n.Kind {
	case NoQual:
	case QuotedQual:
		p.put(": ")
		if n.Text != nil {
			p.expr(n.Text)
		} else {
			p.quote(n.Raw)
		}
	default:
		p.put(": ", n.Raw)
	}
	p.put(">")
}

func (p *printer) quote(s string) {
	p.put(`"`)
	p.escaped(s)
	p.put(`"`)
}

// escaped writes s as the inside of a string.
func (p *printer) escaped(s string) {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\n':
			p.put(`\n`)
		case r == '\r':
			p.put(`\r`)
		case r == '\t':
			p.put(`\t`)
		case r == 0:
			p.put(`\0`)
		case r == '"' || r == '\\':
			p.put(`\`, s[i:i+1])
		case r == '$' && strings.HasPrefix(s[i+1:], "{"):
			p.put(`\$`)
		case r < ' ' || r == 0x7F:
			fmt.Fprintf(p.w, `\u{%x}`, r)
		default:
			p.put(s[i : i+n])
		}
		i += n
	}
}

func (p *printer) expr(x Expr) {
	switch x := x.(type) {
	case *Literal:
		p.literal(x)
	case *Regex:
		p.put("/", x.Pattern, "/", x.Flags)
	case *ListExpr:
		p.put("[")
		for i, e := range x.Elems {
			if i > 0 {
				p.put(", ")
			}
			p.expr(e)
		}
		p.put("]")
	case *MapExpr:
		p.mapExpr(x)
	case *Ref:
		p.noun(x.Noun)
	case *Binary:
		p.expr(x.L)
		p.put(" ", x.Op.String(), " ")
		p.expr(x.R)
	case *Unary:
		p.put(x.Op.String(), " ")
		p.expr(x.X)
	case *Is:
		p.is(x)
	case *Member:
		p.expr(x.X)
		p.put(".", x.Name)
	case *Subscript:
		p.expr(x.X)
		p.put("[")
		p.expr(x.Index)
		p.put("]")
	case *Group:
		p.put("(")
		p.expr(x.X)
		p.put(")")
	case *Interpolated:
		p.put(`"`)
		for _, e := range x.Parts {
			if l, ok := e.(*Literal); ok && l.Kind == StringLit {
				p.escaped(l.Str)
				continue
			}
			p.put("${")
			p.expr(e)
			p.put("}")
		}
		p.put(`"`)
	}
}

func (p *printer) literal(x *Literal) {
	switch x.Kind {
	case NullLit:
		p.put("null")
	case BoolLit:
		p.put(strconv.FormatBool(x.Bool))
	case IntLit:
		p.put(strconv.FormatInt(x.Int, 10))
	case FloatLit:
		s := strconv.FormatFloat(x.Float, 'g', -1, 64)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
		p.put(s)
	default:
		p.quote(x.Str)
	}
}

func (p *printer) mapExpr(x *MapExpr) {
	p.put("{")
	for i, e := range x.Entries {
		if i > 0 {
			p.put(",")
		}
		p.put(" ")
		s := scanner{src: e.Key, end: len(e.Key)}
		if e.Key != "" && s.wordAt(0) == len(e.Key) {
			p.put(e.Key)
		} else {
			p.quote(e.Key)
		}
		p.put(": ")
		p.expr(e.Value)
	}
	if len(x.Entries) > 0 {
		p.put(" ")
	}
	p.put("}")
}

func (p *printer) is(x *Is) {
	p.expr(x.X)
	if x.Kind == IsDefined && !x.Not {
		switch x.X.(type) {
		case *Binary, *Unary, *Is:
		default:
			p.put(" exists") // `exists` binds tighter than `is defined`
			return
		}
	}
	p.put(" is ")
	if x.Not {
		p.put("not ")
	}
	switch x.Kind {
	case IsNull:
		p.put("null")
	case IsEmpty:
		p.put("empty")
	case IsDefined:
		p.put("defined")
	case IsWord:
		if keywordOf(x.Name) != noKeyword {
			p.put("a ")
		}
		p.put(x.Name)
	case IsValue:
		p.expr(x.Operand)
	}
}

// pred prints x; level is 0 outside, 1 as an operand of `or`, 2 of `and`, 3
// under `not`. Right operands get one more, since both associate to the left.
func (p *printer) pred(x Pred, level int) {
	paren := func(own int, f func()) {
		if own < level {
			p.put("(")
		}
		f()
		if own < level {
			p.put(")")
		}
	}
	switch x := x.(type) {
	case *PredOr:
		paren(1, func() { p.pred(x.L, 1); p.put(" or "); p.pred(x.R, 2) })
	case *PredAnd:
		paren(2, func() { p.pred(x.L, 2); p.put(" and "); p.pred(x.R, 3) })
	case *PredNot:
		p.put("not ")
		p.pred(x.X, 3)
	case *Cond:
		p.put("<", strings.Join(x.Field, "."), "> ", x.OpText)
		for i, a := range x.Args {
			if i > 0 {
				p.put(" and")
			}
			p.put(" ")
			p.expr(a)
		}
	}
}
