package vm

import (
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/vm/value"
)

// assemble reads one chunk, verifies and links it; every site calls do.
func assemble(t testing.TB, src string, do Func) *Code {
	t.Helper()
	c, err := bytecode.Assemble(src)
	if err != nil {
		t.Fatal(err)
	}
	if err := bytecode.Verify(c); err != nil {
		t.Fatal(err)
	}
	return Link(c, func(*bytecode.Site, *bytecode.Chunk) (Func, any, error) { return do, nil, nil })
}

// run runs code from the start in a fresh coroutine.
func run(code *Code, regs ...value.Value) *Coroutine {
	co := &Coroutine{}
	co.Prepare(code)
	for i, v := range regs {
		co.Set(uint16(i), v)
	}
	co.Run()
	return co
}

// site is the end of a listing whose instructions use one site without arguments.
const site = `
sites
  work <>
`
