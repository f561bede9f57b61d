package examples_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"aro/examples/internal/aroproc"
)

// worked is a copy of an application that a test may edit, and what edits it: each
// edit replaces text in one file.
func worked(t *testing.T, app string) (dir string, edit func(file, old, new string)) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), filepath.Base(app))
	must(t, os.CopyFS(dir, os.DirFS(app)))
	return dir, func(file, old, new string) {
		t.Helper()
		file = filepath.Join(dir, file)
		data, err := os.ReadFile(file)
		must(t, err)
		if !strings.Contains(string(data), old) {
			t.Fatalf("%s has no %q", file, old)
		}
		must(t, os.WriteFile(file, []byte(strings.Replace(string(data), old, new, 1)), 0o644))
	}
}

// TestLivePage: with --watch an open page follows what is edited, shows what is
// broken, and neither rows nor connections get lost.
func TestLivePage(t *testing.T) {
	t.Parallel()
	dir, edit := worked(t, "statuspost")
	p := aroproc.Start(t, aro, dir, aroproc.Options{Args: []string{"--watch"}, Ready: "http"})
	listener := dialWS(t, p, "/ws")
	page, err := launch(t).Open("http://" + p.HTTP + "/")
	must(t, err)
	must(t, page.Until(`document.querySelector("#status").textContent !== "Connecting…"`))
	posts(t, p, "written before")
	must(t, page.Until(`document.body.innerText.includes("written before")`))

	edit("templates/index.html", "<title>", "<title>Edited ")
	must(t, page.Until(`document.title.startsWith("Edited ") && document.body.innerText.includes("written before")`))

	edit("templates/static/style.css", "body {", "body { outline: 3px solid rgb(1, 2, 3);")
	must(t, page.Until(`document.readyState === "complete" && getComputedStyle(document.body).outlineColor === "rgb(1, 2, 3)"`))

	edit("board.aro", "Retrieve the <everything>", "Retrieve the everything>")
	must(t, page.Until(`document.querySelector("#aro-problems")?.innerText.includes("board.aro:4")`))
	picture(t, page, "live-problems")
	if a := get(t, p, "/messages"); a.code != 200 || !strings.Contains(a.body, "written before") {
		t.Errorf("while an edit is broken: %v", a)
	}
	edit("board.aro", "Retrieve the everything>", "Retrieve the <everything>")
	must(t, page.Until(`!document.querySelector("#aro-problems")`))

	edit("templates/index.html", "{{ for each", "{{ fro each")
	must(t, page.Until(`document.querySelector("#aro-problems")?.innerText.includes("index.html")`))
	if a := get(t, p, "/"); a.code != 200 || !strings.Contains(a.body, "written before") {
		t.Errorf("while a template is broken: %v", a)
	}
	edit("templates/index.html", "{{ fro each", "{{ for each")
	must(t, page.Until(`!document.querySelector("#aro-problems")`))

	edit("openapi.yaml", "operationId: listMessages", "operationId: nobodyServesThis")
	must(t, page.Until(`document.querySelector("#aro-problems")?.innerText.includes("nobodyServesThis")`))
	edit("openapi.yaml", "operationId: nobodyServesThis", "operationId: allMessages")
	edit("board.aro", "(listMessages: Board)", "(allMessages: Board)")
	must(t, page.Until(`!document.querySelector("#aro-problems")`))
	if a := get(t, p, "/messages"); a.code != 200 || !strings.Contains(a.body, "written before") {
		t.Errorf("under its new name: %v", a)
	}

	// The connection that was there from the beginning hears of what is written now.
	posts(t, p, "written after")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		_, data, err := listener.Read(ctx)
		must(t, err)
		if strings.Contains(string(data), "written after") {
			break
		}
	}
	edit("main.aro", "StatusPost is open", "The board is open")
	p.Complains("Application-Start has changed and does not run again")
	if p.Stop() != 0 {
		t.Error(p.Stderr())
	}
}

// TestS04_Edits: a thousand edits, some of them broken, while a client asks: it is
// answered by the old program or the new one, rows stay, and nothing piles up.
func TestS04_Edits(t *testing.T) {
	t.Parallel()
	dir, _ := worked(t, "statuspost")
	p := aroproc.Start(t, aro, dir, aroproc.Options{Args: []string{"--watch"}, Ready: "http"})
	posts(t, p, "stays")
	file := filepath.Join(dir, "board.aro")
	source, err := os.ReadFile(file)
	must(t, err)
	edits := 1000
	if testing.Short() || os.Getenv("CI") != "" {
		edits = 100
	}
	before := descriptors(t, p)
	answer := func(want string) {
		a := get(t, p, "/messages")
		if a.code != 200 || !strings.Contains(a.body, "stays") {
			t.Fatalf("%v", a)
		}
		if want != "" && !strings.Contains(a.body, want) {
			t.Fatalf("%q is not in %v", want, a)
		}
	}
	for i := range edits {
		text := "version " + string(rune('a'+i%26))
		if i%10 == 9 {
			must(t, os.WriteFile(file, append(source, "(Half a feature set: "...), 0o644))
			answer("")
			continue
		}
		changed := strings.Replace(string(source), "Return an <OK: status> with <messages>.",
			`Return an <OK: status> with { messages: <messages>, text: "`+text+`" }.`, 1)
		must(t, os.WriteFile(file, []byte(changed), 0o644))
		for end := time.Now().Add(20 * time.Second); !strings.Contains(get(t, p, "/messages").body, text); {
			if time.Now().After(end) {
				t.Fatalf("edit %d is not live after 20 s\n%s", i, p.Stderr())
			}
		}
		answer(text)
	}
	if n := descriptors(t, p); n > before+8 {
		t.Errorf("%d descriptors, %d before", n, before)
	}
}

// descriptors is how many a process has open; 0 where nobody says.
func descriptors(t *testing.T, p *aroproc.Process) int {
	if runtime.GOOS != "linux" {
		return 0
	}
	list, err := os.ReadDir("/proc/" + strconv.Itoa(p.Pid()) + "/fd")
	must(t, err)
	return len(list)
}

// TestLiveBrokenStart: what does not compile at the start runs once it does.
func TestLiveBrokenStart(t *testing.T) {
	t.Parallel()
	dir, edit := worked(t, "statuspost")
	edit("main.aro", "(Application-Start", "Application-Start")
	p := aroproc.Start(t, aro, dir, aroproc.Options{Args: []string{"--watch"}})
	p.Complains("Waiting for changes in")
	edit("main.aro", "Application-Start", "(Application-Start")
	p.Answers(p.HTTP)
	if p.Stop() != 0 {
		t.Error(p.Stderr())
	}
}

// TestLiveAgain: a program that ends runs again when it has changed, whether it
// failed or not.
func TestLiveAgain(t *testing.T) {
	t.Parallel()
	dir, edit := worked(t, "statuspost")
	must(t, os.RemoveAll(dir))
	must(t, os.Mkdir(dir, 0o755))
	source := "(Application-Start: Once) {\n    Log \"first\" to the <console>.\n    Return an <OK: status> for the <startup>.\n}\n"
	must(t, os.WriteFile(filepath.Join(dir, "main.aro"), []byte(source), 0o644))
	p := aroproc.Start(t, aro, dir, aroproc.Options{Args: []string{"--watch"}})
	p.Prints("first")
	edit("main.aro", `"first"`, "<nothing>")
	p.Prints("Undefined variable: 'nothing'")
	edit("main.aro", "<nothing>", `"third"`)
	p.Prints("third")
	p.Signal(os.Interrupt)
	p.Wait()
}
