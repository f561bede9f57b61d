package syntax

// Template is a parsed template file (03 §11.3): literal text and blocks. A
// block's expressions and statements are ordinary ARO; their positions are
// offsets into the template's own source.
type Template struct {
	File  *File
	Nodes []TemplateNode
}

// TemplateNode is one piece of a template.
type TemplateNode interface {
	Node
	templateNode()
}

// TemplateText is copied verbatim.
type TemplateText struct {
	Span
	Text string
}

// TemplateExpr is {{ expr | filter: "arg" | … }}.
type TemplateExpr struct {
	Span
	X       Expr
	Filters []Filter
}

// Filter is one `| name: "argument"`; Arg is "" and HasArg false without one.
type Filter struct {
	Span
	Name   string
	Arg    string
	HasArg bool
}

// TemplateFor is {{ for each <x> [at <i>] in <list> [where cond] { }} … {{ } }}.
type TemplateFor struct {
	Span
	Item, Index *Noun
	Collection  Expr
	Filter      Expr
	Body        []TemplateNode
}

// TemplateWhen is {{ when cond { }} … {{ } else { }} … {{ } }}.
type TemplateWhen struct {
	Span
	Cond       Expr
	Body, Else []TemplateNode
}

// TemplateCode is {{ Verb … . }}: statements, or a match block.
type TemplateCode struct {
	Span
	Stmts []Stmt
}

func (*TemplateText) templateNode() {}
func (*TemplateExpr) templateNode() {}
func (*TemplateFor) templateNode()  {}
func (*TemplateWhen) templateNode() {}
func (*TemplateCode) templateNode() {}
