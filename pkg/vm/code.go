// Package vm runs bytecode: linked code, coroutines and the loop.
//
// One coroutine runs one event. Its whole state is on the heap (registers,
// program counter, pending host call), so any host call may suspend it and any
// goroutine may resume it later; running an event creates no goroutine. The
// package knows no verb, no repository and no socket: a statement with an effect
// is one ACT instruction, which calls the function that linking put into its
// site.
package vm

import (
	"slices"
	"sync"
	"sync/atomic"

	"aro/pkg/bytecode"
	"aro/pkg/vm/value"
)

// Func is what a linked site calls: a verb. Arguments are read through the Call,
// which belongs to the coroutine and is valid until the function returns; what
// must live longer has to be copied out of it. To suspend, return what
// Call.Suspend returned.
type Func func(c *Call) (value.Value, error)

// Site is a statement linked to the host: the verb's function, what the statement
// says, and a target that linking resolved (a repository, a user action, …).
// Read only after linking, so that all coroutines share it.
type Site struct {
	*bytecode.Site
	Do     Func
	Target any

	code  *Code
	arg   [bytecode.NumSlots]int8 // position of each slot in the window, -1 when absent
	nargs uint16
}

// Code is a chunk linked to one host. It is read only after Link, except for the
// inline caches, which are atomic; any number of coroutines run it at once.
type Code struct {
	Chunk  *bytecode.Chunk
	Sites  []Site // empty until Ready, for code of LinkLater
	ins    []bytecode.Ins
	consts []value.Value
	fields []field
	shapes []*value.Shape

	reached []atomic.Bool // by instruction, for COVER; nil without one

	resolve Resolver // of LinkLater
	once    sync.Once
}

// field is a property path with an inline cache for its first step.
type field struct {
	path  []string
	name  string
	cache atomic.Pointer[slotCache]
	miss  atomic.Int32
}

// slotCache is immutable, so that a reader never sees half of it.
type slotCache struct {
	shape *value.Shape
	slot  int
}

// maxMisses ends the refilling of a site that sees many shapes: an update costs
// an allocation, a scan only a few nanoseconds.
const maxMisses = 8

// Resolver links one site: it returns the function to call and the target to
// keep in Site.Target. An error means the statement cannot work on this host.
type Resolver func(s *bytecode.Site, c *bytecode.Chunk) (Func, any, error)

// Link prepares a verified chunk for running. A site that cannot be resolved
// does not stop the rest: running it fails with the resolver's error, which is
// what the language asks for (01 §3.1). Link is not for concurrent use with the
// same chunk.
func Link(c *bytecode.Chunk, resolve Resolver) *Code {
	code := &Code{Chunk: c}
	code.link(resolve)
	return code
}

// LinkLater is Link at the first run: a program of hundreds of feature sets starts
// without expanding, verifying and linking those that nothing has called yet.
// Prepare, which every run begins with, does it; a later run pays for one atomic
// load. Nobody else may read the chunk's body or Sites before Ready.
func LinkLater(c *bytecode.Chunk, resolve Resolver) *Code {
	return &Code{Chunk: c, resolve: resolve}
}

// Ready makes sure that code of LinkLater is linked. Of a chunk that turns out to be
// damaged one statement is left, which fails with the reason.
func (code *Code) Ready() {
	if code.resolve == nil {
		return
	}
	code.once.Do(func() {
		resolve := code.resolve
		if err := code.Chunk.Ready(); err != nil {
			resolve = func(*bytecode.Site, *bytecode.Chunk) (Func, any, error) { return nil, nil, err }
		}
		code.link(resolve)
	})
}

func (code *Code) link(resolve Resolver) {
	c := code.Chunk
	code.ins = c.Code
	if slices.ContainsFunc(c.Code, isCover) {
		code.reached = make([]atomic.Bool, len(c.Code))
	}
	code.consts = make([]value.Value, len(c.Consts))
	code.fields = make([]field, len(c.Fields))
	code.shapes = make([]*value.Shape, len(c.Shapes))
	code.Sites = make([]Site, len(c.Sites))
	for i := range c.Consts {
		code.consts[i] = Constant(&c.Consts[i])
	}
	for i, f := range c.Fields {
		code.fields[i].path, code.fields[i].name = f.Path, f.Name
	}
	for i, keys := range c.Shapes {
		code.shapes[i] = value.ShapeOf(keys...)
	}
	for i := range c.Sites {
		s := &code.Sites[i]
		s.Site, s.code = &c.Sites[i], code
		for j := range s.arg {
			s.arg[j] = -1
		}
		s.nargs = uint16(len(s.Args))
		for j, slot := range s.Args {
			if s.arg[slot] < 0 && j < 127 {
				s.arg[slot] = int8(j)
			}
		}
		if s.Prep == "with" && s.arg[bytecode.SlotWith] < 0 {
			s.arg[bytecode.SlotWith] = s.arg[bytecode.SlotObject] // 02 §1.2: with is with, wherever it stands
		}
		do, target, err := resolve.safely(s.Site, c)
		if err != nil {
			do = func(*Call) (value.Value, error) { return value.Value{}, err }
		}
		s.Do, s.Target = do, target
	}
}

func isCover(i bytecode.Ins) bool { return i.Op == bytecode.COVER }

// Covered calls f for each statement of code that was compiled to be measured, in
// source order, and says whether it was reached. The code must be Ready.
func (code *Code) Covered(f func(line bytecode.Line, reached bool)) {
	for pc := range code.reached {
		if isCover(code.ins[pc]) {
			f(code.Chunk.At(pc), code.reached[pc].Load())
		}
	}
}

// safely turns a panic into an error of the site, as Run does for the statement that
// runs: with LinkLater, linking is part of running.
func (resolve Resolver) safely(s *bytecode.Site, c *bytecode.Chunk) (do Func, target any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{p, stack()}
		}
	}()
	return resolve(s, c)
}

// Constant turns a constant of the file format into a value.
func Constant(c *bytecode.Const) value.Value {
	switch c.Kind {
	case bytecode.BoolConst:
		return value.OfBool(c.Bool)
	case bytecode.IntConst:
		return value.OfInt(c.Int)
	case bytecode.FloatConst:
		return value.OfFloat(c.Float)
	case bytecode.StringConst:
		return value.OfString(c.Str).Written()
	case bytecode.RegexConst:
		return value.OfObject(NewPattern(c.Str, c.Aux))
	case bytecode.ListConst:
		return value.OfList(constants(c.List))
	case bytecode.MapConst:
		b := value.NewBuilder(len(c.Keys))
		for i, v := range constants(c.List) {
			b.Set(c.Keys[i], v)
		}
		return b.Value()
	}
	return value.Nil
}

func constants(list []bytecode.Const) []value.Value {
	out := make([]value.Value, len(list))
	for i := range list {
		out[i] = Constant(&list[i])
	}
	return out
}
