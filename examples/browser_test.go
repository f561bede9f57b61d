package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
	"aro/examples/internal/cdp"
)

// page is what the browser test needs to know of a board's page.
type page struct {
	name             string
	field, send      string // selectors
	messages         string // selector of all messages
	status           string
	online, offline  string
	pictures, atOnce bool
}

var (
	ourPage  = page{"statuspost", "#message", "#composer button", "#messages .message", "#status", "Live", "Reconnecting…", true, true}
	seedPage = page{"seed", "#msg", "#f button", "#messages .message", "#status", "Connected", "Disconnected", false, false}
)

func TestBrowserStatusPost(t *testing.T) {
	t.Parallel()
	inBrowser(t, "statuspost", ourPage)
}

func TestBrowserSeedStatusPost(t *testing.T) {
	t.Parallel()
	inBrowser(t, seed(t, "statuspost"), seedPage)
}

func launch(t *testing.T) *cdp.Browser {
	t.Helper()
	bin, err := cdp.Find()
	if err != nil {
		if onCI() {
			t.Fatalf("no Chromium: %v", err)
		}
		t.Skipf("needs Chromium (set CHROMIUM or install it): %v", err)
	}
	b, err := cdp.Launch(bin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// picture keeps a screenshot in $ARO_SCREENSHOTS, or with the test's own files.
func picture(t *testing.T, p *cdp.Page, name string) {
	t.Helper()
	dir := os.Getenv("ARO_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, name+".png")
	must(t, p.Screenshot(file))
	if info, err := os.Stat(file); err != nil || info.Size() < 2000 {
		t.Errorf("%s: not a picture", file)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// inBrowser is two people with a window each.
func inBrowser(t *testing.T, app string, pg page) {
	b := launch(t)
	srv := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	url := "http://" + srv.HTTP + "/"
	open := func() *cdp.Page {
		w, err := b.Open(url)
		must(t, err)
		must(t, w.Size(900, 720, false))
		return w
	}
	is := func(w *cdp.Page, text string) {
		t.Helper()
		must(t, w.Until(fmt.Sprintf(`document.querySelector(%q).textContent.trim() === %q`, pg.status, text)))
	}
	shows := func(w *cdp.Page, text string, n int) {
		t.Helper()
		must(t, w.Until(fmt.Sprintf(`(m => m.length === %d && m[0].textContent.includes(%q))(document.querySelectorAll(%q))`, n, text, pg.messages)))
	}
	say := func(w *cdp.Page, text string) {
		t.Helper()
		must(t, w.Type(pg.field, text))
		must(t, w.Eval(nil, fmt.Sprintf(`document.querySelector(%q).click()`, pg.send)))
	}

	ada, bob := open(), open()
	is(ada, pg.online)
	is(bob, pg.online)
	must(t, bob.Eval(nil, `window.loadedOnce = true`))
	if pg.pictures {
		picture(t, ada, pg.name+"-empty")
	}

	// Posted in one window, there in the other without a reload.
	say(ada, "Good morning from the first window")
	shows(bob, "Good morning from the first window", 1)
	shows(ada, "Good morning from the first window", 1)
	say(bob, "And the second one answers")
	shows(ada, "And the second one answers", 2)
	shows(bob, "And the second one answers", 2)
	must(t, bob.Until(`window.loadedOnce === true`))
	must(t, ada.Until(fmt.Sprintf(`document.querySelector(%q).value === ""`, pg.field)))

	// Markup stays text, live and after a reload.
	const attack = `<img src=x onerror="window.hacked=1;alert(1)"><script>window.hacked=1</script>`
	say(ada, attack)
	shows(ada, attack, 3)
	shows(bob, attack, 3)
	say(bob, `"' onmouseover=alert(2) x="{{ <now> }} ${7*7}`)
	shows(ada, "{{ <now> }} ${7*7}", 4)
	for _, w := range []*cdp.Page{ada, bob} {
		must(t, w.Reload())
		shows(w, "{{ <now> }} ${7*7}", 4)
		must(t, w.Until(fmt.Sprintf(`document.querySelectorAll(%q)[1].textContent.includes(%q)`, pg.messages, attack)))
		must(t, w.Until(`window.hacked === undefined && document.querySelectorAll("#messages img, #messages script").length === 0`))
		is(w, pg.online)
	}
	picture(t, ada, pg.name+"-messages")

	// The server goes away and comes back; the page reconnects by itself.
	must(t, bob.Eval(nil, `window.loadedOnce = true`))
	if code := srv.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	is(ada, pg.offline)
	is(bob, pg.offline)
	picture(t, bob, pg.name+"-offline")
	srv = aroproc.Start(t, aro, app, aroproc.Options{Ready: "http", Port: srv.Port})
	if pg.atOnce {
		// Posted before anybody is back: shown when they are.
		do(t, form(srv, "/messages", "message", "Posted while you were away"))
	}
	is(ada, pg.online)
	is(bob, pg.online)
	if pg.atOnce {
		shows(bob, "Posted while you were away", 5)
	}
	say(ada, "We are back")
	must(t, bob.Until(fmt.Sprintf(`document.querySelector(%q).textContent.includes("We are back")`, pg.messages)))
	must(t, bob.Until(`window.loadedOnce === true`))
	if pg.pictures {
		must(t, ada.Reload())
		must(t, ada.Type(pg.field, "One more thing…"))
		picture(t, ada, pg.name+"-typing")
		must(t, ada.Size(390, 760, true))
		must(t, ada.Dark())
		picture(t, ada, pg.name+"-phone-dark")
	}

	for name, w := range map[string]*cdp.Page{"first": ada, "second": bob} {
		for _, problem := range w.Problems() {
			if strings.Contains(problem, "Failed to fetch") && srv.Port != 0 {
				continue
			}
			t.Errorf("%s window: %s", name, problem)
		}
	}
}
