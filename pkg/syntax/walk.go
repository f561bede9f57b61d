package syntax

// Walk calls visit for n and everything below it, parents before children and
// otherwise in source order. Where visit returns false the children are left
// out. Nouns are visited too: those of references, results, operands and loop
// variables; of row filters the conditions and their operands. A template's
// blocks are walked like statements.
//
// A broken file has nil children where an error was; they are skipped.
func Walk(n Node, visit func(Node) bool) {
	w := walker{visit}
	w.node(n)
}

// WalkFile walks the imports and feature sets of f.
func WalkFile(f *File, visit func(Node) bool) {
	for _, n := range f.Imports {
		Walk(n, visit)
	}
	for _, n := range f.Sets {
		Walk(n, visit)
	}
}

type walker struct{ visit func(Node) bool }

func (w walker) node(n Node) {
	if n == nil || !w.visit(n) {
		return
	}
	switch n := n.(type) {
	case *FeatureSet:
		if n.Takes != nil {
			w.node(n.Takes)
		}
		w.expr(n.When)
		w.block(n.Body)
	case *Block:
		w.stmts(n.Stmts)
	case *Simple:
		w.noun(n.Result)
		w.expr(n.Sink)
		if n.Object != nil {
			w.node(n.Object)
		}
		for _, o := range n.Mods {
			w.node(o)
		}
		w.noun(n.As)
		if n.Where != nil {
			w.node(n.Where)
		}
		w.expr(n.Limit)
		w.expr(n.Offset)
		w.expr(n.Default)
		w.expr(n.When)
	case *Noun:
		w.expr(n.Text)
	case *Operand:
		if n.Expr == nil {
			w.noun(n.Noun)
		}
		w.expr(n.Expr)
		for _, a := range n.Named {
			w.expr(a.Value)
		}
	case *Pipeline:
		for _, s := range n.Stages {
			w.node(s)
		}
	case *PublishAs:
		w.noun(n.External)
		w.noun(n.Internal)
	case *Require:
		w.noun(n.Name)
		w.noun(n.Source)
	case *Match:
		w.expr(n.Subject)
		for _, c := range n.Cases {
			w.node(c)
		}
		w.block(n.Otherwise)
	case *Case:
		for i := range n.Patterns {
			w.node(&n.Patterns[i])
		}
		w.expr(n.Guard)
		w.block(n.Body)
	case *Pattern:
		w.expr(n.Lo)
		w.expr(n.Hi)
	case *ForEach:
		w.noun(n.Item)
		w.noun(n.Index)
		w.expr(n.Collection)
		w.expr(n.Filter)
		w.block(n.Body)
	case *RangeLoop:
		w.noun(n.Var)
		w.expr(n.From)
		w.expr(n.To)
		w.block(n.Body)
	case *While:
		w.expr(n.Cond)
		w.block(n.Body)
	case Expr:
		w.operands(n)
	case *PredAnd:
		w.node(n.L)
		w.node(n.R)
	case *PredOr:
		w.node(n.L)
		w.node(n.R)
	case *PredNot:
		w.node(n.X)
	case *Cond:
		for _, x := range n.Args {
			w.expr(x)
		}
	case *TemplateExpr:
		w.expr(n.X)
	case *TemplateFor:
		w.noun(n.Item)
		w.noun(n.Index)
		w.expr(n.Collection)
		w.expr(n.Filter)
		w.pieces(n.Body)
	case *TemplateWhen:
		w.expr(n.Cond)
		w.pieces(n.Body)
		w.pieces(n.Else)
	case *TemplateCode:
		w.stmts(n.Stmts)
	}
}

// operands walks what an expression is made of.
func (w walker) operands(x Expr) {
	switch x := x.(type) {
	case *ListExpr:
		for _, e := range x.Elems {
			w.expr(e)
		}
	case *MapExpr:
		for _, e := range x.Entries {
			w.expr(e.Value)
		}
	case *Ref:
		w.noun(x.Noun)
	case *Binary:
		w.expr(x.L)
		w.expr(x.R)
	case *Unary:
		w.expr(x.X)
	case *Is:
		w.expr(x.X)
		w.expr(x.Operand)
	case *Member:
		w.expr(x.X)
	case *Subscript:
		w.expr(x.X)
		w.expr(x.Index)
	case *Group:
		w.expr(x.X)
	case *Interpolated:
		for _, e := range x.Parts {
			w.expr(e)
		}
	}
}

// The helpers keep typed nil pointers from becoming nodes.

func (w walker) expr(x Expr) {
	if x != nil {
		w.node(x)
	}
}

func (w walker) noun(n *Noun) {
	if n != nil {
		w.node(n)
	}
}

func (w walker) block(b *Block) {
	if b != nil {
		w.node(b)
	}
}

func (w walker) stmts(list []Stmt) {
	for _, s := range list {
		w.node(s)
	}
}

func (w walker) pieces(list []TemplateNode) {
	for _, n := range list {
		w.node(n)
	}
}
