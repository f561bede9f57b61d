package examples_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
)

// attempt runs one statement under flags. reached reports whether it succeeded.
func attempt(t *testing.T, dir string, flags []string, statement string, more ...string) (reached bool, output string) {
	t.Helper()
	app := fixture(t, "(Application-Start: Attempt) {\n    "+statement+"\n    Log \"REACHED\" to the <console>.\n    Return an <OK: status> for the <startup>.\n}\n", more...)
	stdout, stderr, code := aroproc.RunIn(t, dir, aro, append(append([]string{"run"}, flags...), app)...)
	if code != 0 && code != 1 && code != 64 || strings.Contains(stderr, "goroutine ") {
		t.Errorf("%v %s: exit code %d: %.500s", flags, statement, code, stderr)
	}
	return strings.Contains(stdout, "REACHED\n"), stdout + stderr
}

// TestF03: in a sandbox nothing outside is reached, unless it is allowed by name.
func TestF03_Sandbox(t *testing.T) {
	t.Parallel()
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	go func() {
		for {
			c, err := web.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				request := make([]byte, 4096)
				if n, _ := c.Read(request); n > 0 { // an answer before the question is an error to clients
					c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"))
				}
			}()
		}
	}()
	host, port, _ := net.SplitHostPort(web.Addr().String())
	for _, row := range []struct{ word, statement string }{
		{"read", `Read the <x> from the <file: "./there.txt">.`},
		{"read", `Stream the <x> from the <file: "./there.txt">.`},
		{"read", `List the <x> from the <directory: ".">.`},
		{"read", `Stat the <x> for the <file: "./there.txt">.`},
		{"read", `Exists the <x> for the <file: "./there.txt">.`},
		{"read", `Start the <file-monitor> with ".".`},
		{"write", `Write "x" to the <file: "./new.txt">.`},
		{"write", `Append "x" to the <file: "./there.txt">.`},
		{"write", `Make the <directory> at the <path: "./new">.`},
		{"write", `Touch the <file> at the <path: "./there.txt">.`},
		{"write", `Delete the <file: "./there.txt">.`},
		{"write", `Move the <file: "./there.txt"> to the <destination: "./moved.txt">.`},
		{"read,write", `Copy the <file: "./there.txt"> to the <destination: "./copied.txt">.`},
		{"run", `Execute the <x> for the <command: "echo"> with ["hi"].`},
		{"run", `Execute the <x> with "echo hi".`},
		{"env", `Create the <x> with <env: PATH>.`},
		{"env", `Create the <x> with <env: ARO_NOT_SET>.`},
		{"env", `Require the <PATH> from the <environment>.`},
		{"net", `Request the <x> from "http://` + web.Addr().String() + `/".`},
		{"net", `Read the <x> from the <url: "http://` + web.Addr().String() + `/">.`},
		{"net", `Write "x" to the <url: "http://` + web.Addr().String() + `/">.`},
		{"net", `Probe the <x> from "http://` + web.Addr().String() + `/".
    Assert the <x: reachable> for true.`},
		{"net", `Connect to <host: "` + host + `"> on port ` + port + ` as <peer>.
    Close the <peer>.`},
		{"net", `Call the <x> from the <http: get> with { url: "http://` + web.Addr().String() + `/" }.`},
		{"net", `Stream the <x> from the <url: "http://` + web.Addr().String() + `/">.
    Close the <x>.`},
	} {
		fresh := func() string {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "there.txt"), []byte("there"), 0o644); err != nil {
				t.Fatal(err)
			}
			return dir
		}
		untouched := func(dir string) bool {
			list, _ := os.ReadDir(dir)
			data, _ := os.ReadFile(filepath.Join(dir, "there.txt"))
			return len(list) == 1 && string(data) == "there"
		}
		dir := fresh()
		reached, out := attempt(t, dir, []string{"--sandbox"}, row.statement)
		if first, _, _ := strings.Cut(row.word, ","); reached || !strings.Contains(out, "--allow="+first) || !untouched(dir) {
			t.Errorf("%s in a sandbox, reached %t: %s", row.statement, reached, out)
		}
		others := []string{}
		for _, word := range []string{"read", "write", "net", "run", "env"} {
			if !strings.HasSuffix(row.word, word) {
				others = append(others, word)
			}
		}
		if reached, out := attempt(t, fresh(), []string{"--allow=" + strings.Join(others, ",")}, row.statement); reached {
			t.Errorf("%s with everything else allowed: %s", row.statement, out)
		}
		if reached, out := attempt(t, fresh(), []string{"--allow=" + row.word}, row.statement); !reached {
			t.Errorf("%s, allowed: %s", row.statement, out)
		}
	}
	for _, flags := range [][]string{{"--allow=files"}, {"--allow="}, {"--allow"}, {"--root", "/nowhere/at/all"}} {
		if reached, out := attempt(t, t.TempDir(), flags, `Create the <x> with 1.`); reached {
			t.Errorf("%v ran: %s", flags, out)
		}
	}
	plugin := []string{"Plugins/p/plugin.yaml", "name: p\nhandle: P\nprovides:\n- type: python-plugin\n  path: x.py\n", "Plugins/p/x.py", "open('ran', 'w')\n"}
	dir := t.TempDir()
	if reached, out := attempt(t, dir, []string{"--sandbox"}, `Create the <x> with 1.`, plugin...); reached || !strings.Contains(out, "--allow=run") {
		t.Errorf("a plugin in a sandbox: %s", out)
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("a plugin ran in a sandbox")
	}
}

// TestF03: with --root no path and no link leads out of the folder, and what is in it
// works as ever.
func TestF03_Root(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	root, outside := filepath.Join(top, "root"), filepath.Join(top, "outside")
	for _, dir := range []string{root, outside, filepath.Join(root, "sub")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{filepath.Join(outside, "secret.txt"): "CANARY", filepath.Join(root, "in.txt"): "inside"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link.txt": "../outside/secret.txt", "abs.txt": filepath.Join(outside, "secret.txt"), "dir": "../outside", "sub/up": "../..", "new.txt": "../outside/new.txt"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Skip(err)
		}
	}
	flags := []string{"--root", root}
	for _, path := range []string{"../outside/secret.txt", "./sub/../../outside/secret.txt", "link.txt", "abs.txt", "dir/secret.txt", "sub/up/outside/secret.txt", filepath.Join(outside, "secret.txt"), filepath.Join(root, "..", "outside", "secret.txt"), root + "x/../outside/secret.txt", "/etc/passwd", "/proc/self/environ"} {
		for _, statement := range []string{
			`Read the <x> from the <file: "%s">.` + "\n    Log <x> to the <console>.",
			`Stream the <x> from the <file: "%s">.` + "\n    Log <x> to the <console>.",
			`Append "x" to the <file: "%s">.`,
			`Copy the <file: "%s"> to the <destination: "./sub/stolen.txt">.` + "\n    Read the <x> from the <file: \"./sub/stolen.txt\">.\n    Log <x> to the <console>.",
			`Copy the <file: "./in.txt"> to the <destination: "%s">.` + "\n    Create the <x> with <broken>.", // over a link: the link may go, not what it leads to
			`Touch the <file> at the <path: "%s">.`,
		} {
			reached, out := attempt(t, t.TempDir(), flags, fmt.Sprintf(statement, path))
			if reached || strings.Contains(out, "CANARY") || strings.Contains(out, "root:") {
				t.Errorf(statement+": %s", path, out)
			}
			if data, _ := os.ReadFile(filepath.Join(outside, "secret.txt")); string(data) != "CANARY" {
				t.Fatalf(statement+" changed the file outside: %q", path, data)
			}
		}
	}
	for _, statement := range []string{
		`Write "x" to the <file: "new.txt">.`, `Make the <directory> at the <path: "dir/new">.`, `Write "x" to the <file: "dir/new">.`, `Move the <file: "in.txt"> to the <destination: "../outside/in.txt">.`,
		`Delete the <file: "dir/secret.txt">.`, `Delete the <directory: "../outside">.`, `Delete the <directory: ".">.`, `List the <x> from the <directory: "dir">.`, `List the <x> from the <directory: "..">.`, `Start the <file-monitor> with "dir".`,
	} {
		if reached, out := attempt(t, t.TempDir(), flags, statement); reached {
			t.Errorf("%s: %s", statement, out)
		}
	}
	if list, _ := os.ReadDir(outside); len(list) != 1 {
		t.Errorf("outside there is now %v", list)
	}
	if reached, out := attempt(t, t.TempDir(), append(flags, "--sandbox"), `Write "abc" to the <file: "deep/er/file.dat">.
    Append "def" to the <file: "./deep/er/file.dat">.
    Copy the <directory: "deep"> to the <destination: "copy">.
    Move the <file: "copy/er/file.dat"> to the <destination: "moved.dat">.
    Read the <text> from the <file: "moved.dat">.
    Log <text> to the <console>.
    List the <entries> from the <directory: "deep/er">.
    Extract the <entry> from the <entries: first>.
    Log <entry: path> to the <console>.
    Read the <again> from the <entry>.
    Log <again> to the <console>.
    Stat the <about> for the <file: "moved.dat">.
    Log <about: size> to the <console>.
    Touch the <file> at the <path: "touched">.
    Delete the <directory: "deep">.
    Delete the <file: "link.txt">.
    Exists the <gone> for the <directory: "deep">.
    Log <gone> to the <console>.`); !reached || !strings.Contains(out, "abcdef\n"+filepath.Join(root, "deep/er/file.dat")+"\nabcdef\n6\nfalse\n") {
		t.Errorf("within the folder: %s", out)
	}
	if _, err := os.Stat(filepath.Join(outside, "secret.txt")); err != nil {
		t.Error("deleting a link deleted what it leads to")
	}
}
