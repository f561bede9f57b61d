package compile

import (
	"errors"
	"fmt"
	pathpkg "path"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// Template compiles a template source to a chunk that writes its output. The
// names it reads and does not bind become entry names, which the statement that
// renders it fills from its own scope. The error names the template and the line.
func Template(name string, src []byte, opts Options) (*bytecode.Chunk, error) {
	chunk, diags := TemplateFile(syntax.NewFile(name, src), opts)
	if err := templateError(name, diags); err != nil {
		return nil, err
	}
	return chunk, nil
}

// TemplateFile is Template with all its findings.
func TemplateFile(f *syntax.File, opts Options) (*bytecode.Chunk, []*syntax.Diagnostic) {
	t, diags := syntax.ParseTemplate(f)
	if slices.ContainsFunc(diags, isError) {
		return nil, diags
	}
	name := f.Name
	p := &program{opts: opts, actions: map[string]*syntax.FeatureSet{}, exported: map[string]bool{}}
	c := newCompiler(p, f)
	c.template = true
	c.chunk.Kind, c.chunk.Name = bytecode.Template, name
	c.chunk.Line = 1
	tc := &templateCompiler{compiler: c}
	if isMarkup(name) {
		tc.context = &context{}
	}
	tc.nodes(t.Nodes)
	c.finish()
	for _, l := range c.chunk.Entry {
		c.chunk.Free = append(c.chunk.Free, l.Name)
	}
	return c.chunk, append(diags, p.diags...)
}

func isError(d *syntax.Diagnostic) bool { return d.Severity == syntax.Error }

func templateError(name string, diags []*syntax.Diagnostic) error {
	i := slices.IndexFunc(diags, isError)
	if i < 0 {
		return nil
	}
	d := diags[i]
	line := 1
	if d.File != nil {
		line, _ = d.File.Position(d.Span.Start)
	}
	if strings.HasPrefix(d.Message, "Template parse error") {
		return errors.New(d.Message)
	}
	return fmt.Errorf("Template parse error in %s: line %d: %s", name, line, d.Message)
}

// isMarkup reports whether expressions in a template are escaped (03 §11.6).
func isMarkup(name string) bool {
	switch strings.ToLower(pathpkg.Ext(name)) {
	case ".html", ".htm", ".xhtml", ".xml", ".svg":
		return true
	}
	return false
}

type templateCompiler struct {
	*compiler
	context *context // nil when nothing is escaped
}

func (t *templateCompiler) nodes(list []syntax.TemplateNode) {
	for _, n := range list {
		t.node(n)
		t.free()
	}
}

func (t *templateCompiler) node(n syntax.TemplateNode) {
	switch n := n.(type) {
	case *syntax.TemplateText:
		if n.Text == "" {
			return
		}
		text := n.Text
		if t.context != nil {
			text = t.context.text(text)
		}
		t.text(text)
	case *syntax.TemplateExpr:
		t.output(n)
	case *syntax.TemplateFor:
		t.loop(n)
	case *syntax.TemplateWhen:
		t.plain(n)
		skip := t.cond(n.Cond)
		t.free()
		before := t.snapshot()
		t.branch(func() { t.nodes(n.Body) })
		if n.Else != nil {
			done := t.emit(bytecode.JMP, 0, 0, 0)
			t.patchAll(skip)
			after := t.snapshot()
			t.restore(before)
			t.branch(func() { t.nodes(n.Else) })
			t.join(n, after)
			t.patch(done)
			return
		}
		t.join(n, before)
		t.patchAll(skip)
	case *syntax.TemplateCode:
		for _, s := range n.Stmts {
			t.statement(s)
			t.free()
		}
	}
}

func (t *templateCompiler) text(s string) {
	t.emit(bytecode.TEXT, 0, int(t.constant(bytecode.Const{Kind: bytecode.StringConst, Str: s})), 0)
}

// output compiles {{ expr | filters }}.
func (t *templateCompiler) output(n *syntax.TemplateExpr) {
	t.plain(n)
	r := t.expr(n.X)
	filters := n.Filters
	if k := len(filters) - 1; t.context != nil && k >= 0 && filters[k].Name == "escape" {
		filters = filters[:k] // the place decides how it is escaped, once
	}
	for _, f := range filters {
		base := t.temps(1)
		if base != r {
			t.emit(bytecode.MOVE, base, r, 0)
		}
		t.act(base, bytecode.Site{Verb: "(filter)", Result: bytecode.Noun{Base: f.Name}, Object: bytecode.Noun{Raw: f.Arg},
			Args: []bytecode.Slot{bytecode.SlotObject}, Extra: bytecode.NoReg}, base)
		r = base
	}
	escape := uint8(0)
	if t.context != nil {
		if quote := t.context.open(); quote != "" {
			t.text(quote)
		}
		if escape = t.context.value(); escape == bytecode.EscapeForbidden {
			t.p.report(t.file, n.Range(), syntax.Warning, "ARO-T4",
				"nothing is written here: no escaping makes a value safe at this place", "Move it into text or a quoted attribute")
		}
	}
	t.emitN(bytecode.PRINT, escape, r, 0, 0)
}

func (t *templateCompiler) loop(n *syntax.TemplateFor) {
	t.plain(n)
	state := t.newRegister()
	t.newRegister()
	src := t.quietBase(n.Collection)
	t.emit(bytecode.ITER, state, src, 0)
	t.free()
	before := t.snapshot()
	t.branch(func() {
		t.scope = &scope{parent: t.scope, vars: map[string]*variable{}, loop: true}
		item := t.loopVar(n.Item)
		var index *variable
		if n.Index != nil {
			index = t.loopVar(n.Index)
		}
		head := t.here()
		next := t.emit(bytecode.NEXT, state, item.reg, 0)
		if index != nil {
			t.emit(bytecode.MOVE, index.reg, state+1, 0)
		}
		first := t.vars
		unset := t.emit(bytecode.UNSET, first, 0, 0)
		var skip []int
		if n.Filter != nil {
			skip = t.cond(n.Filter)
			t.free()
		}
		t.nodes(n.Body)
		t.chunk.Code[unset].B = uint16(t.vars - first)
		t.patchAll(skip)
		t.plain(n)
		t.emit(bytecode.LOOP, 0, 0, head)
		t.patch(next)
		t.scope = t.scope.parent
	})
	t.join(n, before)
}

// quietBase compiles a loop's collection: an undefined variable is an error, a
// missing property is an empty loop.
func (t *templateCompiler) quietBase(e syntax.Expr) int { return t.expr(e) }

func (t *templateCompiler) snapshot() context {
	if t.context == nil {
		return context{}
	}
	return *t.context
}

func (t *templateCompiler) restore(c context) {
	if t.context != nil {
		*t.context = c
	}
}

// join demands that two ways through a template meet in the same place of the
// document: what stands behind is escaped for one place only.
func (t *templateCompiler) join(n syntax.Node, other context) {
	if t.context != nil && !t.context.same(other) {
		t.p.report(t.file, n.Range(), syntax.Error, "ARO-T3",
			"the block ends in another place of the document than it begins, such as inside a tag or a quoted attribute", "Close tags and attributes inside the block")
	}
}
