package optimize

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aro/pkg/bytecode"
)

// FuzzOptimize makes sure that what verifies still does when it is optimized, and is
// not longer.
func FuzzOptimize(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.txt")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for part := range strings.SplitSeq(string(text), "\n====\n") {
			before, after, _ := strings.Cut(part, "\n----\n")
			f.Add(before)
			f.Add(after)
		}
	}
	f.Add("a: CONST r0, true\nb: JF r0, -> c\nNEXT r1:r2, r3, -> d\nSTEP r1:r2, r0, -> b\nd: SHARED r1, r0, -> c\nLOOP -> a\nc: END")
	f.Fuzz(func(t *testing.T, text string) {
		prog, err := bytecode.AssembleProgram(text)
		if err != nil {
			return
		}
		for _, c := range prog.Chunks {
			if bytecode.Verify(c) != nil || len(c.Code)*int(c.MaxRegs) > 1e6 {
				continue
			}
			d := Chunk(c)
			if err := bytecode.Verify(d); err != nil {
				t.Error(err)
			}
			if len(d.Code) > len(c.Code) {
				t.Error("longer than before")
			}
		}
	})
}
