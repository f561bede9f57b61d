package examples_test

import (
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// TestS03: files that cannot be used are named in a line, with exit code 1.
func TestS03_BadFiles(t *testing.T) {
	t.Parallel()
	for name, files := range map[string][]string{
		"openapi.yaml": {"openapi.yaml", "openapi: ["},
		"nobody":       {"openapi.yaml", routes("nobody")},
		"rows.store":   {"rows.store", "- [1\n"},
	} {
		stdout, stderr, code := run(t, serve, files...)
		if out := stdout + stderr; code != 1 || !strings.Contains(out, name) || strings.Contains(out, "goroutine ") || strings.Count(out, "\n") > 3 {
			t.Errorf("%s: exit code %d: %s", name, code, out)
		}
	}
}

// TestS06: what a container lacks is not needed, and a server outlives the reader of
// its output.
func TestS06_Poor(t *testing.T) {
	t.Parallel()
	app := fixture(t, "(Application-Start: Hello) {\n    Log \"hello\" to the <console>.\n    Return an <OK: status> for the <startup>.\n}\n")
	for name, command := range map[string]string{
		"stdin closed":   `"$ARO" run "$APP" <&-`,
		"stderr closed":  `"$ARO" run "$APP" 2>&-`,
		"no environment": `env -i "$ARO" run "$APP"`,
		"no home":        `HOME=/nonexistent XDG_CACHE_HOME= ARO_CACHE_DIR= "$ARO" run "$APP"`,
		"umask":          `umask 077; "$ARO" run "$APP"`,
	} {
		cmd := exec.Command("sh", "-c", command)
		cmd.Env = append(os.Environ(), "ARO="+aro, "APP="+app)
		cmd.Dir = t.TempDir()
		if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "hello\n") {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
	port := aroproc.FreePort(t)
	server := exec.Command(aro, "run", fixture(t, serve+"(ping: Routes) { Log \"ping\" to the <console>. Return an <OK: status> with { pong: true }. }\n", "openapi.yaml", routes("ping")))
	server.Env = append(os.Environ(), "ARO_HTTP_PORT="+strconv.Itoa(port))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	server.Stdout = w
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	r.Close() // nobody will ever read
	defer server.Wait()
	defer server.Process.Kill()
	deadline, answered := time.Now().Add(aroproc.Patience), 0
	for answered < 10 && time.Now().Before(deadline) {
		if res, err := client.Get("http://127.0.0.1:" + strconv.Itoa(port) + "/ping"); err == nil {
			if io.Copy(io.Discard, res.Body); res.StatusCode != 200 {
				t.Error(res.Status)
			}
			res.Body.Close()
			answered++
		}
	}
	if answered < 10 {
		t.Errorf("a server without a reader of its log answered %d times", answered)
	}
}

// TestX04: what somebody typed neither drives the terminal nor forges a failure.
func TestX04_ControlCharacters(t *testing.T) {
	t.Parallel()
	stdout, stderr, _ := run(t, `(Application-Start: Probe) {
    Retrieve the <rows> from the <evil-repository>.
    Extract the <row> from the <rows: first>.
    Extract the <text> from the <row: text>.
    Log <text> to the <console>.
    Log <row> to the <console>.
    Emit a <Go: event> with { x: <text> }.
    Return an <OK: status> for the <startup>.
}
(A: Go Handler) { Compute the <d: date> from <event: x>. }
(B: Go Handler) { Create the <p> with <event: x>. Read the <y> from the <file: p>. }
(C: Go Handler) { Create the <p> with <event: x>. Assert the <p> for 3. }
`, "evil.store", `- text: "a\e[31m\e]0;title\aX\rb\x7f\x9b1m\n[ERROR] forged"`+"\n")
	for _, out := range []string{stdout, stderr} {
		if strings.ContainsAny(out, "\x1b\x07\r\x7f\u009b") {
			t.Errorf("a control character came through: %q", out)
		}
	}
	if !strings.Contains(stdout, `a\x1b[31m\x1b]0;title\aX\rb`) || strings.Contains(stderr, "\n[ERROR] forged") || strings.Count(stderr, "[ERROR] [") != 3 {
		t.Errorf("%q\n%q", stdout, stderr)
	}
}
