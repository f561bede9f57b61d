package host_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/host/format"
	"aro/pkg/syntax"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// runIn runs a program to its end in an application folder, with the clock
// faked, and returns its output and exit code. <peek> gives the text of a file.
func runIn(t *testing.T, root, src string, extra ...*host.Verb) (out string, code int) {
	t.Helper()
	peek := &host.Verb{Verb: bytecode.Verb{Name: "peek", Result: bytecode.Binds, Object: bytecode.ReadObject}, Do: func(c *vm.Call) (value.Value, error) {
		data, err := os.ReadFile(filepath.Join(root, c.Arg(bytecode.SlotObject).Str()))
		return value.OfString(string(data)), err
	}}
	verbs := append(host.Verbs(), append(extra, peek)...)
	f := syntax.NewFile("main.aro", []byte(src))
	for _, d := range syntax.Parse(f) {
		t.Fatal(d)
	}
	prog, diags := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(verbs)})
	if prog == nil {
		t.Fatal(diags)
	}
	var b bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal)
		code = host.New(prog, host.Config{Root: root, Verbs: verbs, Stdout: &b, Stderr: &b}).Run(signals)
		close(signals)
	})
	return b.String(), code
}

func write(t *testing.T, root, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask says
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestStoreFileSeeds: files in the application's folder fill their repositories,
// silently, before Application-Start; a read-only one never changes.
func TestStoreFileSeeds(t *testing.T) {
	root := t.TempDir()
	catalog := "# the catalog\n- id: p1\n  name: Widget\n  price: 9.5\n  tags: [a, b]\n- name: Gadget\n  code: \"007\"\n  zip: 01234\n  gone: ~\n  ready: True\n"
	path := write(t, root, "product.store", catalog, 0o644)
	write(t, root, "setting.store", "id: s1\nsize:\n  w: 3\n", 0o644)
	write(t, root, "empty.store", "# nothing yet\n", 0o644)
	os.Mkdir(filepath.Join(root, "sub.store"), 0o755)
	stale := write(t, root, "product.store.tmp", "half", 0o644)
	out, code := runIn(t, root, `(Application-Start: Test) {
    Retrieve the <all> from the <product-repository>.
    for each <p> in <all> { Log "${<p: name>}" to the <console>. Log "${<p: id>} ${<p: price>} ${<p: tags>}" to the <console> when <p: id> is "p1". }
    Retrieve the <g> from the <product-repository> where name = "Gadget".
    Log "${<g: code>} ${<g: zip>} [${<g: gone>}] ${<g: ready>}" to the <console>.
    Compute the <n: length> from <g: id>.
    Log "id of ${<n>}" to the <console>.
    Retrieve the <s> from the <setting-repository> where id = "s1".
    Log "${<s: size.w>} ${<setting-repository: count>} ${<empty-repository: count>}" to the <console>.
    Store { id: "new" } into the <product-repository>.
    Wait for 20 seconds.
    Return an <OK: status> for the <application>.
}
(Watch: product-repository Observer) { Log "changed ${<event: entityId>}" to the <console>. }`)
	if want := "Widget\np1 9.5 [\"a\", \"b\"]\nGadget\n007 01234 [] true\nid of 36\n3 1 0\nchanged new\n"; out != want || code != 0 {
		t.Errorf("code %d\n%s\nwant\n%s", code, out, want)
	}
	if got := read(t, path); got != catalog {
		t.Errorf("a read-only file changed:\n%s", got)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("the stale .tmp is still there")
	}
}

// TestStoreFileWriteBack: a file that others may write to gets the rows once the
// repository is quiet, at the latest after a while, and at the end in any case.
func TestStoreFileWriteBack(t *testing.T) {
	root := t.TempDir()
	path := write(t, root, "note.store", "- id: a\n  text: old\n", 0o646)
	out, _ := runIn(t, root, `(Application-Start: Test) {
    Store { id: "b", text: "yes", at: { x: 1.0, list: [1, { k: "v: w" }], none: [] } } into the <note-repository>.
    Wait for 0.9 seconds.
    Peek the <early> from "note.store".
    Log <early> to the <console>.
    Store { id: "c" } into the <note-repository>.
    Wait for 0.9 seconds.
    Peek the <still-early> from "note.store".
    Log <still-early> to the <console>.
    Wait for 0.2 seconds.
    Peek the <quiet> from "note.store".
    Log <quiet> to the <console>.
    for <i> from 0 to 20 { Store { id: "d", n: <i> } into the <note-repository>. Wait for 0.6 seconds. }
    Peek the <busy> from "note.store".
    Log "written while busy" to the <console> when <busy> contains "id: d".
    Delete the <gone> from the <note-repository> where id = "a".
    Return an <OK: status> for the <application>.
}`)
	old := "- id: a\n  text: old\n\n"
	rows := "- id: a\n  text: old\n- at:\n    list:\n      - 1\n      - k: |-\n          v: w\n    none: []\n    x: 1.0\n  id: b\n  text: yes\n- id: c"
	if want := old + old + rows + "\nwritten while busy\n"; out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	end := strings.TrimPrefix(rows, "- id: a\n  text: old\n") + "\n- id: d\n  n: 19"
	if got := read(t, path); got != end {
		t.Errorf("at the end\n%s\nwant\n%s", got, end)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o646 {
		t.Error("mode", info.Mode())
	}
	if _, err := os.Stat(path + ".tmp"); err == nil {
		t.Error("the .tmp is still there")
	}
	out, _ = runIn(t, root, `(Application-Start: Test) {
    Retrieve the <b> from the <note-repository> where id = "b".
    Log "${<b>}" to the <console>.
    Return an <OK: status> for the <application>.
}`)
	if want := "[\"at\": [\"list\": [1, [\"k\": \"v: w\"]], \"none\": [], \"x\": 1.0], \"id\": \"b\", \"text\": \"yes\"]\n"; out != want {
		t.Errorf("read again: %s", out)
	}
}

// TestStoreFileOnFailure: changes are written when Application-Start fails, and a
// link stays a link.
func TestStoreFileOnFailure(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	path := write(t, elsewhere, "real", "[]", 0o666)
	if err := os.Symlink(path, filepath.Join(root, "log.store")); err != nil {
		t.Skip(err)
	}
	_, code := runIn(t, root, `(Application-Start: Test) { Store { id: "x" } into the <log-repository>. Throw a <Bang> for the <test>. }`)
	if got := read(t, path); got != "- id: x" || code != 1 {
		t.Errorf("code %d, file %q", code, got)
	}
	if info, _ := os.Lstat(filepath.Join(root, "log.store")); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
}

// TestStoreFileTurn: what gets into the file is never the middle of a clean-up.
func TestStoreFileTurn(t *testing.T) {
	root := t.TempDir()
	write(t, root, "note.store", "- id: a\n- id: b\n", 0o666)
	out, _ := runIn(t, root, `(Application-Start: Test) {
    Store { id: "c" } into the <note-repository>.
    Return an <OK: status> for the <application>.
}
(Clean: note-repository Observer) when <note-repository: count> > 2 {
    Retrieve the <all> from the <note-repository>.
    Clear the <every> from the <note-repository>.
    Wait for 5 seconds.
    Peek the <text> from "note.store".
    Log "${<text>}" to the <console>.
    Extract the <keep: 0-0> from the <all>.
    Store the <keep> into the <note-repository>.
}`)
	if want := "- id: a\n- id: b\n\n"; out[:min(len(out), len(want))] != want {
		t.Errorf("got %q", out)
	}
	if got := read(t, filepath.Join(root, "note.store")); got != "- id: c" {
		t.Errorf("at the end %q", got)
	}
}

// TestStoreFileErrors: a file that cannot be used ends the program before it
// starts, with a message that names file and line.
func TestStoreFileErrors(t *testing.T) {
	for text, want := range map[string]string{
		"- a: 1\n  b: [\n":       "Error: bad.store: ",
		"just text":              "Error: bad.store: a store file is a list of maps, not a String\n",
		"- a: 1\n- [1, 2]\n":     "Error: bad.store: row 2 is a list; a store file is a list of maps\n",
		"- a: 1\n- ? [x]\n  : 1": "Error: bad.store: invalid YAML: line 2: a key must be text\n",
		"- &a [x]\n" + bomb(9):   "the aliases expand to too many elements",
	} {
		root := t.TempDir()
		write(t, root, "bad.store", text, 0o644)
		out, code := runIn(t, root, `(Application-Start: Test) { Log "never" to the <console>. }`)
		if !strings.Contains(out, want) || code != 1 || strings.Contains(out, "never") {
			t.Errorf("%q: code %d, %q", text, code, out)
		}
	}
}

// bomb is a YAML list of aliases that expands to 9^n elements.
func bomb(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "- k: &%c [%s]\n", 'b'+i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", 'a'+i), 9), ", "))
	}
	return b.String()
}

// TestStoreFileRoundTrip: whatever rows are written, the same rows are read.
func TestStoreFileRoundTrip(t *testing.T) {
	yaml := format.Named("yaml")
	leaf := rapid.Custom(func(t *rapid.T) value.Value {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return value.OfInt(rapid.Int64().Draw(t, "i"))
		case 1:
			return value.OfFloat(rapid.Float64().Draw(t, "f"))
		case 2:
			return value.OfBool(rapid.Bool().Draw(t, "b"))
		case 3:
			return value.OfString(rapid.SampledFrom([]string{"", "yes", "No", "null", "~", "1", "1.5", "0x1F", "1e5", "- a", "a: b", "a #b", " a", "a ",
				"#", "'", "\"", "a\nb", "a\tb", "[x]", "{", "*a", "&a", "!a", "%", "@", "`", "2025-01-01", "é", "日本", "😀", "\u2028", "\u0085", "\x00", "\x7f", "|", ">", "?", ":", "a/b", "<<", "=", "a, b", ".inf", ".5"}).Draw(t, "s"))
		}
		return value.OfString(rapid.String().Draw(t, "s"))
	})
	var tree *rapid.Generator[value.Value]
	tree = rapid.Custom(func(t *rapid.T) value.Value {
		switch rapid.IntRange(0, 4).Draw(t, "node") {
		case 0:
			return value.OfList(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[value.Value] { return tree }), 0, 3).Draw(t, "list"))
		case 1:
			b := value.NewBuilder(3)
			for range rapid.IntRange(0, 3).Draw(t, "n") {
				b.Set(leaf.Draw(t, "key").Text(), tree.Draw(t, "value"))
			}
			return b.Value()
		}
		return leaf.Draw(t, "leaf")
	})
	rapid.Check(t, func(t *rapid.T) {
		b := value.NewBuilder(2)
		b.Set("v", tree.Draw(t, "v"))
		b.Set(leaf.Draw(t, "key").Text(), tree.Draw(t, "w"))
		rows := []value.Value{b.Value(), leaf.Draw(t, "scalar")}
		text, err := yaml.Encode(value.OfList(rows), format.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := yaml.Decode(string(text), format.Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !value.TypedEqual(got, value.OfList(rows)) {
			t.Fatalf("wrote\n%s\nread\n%s\nwant\n%s", text, got.JSON(), value.OfList(rows).JSON())
		}
	})
}
