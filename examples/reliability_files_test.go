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
	stdout, stderr, code := aroproc.RunIn(t, dir, aro, append(append([]string{"run"}, flags...), app, "--there", "./there.txt", "--other", "./other.txt", "--folder", ".")...)
	if code != 0 && code != 1 && code != 64 || strings.Contains(stderr, "goroutine ") {
		t.Errorf("%v %s: exit code %d: %.500s", flags, statement, code, stderr)
	}
	return strings.Contains(stdout, "REACHED\n"), stdout + stderr
}

type sandboxRow struct{ word, statement string }

// fileRows touch a file THERE or make a file OTHER.
var fileRows = []sandboxRow{
	{"read", `Read the <x> from the <file: THERE>.`},
	{"read", `Stream the <x> from the <file: THERE>.`},
	{"read", `List the <x> from the <directory: FOLDER>.`},
	{"read", `Stat the <x> for the <file: THERE>.`},
	{"read", `Exists the <x> for the <file: THERE>.`},
	{"read", `Start the <file-monitor> with { directory: WATCHED }.`},
	{"write", `Write "x" to the <file: OTHER>.`},
	{"write", `Append "x" to the <file: THERE>.`},
	{"write", `Log "x" to the <file: THERE>.`},
	{"write", `Make the <directory> at the <path: OTHER>.`},
	{"write", `Touch the <file> at the <path: THERE>.`},
	{"write", `Delete the <file: THERE>.`},
	{"write", `Move the <file: THERE> to the <destination: OTHER>.`},
	{"read,write", `Copy the <file: THERE> to the <destination: OTHER>.`},
}

// with puts paths or the names of variables in the places of a row.
func (r sandboxRow) with(there, other string) string {
	folder, watched := "folder", "<folder>"
	if strings.HasPrefix(there, `"`) {
		folder, watched = `"."`, `"."`
	}
	return strings.NewReplacer("THERE", there, "OTHER", other, "FOLDER", folder, "WATCHED", watched).Replace(r.statement)
}

// given takes the paths of a statement from whoever starts the program.
const given = `Extract the <there> from the <parameter: there>.
    Extract the <other> from the <parameter: other>.
    Extract the <folder> from the <parameter: folder>.
    `

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
	rows := []sandboxRow{
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
	}
	for _, row := range fileRows { // by paths that somebody sends
		rows = append(rows, sandboxRow{row.word, given + row.with("there", "other")})
	}
	for _, row := range rows {
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

// TestF03: a sandbox has the paths that are written in the program, and the folder of
// the application but for its sources; a path that somebody sends leads nowhere else.
func TestF03_Places(t *testing.T) {
	t.Parallel()
	for _, row := range fileRows {
		for _, written := range []string{
			row.with(`"./there.txt"`, `"./other.txt"`),
			`Create the <there> with "./there.txt".
    Create the <all> with { other: "./other.txt" }.
    Extract the <other> from the <all: other>.
    Create the <folder> with ".".
    ` + row.with("there", "other"),
		} {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "there.txt"), []byte("there"), 0o644); err != nil {
				t.Fatal(err)
			}
			if reached, out := attempt(t, dir, []string{"--sandbox"}, written); !reached {
				t.Errorf("%s, written in the program: %s", written, out)
			}
		}
	}
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret.txt")
	if err := os.WriteFile(secret, []byte("CANARY"), 0o644); err != nil {
		t.Fatal(err)
	}
	program := `(Application-Start: Places) {
    Extract the <path> from the <parameter: path>.
    Extract the <deed> from the <parameter: deed>.
    Log "own" to the <file: "own.log"> when <deed> = "never".
    match <deed> {
        case "read" { Read the <text> from the <file: path>. Log <text> to the <console>. }
        case "write" { Write "changed" to the <file: path>. }
        case "copy" { Copy the <file: path> to the <destination: "./stolen.txt">. Read the <text> from the <file: "./stolen.txt">. Log <text> to the <console>. }
        case "over" { Copy the <file: "./in.txt"> to the <destination: path>. }
        case "joined" { Read the <text> from the <file: "./data/${<path>}">. Log <text> to the <console>. }
    }
    Log "REACHED" to the <console>.
    Return an <OK: status> for the <application>.
}
`
	start := func() (app string) {
		app = fixture(t, program, "in.txt", "inside", "data/rows.md", "inside", "templates/page.html", "inside", ".env", "CANARY", "openapi.yaml", "openapi: 3.0.3\ninfo: { title: CANARY, version: '1' }\npaths: {}\n")
		for link, to := range map[string]string{"link.txt": secret, "dir": outside, "dangling.txt": filepath.Join(outside, "new.txt")} {
			if err := os.Symlink(to, filepath.Join(app, link)); err != nil {
				t.Skip(err)
			}
		}
		return app
	}
	run := func(app, deed, path string) (bool, string) {
		dir := strings.TrimSuffix(app, "/main.aro")
		stdout, stderr, _ := aroproc.RunIn(t, dir, aro, "run", "--sandbox", app, "--deed", deed, "--path", path)
		return strings.Contains(stdout, "REACHED"), stdout + stderr
	}
	app := start()
	for _, ok := range [][2]string{{"read", "in.txt"}, {"read", "./data/../in.txt"}, {"read", filepath.Join(app, "data", "rows.md")}, {"write", "new/deep/er.txt"}, {"write", "in.txt"}, {"joined", "rows.md"}, {"joined", "../in.txt"}} {
		if reached, out := run(app, ok[0], ok[1]); !reached {
			t.Errorf("%s %s in the application's folder: %s", ok[0], ok[1], out)
		}
	}
	for _, path := range []string{secret, "../outside.txt", "link.txt", "dir/secret.txt", "dir/new.txt", "dangling.txt", "/etc/passwd", "main.aro", "./data/../main.aro", "MAIN.ARO", "openapi.yaml", ".env", ".hidden/x", "data/.hidden", filepath.Join(app, "main.aro"), "../" + filepath.Base(app) + "/.env", "data/../../" + filepath.Base(outside) + "/secret.txt"} {
		deeds := []string{"read", "write", "copy", "over"}
		if !filepath.IsAbs(path) && !strings.HasPrefix(path, "data/") && !strings.HasPrefix(path, "./") {
			deeds = append(deeds, "joined")
		}
		for _, deed := range deeds {
			path := path
			if deed == "joined" { // behind ./data/
				path = "../" + path
			}
			if reached, out := run(app, deed, path); reached || !strings.Contains(out, "--allow=") || strings.Contains(out, "CANARY") || strings.Contains(out, "root:") {
				t.Errorf("%s %s: %s", deed, path, out)
			}
		}
	}
	for _, path := range []string{"templates/page.html", "./data/../templates/new.html", "TEMPLATES/page.html", "Plugins/p/plugin.yaml", "."} {
		for _, deed := range []string{"write", "over"} {
			if reached, out := run(app, deed, path); reached || !strings.Contains(out, "--allow=write") {
				t.Errorf("%s %s: %s", deed, path, out)
			}
		}
	}
	if reached, out := run(app, "read", "templates/page.html"); !reached {
		t.Errorf("reading a template: %s", out)
	}
	if list, _ := os.ReadDir(outside); len(list) != 1 {
		t.Errorf("outside there is now %v", list)
	}
	if source, _ := os.ReadFile(filepath.Join(app, "main.aro")); string(source) != program {
		t.Error("the program changed its source")
	}
	// A file of its own has no folder: what lies beside it is somebody else's.
	if reached, out := run(filepath.Join(app, "main.aro"), "read", "in.txt"); reached {
		t.Errorf("beside a single file: %s", out)
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
