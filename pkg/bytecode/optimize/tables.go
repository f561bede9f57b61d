package optimize

import (
	"slices"

	"aro/pkg/bytecode"
)

// tables drops the constants, names, paths, shapes and sites that the code does not use
// any more, and what error texts would say of statements that are gone.
func tables(e *edit) {
	c := e.c
	d := c.WithCode(slices.Clone(c.Code))
	used := map[bytecode.Operand][]bool{
		bytecode.Const_: make([]bool, len(c.Consts)), bytecode.Name_: make([]bool, len(c.Names)), bytecode.Field_: make([]bool, len(c.Fields)),
		bytecode.Shape_: make([]bool, len(c.Shapes)), bytecode.Site_: make([]bool, len(c.Sites)),
	}
	eachIndex(d.Code, func(kind bytecode.Operand, x *uint16) {
		if kind == bytecode.Const2 {
			used[bytecode.Const_][*x], used[bytecode.Const_][*x+1] = true, true // neighbours stay neighbours
		} else {
			used[kind][*x] = true
		}
	})
	moved := map[bytecode.Operand][]int{}
	d.Consts, moved[bytecode.Const_] = keep(c.Consts, used[bytecode.Const_])
	d.Names, moved[bytecode.Name_] = keep(c.Names, used[bytecode.Name_])
	d.Fields, moved[bytecode.Field_] = keep(c.Fields, used[bytecode.Field_])
	d.Shapes, moved[bytecode.Shape_] = keep(c.Shapes, used[bytecode.Shape_])
	d.Sites, moved[bytecode.Site_] = keep(c.Sites, used[bytecode.Site_])
	eachIndex(d.Code, func(kind bytecode.Operand, x *uint16) {
		if kind == bytecode.Const2 {
			kind = bytecode.Const_
		}
		*x = uint16(moved[kind][*x])
	})

	said := make([]bool, len(c.Stmts))
	stmts := func(f func(*int32)) {
		for i := range d.Lines {
			f(&d.Lines[i].Stmt)
		}
		for i := range d.Sites {
			f(&d.Sites[i].Stmt)
		}
	}
	d.Lines = slices.Clone(d.Lines)
	stmts(func(s *int32) {
		if *s >= 0 {
			said[*s] = true
		}
	})
	var at []int
	d.Stmts, at = keep(c.Stmts, said)
	stmts(func(s *int32) {
		if *s >= 0 {
			*s = int32(at[*s])
		}
	})
	e.c = d
}

// eachIndex calls f for every operand that is an index into a table.
func eachIndex(code []bytecode.Ins, f func(kind bytecode.Operand, x *uint16)) {
	for i := range code {
		ins := &code[i]
		info := ins.Op.Info()
		for _, o := range []struct {
			kind bytecode.Operand
			x    *uint16
		}{{info.A, &ins.A}, {info.B, &ins.B}, {info.C, &ins.C}} {
			switch o.kind {
			case bytecode.Const_, bytecode.Const2, bytecode.Name_, bytecode.Field_, bytecode.Shape_, bytecode.Site_:
				f(o.kind, o.x)
			}
		}
	}
}

// keep returns the marked elements, in a slice of their own, and where each went.
func keep[T any](list []T, marked []bool) (kept []T, at []int) {
	at = make([]int, len(list))
	for i, x := range list {
		at[i] = len(kept)
		if marked[i] {
			kept = append(kept, x)
		}
	}
	return kept, at
}
