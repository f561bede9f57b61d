package host_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
)

// TestLargeLiterals: literals of ten thousand entries are nothing special, and
// nesting beyond any reason is an error with a place, not a crash.
func TestLargeLiterals(t *testing.T) {
	const n = 10_000
	var list, entries, text strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "%d, ", i)
		fmt.Fprintf(&entries, "k%d: <x>, ", i)
		fmt.Fprintf(&text, "%d${<x>}", i%10)
	}
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	var out bytes.Buffer
	h := link(t, `(Go: X) {
		Create the <x> with 7.
		Create the <list> with [`+list.String()+`].
		Log <list: 0> to the <console>.
		Create the <map> with {`+entries.String()+`}.
		Log <map: k9999> to the <console>.
		Compute the <size: length> from <map>.
		Log <size> to the <console>.
		Create the <text> with "`+text.String()+`".
		Compute the <signs: length> from <text>.
		Log <signs> to the <console>.
		Create the <deep> with `+deep+`.
		Log <deep> to the <console>.
	}`, &out)
	e := h.Invoke(h.Named("Go"), host.Payload{})
	defer e.Release()
	if want := fmt.Sprintf("9999\n7\n%d\n%d\n%s\n", n, 2*n, deep); out.String() != want || e.Err() != nil {
		t.Errorf("%v, %.200q", e.Err(), out.String())
	}
	for _, nested := range []string{strings.Repeat("[", 20_000), strings.Repeat("(", 20_000), strings.Repeat("not ", 20_000) + "true", strings.Repeat("{a:", 20_000)} {
		f := syntax.NewFile("deep.aro", []byte("(Application-Start: X) { Create the <x> with "+nested+". }"))
		diags := syntax.Parse(f)
		prog, _ := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(host.Verbs())})
		if len(diags) == 0 || !strings.Contains(diags[0].Message, "nest") {
			t.Errorf("%.8s…: %v, program %t", nested, diags[:min(1, len(diags))], prog != nil)
		}
	}
}
