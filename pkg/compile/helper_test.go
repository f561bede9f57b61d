package compile_test

import (
	"errors"
	"strings"
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
	"aro/pkg/vm"
)

// verbs are those of the host: the compiler's output depends on them.
var verbs = host.Signatures(host.Verbs())

// linkNothing links code that is not meant to reach a verb.
func linkNothing(s *bytecode.Site, _ *bytecode.Chunk) (vm.Func, any, error) {
	return nil, nil, errors.New("no verb here: " + s.Verb)
}

// program parses and compiles one source; a fragment becomes an
// Application-Start.
func program(source string) (*bytecode.Program, []*syntax.Diagnostic) {
	f := syntax.NewFile("main.aro", []byte(source))
	diags := syntax.Parse(f)
	for _, d := range diags {
		if d.Severity == syntax.Error {
			return nil, diags
		}
	}
	p, more := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: verbs})
	return p, append(diags, more...)
}

// start wraps statements.
func start(body string) string { return "(Application-Start: Test) {\n" + body + "\n}\n" }

func mustProgram(t testing.TB, source string) *bytecode.Program {
	t.Helper()
	p, diags := program(source)
	if p == nil {
		t.Fatalf("%s\n%v", source, diags)
	}
	for _, c := range p.Chunks {
		if err := bytecode.Verify(c); err != nil {
			t.Fatalf("%s\n%v", source, err)
		}
	}
	return p
}
