package examples_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
)

// loggingProgram logs what somebody sent, in each of the ways that a program can.
const loggingProgram = `(Application-Start: Logging) {
    Start the <http-server> with <contract>.
    Log "two\nlines" to the <console>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(say: Logging) {
    Extract the <text> from the <request: body.text>.
    Log <text> to the <console>.
    Log "got ${<text>}, thanks" to the <console>.
    Log "first ${<text>}\nsecond ${<text>}" to the <console>.
    Log "own\nlines" to the <console>.
    Log { key: <text>, list: [<text>] } to the <console>.
    Log "E ${<text>}" to the <stderr>.
    Log "F ${<text>}" to the <file: "own.log">.
    Transform the <shown> from the <template: said.tpl>.
    Log <shown> to the <console>.
    Emit a <Said: event> with { text: <text> }.
    Log "end of it" to the <console>.
    Return an <OK: status> with { text: <text> }.
}
(Said: Said Handler) {
    Extract the <text> from the <event: text>.
    Log <text> to the <console>.
}
`

const loggingContract = `openapi: 3.0.3
info: { title: Logging, version: "1" }
paths:
  /say: { post: { operationId: say } }
`

// TestX04: what somebody sends is one line of the log, whatever is in it; the lines
// that the program writes itself stay lines, and values come back unchanged.
func TestX04_Forged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	app := fixture(t, loggingProgram, "openapi.yaml", loggingContract, "templates/said.tpl", "\x1b[1m{{ <text> }}\x1b[0m\nend of template")
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http", Dir: dir})
	sent := []string{"plain", "a\nFORGED", "a\r\nFORGED", "a\rFORGED", "\x1b[31mred\x1b]0;t\x07", "\u009b1mFORGED\u0085", "\x00\x08\x7f", "\nFORGED\n\nFORGED"}
	for _, text := range sent {
		body, _ := json.Marshal(map[string]string{"text": text})
		req, err := http.NewRequest("POST", "http://"+p.HTTP+"/say", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if a := do(t, req); a.code != 200 || decode[map[string]string](t, a.body)["text"] != text {
			t.Errorf("%q came back as %v", text, a)
		}
	}
	p.Until("the last line", func() bool { return strings.Count(p.Stdout(), "end of it\n") == len(sent) })
	p.Until("the last event", func() bool { return strings.Count(p.Stderr(), "\n") >= len(sent) })
	file, err := os.ReadFile(filepath.Join(dir, "own.log"))
	if err != nil {
		t.Fatal(err)
	}
	out := p.Stdout()
	if !strings.Contains(out, "two\nlines\n") || strings.Count(out, "\nown\nlines\n") != len(sent) || strings.Count(out, "\nsecond ") != len(sent) {
		t.Errorf("lines of the program's own: %q", out)
	}
	if n := strings.Count(out, "\x1b[1m"); n != len(sent) {
		t.Errorf("%d templates have their own colours, want %d", n, len(sent))
	}
	out = strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "").Replace(out)
	for _, text := range []string{out, p.Stderr(), string(file)} {
		if strings.ContainsAny(text, "\x1b\x07\x08\x00\r\x7f\u009b\u0085") {
			t.Errorf("a control character came through: %q", text)
		}
	}
	if strings.Contains(out, "\nFORGED") || strings.Count(out, "\nend of template\n") != len(sent)-3 {
		t.Errorf("a line is forged: %q", out)
	}
	if strings.Count(p.Stderr(), "\n") != len(sent) || strings.Count(string(file), "\n") != len(sent) {
		t.Errorf("an event is not a line: %q, %q", p.Stderr(), file)
	}
}

// TestX04: a command prints the lines of what it has read.
func TestX04_Commands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "two.md"), []byte("one\n\x1b[2Jtwo\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	app := fixture(t, `(Application-Start: Cat) {
    Read the <text> from the <file: "two.md">.
    Log <text> to the <console>.
    Log "of\n${<text>}" to the <console>.
    Return an <OK: status> for the <application>.
}
`)
	stdout, stderr, code := aroproc.RunIn(t, dir, aro, "run", app)
	if want := "one\n\\x1b[2Jtwo\n"; code != 0 || stdout != want+"\nof\n"+want+"\n" {
		t.Errorf("%d %q %s", code, stdout, stderr)
	}
}
