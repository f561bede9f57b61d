package git

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseStatus(t *testing.T) {
	const zero = "0000000000000000000000000000000000000000"
	modes := "N... 100644 100644 100644 " + zero + " " + zero
	out := strings.Join([]string{
		"# branch.oid 1234", "# branch.head topic/a b", "# branch.upstream origin/x", "# branch.ab +1 -0",
		"1 .M " + modes + " with two  blanks", "1 A. " + modes + " added\nname", "1 AM " + modes + " added2", "1 .D " + modes + " gone",
		"1 .T " + modes + " type", "2 R. " + modes + " R100 new name", "old name", "u UU N... 1 2 3 4 " + zero + " " + zero + " " + zero + " conflict",
		"? new", "",
	}, "\x00")
	want := Status{Branch: "topic/a b", Commit: "1234", Files: []File{
		{"with two  blanks", "modified"}, {"added\nname", "added"}, {"added2", "added"}, {"gone", "deleted"},
		{"type", "changed"}, {"new name", "renamed"}, {"conflict", "changed"}, {"new", "untracked"},
	}}
	if diff := cmp.Diff(want, parseStatus(out)); diff != "" {
		t.Error(diff)
	}
	if s := parseStatus("# branch.oid (initial)\x00# branch.head (detached)\x00"); s.Commit != "" || s.Branch != Detached {
		t.Errorf("%+v", s)
	}
}

func TestParseCommits(t *testing.T) {
	list, err := parseCommits("h1\x00s1\x00Ada\x00a@b\x002026-01-02T03:04:05+02:00\x00two\n\nlines\n\x00\x00\nh2\x00s2\x00\x00\x002026-01-01T00:00:00Z\x00\x00\x00\n")
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	if c := list[0]; c.Message != "two\n\nlines" || c.Hash != "h1" || c.Email != "a@b" || !c.Time.Equal(time.Date(2026, 1, 2, 1, 4, 5, 0, time.UTC)) {
		t.Errorf("%+v", c)
	}
	if c := list[1]; c.Message != "" || c.Author != "" || c.Short != "s2" {
		t.Errorf("%+v", c)
	}
	if _, err := parseCommits("h\x00s\x00a\x00e\x00yesterday\x00m\x00\x00\n"); err == nil {
		t.Error("a time that is none is accepted")
	}
}

// FuzzParse: git's output is what a repository makes of it, file names and
// messages included.
func FuzzParse(f *testing.F) {
	f.Add("2 R. x\x00? a\x001 \x00# branch.head")
	f.Add("h\x00s\x00a\x00e\x002026-01-01T00:00:00Z\x00m\x00\x00\n")
	f.Fuzz(func(t *testing.T, out string) {
		for _, file := range parseStatus(out).Files {
			if !slices.Contains([]string{"untracked", "added", "modified", "deleted", "renamed", "changed"}, file.State) {
				t.Errorf("state %q", file.State)
			}
		}
		parseCommits(out)
	})
}

func TestWithoutGit(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Open(".").Status(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "git is not installed: ") {
		t.Error(err)
	}
}

// A token must not be found in the arguments of the command, which every user of
// the machine can list.
func TestTokenIsNoArgument(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" >" + dir + "/args\nprintf '%s\\n' \"$GIT_CONFIG_KEY_0=$GIT_CONFIG_VALUE_0\" >" + dir + "/env\n"
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if _, err := Clone(t.Context(), CloneOptions{URL: "https://localhost/x", Path: "copy", User: "ada", Token: "secret"}); err != nil {
		t.Skip("scripts do not run here: ", err)
	}
	for file, want := range map[string]string{
		"args": "clone\n--quiet\n--\nhttps://localhost/x\ncopy\n",
		"env":  "http.extraHeader=Authorization: Basic YWRhOnNlY3JldA==\n",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, file)); err != nil || string(got) != want {
			t.Errorf("%s: %q, want %q (%v)", file, got, want, err)
		}
	}
}
