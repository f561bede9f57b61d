package host_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// link compiles a program and links it; output goes to out.
func link(t testing.TB, src string, out *bytes.Buffer) *host.Host {
	t.Helper()
	f := syntax.NewFile("main.aro", []byte(src+"\n(Application-Start: Test) { Return an <OK: status> for the <application>. }"))
	for _, d := range syntax.Parse(f) {
		t.Fatal(d)
	}
	verbs := host.Verbs()
	prog, diags := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(verbs)})
	if prog == nil {
		t.Fatal(diags)
	}
	return host.New(prog, host.Config{Verbs: verbs, Stdout: out, Stderr: out})
}

const board = `
(post: API) {
    Extract the <text> from the <event: text>.
    Create the <message: Message> with { text: <text> }.
    Store the <message> into the <message-repository>.
}
(Clean: message-repository Observer) when <message-repository: count> > 40 {
    Retrieve the <all> from the <message-repository>.
    Extract the <keep: 0-19> from the <all>.
    WAIT
    Clear the <every> from the <message-repository>.
    Store the <keep> into the <message-repository>.
    Log "cleaned" to the <console>.
}`

// TestHammerPostersAndCleanUp lets many posters store while the tutorial's
// observer clears and stores back: whatever the interleaving, no row is lost that
// the clean-up did not mean to drop, and no clean-up runs twice.
func TestHammerPostersAndCleanUp(t *testing.T) {
	for _, wait := range []string{"", "Wait for 1 millisecond."} {
		t.Run("observer waits: "+fmt.Sprint(wait != ""), func(t *testing.T) {
			var out bytes.Buffer
			h := link(t, strings.Replace(board, "WAIT", wait, 1), &out)
			const posters, each = 50, 8
			var wg sync.WaitGroup
			for p := range posters {
				wg.Go(func() {
					for i := range each {
						e := h.Invoke(h.Named("post"), host.Payload{Event: value.MapOf("text", value.OfString(fmt.Sprint(p, "-", i)))})
						if e.State() != vm.Done {
							t.Error(e.Err())
						}
						e.Release()
					}
				})
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				wg.Wait()
			}()
			seen := 0
			for running := true; running; {
				select {
				case <-done:
					running = false
				default:
				}
				if n := h.Repository("message-repository").Count(); n > 41 {
					t.Fatalf("%d rows", n)
				} else {
					seen = max(seen, n)
				}
			}
			// Each clean-up drops 21 rows exactly; a lost row or a second run would
			// break the sum.
			cleaned := strings.Count(out.String(), "cleaned")
			rows := h.Repository("message-repository").Rows()
			if want := posters*each - 21*cleaned; len(rows) != want || len(rows) > 40 || len(rows) < 20 {
				t.Errorf("%d rows after %d clean-ups, want %d; most seen %d\n%s", len(rows), cleaned, want, seen, out.String())
			}
			texts := map[string]bool{}
			for _, r := range rows {
				v, _ := r.Property("text")
				if texts[v.Text()] {
					t.Errorf("%s is there twice", v.Text())
				}
				texts[v.Text()] = true
			}
		})
	}
}

// TestHammerCrossedObservers lets two repositories' observers write to each
// other from many goroutines: nobody waits for ever.
func TestHammerCrossedObservers(t *testing.T) {
	var out bytes.Buffer
	h := link(t, `
(a: API) { Store { n: 1 } into the <a-repository>. }
(b: API) { Store { n: 1 } into the <b-repository>. }
(OnA: a-repository Observer) when <b-repository: count> < 500 { Store { n: 2 } into the <b-repository>. }
(OnB: b-repository Observer) when <a-repository: count> < 500 { Store { n: 2 } into the <a-repository>. }`, &out)
	var wg sync.WaitGroup
	for i := range 40 {
		name := []string{"a", "b"}[i%2]
		wg.Go(func() { h.Invoke(h.Named(name), host.Payload{Event: value.EmptyMap}).Release() })
	}
	wg.Wait()
	if n := h.Repository("a-repository").Count() + h.Repository("b-repository").Count(); n < 40 {
		t.Errorf("only %d rows", n)
	}
}
