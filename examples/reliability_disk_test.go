package examples_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
)

const diskProgram = `(Application-Start: Disk) {
    Configure the <row-repository: durable> with true.
    Start the <http-server> with <contract>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(add: Disk) {
    Create the <row> with { text: <request: rawBody> }.
    Store the <row> into the <row-repository>.
    Return a <Created: status> with { kept: true }.
}
(count: Disk) {
    Compute the <rows: count> from the <row-repository>.
    Return an <OK: status> with { rows: <rows> }.
}
`

const diskContract = `openapi: 3.0.3
info: { title: Disk, version: "1" }
paths:
  /rows:
    post:
      operationId: add
      requestBody: { content: { text/plain: { schema: { type: string } } } }
    get: { operationId: count }
`

// smallDisk skips the test unless a file system of a mebibyte can be mounted, which the
// process alone sees that mounts it.
func smallDisk(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "none", t.TempDir()).CombinedOutput(); err != nil {
		t.Skipf("no file system can be mounted here: %v %s", err, out)
	}
}

// onDisk starts the program with its data on a small disk at dir/disk, after the shell
// commands of prepare.
func onDisk(t *testing.T, app, dir, prepare, ready string) *aroproc.Process {
	t.Helper()
	script := `mount -t tmpfs -o size=1m none disk && ` + prepare + ` && exec "$0" run "$1" --data disk/data`
	return aroproc.Start(t, "unshare", "", aroproc.Options{Dir: dir, Ready: ready, Args: []string{"-rm", "sh", "-c", script, aro, app}})
}

// TestD04_FullDisk: on a file system that fills up a Store fails, what was kept is read
// on, and once there is room again Stores succeed, without a restart; nothing that was
// acknowledged is lost.
func TestD04_FullDisk(t *testing.T) {
	t.Parallel()
	smallDisk(t)
	app, dir := fixture(t, diskProgram, "openapi.yaml", diskContract), t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "disk"), 0o755))
	p := onDisk(t, app, dir, `head -c 700000 /dev/zero >disk/filler`, "http")
	text := strings.Repeat("d", 8<<10)
	kept := 0
	post := func() int {
		req, err := http.NewRequest("POST", "http://"+p.HTTP+"/rows", strings.NewReader(text))
		must(t, err)
		req.Header.Set("Content-Type", "text/plain")
		a := do(t, req)
		if a.code == 201 {
			kept++
		}
		return a.code
	}
	rows := func(p *aroproc.Process) int {
		a := get(t, p, "/rows")
		if a.code != 200 {
			t.Fatalf("reading: %v", a)
		}
		return decode[struct{ Rows int }](t, a.body).Rows
	}
	for range 200 {
		if post() != 201 {
			break
		}
	}
	if kept == 0 || kept == 200 {
		t.Fatalf("%d rows were kept on a disk with room for some", kept)
	}
	for range 20 { // small ones may still fit
		if code := post(); code != 201 && code != 500 && code != 503 {
			t.Errorf("a Store on a full disk: %d", code)
		}
	}
	if n := rows(p); n != kept {
		t.Errorf("%d rows are there, %d were acknowledged", n, kept)
	}
	if !strings.Contains(p.Stderr(), "no space left on device") {
		t.Errorf("the log does not say why: %s", p.Stderr())
	}
	disk := fmt.Sprintf("/proc/%d/root%s/disk/", p.Pid(), dir)
	must(t, os.Remove(disk+"filler"))
	full := kept
	p.Until("a Store after there is room", func() bool { return post() == 201 })
	for range 10 {
		if code := post(); code != 201 {
			t.Errorf("a Store with room: %d", code)
		}
	}
	if n := rows(p); n != kept {
		t.Errorf("%d rows are there, %d were acknowledged", n, kept)
	}
	must(t, os.CopyFS(filepath.Join(dir, "copy"), os.DirFS(disk+"data")))
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	again := aroproc.Start(t, aro, app, aroproc.Options{Dir: dir, Ready: "http", Args: []string{"--data", "copy"}})
	if n := rows(again); n != kept {
		t.Errorf("after a restart %d rows are there, %d were acknowledged, %d of them before the disk was full", n, kept, full)
	}
}

// TestD04_ReadOnly: on a file system that cannot be written, a program that is to keep rows
// says so and ends, whether there are any or not.
func TestD04_ReadOnly(t *testing.T) {
	t.Parallel()
	smallDisk(t)
	app, dir := fixture(t, diskProgram, "openapi.yaml", diskContract), t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "disk"), 0o755))
	for name, prepare := range map[string]string{
		"empty": `mount -o remount,ro disk`,
		"with rows": `{ "$0" run "$1" --data disk/data & p=$!; until curl -sf -o /dev/null -X POST -H 'Content-Type: text/plain' -d x "http://127.0.0.1:$ARO_HTTP_PORT/rows"; do sleep 0.05; done;
			kill $p; wait $p; mount -o remount,ro disk; }`,
	} {
		if name == "with rows" {
			tool(t, "curl", "install the package curl")
		}
		p := onDisk(t, app, dir, prepare, "")
		code := p.Wait()
		if out := p.Stdout() + p.Stderr(); code != 1 || !strings.Contains(out, "read-only file system") || strings.Count(out, "Error: ") != 1 {
			t.Errorf("%s: exit code %d, %s", name, code, out)
		}
	}
}
