package examples_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
)

// TestF02: what belongs to the application itself is never served, not even when
// somebody put it, or a link to it, into the folder of what is.
func TestF02_OwnFiles(t *testing.T) {
	t.Parallel()
	app := t.TempDir()
	if err := os.CopyFS(app, os.DirFS("testdata/target")); err != nil {
		t.Fatal(err)
	}
	names := []string{"main.aro", "shop.ARO", "app.aroc", "openapi.yaml", "openapi.yml", "openapi.json", "OpenAPI.yaml", "aro.yaml", "users.store", "users.Store",
		".env", ".git", ".htpasswd", ".aro"}
	const canary = "(* CANARY *)" // sources are read wherever they lie
	// There is no such rule for names that only resemble them.
	others := []string{"aro.txt", "main.aro.txt", "openapi.html", "store", "env", "my-openapi.yaml"}
	for _, name := range append(slices.Clone(names), others...) {
		for _, dir := range []string{"templates/static", "static"} {
			must(t, os.MkdirAll(filepath.Join(app, dir), 0o755))
			must(t, os.WriteFile(filepath.Join(app, dir, name), []byte(canary), 0o644))
		}
	}
	p := aroproc.Start(t, aro, app, aroproc.Options{Ready: "http"})
	for _, name := range names {
		for _, path := range []string{name, "x%2f..%2f" + name, ".%2f" + name, name + ".", name + "%20", name + "%00.txt", strings.ReplaceAll(name, "a", "%61")} {
			if a := get(t, p, "/static/"+path); a.code != 404 && a.code != 400 || strings.Contains(a.body, "CANARY") {
				t.Errorf("/static/%s: %v, want 404", path, a)
			}
		}
		req, _ := http.NewRequest("GET", "http://"+p.HTTP+"/include?name="+url.QueryEscape("static/"+name), nil)
		if a := do(t, req); strings.Contains(a.body, "CANARY") {
			t.Errorf("the template static/%s: %v", name, a)
		}
	}
	for _, name := range others {
		if a := get(t, p, "/static/"+name); a.code != 200 || a.body != canary {
			t.Errorf("/static/%s: %v, want it", name, a)
		}
	}
}

// TestH11: a page of another site cannot make a browser change anything here;
// clients that are no browsers do not say where they come from, and are let in.
func TestH11_OtherSites(t *testing.T) {
	t.Parallel()
	p := target(t)
	host := p.HTTP
	for _, c := range []struct {
		method, site, origin string
		want                 int
	}{
		{"POST", "", "", 200}, // curl
		{"POST", "same-origin", "http://" + host, 200},
		{"POST", "none", "", 200},
		{"POST", "", "http://" + host, 200}, // a browser from before Sec-Fetch-Site
		{"POST", "cross-site", "http://evil.example", 403},
		{"POST", "cross-site", "", 403},
		{"POST", "same-site", "http://other." + host, 403},
		{"POST", "", "http://evil.example", 403},
		{"POST", "", "null", 403}, // a sandboxed frame
		{"POST", "", "http://" + host + ".evil.example", 403},
		{"POST", "", "http://evil.example/" + host, 403},
		{"GET", "cross-site", "http://evil.example", 200}, // a link
		{"HEAD", "cross-site", "", 200},
	} {
		req, _ := http.NewRequest(c.method, "http://"+host+"/echo", strings.NewReader("{}"))
		req.Header.Set("Content-Type", "application/json")
		if c.site != "" {
			req.Header.Set("Sec-Fetch-Site", c.site)
		}
		if c.origin != "" {
			req.Header.Set("Origin", c.origin)
		}
		if a := do(t, req); a.code != c.want {
			t.Errorf("%s, site %q, origin %q: %v, want %d", c.method, c.site, c.origin, a, c.want)
		}
	}
}

// TestH11_Form: the same with a browser: a page on another port of the same host,
// and one on another name, post a form to the message board.
func TestH11_Form(t *testing.T) {
	t.Parallel()
	b := launch(t)
	p := aroproc.Start(t, aro, "statuspost", aroproc.Options{Ready: "http"})
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<form method="post" action="http://%s/messages"><input name="message" value="from elsewhere"></form>`, p.HTTP)
	}))
	t.Cleanup(page.Close)
	for _, from := range []string{page.URL, strings.Replace(page.URL, "127.0.0.1", "localhost", 1)} {
		w, err := b.Open(from)
		must(t, err)
		must(t, w.Until(`document.forms.length == 1`))
		must(t, w.Eval(nil, `document.forms[0].submit()`))
		must(t, w.Until(`document.body && document.body.textContent.includes("Cross-site requests are refused")`))
	}
	if got := messages(t, p); len(got) != 0 {
		t.Errorf("the board holds %q", got)
	}
}
