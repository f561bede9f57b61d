package examples_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
)

// scaffolded is an application that aro new wrote, and the commands of its README that
// are not aro's.
func scaffolded(t *testing.T, kind string) (dir string, commands []string) {
	t.Helper()
	work := t.TempDir()
	if stdout, stderr, code := aroproc.RunIn(t, work, aro, "new", kind, "mine"); code != 0 || stderr != "" {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	dir = filepath.Join(work, "mine")
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	must(t, err)
	for line := range strings.Lines(string(readme)) {
		if text, indented := strings.CutPrefix(line, "    "); indented && !strings.HasPrefix(text, "aro ") {
			commands = append(commands, strings.TrimSpace(text))
		}
	}
	return dir, commands
}

// shell runs a line as a person would paste it.
func shell(t *testing.T, dir, line string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

func TestNewAPI(t *testing.T) {
	t.Parallel()
	tool(t, "curl", "install the package curl")
	dir, commands := scaffolded(t, "api")
	p := aroproc.Start(t, aro, dir, aroproc.Options{Ready: "http"})
	wants := []string{`^\{"notes":\[\]\}$`, `(?s)^HTTP/1.1 201 .*Location: /notes/\w+.*"title":"Buy tea"`, `(?s)^HTTP/1.1 400 .*title`}
	if len(commands) != len(wants) {
		t.Fatalf("the README has the commands %q", commands)
	}
	for i, c := range commands {
		got := shell(t, dir, strings.ReplaceAll(strings.Replace(c, "curl ", "curl -sS ", 1), "localhost:8080", p.HTTP))
		if !regexp.MustCompile(wants[i]).MatchString(got) {
			t.Errorf("%s\nanswers %s\nwant %s", c, got, wants[i])
		}
	}
	if a := get(t, p, "/docs"); a.code != 200 || !strings.Contains(a.body, "Notes") {
		t.Errorf("/docs: %v", a)
	}
	list := decode[struct{ Notes []struct{ ID string } }](t, get(t, p, "/notes").body)
	if len(list.Notes) != 1 {
		t.Fatalf("notes %v", list)
	}
	if a := get(t, p, "/notes/"+list.Notes[0].ID); a.code != 200 {
		t.Errorf("the note: %v", a)
	}
	if got := shell(t, dir, "curl -sS -o /dev/null -w '%{http_code}' -X DELETE "+p.HTTP+"/notes/"+list.Notes[0].ID); got != "204" {
		t.Errorf("DELETE: %s", got)
	}
	if a := get(t, p, "/notes"); a.body != `{"notes":[]}` {
		t.Errorf("after the note is done: %v", a)
	}
}

func TestNewChat(t *testing.T) {
	t.Parallel()
	dir, _ := scaffolded(t, "chat")
	p := aroproc.Start(t, aro, dir, aroproc.Options{Ready: "http"})
	b := launch(t)
	ada, err := b.Open("http://" + p.HTTP + "/")
	must(t, err)
	ben, err := b.Open("http://" + p.HTTP + "/")
	must(t, err)
	must(t, ada.Until(`socket.readyState === 1`))
	must(t, ben.Until(`socket.readyState === 1`))
	must(t, ada.Type(`[name=name]`, "Ada"))
	must(t, ada.Type(`[name=text]`, "Hello <b>you</b>!"))
	var clicked bool
	must(t, ada.Eval(&clicked, `document.querySelector("button").click(), true`))
	must(t, ben.Until(`document.getElementById("lines").textContent === "Ada: Hello <b>you</b>!"`))
	must(t, ada.Until(`document.getElementById("lines").children.length === 1`))
	must(t, ben.Eval(&clicked, `socket.send("gibberish"), true`))
	must(t, ben.Until(`document.getElementById("lines").lastChild.textContent === "A message has a name and a text."`))
	picture(t, ben, "new-chat")
	for _, page := range []interface{ Problems() []string }{ada, ben} {
		if problems := page.Problems(); len(problems) > 0 {
			t.Errorf("the browser complains: %q", problems)
		}
	}
	if code := p.Stop(); code != 0 || p.Stderr() != "" {
		t.Errorf("exit code %d, stderr %q", code, p.Stderr())
	}
}

func TestNewSocket(t *testing.T) {
	t.Parallel()
	dir, commands := scaffolded(t, "socket")
	p := aroproc.Start(t, aro, dir, aroproc.Options{Ready: "tcp"})
	if want := "nc localhost 9000,5,-2,total,bye"; strings.Join(commands, ",") != want {
		t.Fatalf("the README has the commands %q", commands)
	}
	c, other := dialTCP(t, p.TCP), dialTCP(t, p.TCP)
	for _, greeted := range []*tcpConn{c, other} {
		if got := greeted.line(); got != "Hello! Send numbers, total or bye" {
			t.Fatalf("greeted with %q", got)
		}
	}
	answers := []string{"5", "3", "3", "Goodbye!"}
	for i, line := range commands[1:] {
		c.send(line + "\n")
		if got := c.line(); got != answers[i] {
			t.Errorf("%s is answered with %q, want %q", line, got, answers[i])
		}
	}
	if rest := c.end(); rest != "" {
		t.Errorf("after bye: %q", rest)
	}
	other.send("total\nfive\n")
	if got := other.line(); got != "0" {
		t.Errorf("another client's total is %q", got)
	}
	if got := other.line(); got != "What is 'five'? Send numbers, total or bye" {
		t.Errorf("five is answered with %q", got)
	}
}

func TestNewWorker(t *testing.T) {
	t.Parallel()
	dir, commands := scaffolded(t, "worker")
	if len(commands) != 2 {
		t.Fatalf("the README has the commands %q", commands)
	}
	work := t.TempDir()
	p := aroproc.Start(t, aro, dir, aroproc.Options{Dir: work})
	p.Prints("Put jobs into inbox/")
	must(t, os.WriteFile(filepath.Join(work, "bad.json"), []byte(`{"numbers":`), 0o644))
	must(t, os.Rename(filepath.Join(work, "bad.json"), filepath.Join(work, "inbox", "bad.json")))
	shell(t, work, commands[0])
	p.Prints("job.json is done\n")
	if got := shell(t, work, commands[1]); !strings.Contains(got, `"sum" : 42`) {
		t.Errorf("%s prints %s", commands[1], got)
	}
	p.Complains("Cannot application.perform")
	p.Until("a bad job that stays in taken/", func() bool {
		_, err := os.Stat(filepath.Join(work, "taken", "bad.json"))
		return err == nil
	})
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
