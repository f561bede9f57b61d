package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// write makes an application with one Python plugin.
func write(t *testing.T, source string) *Plugin {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("needs python3")
	}
	root := t.TempDir()
	dir := filepath.Join(root, folder, "p")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"plugin.yaml": "name: p\nhandle: P\nprovides:\n- type: python-plugin\n  path: x.py\n", "x.py": source} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list, warnings := Find(root)
	if len(list) != 1 || len(warnings) > 0 {
		t.Fatal(list, warnings)
	}
	t.Cleanup(func() { list[0].Close(time.Now().Add(5 * time.Second)) })
	return list[0]
}

// The process answers concurrent calls one after the other, keeps its state
// between them, and another one takes over when it has ended.
func TestProcess(t *testing.T) {
	p := write(t, `
import json, os
n = 0
def aro_plugin_info():
    return {}
def aro_plugin_execute(name, text):
    global n
    if name == "end":
        os._exit(1)
    n += 1
    return {"n": n, "echo": json.loads(text)}
`)
	const big = 1 << 15
	text := strings.Repeat("ü\n", big)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			out, err := p.call("execute", "x", value.OfString(text).JSON())
			if err != nil {
				t.Error(err)
				return
			}
			v, _ := value.ParseJSON(out)
			if echo, _ := v.Property("echo"); echo.Str() != text {
				t.Error("a text comes back changed")
			}
		})
	}
	wg.Wait()
	out, err := p.call("execute", "x", "1")
	if err != nil || out != `{"n": 9, "echo": 1}` {
		t.Fatal(out, err)
	}
	if _, err := p.call("execute", "end", "1"); err == nil {
		t.Fatal("the end of the process is no error")
	}
	if out, err = p.call("execute", "x", "2"); err != nil || out != `{"n": 1, "echo": 2}` {
		t.Fatal(out, err)
	}
}

// TestB06: a plugin that wants more memory than it may have fails, or its process ends;
// the next call is answered all the same.
func TestB06_Memory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system does not limit what a process maps")
	}
	t.Setenv("ARO_PLUGIN_MEMORY", "96MiB")
	p := write(t, `
import mmap, os, sys
kept = []
def aro_plugin_execute(name, text):
    if name == "block":
        return len(bytearray(1 << 28))
    if name == "pieces":
        while True:
            kept.append("x" * 1000000 + str(len(kept)))
    if name == "shared":
        while True:
            kept.append(mmap.mmap(-1, 1 << 24))
    if name == "raise":
        import resource
        resource.setrlimit(resource.RLIMIT_DATA, (1 << 40, 1 << 40))
    if name == "abort":
        os.abort()
    kept.clear()
    return "fine"
`)
	for _, name := range []string{"block", "pieces", "shared", "abort", "raise"} {
		if name == "raise" && os.Geteuid() == 0 {
			continue // who may do everything may do that, too
		}
		out, err := p.call("execute", name, "1")
		if err == nil {
			t.Fatalf("%s: %.100s", name, out)
		}
		if (name == "block" || name == "pieces") && !strings.Contains(err.Error(), "more than the 96 MiB of memory that a plugin may have; ARO_PLUGIN_MEMORY") {
			t.Errorf("%s: %v", name, err)
		}
		if out, err := p.call("execute", "x", "1"); err != nil || out != "fine" {
			t.Errorf("after %s: %s, %v", name, out, err)
		}
	}
	for text, want := range map[string]int64{"": 1 << 30, "0": 0, "4096": 4096, "64KiB": 64 << 10, "2GiB": 2 << 30} {
		if n, err := memory(text); err != nil || n != want {
			t.Errorf("%q is %d (%v)", text, n, err)
		}
	}
	for _, text := range []string{"1GB", "-1", "x", "MiB", "99999999999GiB"} {
		if n, err := memory(text); err == nil {
			t.Errorf("%q is %d", text, n)
		}
	}
}

// What a plugin offers comes back out of what is saved, without its process.
func TestRestore(t *testing.T) {
	p := write(t, `
from aro_plugin_sdk import plugin, action, qualifier, service, export_abi
@plugin(handle="Ignored", version="2")
class Kit:
    def __init__(self):
        self.calls = 0
    @action(verbs=["Do-It"], role="request", prepositions=["From"])
    def do_it(self, input):
        self.calls += 1
        return {"calls": self.calls, "i": input.int("i"), "d": input.double("d"), "b": input.bool("b"), "l": input.list("l")}
    @qualifier(input_types=["List"])
    def first(self, values, params=None):
        return values[params.int("at", 0)]
@service(name="counter", methods=["Add"])
def counter(input):
    return input.int("a") + 1
export_abi(globals())
`)
	if _, warnings := Describe([]*Plugin{p}); len(warnings) > 0 {
		t.Fatal(warnings)
	}
	again, err := Restore(filepath.Dir(filepath.Dir(p.dir)), p.Saved())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close(time.Now().Add(5 * time.Second)) })
	verbs := Verbs([]*Plugin{again}, host.Verbs())
	index := host.Signatures(verbs)
	v := index["p.doit"]
	if v == nil || v != index["p.do-it"] || v != index["doit"] || v.Role != bytecode.RoleRequest || v.Preps[0] != "from" || again.process.cmd != nil {
		t.Fatalf("%+v", v)
	}
	if ops := index["compute"].Ops; ops[len(ops)-1] != "p.first" {
		t.Error(ops)
	}
	if ops := host.Signatures(host.Verbs())["compute"].Ops; ops[len(ops)-1] == "p.first" {
		t.Error("the built-in table has changed")
	}
	for range 2 {
		again.call("execute", "do-it", `{"i":"1"}`)
	}
	out, err := again.call("execute", "do-it", `{"i":"4","d":1,"b":1,"l":[1]}`)
	if err != nil || out != `{"calls": 3, "i": 4, "d": 1.0, "b": true, "l": [1]}` {
		t.Error(out, err)
	}
	list := value.OfList([]value.Value{value.OfInt(7), value.OfInt(8)})
	if got, err := Qualifiers([]*Plugin{again})("P.First")(list, value.MapOf("at", value.OfInt(1))); err != nil || got.Int() != 8 {
		t.Error(got, err)
	}
	if s := Services([]*Plugin{again})["counter"]; len(s.Methods()) != 1 || s.Methods()[0] != "add" {
		t.Error(s.Methods())
	}
	if out, err := again.call("execute", "service:Add", `{"a":1}`); err != nil || out != "2" {
		t.Error(out, err)
	}
}

func TestRestoreStaysInside(t *testing.T) {
	for _, saved := range []string{``, `[]`, `{"folder":"../x","python":"a","info":"{}"}`, `{"folder":"x","python":"../a","info":"{}"}`, `{"folder":"x","python":"a","info":"1"}`} {
		if p, err := Restore(t.TempDir(), []byte(saved)); err == nil {
			t.Errorf("%q gives %+v", saved, p)
		}
	}
}

// TestNoPycache: what lies in __pycache__ is no part of the lock, so it is not run, even if
// Python would not ask whether it belongs to the source.
func TestNoPycache(t *testing.T) {
	p := write(t, `
import helper, pack.inner, json
def aro_plugin_info():
    return {}
def aro_plugin_execute(name, text):
    return json.dumps([helper.said, pack.inner.said])
`)
	for path, text := range map[string]string{"helper.py": "said = 'source'", "pack/__init__.py": "", "pack/inner.py": "said = 'source'", "evil.py": "said = 'cache'"} {
		full := filepath.Join(p.dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("python3", "-c", `
import importlib.util as u, py_compile as c
for source in "helper.py", "pack/inner.py":
    c.compile("evil.py", cfile=u.cache_from_source(source), invalidation_mode=c.PycInvalidationMode.UNCHECKED_HASH)
import helper
assert helper.said == "cache"
`)
	cmd.Dir = p.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the test makes no cache that Python believes: %v\n%s", err, out)
	}
	if got, err := p.call("execute", "x", "{}"); err != nil || got != `["source", "source"]` {
		t.Errorf("%s, %v", got, err)
	}
}
