package bytecode

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ListOptions selects what Disassemble shows.
type ListOptions struct {
	// Source returns the lines of a file of the program, nil when it is not at
	// hand. With it, each source line stands above its instructions.
	Source func(file string) []string
	// Meanings adds what each instruction does, from the instruction table.
	Meanings bool
	// Tables lists everything, not only what people look for; Assemble then gives
	// back the same chunk.
	Tables bool
}

// Disassemble writes a listing that people can read and Assemble accepts. It
// copes with chunks that Verify would refuse: a bad operand is shown as such.
func Disassemble(w io.Writer, p *Program, o ListOptions) error {
	out := bufio.NewWriter(w)
	for i, c := range p.Chunks {
		if i > 0 {
			out.WriteByte('\n')
		}
		if err := c.Load(); err != nil {
			return fmt.Errorf("chunk %q: %w", c.Name, err)
		}
		l := listing{Writer: out, c: c, options: o, known: textsOf(c)}
		if o.Source != nil {
			l.source = o.Source(c.File)
		}
		l.chunk()
	}
	return out.Flush()
}

type listing struct {
	*bufio.Writer
	c       *Chunk
	options ListOptions
	known   textTables
	source  []string
	shown   int32 // source line shown last
}

var chunkKinds = [...]string{FeatureSet: "feature-set", Template: "template", Snippet: "snippet"}

func (l *listing) chunk() {
	c := l.c
	kind := "?"
	if int(c.Kind) < len(chunkKinds) {
		kind = chunkKinds[c.Kind]
	}
	fmt.Fprintf(l, "%s %q", kind, c.Name)
	for _, part := range [...]struct{ key, value string }{
		{"activity", c.Activity}, {"state", c.StateGuard}, {"takes", c.Takes}, {"file", c.File},
	} {
		if part.value != "" {
			fmt.Fprintf(l, " %s %q", part.key, part.value)
		}
	}
	if c.Line != 0 {
		fmt.Fprintf(l, " line %d", c.Line)
	}
	fmt.Fprintf(l, "\n  registers %d\n", c.MaxRegs)
	if c.GuardEnd != 0 {
		fmt.Fprintf(l, "  guard     %d\n", c.GuardEnd)
	}
	if len(c.Entry) > 0 {
		fmt.Fprintf(l, "  entry     %s\n", localsText(c.Entry))
	}
	if len(c.Locals) > 0 {
		fmt.Fprintf(l, "  locals    %s\n", localsText(c.Locals))
	}
	if len(c.Free) > 0 {
		fmt.Fprintf(l, "  free      %s\n", joined(c.Free, ", ", atomText))
	}

	l.WriteString("code\n")
	lines := c.Lines
	for pc := range c.Code {
		for len(lines) > 0 && int(lines[0].PC) <= pc {
			l.place(lines[0])
			lines = lines[1:]
		}
		l.instruction(pc, &c.Code[pc])
	}
	for _, line := range lines {
		l.place(line)
	}

	listTable(l, "constants", c.Consts, func(x *Const) string { return constText(*x) })
	if l.options.Tables {
		listTable(l, "names", c.Names, func(x *string) string { return atomText(*x) })
		listTable(l, "fields", c.Fields, func(x *Field) string { return fieldText(*x) })
		listTable(l, "shapes", c.Shapes, func(x *[]string) string { return shapeText(*x) })
	}
	listTable(l, "sites", c.Sites, siteText)
	if l.options.Tables {
		listTable(l, "statements", c.Stmts, stmtText)
	}
}

func listTable[T any](l *listing, title string, list []T, text func(*T) string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(l, "%s\n", title)
	for i := range list {
		fmt.Fprintf(l, "%4d  %s\n", i, text(&list[i]))
	}
}

// place writes a line table entry, followed by the source line unless that has
// just been shown.
func (l *listing) place(at Line) {
	s := ".at " + placeText(at.Line, at.Col)
	if at.Stmt != -1 {
		s += " stmt " + strconv.Itoa(int(at.Stmt))
	}
	fmt.Fprintf(l, "      %s", s)
	if at.Line > 0 && int(at.Line) <= len(l.source) && at.Line != l.shown {
		if source := strings.TrimSpace(l.source[at.Line-1]); source != "" {
			fmt.Fprintf(l, "%*s; %s", max(1, 18-len(s)), "", printable(source))
		}
		l.shown = at.Line
	}
	l.WriteByte('\n')
}

const commentColumn = 40

func (l *listing) instruction(pc int, ins *Ins) {
	if ins.Op >= NumOps {
		fmt.Fprintf(l, "%4d  ; unknown opcode %d\n", pc, ins.Op)
		return
	}
	info := ins.Op.Info()
	text, remarks := l.operands(ins, info)
	if l.options.Meanings {
		remarks = append(remarks, info.Meaning)
	}
	line := info.Name
	if text != "" {
		line = fmt.Sprintf("%-8s %s", info.Name, text)
	}
	fmt.Fprintf(l, "%4d  %s", pc, line)
	if len(remarks) > 0 {
		fmt.Fprintf(l, "%*s; %s", max(1, commentColumn-6-len([]rune(line))), "", strings.Join(remarks, " · "))
	}
	l.WriteByte('\n')
}
