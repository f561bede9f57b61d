package chunkfile

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.aro")
	text := "one // ERROR \"a\" `b\\.`\ntwo\n--- second\nthree // WARNING \"c\" ERROR \"d\"\n---\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[1].Name != "x.aro:second" || got[1].Line != 4 || got[2].Name != "x.aro:6" {
		t.Fatalf("chunks: %+v", got)
	}
	if got[1].Source != "\n\n\nthree // WARNING \"c\" ERROR \"d\"\n" {
		t.Errorf("source: %q", got[1].Source)
	}
	if p := got[0].Match([]Found{{Line: 1, Message: "a"}, {Line: 1, Message: "b."}}); p != nil {
		t.Error(p)
	}
	p := got[1].Match([]Found{{Line: 4, Message: "c"}, {Line: 4, Message: "d"}})
	want := []string{`x.aro:second: line 4: no diagnostic matches "c"`, `x.aro:second: line 4: unexpected: c`}
	if !slices.Equal(p, want) {
		t.Error(p)
	}
	for _, bad := range []string{"x // ERROR \"(\"", "x // ERROR \"a\" b"} {
		os.WriteFile(path, []byte(bad), 0o644)
		if _, err := Read(path); err == nil {
			t.Errorf("no error for %s", bad)
		}
	}
}
