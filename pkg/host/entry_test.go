package host_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
)

// entered compiles statements as an entry of a session.
func entered(t *testing.T, h *host.Host, text string) *bytecode.Chunk {
	t.Helper()
	f := syntax.NewFile("entry", []byte("(Application-Start: Session) {\n"+text+"\n}"))
	diags := syntax.Parse(f)
	prog, more := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(host.Verbs()), Given: slices.Sorted(maps.Keys(h.Names()))})
	if prog == nil {
		t.Fatal(diags, more)
	}
	if err := bytecode.Verify(prog.Chunks[0]); err != nil {
		t.Fatal(err)
	}
	return prog.Chunks[0]
}

// TestEnter: what an entry binds is there for the next one and may be bound again; one
// that fails or is stopped leaves the names as they were; another program does, too.
func TestEnter(t *testing.T) {
	var out bytes.Buffer
	h := host.New(&bytecode.Program{}, host.Config{Stdout: &out, Stderr: &out})
	defer h.Close()
	never := make(chan struct{})
	run := func(h *host.Host, text, want string) host.Entered {
		t.Helper()
		return h.Enter(entered(t, h, text), want, never)
	}
	if r := run(h, `Create the <n> with 1. Return an <OK: status> with { n: <n> }.`, ""); r.Err != nil || r.Response != "[OK] _expression_\n  n: 1" {
		t.Errorf("the answer is %q, %v", r.Response, r.Err)
	}
	if r := run(h, `Compute the <n> from <n> + 1. Create the <v> with <n> * 10.`, "v"); r.Err != nil || r.Value.Int() != 20 {
		t.Errorf("v is %s, %v", r.Value.Text(), r.Err)
	}
	if r := run(h, `Create the <n> with 5. Create the <m> with 6. Throw a <Bad: error> for the <test>.`, ""); r.Err == nil {
		t.Error("Throw does not fail the entry")
	}
	stop := make(chan struct{})
	time.AfterFunc(10*time.Millisecond, func() { close(stop) })
	for _, text := range []string{`Create the <n> with 7. Sleep the <x> for 1 hours.`, `Create the <n> with 8. while 1 == 1 { Compute the <x> from 1. }`, `Create the <n> with 9. Keepalive the <application> for the <events>.`} {
		if r := h.Enter(entered(t, h, text), "", stop); !errors.Is(r.Err, host.ErrStopped) {
			t.Errorf("%s is stopped with %v", text, r.Err)
		}
	}
	h.Reload(&bytecode.Program{})
	names := h.Names()
	if len(names) != 1 || names["n"].Int() != 2 {
		t.Errorf("the names are %v", names)
	}
	if text := strings.TrimSpace(out.String()); text != "" {
		t.Errorf("it prints %q", text)
	}
}
