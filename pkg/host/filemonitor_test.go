package host

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestFileChangesFold: what happens to a file before the handlers run is one
// change, the one that matters.
func TestFileChangesFold(t *testing.T) {
	for _, test := range []struct {
		path   string
		events []string
		want   string
	}{
		{"a", []string{FileCreated}, FileCreated},
		{"a", []string{FileCreated, FileModified, FileModified}, FileCreated},
		{"a", []string{FileModified, FileModified}, FileModified},
		{"a", []string{FileModified, FileDeleted}, FileDeleted},
		{"a", []string{FileCreated, FileModified, FileDeleted}, ""},
		{"a", []string{FileDeleted, FileCreated}, FileModified},
		{"a", []string{FileDeleted, FileCreated, FileDeleted}, FileDeleted},
		{".a", []string{FileModified}, ""},
		{".a", []string{FileCreated, FileModified}, FileCreated},
		{".a", []string{FileDeleted}, FileDeleted},
		{".a", []string{FileDeleted, FileCreated}, ""},
	} {
		f := &folder{pending: map[string]fileChange{}, ready: make(chan struct{}, 1)}
		for _, e := range test.events {
			f.note("/x/"+test.path, e)
		}
		if got := f.pending["/x/"+test.path].event; got != test.want {
			t.Errorf("%s %v gives %q, want %q", test.path, test.events, got, test.want)
		}
	}
}

// TestFileRescan: when the system had to drop events, a comparison finds what
// they would have said.
func TestFileRescan(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("kept", "1")
	put("grown", "1")
	put("touched", "1")
	put("gone", "1")
	f := &folder{path: dir, pending: map[string]fileChange{}, ready: make(chan struct{}, 1)}
	f.known = f.list()
	put("grown", "12")
	put("new", "1")
	os.Remove(filepath.Join(dir, "gone"))
	os.Chtimes(filepath.Join(dir, "touched"), time.Time{}, time.Unix(1e9, 0))
	for range 2 { // the second one finds nothing new
		f.rescan()
	}
	var got []string
	for path, c := range f.pending {
		got = append(got, fmt.Sprint(filepath.Base(path), " ", c.event))
	}
	slices.Sort(got)
	if want := []string{"gone deleted", "grown modified", "new created", "touched modified"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
