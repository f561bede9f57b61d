package compile

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// direct returns the register of a plain variable that is certainly bound.
func (c *compiler) direct(n *syntax.Noun) (int, bool) {
	if !bare(n) || alwaysNames[n.Base] || strings.HasSuffix(n.Base, "-repository") {
		return 0, false
	}
	if v := c.find(n.Base); v != nil && v.certain {
		return v.reg, true
	}
	return 0, false
}

// refTo compiles `<base: qualifier>` as a value (01 §5.4). quiet: unbound instead
// of an error.
func (c *compiler) refTo(n *syntax.Noun, dst int, quiet bool) {
	switch {
	case strings.HasSuffix(n.Base, "-repository") && c.find(n.Base) == nil:
		if n.Raw == "count" || n.Raw == "stale" {
			c.act(dst, bytecode.Site{Verb: "(" + n.Raw + ")", Object: noun(n), Extra: bytecode.NoReg}, c.temps(0))
			return
		}
		c.act(dst, bytecode.Site{Verb: "(rows)", Object: noun(n), Extra: bytecode.NoReg}, c.temps(0))
		c.walk(n, dst, dst, quiet)
		return
	case n.Base == "parameter" && quiet && n.Raw != "" && c.find(n.Base) == nil:
		// "(parameter)" fails for one that was not given; a test asks all of them.
		c.act(dst, bytecode.Site{Verb: "(parameter)", Object: noun(&syntax.Noun{Base: n.Base, Span: n.Span}), Extra: bytecode.NoReg}, c.temps(0))
		c.walk(n, dst, dst, quiet)
		return
	case (n.Base == "env" || n.Base == "parameter") && c.find(n.Base) == nil:
		c.act(dst, bytecode.Site{Verb: "(" + n.Base + ")", Object: noun(n), Extra: bytecode.NoReg}, c.temps(0))
		return
	case n.Base == "metrics":
		c.act(dst, bytecode.Site{Verb: "(metrics)", Object: noun(n), Extra: bytecode.NoReg}, c.temps(0))
		return
	}
	if c.isAction && (n.Base == "request" || n.Base == "response" || n.Base == "event" || n.Base == "pathParameters" || n.Base == "queryParameters") && c.find(n.Base) == nil {
		c.p.report(c.file, n.Span, syntax.Error, "ARO-A4", "'<"+n.Base+">' is not available inside an action", "Pass it in: Application."+c.chunk.Name+" … with { … }, and read it from <input>")
	}
	src := c.variable(n.Base, dst, quiet)
	c.walk(n, src, dst, quiet)
	if src != dst && bare(n) {
		c.emit(bytecode.MOVE, dst, src, 0)
	}
}

// variable loads a name and returns the register it is in: the variable's own,
// or dst.
func (c *compiler) variable(name string, dst int, quiet bool) int {
	flag := uint8(0)
	if c.inGuard {
		flag = 1
	}
	v := c.find(name)
	if v == nil && !alwaysNames[name] && (c.provided(name) || c.template) {
		v = c.entry(name)
	}
	switch {
	case v == nil || alwaysNames[name]:
		op := bytecode.ENV
		if quiet {
			op = bytecode.ENVQ
		}
		c.emitN(op, flag, dst, int(c.name(name)), 0)
		return dst
	case v.certain:
		return v.reg
	}
	op := bytecode.NAME
	if quiet {
		op = bytecode.NAMEQ
	}
	c.emitN(op, flag, dst, v.reg, int(c.name(name)))
	return dst
}

// entry makes a variable that the trigger (or a template's caller) fills in.
func (c *compiler) entry(name string) *variable {
	v := &variable{name: name, reg: entryBase + c.entries, trigger: true}
	c.entries++
	if c.entries >= tempBase-entryBase {
		c.tooLong, c.entries = true, 1
	}
	// Handlers and observers always have their event.
	a := strings.TrimSuffix(c.chunk.Activity, bytecode.Everywhere)
	v.certain = name == "event" && !c.inGuard && (strings.HasSuffix(a, " Handler") || strings.HasSuffix(a, " Observer"))
	c.outer.vars[name] = v
	c.outer.order = append(c.outer.order, v)
	c.chunk.Entry = append(c.chunk.Entry, bytecode.Local{Name: name, Reg: uint16(v.reg)})
	return v
}

// walk follows the qualifier of n from src to dst; nothing is emitted without one.
func (c *compiler) walk(n *syntax.Noun, src, dst int, quiet bool) {
	p := path(n)
	if p == nil || c.isForeign(n) {
		c.operations(n, src, dst, quiet)
		return
	}
	if n.Text != nil { // the name of the field is put together
		base := c.temps(2)
		c.emit(bytecode.MOVE, base, src, 0)
		c.exprTo(n.Text, base+1)
		c.emit(bytecode.INDEX, dst, base, base+1)
		return
	}
	op := bytecode.GET
	if quiet || c.template {
		op = bytecode.GETQ
	}
	c.emit(op, dst, src, int(c.field(n.Base, p)))
}

// operations applies a chain `name | trim | uppercase`, or a date offset, from
// left to right: what is no operation at its front is a property path.
func (c *compiler) operations(n *syntax.Noun, src, dst int, quiet bool) {
	var parts []string
	switch {
	case n.Kind == syntax.ChainQual:
		parts = n.Segments
	case n.Kind == syntax.OffsetQual, c.isForeign(n):
		parts = []string{n.Raw}
	default:
		return
	}
	base := c.temps(1)
	var steps []string
	for len(parts) > 0 && n.Kind == syntax.ChainQual && !c.isOperation(parts[0]) {
		steps = append(steps, strings.Split(parts[0], ".")...)
		parts = parts[1:]
	}
	switch {
	case len(steps) == 0:
		c.emit(bytecode.MOVE, base, src, 0)
	case quiet || c.template:
		c.emit(bytecode.GETQ, base, src, int(c.field(n.Base, steps)))
	default:
		c.emit(bytecode.GET, base, src, int(c.field(n.Base, steps)))
	}
	if len(parts) == 0 {
		c.emit(bytecode.MOVE, dst, base, 0)
		return
	}
	c.act(dst, bytecode.Site{Verb: "(operation)", Args: []bytecode.Slot{bytecode.SlotObject}, Extra: bytecode.NoReg,
		Object: bytecode.Noun{Base: n.Base, Raw: strings.Join(parts, " | "), Specs: parts}}, base)
}

// isForeign reports whether a qualifier is an operation of a plugin, Handle.name,
// which looks like a path.
func (c *compiler) isForeign(n *syntax.Noun) bool {
	return n.Kind == syntax.PathQual && len(n.Segments) == 2 && c.isOperation(n.Raw)
}

// isOperation reports whether a part of a chain is an operation or a date offset.
func (c *compiler) isOperation(part string) bool {
	compute := c.p.opts.Verbs["compute"]
	return part[0] == '+' || part[0] == '-' || compute != nil && slices.Contains(compute.Ops, strings.ToLower(part))
}

// bare reports whether a reference means the variable itself: its qualifier, if
// any, selects and computes nothing.
func bare(n *syntax.Noun) bool {
	return path(n) == nil && n.Kind != syntax.ChainQual && n.Kind != syntax.OffsetQual
}

// path returns the property path that a qualifier means in a value position, nil
// for none: type annotations select nothing.
func path(n *syntax.Noun) []string {
	switch n.Kind {
	case syntax.QuotedQual:
		return []string{n.Raw}
	case syntax.IndexQual, syntax.RangeQual, syntax.PickQual:
		return []string{n.Raw}
	case syntax.PathQual, syntax.FileQual:
		if len(n.Segments) == 1 && isAnnotation(n.Segments[0]) && !triggerNames[n.Base] {
			return nil // but <event: bytes> is a field
		}
		return n.Segments
	}
	return nil
}

// annotations are the built-in type and format words (01 §5.2).
var annotations = map[string]bool{"String": true, "Integer": true, "Int": true, "Number": true, "Float": true, "Double": true,
	"Boolean": true, "Bool": true, "List": true, "Array": true, "Map": true, "Dictionary": true, "Object": true, "Date": true, "JSON": true,
	"XML": true, "YAML": true, "CSV": true, "bytes": true, "Bytes": true}

// isAnnotation reports whether a one-word qualifier documents a type: a built-in
// type name as it is written in types.
func isAnnotation(s string) bool { return annotations[s] }

// noun copies a noun into the form that sites keep.
func noun(n *syntax.Noun) bytecode.Noun {
	if n == nil {
		return bytecode.Noun{}
	}
	out := bytecode.Noun{Base: n.Base, Raw: n.Raw, Quoted: n.Kind == syntax.QuotedQual}
	switch n.Kind {
	case syntax.NoQual:
	case syntax.PathQual, syntax.FileQual:
		out.Specs = n.Segments
	default:
		out.Specs = []string{n.Raw}
	}
	return out
}

// isPascal reports whether a word starts with a capital: a schema's name.
func isPascal(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(r)
}
