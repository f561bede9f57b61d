package host

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"aro/pkg/vm"
)

// TestResult is what became of one test.
type TestResult struct {
	Name    string
	Failed  string // why an assertion failed, "" otherwise
	Error   string // why the test could not be carried out, "" otherwise
	Details string // of a failure or error: where, and the whole block
	Took    time.Duration
}

// Tests returns the names of the tests whose name contains filter, in source
// order.
func (h *Host) Tests(filter string) (names []string) {
	for _, s := range h.program().sets {
		if s.Kind == TestSet && strings.Contains(strings.ToLower(s.Name), strings.ToLower(filter)) {
			names = append(names, s.Name)
		}
	}
	return names
}

// Test runs the n-th of the tests that Tests returned for the filter. Other
// feature sets run only as far as it calls them. The host is to be closed
// afterwards: each test has one of its own, so that rows and published names of
// one test are not there in the next.
func (h *Host) Test(filter string, n int) TestResult {
	for _, s := range h.program().sets {
		if s.Kind != TestSet || !strings.Contains(strings.ToLower(s.Name), strings.ToLower(filter)) {
			continue
		}
		if n--; n < 0 {
			return h.test(s)
		}
	}
	return TestResult{Error: "there is no such test"}
}

func (h *Host) test(s *Set) TestResult {
	r := TestResult{Name: s.Name}
	if err := h.loadStores(false); err != nil {
		r.Error = err.Error()
		return r
	}
	started := time.Now()
	e := h.Invoke(s, noTrigger{})
	r.Took = time.Since(started)
	defer e.Release()
	switch err := e.Err(); e.State() {
	case vm.Skipped:
		r.Error = "the condition behind the header does not hold"
	case vm.Failed:
		r.Details = strings.TrimSpace(fmt.Sprintf("at%s\n%s", place(err), Describe(err)))
		if a, ok := errors.AsType[*AssertionError](err); ok {
			r.Failed = a.Message
			break
		}
		for {
			inner := errors.Unwrap(err)
			if inner == nil {
				break
			}
			err = inner
		}
		r.Error = err.Error()
	}
	return r
}

// Close ends what a host has started, without running the program: servers,
// sleepers, connections. Run does so by itself.
func (h *Host) Close() {
	h.Shutdown("")
	h.life.mu.Lock()
	drain, closing := h.life.drain, h.life.closing
	h.life.mu.Unlock()
	for _, f := range drain {
		f()
	}
	h.sleepers.wakeAll()
	h.waitInFlight(time.Now().Add(drainTime))
	deadline := time.Now().Add(flushTime)
	for _, f := range closing {
		f(deadline)
	}
	h.Engine.Close()
}
