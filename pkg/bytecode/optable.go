package bytecode

import (
	"fmt"
	"strings"
)

// kindLegend describes the operand kinds, in the order in which pages list them.
var kindLegend = [...]struct {
	kind Operand
	name string
	text string
}{
	{Reg, "reg", "a register, written `r5`"},
	{OptReg, "reg?", "a register, or `_` for none"},
	{RegPair, "pair", "two registers that follow each other, `r5:r6`"},
	{Count, "count", "the number of registers from the operand before it on"},
	{Const_, "const", "a constant, written as a literal or `#3`"},
	{Const2, "range", "two constants that follow each other, `1 .. 5`"},
	{Name_, "name", "a name that is looked up outside the feature set"},
	{Field_, "field", "a property path, `.address.city`; with the variable's name before it when error texts need it"},
	{Shape_, "shape", "the keys of an object, `{id, name}`"},
	{ShapeBase, "values", "first of as many registers as the shape has keys"},
	{Site_, "site", "an effectful statement, `site 3`; see the listing's `sites`"},
	{SiteBase, "args", "first of as many registers as the site has arguments"},
	{Jump, "target", "an instruction, `-> 17`, or in assembler text a label"},
	{TestCode, "test", "what `is` asks for: " + strings.Join(testNames[:], ", ")},
	{Flags, "n", "a small number, `n=1`; left out when 0"},
}

func (k Operand) String() string {
	for _, l := range kindLegend {
		if l.kind == k {
			return l.name
		}
	}
	return ""
}

// OpTable returns the reference page of the instruction set, in Markdown. It is
// made from the instruction table, so it cannot be out of date.
func OpTable() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Bytecode

The machine runs feature sets and templates as register code. This page is
generated from the instruction table in `+"`pkg/bytecode/op.go`"+`; see there for the layout
of an instruction, and `+"`pkg/bytecode/format.go`"+` for that of a file. Format version: %d.

`+"`r[x]`"+` is register x, `+"`k[x]`"+` constant x. An instruction that **fails** ends the feature set
with the statement's error. One that **suspends** may give the machine back to other
events in the middle of a feature set; of those, the ones with a target are the only
instructions that go back, and each time they spend fuel.

| instruction | a | b | c | n | meaning | |
|---|---|---|---|---|---|---|
`, FormatVersion)
	for op := range table {
		o := &table[op]
		var remarks []string
		for _, r := range [...]struct {
			on   bool
			text string
		}{{o.Ends, "ends"}, {o.Fails, "fails"}, {o.Suspends, "suspends"}} {
			if r.on {
				remarks = append(remarks, r.text)
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", o.Name, o.A, o.B, o.C, o.N,
			strings.ReplaceAll(o.Meaning, "|", `\|`), strings.Join(remarks, ", "))
	}
	b.WriteString("\n## Operands\n\n| kind | |\n|---|---|\n")
	for _, l := range kindLegend {
		fmt.Fprintf(&b, "| %s | %s |\n", l.name, l.text)
	}
	b.WriteString("\n## Arguments of a site\n\nEach argument takes one register, in the order of the site's `args`: " +
		strings.Join(slotNames[:], ", ") + ".\n")
	return b.String()
}
