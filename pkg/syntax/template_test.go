package syntax

import (
	"fmt"
	"strings"
	"testing"
)

func dumpTemplate(t *Template) string {
	var b strings.Builder
	for i, n := range t.Nodes {
		if i > 0 {
			b.WriteByte(' ')
		}
		Dump(&b, n)
	}
	return b.String()
}

func TestTemplates(t *testing.T) {
	const ref = `(TemplateExpr X=(Ref Noun=(Noun Base="user" Kind=2 Raw="name" Segments=["name"])))`
	for _, c := range []struct{ src, want string }{
		{"plain } text\n", `(TemplateText Text="plain } text\n")`},
		{"{{ <user: name> }}", ref},
		{"{{user.name}}", ref},
		{"{{ <user.name> }}", ref},
		{"{{ for }}", `(TemplateExpr X=(Ref Noun=(Noun Base="for")))`},
		{"{{ User }}", `(TemplateExpr X=(Ref Noun=(Noun Base="User")))`},
		{"{{ <s: memory: used> }}", `(TemplateExpr X=(Ref Noun=(Noun Base="s" Kind=2 Raw="memory.used" Segments=["memory" "used"])))`},
		{`{{ <at> | date: "dd }} | :" | raw }}`, `(TemplateExpr X=(Ref Noun=(Noun Base="at")) Filters=[(Filter Name="date" Arg="dd }} | :" HasArg=true) (Filter Name="raw")])`},
		{`{{ "=" ++ name | bold }}`, `(TemplateExpr X=(Binary Op=++ L=(Literal Kind=4 Str="=") R=(Ref Noun=(Noun Base="name"))) Filters=[(Filter Name="bold")])`},
		{"a{{ (* it's }} a comment *) }}b", `(TemplateText Text="a") (TemplateText Text="b")`},
		{"{{ for each <x> at <i> in <list: a> where <x> > 1 { }}-{{ <x> }}\n{{ } }}.",
			`(TemplateFor Item=(Noun Base="x") Index=(Noun Base="i") Collection=(Ref Noun=(Noun Base="list" Kind=2 Raw="a" Segments=["a"])) Filter=(Binary Op=> L=(Ref Noun=(Noun Base="x")) R=(Literal Kind=2 Int=1)) Body=[(TemplateText Text="-") (TemplateExpr X=(Ref Noun=(Noun Base="x"))) (TemplateText Text="\n")]) (TemplateText Text=".")`},
		{"{{for-each <x> in <y> {}}{{ } }}", `(TemplateFor Item=(Noun Base="x") Collection=(Ref Noun=(Noun Base="y")))`},
		{"{{ when <x> is empty { }}a{{ } else { }}b{{ } }}",
			`(TemplateWhen Cond=(Is X=(Ref Noun=(Noun Base="x")) Kind=1) Body=[(TemplateText Text="a")] Else=[(TemplateText Text="b")])`},
		{"{{ if ready { }}a{{ } }}", `(TemplateWhen Cond=(Ref Noun=(Noun Base="ready")) Body=[(TemplateText Text="a")])`},
		{"{{ Compute the <n> from 1 + 2. Print <n> to the <template>. }}",
			`(TemplateCode Stmts=[(Simple Verb="Compute" Result=(Noun Base="n") ResultArticle=true Object=(Operand Prep="from" Kind=1 Expr=(Binary Op=+ L=(Literal Kind=2 Int=1) R=(Literal Kind=2 Int=2)))) (Simple Verb="Print" Sink=(Ref Noun=(Noun Base="n")) Object=(Operand Prep="to" Article=true Noun=(Noun Base="template")))])`},
		{`{{ <Print> "x" to the <template>. }}`, `(TemplateCode Stmts=[(Simple Verb="Print" Sink=(Literal Kind=4 Str="x") Object=(Operand Prep="to" Article=true Noun=(Noun Base="template")))])`},
		{`{{ match <s> { case "a" { Exit. } } }}`, `(TemplateCode Stmts=[(Match Subject=(Ref Noun=(Noun Base="s")) Cases=[(Case Patterns=[(Pattern Kind=1 Lo=(Literal Kind=4 Str="a"))] Body=(Block Stmts=[(Simple Verb="Exit")]))])])`},
	} {
		f := NewFile("t", []byte(c.src))
		tpl, diags := ParseTemplate(f)
		for _, d := range diags {
			t.Errorf("%s: %v", c.src, d)
		}
		if got := dumpTemplate(tpl); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
		for _, n := range tpl.Nodes {
			if s := n.Range(); s.Start < 0 || int(s.End) > len(c.src) || s.End <= s.Start {
				t.Errorf("%s: %T at %v", c.src, n, s)
			}
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"a\n{{ <x>", "2:1 ARO-T1 Unclosed '{{'"},
		{"{{ for each <x> in <y> }}a{{ } }}", "1:23 ARO-T2 Expected '{' at the end of 'for each', but got '}}'"},
		{"{{ for each x in <y> { }}a{{ } }}", "1:13 ARO-P1 Expected '<', but got name 'x'"},
		{"{{ for each <x> <y> { }}a{{ } }}", "1:17 ARO-P1 Expected 'in', but got '<'"},
		{"a{{ } }}", "1:2 ARO-T2 '}' closes nothing"},
		{"a{{ when <x> { }}b", "1:2 ARO-T2 'when' has no end"},
		{"{{ for each <x> in <y> { }}{{ } else { }}{{ } }}", "1:28 ARO-T2 'else' belongs to no 'when'"},
		{"{{ <x> <y> }}", "1:11 ARO-P1 Expected an expression, but got '}}'"},
		{"{{ <x> name }}", "1:8 ARO-P1 Expected '|' or '}}', but got name 'name'"},
		{"{{ <x> | }}{{ <x> | date: dd }}", "1:9 ARO-P1 Expected the name of a filter, but got '}}'; 1:27 ARO-P1 Expected a quoted argument, but got name 'dd'"},
		{"{{ Log <x> to. Log <> to <y>. }}", "1:14 ARO-P1 Expected an expression, but got '.'; 1:21 ARO-P1 Expected a name, but got '>'"},
		{"{{}}", "1:3 ARO-P1 Expected an expression, but got '}}'"},
	} {
		f := NewFile("t", []byte(c.src))
		_, diags := ParseTemplate(f)
		var got []string
		for _, d := range diags {
			line, col := f.Position(d.Span.Start)
			got = append(got, fmt.Sprintf("%d:%d %s %s", line, col, d.Code, d.Message))
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, s, c.want)
		}
	}
}
