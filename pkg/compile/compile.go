// Package compile turns trees into bytecode: it resolves every name to a register
// once, lowers control flow, arithmetic and property access to instructions, and
// makes one ACT of every statement with an effect. It also runs the checks that
// need the whole program.
//
// It sees verbs only as signatures (bytecode.Verb); what a verb does is the
// host's business.
package compile

import (
	"cmp"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// Options are what a compilation depends on besides the sources.
type Options struct {
	Verbs bytecode.Verbs
	// Imported marks files of imported applications, whose Application-Start
	// and Application-End are dropped (01 §2.1).
	Imported map[*syntax.File]bool
	// SingleFile says that the program is one file, not a directory.
	SingleFile bool
	// Lint asks for the warnings that need an analysis of their own: L5, N3, N4, N5,
	// F5, V1. Errors are found without it.
	Lint bool
	// Cover puts an instruction in front of each statement that notes when it is
	// reached, for aro test --coverage.
	Cover bool
	// Template reports whether there is a template of that name; nil when nobody knows.
	Template func(name string) bool
	// Given are names that Application-Start gets from whoever runs it, as the entries
	// of an interactive session get what earlier ones bound. A binding replaces them.
	Given []string
}

// Compile compiles parsed files as one program. The diagnostics hold errors and
// warnings in source order; with an error among them the program is nil. The
// result depends on the sources only: the same text gives the same bytes.
func Compile(files []*syntax.File, opts Options) (*bytecode.Program, []*syntax.Diagnostic) {
	p := &program{opts: opts, actions: map[string]*syntax.FeatureSet{}, exported: map[string]bool{}}
	p.collect(files)
	out := &bytecode.Program{}
	for _, f := range files {
		out.Files = append(out.Files, f.Name)
	}
	for _, set := range p.sets {
		c := newCompiler(p, set.File)
		out.Chunks = append(out.Chunks, c.featureSet(set))
	}
	p.checkEvents()
	if opts.Lint {
		for _, f := range files {
			p.checkDirection(f)
		}
		p.findFacts()
		for _, set := range p.sets {
			p.checkNames(set)
			p.checkReturn(set)
		}
	}
	sortDiagnostics(p.diags, files)
	if slices.ContainsFunc(p.diags, isError) {
		return nil, p.diags
	}
	return out, p.diags
}

// program is the state that all feature sets of one compilation share.
type program struct {
	opts     Options
	verbs    map[string]*bytecode.Verb // by the word as it is written, see verb
	sets     []*syntax.FeatureSet
	actions  map[string]*syntax.FeatureSet // by lower-case name
	exported map[string]bool               // names that Application-Start exports to handlers
	diags    []*syntax.Diagnostic
	buffers  *buffers

	// Filled in for Lint (findFacts): names that a feature set gets from others.
	published  map[string]bool // by Publish
	handles    map[string]bool // by Listen, Connect and Start
	given      map[string]bool // by a test
	startNames map[string]bool // by Application-Start, for handlers
}

func sortDiagnostics(diags []*syntax.Diagnostic, files []*syntax.File) {
	order := make(map[*syntax.File]int, len(files))
	for i, f := range files {
		order[f] = i + 1
	}
	slices.SortStableFunc(diags, func(a, b *syntax.Diagnostic) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Span.Start, b.Span.Start))
	})
}

func (p *program) report(f *syntax.File, span syntax.Span, sev syntax.Severity, code, msg, hint string) {
	p.diags = append(p.diags, &syntax.Diagnostic{File: f, Span: span, Severity: sev, Code: code, Message: msg, Hint: hint})
}

// compiler compiles one chunk.
type compiler struct {
	p     *program
	file  *syntax.File
	chunk *bytecode.Chunk

	scope    *scope
	outer    *scope // the outermost scope of the chunk
	trail    []*variable
	vars     int // registers of variables and loop states
	entries  int // registers of names that the trigger fills in
	top      int // temporaries in use
	maxTemps int
	isStart  bool
	isAction bool
	template bool
	inGuard  bool
	loops    []*loopInfo
	set      *syntax.FeatureSet // nil for a template
	mentions map[string]bool    // names that it mentions anywhere, empty until somebody asks

	room *callRoom // what call works in

	stmt    int32
	consts  map[constKey]uint16
	names   map[string]uint16
	fields  map[string]uint16
	tooLong bool
}

type constKey struct {
	kind bytecode.ConstKind
	str  string
	aux  string
	num  int64
}

// loopInfo is an enclosing while loop, for break.
type loopInfo struct{ breaks []int }

func newCompiler(p *program, f *syntax.File) *compiler {
	c := &compiler{p: p, file: f, stmt: -1}
	c.chunk = &bytecode.Chunk{File: f.Name}
	if p.buffers == nil {
		p.buffers = newBuffers()
	}
	c.room = &p.buffers.room
	p.buffers.lend(c)
	c.outer = c.scope
	return c
}

// featureSet compiles one feature set.
func (c *compiler) featureSet(set *syntax.FeatureSet) *bytecode.Chunk {
	ch := c.chunk
	ch.Kind, ch.Name, ch.Activity, ch.StateGuard = bytecode.FeatureSet, set.Name, set.Activity, set.StateGuard
	if set.Takes != nil {
		ch.Takes = set.Takes.Name
	}
	line, _ := c.file.Position(set.Start)
	ch.Line = int32(line)
	c.isStart = set.Name == "Application-Start"
	if isTest(set) {
		c.scope.rebind++ // a test may bind a name again (02 §14)
	}
	if c.isStart {
		for _, name := range c.p.opts.Given {
			v := c.entry(name)
			v.bound, v.certain = true, true
		}
	}
	c.isAction = isAction(set)
	c.set = set
	c.mark(set)
	if set.When != nil {
		c.inGuard = true
		r := c.expr(set.When)
		strict := uint8(0)
		if strings.HasSuffix(strings.TrimSuffix(set.Activity, bytecode.Everywhere), "-repository Observer") {
			strict = 1 // 02 §7.8
		}
		c.emitN(bytecode.SKIP, strict, r, 0, 0)
		c.inGuard = false
		c.free()
	}
	ch.GuardEnd = int32(len(ch.Code))
	c.block(set.Body)
	c.finish()
	return ch
}

// finish ends the code and fills in what is known only at the end.
func (c *compiler) finish() {
	c.stmt = -1
	if !c.ended() {
		c.emit(bytecode.END, 0, 0, 0)
	}
	c.placeRegisters()
	c.p.buffers.take(c)
	if c.tooLong {
		c.p.report(c.file, syntax.Span{}, syntax.Error, "ARO-X1",
			"Feature set '"+c.chunk.Name+"' is too long to compile", "Split it into several feature sets or actions")
	}
}

// ended reports that nothing can get behind the last instruction, so that the
// code needs no further END.
func (c *compiler) ended() bool {
	n := len(c.chunk.Code)
	if n == 0 || !c.chunk.Code[n-1].Op.Info().Ends {
		return false
	}
	for _, i := range c.chunk.Code {
		if i.Op.Info().C == bytecode.Jump && int(i.C) == n {
			return false
		}
	}
	return true
}
