package bytecode

import (
	"strconv"
	"strings"
)

// nounText is <base: raw>; what does not follow from the raw qualifier is added.
func nounText(n Noun) string {
	var b strings.Builder
	b.WriteByte('<')
	if n.Base != "" || len(n.Specs) > 0 && n.Raw == "" && !n.Quoted {
		b.WriteString(atomText(n.Base))
	}
	if n.Raw != "" || n.Quoted {
		b.WriteString(": " + atomText(n.Raw))
	}
	if n.Quoted {
		b.WriteString(" quoted")
	}
	if !equalStrings(n.Specs, n.usualSpecs()) {
		b.WriteString(" specs [" + joined(n.Specs, ", ", atomText) + "]")
	}
	b.WriteByte('>')
	return b.String()
}

func (n *Noun) empty() bool {
	return n.Base == "" && n.Raw == "" && !n.Quoted && len(n.Specs) == 0
}

// usualSpecs are the specs that the raw qualifier usually stands for.
func (n *Noun) usualSpecs() []string {
	switch {
	case n.Quoted:
		return []string{n.Raw}
	case n.Raw == "":
		return nil
	}
	return strings.Split(n.Raw, ".")
}

func equalStrings(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// siteText is the complete form of a site.
func siteText(s *Site) string {
	var b strings.Builder
	b.WriteString(atomText(s.Verb))
	hasObject := s.Prep != "" || !s.Object.empty()
	if hasObject || !s.Result.empty() {
		b.WriteString(" " + nounText(s.Result))
	}
	if hasObject {
		b.WriteString(" " + atomText(s.Prep) + " " + nounText(s.Object))
	}
	if s.ObjectIsExpr {
		b.WriteString(" expr")
	}
	if s.Composed {
		b.WriteString(" composed")
	}
	if s.MapLiteral {
		b.WriteString(" literal")
	}
	if len(s.Args) > 0 {
		b.WriteString(" args [" + joined(s.Args, ", ", Slot.String) + "]")
	}
	if s.Where != nil {
		b.WriteString(" where " + whereText(s.Where))
	}
	if len(s.Order) > 0 {
		b.WriteString(" order [" + joined(s.Order, ", ", orderText) + "]")
	}
	if len(s.Named) > 0 {
		b.WriteString(" named [" + joined(s.Named, ", ", atomText) + "]")
	}
	for _, clause := range [...]struct{ key, value string }{
		{"unit", s.Unit}, {"method", s.Method}, {"aggregate", s.Aggregate}, {"aggfield", s.AggField}, {"as", s.As},
	} {
		if clause.value != "" {
			b.WriteString(" " + clause.key + " " + atomText(clause.value))
		}
	}
	if s.Extra != NoReg {
		b.WriteString(" extra " + regText(s.Extra))
	}
	if s.Stmt != -1 {
		b.WriteString(" stmt " + strconv.Itoa(int(s.Stmt)))
	}
	if len(s.Scope) > 0 {
		b.WriteString(" scope [" + localsText(s.Scope) + "]")
	}
	return b.String()
}

func orderText(k OrderKey) string {
	if k.Desc {
		return pathText(k.Path) + " desc"
	}
	return pathText(k.Path)
}

func whereText(w *Where) string { return string(appendWhere(nil, w)) }

func appendWhere(b []byte, w *Where) []byte {
	b = append(b, '(')
	switch {
	case w == nil:
	case w.Kind == WhereAnd:
		b = appendWhere(append(b, "and "...), w.L)
		b = appendWhere(append(b, ' '), w.R)
	case w.Kind == WhereOr:
		b = appendWhere(append(b, "or "...), w.L)
		b = appendWhere(append(b, ' '), w.R)
	case w.Kind == WhereNot:
		b = appendWhere(append(b, "not "...), w.L)
	default:
		b = append(b, conditionText(w)...)
	}
	return append(b, ')')
}

func conditionText(w *Where) string {
	s := pathText(w.Field)
	if w.Not {
		s += " not"
	}
	if _, known := whereOps[w.Op]; known {
		s += " " + w.Op
	} else {
		s += " " + strconv.Quote(w.Op)
	}
	if w.Arg != 0 || w.Args != 0 {
		s += " arg" + strconv.Itoa(w.Arg)
	}
	if w.Args != 1 && (w.Arg != 0 || w.Args != 0) {
		s += "+" + strconv.Itoa(w.Args)
	}
	return s
}

// stmtText is the complete form of a statement record.
func stmtText(s *Stmt) string {
	var b strings.Builder
	b.WriteString(atomText(s.Verb) + " at " + placeText(s.Line, s.Col))
	word := func(key, value string) {
		if value != "" {
			b.WriteString(" " + key + " " + atomText(value))
		}
	}
	parts := func(key string, list []Part) {
		if len(list) > 0 {
			b.WriteString(" " + key + " [" + joined(list, ", ", partText) + "]")
		}
	}
	word("result", s.Result)
	parts("sink", s.Sink)
	word("prep", s.Prep)
	word("object", s.Object)
	parts("expr", s.Expr)
	parts("where", s.Where)
	if s.Guard {
		b.WriteString(" guard")
	}
	if len(s.Trace) > 0 {
		b.WriteString(" trace [" + joined(s.Trace, ", ", atomText) + "]")
	}
	if len(s.Scope) > 0 {
		b.WriteString(" scope [" + localsText(s.Scope) + "]")
	}
	return b.String()
}

func placeText(line, col int32) string {
	return strconv.Itoa(int(line)) + ":" + strconv.Itoa(int(col))
}

// partText is a quoted text or {name.path}; ! marks quoted output.
func partText(p Part) string {
	if p.Name == "" && len(p.Path) == 0 && !p.Quote {
		return strconv.Quote(p.Text)
	}
	s := "{"
	if p.Text != "" {
		s += "text " + strconv.Quote(p.Text) + " "
	}
	s += strconv.Quote(p.Name)
	if plain(p.Name, false) && p.Name != "text" {
		s = s[:len(s)-len(strconv.Quote(p.Name))] + p.Name
	}
	for _, step := range p.Path {
		s += "." + segmentText(step)
	}
	if p.Quote {
		s += "!"
	}
	return s + "}"
}
