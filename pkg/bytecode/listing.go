package bytecode

import "strings"

// Listed is a chunk as data for tools, with the texts of a listing.
type Listed struct {
	Kind         string     `json:"kind"`
	Name         string     `json:"name"`
	Activity     string     `json:"activity,omitempty"`
	File         string     `json:"file,omitempty"`
	Line         int32      `json:"line,omitempty"`
	Registers    uint16     `json:"registers"`
	Guard        int32      `json:"guard,omitempty"` // number of instructions of the declaration guard
	Instructions []ListedIn `json:"instructions"`
	Constants    []string   `json:"constants,omitempty"`
	Sites        []string   `json:"sites,omitempty"`
}

// ListedIn is one instruction. A, B, C and N are what is in it; Operands is what they
// mean, and Remarks what else a listing says.
type ListedIn struct {
	PC       int    `json:"pc"`
	Op       string `json:"op"`
	A        uint16 `json:"a"`
	B        uint16 `json:"b"`
	C        uint16 `json:"c"`
	N        uint8  `json:"n"`
	Operands string `json:"operands,omitempty"`
	Remarks  string `json:"remarks,omitempty"`
	Line     int32  `json:"line,omitempty"`
	Column   int32  `json:"column,omitempty"`
	Source   string `json:"source,omitempty"`
}

// List returns the chunks of a program as data. Like Disassemble it copes with chunks
// that Verify would refuse.
func List(p *Program, o ListOptions) ([]Listed, error) {
	all := make([]Listed, 0, len(p.Chunks))
	for _, c := range p.Chunks {
		if err := c.Load(); err != nil {
			return nil, err
		}
		x := Listed{Kind: "?", Name: c.Name, Activity: c.Activity, File: c.File, Line: c.Line, Registers: c.MaxRegs, Guard: c.GuardEnd,
			Instructions: make([]ListedIn, 0, len(c.Code))}
		if int(c.Kind) < len(chunkKinds) {
			x.Kind = chunkKinds[c.Kind]
		}
		l := listing{c: c, options: o, known: textsOf(c)}
		if o.Source != nil {
			l.source = o.Source(c.File)
		}
		for pc := range c.Code {
			x.Instructions = append(x.Instructions, l.listed(pc))
		}
		for i := range c.Consts {
			x.Constants = append(x.Constants, constText(c.Consts[i]))
		}
		for i := range c.Sites {
			x.Sites = append(x.Sites, siteText(&c.Sites[i]))
		}
		all = append(all, x)
	}
	return all, nil
}

func (l *listing) listed(pc int) ListedIn {
	ins := &l.c.Code[pc]
	x := ListedIn{PC: pc, Op: ins.Op.String(), A: ins.A, B: ins.B, C: ins.C, N: ins.N}
	if ins.Op < NumOps {
		var remarks []string
		x.Operands, remarks = l.operands(ins, ins.Op.Info())
		if l.options.Meanings {
			remarks = append(remarks, ins.Op.Info().Meaning)
		}
		x.Remarks = strings.Join(remarks, " · ")
	}
	if len(l.c.Lines) > 0 {
		at := l.c.At(pc)
		x.Line, x.Column = at.Line, at.Col
		if at.Line > 0 && int(at.Line) <= len(l.source) {
			x.Source = strings.TrimSpace(l.source[at.Line-1])
		}
	}
	return x
}
