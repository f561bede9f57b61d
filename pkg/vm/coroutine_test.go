package vm

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/vm/value"
)

// pending is an operation that somebody else completes.
type pending struct{ started int }

func (p *pending) Start(*Coroutine) bool { p.started++; return false }

// TestSuspendAndResume: a verb parks the coroutine anywhere, and another goroutine
// continues it with everything where it was.
func TestSuspendAndResume(t *testing.T) {
	op := &pending{}
	calls := 0
	code := assemble(t, `
       CONST r0, 10
       ACT   r1, site 0, r2
       ADD   r0, r0, r1
       ACT   r1, site 0, r2
       ADD   r0, r0, r1
       END`+site, func(c *Call) (value.Value, error) {
		calls++
		return c.Suspend(op)
	})
	co := &Coroutine{}
	co.Prepare(code)
	for n := range 2 {
		if s := co.Run(); s != Blocked || co.State() != Blocked || co.Op() != op || calls != n+1 {
			t.Fatal(s, co.Op(), calls)
		}
		done := make(chan struct{})
		go func() { // a coroutine belongs to no goroutine
			co.Reply(value.OfInt(int64(n+1)), nil)
			close(done)
		}()
		<-done
	}
	if s := co.Run(); s != Done || co.Get(0).Int() != 13 {
		t.Error(s, co.Get(0).Text(), co.Err())
	}
	if op.started != 0 {
		t.Error("Run started the operation; that is the driver's")
	}
}

// TestResumeWithError: an operation that fails fails the statement.
func TestResumeWithError(t *testing.T) {
	boom := errors.New("boom")
	code := assemble(t, "ACT r0, site 0, r1\nCONST r0, 1\nEND"+site, func(c *Call) (value.Value, error) { return c.Suspend(&pending{}) })
	co := run(code)
	co.Reply(value.Value{}, boom)
	if co.Run() != Failed || !errors.Is(co.Err(), boom) || co.Get(0).IsBound() {
		t.Error(co.State(), co.Err())
	}
}

// TestResumeWithoutResult: a reply to a statement without result binds nothing.
func TestResumeWithoutResult(t *testing.T) {
	code := assemble(t, "ACT _, site 0, r0\nEND"+site, func(c *Call) (value.Value, error) { return c.Suspend(&pending{}) })
	co := run(code)
	co.Reply(value.OfInt(5), nil)
	if co.Run() != Done || len(co.regs) > 0 && co.Get(0).IsBound() {
		t.Error(co.State(), co.Err())
	}
}

// TestPanics: what panics below Run fails the statement, with its stack for the
// log, and the coroutine can be used again.
func TestPanics(t *testing.T) {
	code := assemble(t, "CONST r0, 1\nACT r0, site 0, r1\nCONST r0, 2\nEND"+site, func(c *Call) (value.Value, error) {
		var none []int
		_ = none[len(c.args)+3]
		return value.Nil, nil
	})
	co := run(code)
	var p *PanicError
	if co.State() != Failed || !errors.As(co.Err(), &p) || co.Get(0).Int() != 1 {
		t.Fatal(co.State(), co.Err())
	}
	if !strings.Contains(p.Stack, "TestPanics") || strings.Contains(p.Error(), ".go") || !strings.Contains(p.Error(), "index out of range") {
		t.Errorf("%v\n%s", p, p.Stack)
	}
	co.Release()
	co.Prepare(assemble(t, "CONST r0, 7\nEND", nil))
	if co.Run() != Done || co.Get(0).Int() != 7 {
		t.Error(co.State(), co.Err())
	}
}

// TestPanicAfterSuspend: also on the goroutine that resumes.
func TestPanicAfterSuspend(t *testing.T) {
	calls := 0
	code := assemble(t, "ACT r0, site 0, r1\nACT r0, site 0, r1\nEND"+site, func(c *Call) (value.Value, error) {
		if calls++; calls == 2 {
			panic("second")
		}
		return c.Suspend(&pending{})
	})
	co := run(code)
	co.Reply(value.Nil, nil)
	if co.Run() != Failed || co.Err().Error() != "internal error: second" {
		t.Error(co.State(), co.Err())
	}
}

// TestGuard: what fails, panics or does not hold in the guard skips the feature set.
func TestGuard(t *testing.T) {
	for _, test := range []struct {
		guard string
		want  State
	}{
		{"CONST r0, true", Done}, {"CONST r0, 0", Skipped}, {"CONST r0, null", Skipped},
		{"CONST r0, \"x\"\nNEG r0, r0", Skipped}, {"ACT r0, site 0, r1", Skipped}, {"ENV r0, ghost", Skipped},
	} {
		code := assemble(t, test.guard+"\nSKIP r0\nEND"+site, func(*Call) (value.Value, error) { panic("in the guard") })
		code.Chunk.GuardEnd = int32(len(code.Chunk.Code) - 1)
		if co := run(code); co.State() != test.want {
			t.Errorf("%s: %v %v", test.guard, co.State(), co.Err())
		}
	}
}

const spin = "loop: LOOP -> loop"

// TestCancel ends loops of every kind, from another goroutine.
func TestCancel(t *testing.T) {
	stop := errors.New("stop")
	for name, src := range map[string]string{
		"while": spin,
		"range": "CONST r0, 0\nCONST r1, 9223372036854775807\nRANGE r0:r1, -> end\nbody: STEP r0:r1, r2, -> body\nend: END",
		"verb":  "again: ACT _, site 0, r0\nJMP -> on\non: LOOP -> again" + site,
	} {
		code := assemble(t, src, func(*Call) (value.Value, error) { return value.Nil, nil })
		co := &Coroutine{}
		co.Prepare(code)
		var wg sync.WaitGroup
		wg.Go(func() { co.Run() })
		co.Cancel(stop)
		wg.Wait()
		if co.State() != Failed || !errors.Is(co.Err(), stop) {
			t.Errorf("%s: %v %v", name, co.State(), co.Err())
		}
		if co.Cancelled() != stop {
			t.Error(co.Cancelled())
		}
		co.Release()
		if co.Cancelled() != nil {
			t.Error("a released coroutine is still cancelled")
		}
	}
}

// TestBudget: steps and time end a loop; waiting costs no time; short runs none.
func TestBudget(t *testing.T) {
	co := &Coroutine{}
	co.Prepare(assemble(t, spin, nil))
	co.Limit(100_000, 0)
	if co.Run() != Failed || !strings.Contains(co.Err().Error(), "budget of 100000 steps") {
		t.Error(co.State(), co.Err())
	}
	if co.spent > 100_000+2*refill {
		t.Error("spent", co.spent)
	}
	co.Prepare(assemble(t, spin, nil))
	co.Limit(0, 20*time.Millisecond)
	begun := time.Now()
	if co.Run() != Failed || !strings.Contains(co.Err().Error(), "time budget of 20ms") || time.Since(begun) < 20*time.Millisecond {
		t.Error(co.State(), co.Err(), time.Since(begun))
	}
	co.Prepare(assemble(t, "CONST r0, 0\nCONST r1, 50\nRANGE r0:r1, -> end\nbody: STEP r0:r1, r2, -> body\nend: END", nil))
	co.Limit(1, time.Nanosecond)
	if co.Run() != Done {
		t.Error("a short run was charged:", co.Err())
	}
}

// TestWaitingIsNoComputing: a coroutine that sleeps longer than its budget between
// bursts of work is not stopped.
func TestWaitingIsNoComputing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		burst := fmt.Sprintf("CONST r0, 0\nCONST r1, %d\nRANGE r0:r1, -> w\nb: STEP r0:r1, r2, -> b\nw: ACT _, site 0, r0\nLOOP -> start", 2*refill)
		code := assemble(t, "start: "+burst+site, func(c *Call) (value.Value, error) { return c.Suspend(&pending{}) })
		co := &Coroutine{}
		co.Prepare(code)
		co.Limit(0, time.Second)
		for range 5 {
			if co.Run() != Blocked {
				t.Fatal(co.State(), co.Err())
			}
			time.Sleep(time.Hour)
			co.Reply(value.Nil, nil)
		}
	})
}

// TestRelease: a pooled coroutine keeps nothing of its run alive.
func TestRelease(t *testing.T) {
	code := assemble(t, "CONST r0, \"x\"\nCONST r1, [1, 2]\nMOVE r2, r1\nTEXT \"out\"\nACT r3, site 0, r4\nEND"+site, func(c *Call) (value.Value, error) {
		return c.Suspend(&pending{})
	})
	co := run(code)
	co.Depth = 3
	co.Reply(value.OfString("reply"), errors.New("failed"))
	regs := co.regs[:cap(co.regs)]
	co.Release()
	for i, v := range regs {
		if v.IsBound() || v != (value.Value{}) && v.Kind() != value.Unbound {
			t.Errorf("r%d still holds %s", i, v.Developer())
		}
	}
	if co.code != nil || co.op != nil || co.err != nil || co.fail != nil || co.reply.IsBound() || co.call.Site != nil || co.call.args != nil || co.Depth != 0 {
		t.Errorf("%+v", co)
	}
	co.Prepare(assemble(t, "END", nil))
	if len(co.Out) != 0 {
		t.Error("output of the last run:", string(co.Out))
	}
	co.Run()
	co.Release()
	big := assemble(t, fmt.Sprintf("CONST r%d, 1\nEND", maxKeptRegs+1), nil)
	co.Prepare(big)
	co.Out = make([]byte, 0, maxKeptOut+1)
	co.Run()
	co.Release()
	if cap(co.regs) != 0 || cap(co.Out) != 0 {
		t.Error("large frames and buffers are kept:", cap(co.regs), cap(co.Out))
	}
}

// TestUnresolvedSite: a site without a verb fails when it runs and not before.
func TestUnresolvedSite(t *testing.T) {
	c, err := bytecode.Assemble("CONST r0, 1\nJF r0, -> call\nEND\ncall: ACT _, site 0, r1\nEND" + site)
	if err != nil {
		t.Fatal(err)
	}
	code := Link(c, func(s *bytecode.Site, _ *bytecode.Chunk) (Func, any, error) {
		return nil, nil, errors.New("Unknown action verb")
	})
	if co := run(code); co.State() != Done {
		t.Error(co.Err())
	}
	c.Consts[0].Int = 0
	if co := run(Link(c, func(s *bytecode.Site, _ *bytecode.Chunk) (Func, any, error) {
		return nil, nil, errors.New("Unknown action verb")
	})); co.State() != Failed || co.Err().Error() != "Unknown action verb" {
		t.Error(co.State(), co.Err())
	}
}

// TestHammerSharedCode runs one linked chunk in many coroutines at once: they
// share its inline caches and nothing else.
func TestHammerSharedCode(t *testing.T) {
	code := assemble(t, "GET r1, r0, .a\nEXTRACT r2, r0, .b\nADD r1, r1, r2\nEND", nil)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			co := &Coroutine{}
			for i := range 2000 {
				b := value.NewBuilder(4)
				for j := range (i + w) % 5 { // other shapes each time
					b.Set(fmt.Sprint("k", j), value.Nil)
				}
				b.Set("b", value.OfInt(int64(w)))
				b.Set("a", value.OfInt(int64(i)))
				co.Prepare(code)
				co.Set(0, b.Value())
				if co.Run() != Done || co.Get(1).Int() != int64(i+w) {
					t.Errorf("%v %v %s", co.State(), co.Err(), co.Get(1).Text())
					return
				}
				co.Release()
			}
		})
	}
	wg.Wait()
}
