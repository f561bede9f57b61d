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
	Sites  []Site
	ins    []bytecode.Ins
	consts []value.Value
	fields []field
	shapes []*value.Shape
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
	code := &Code{
		Chunk:  c,
		ins:    c.Code,
		consts: make([]value.Value, len(c.Consts)),
		fields: make([]field, len(c.Fields)),
		shapes: make([]*value.Shape, len(c.Shapes)),
		Sites:  make([]Site, len(c.Sites)),
	}
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
		do, target, err := resolve(s.Site, c)
		if err != nil {
			do = func(*Call) (value.Value, error) { return value.Value{}, err }
		}
		s.Do, s.Target = do, target
	}
	return code
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
		return value.OfString(c.Str)
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
