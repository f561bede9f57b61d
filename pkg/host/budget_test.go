package host_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// TestE05_BudgetOfMany: runs that are all short and cause each other without end use
// up the budget of the one that began it. Each of these would take years.
func TestE05_BudgetOfMany(t *testing.T) {
	for name, src := range map[string]string{
		"actions": `(Go: X) { Application.Twice the <x> from 90. }
(Twice: Action takes <n: Integer>) {
    Compute the <m> from <n> - 1.
    match <n> {
        case 0 { Return an <OK: status> with 0. }
        otherwise {
            Application.Twice the <a> from <m>.
            Application.Twice the <b> from <m>.
        }
    }
    Return an <OK: status> with <n>.
}`,
		"events": `(Go: X) { Emit a <Ping: event> with { n: 90 }. Wait for 0 seconds. while true { Log "" to the <console> when 1 > 2. } }
(Again: Ping Handler) where <n> > 0 {
    Compute the <m> from <event: n> - 1.
    Emit a <Ping: event> with { n: <m> }.
    Emit a <Ping: event> with { n: <m> }.
}`,
		"observers": `(Go: X) { Store { n: 60 } into the <a-repository>. while true { Log "" to the <console> when 1 > 2. } }
(Again: a-repository Observer) {
    Extract the <row> from the <event: newValue>.
    Compute the <m> from <row: n> - 1.
    Store { n: <m> } into the <a-repository> when <m> > 0.
    Store { n: <m> } into the <a-repository> when <m> > 0.
}`,
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			h := linkWith(t, src, &out, 200*time.Millisecond)
			began := time.Now()
			e := h.Invoke(h.Named("Go"), host.Payload{Event: value.EmptyMap})
			defer e.Release()
			if e.State() != vm.Failed || !strings.Contains(host.Describe(e.Err()), "time budget") {
				t.Errorf("%v: %s", e.State(), host.Describe(e.Err()))
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("stopped after %v", took)
			}
		})
	}
}
