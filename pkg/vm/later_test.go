package vm_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// lazily returns a chunk as it comes out of a file.
func lazily(t *testing.T, text string, change func(*bytecode.Chunk)) *bytecode.Chunk {
	t.Helper()
	p, err := bytecode.AssembleProgram(text)
	if err != nil {
		t.Fatal(err)
	}
	change(p.Chunks[0])
	if p, _, err = bytecode.DecodeLazy(bytecode.Encode(p, bytecode.Meta{})); err != nil {
		t.Fatal(err)
	}
	return p.Chunks[0]
}

const oneSite = "CONST r0, \"hello\"\nACT r0, site 0, r0\nEND\nsites\nlog <> to <console> args [object]"

func TestLinkLaterLinksOnceAtTheFirstRun(t *testing.T) {
	var linked, called atomic.Int32
	code := vm.LinkLater(lazily(t, oneSite, func(*bytecode.Chunk) {}), func(s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
		linked.Add(1)
		return func(c *vm.Call) (value.Value, error) { called.Add(1); return c.Arg(bytecode.SlotObject), nil }, nil, nil
	})
	if len(code.Sites) != 0 || code.Chunk.Code != nil {
		t.Error("expanded before it ran")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			co := &vm.Coroutine{}
			co.Prepare(code)
			if co.Run() != vm.Done || co.Get(0).Str() != "hello" {
				t.Error(co.State(), co.Err())
			}
		})
	}
	wg.Wait()
	if linked.Load() != 1 || called.Load() != 8 {
		t.Errorf("linked %d times, called %d times", linked.Load(), called.Load())
	}
}

func TestLinkLaterFailsWithTheDamage(t *testing.T) {
	chunk := lazily(t, oneSite, func(c *bytecode.Chunk) { c.MaxRegs = 0 })
	code := vm.LinkLater(chunk, func(*bytecode.Site, *bytecode.Chunk) (vm.Func, any, error) {
		t.Error("a site of a damaged chunk is linked")
		return nil, nil, nil
	})
	co := &vm.Coroutine{}
	co.Prepare(code)
	if co.Run() != vm.Failed || !strings.Contains(co.Err().Error(), "register") {
		t.Error(co.State(), co.Err())
	}
}

func TestPanicWhileLinkingIsAnErrorOfTheSite(t *testing.T) {
	code := vm.LinkLater(lazily(t, oneSite, func(*bytecode.Chunk) {}), func(*bytecode.Site, *bytecode.Chunk) (vm.Func, any, error) {
		panic("odd site")
	})
	co := &vm.Coroutine{}
	co.Prepare(code)
	if co.Run() != vm.Failed {
		t.Error(co.State(), co.Err())
	}
}
