package compile_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"aro/pkg/compile"
	"aro/pkg/syntax"
	"aro/pkg/syntax/chunkfile"
)

// TestLint: testdata/lint holds programs with the findings on the lines that
// cause them. Everything else that is found is a failure.
func TestLint(t *testing.T) {
	paths, _ := filepath.Glob("testdata/lint/*.aro")
	for _, path := range paths {
		chunks, err := chunkfile.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range chunks {
			t.Run(c.Name, func(t *testing.T) {
				f := syntax.NewFile(c.Name, []byte(c.Source))
				diags := syntax.Parse(f)
				_, more := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: verbs, Lint: true})
				var found []chunkfile.Found
				for _, d := range append(diags, more...) {
					line, _ := f.Position(d.Span.Start)
					found = append(found, chunkfile.Found{Line: line, Warning: d.Severity == syntax.Warning,
						Message: fmt.Sprintf("%s [%s] %s", d.Message, d.Code, d.Hint)})
				}
				for _, problem := range c.Match(found) {
					t.Error(problem)
				}
			})
		}
	}
}
