package examples_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
)

// hostileLog logs what a visitor sent, and fails on request.
const hostileLog = `(Application-Start: Guests <b>book</b>) {
    Start the <http-server>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(addGuest: Guests) {
    Extract the <name> from the <request: body.name>.
    Log <name> to the <console>.
    Store the <name> into the <guest-repository>.
    Return an <OK: status> with <name>.
}
(failHere: Guests) {
    Extract the <x> from the <request: body.missing.deeper>.
    Return an <OK: status> with <x>.
}
`

const hostileContract = `openapi: 3.0.0
info: { title: Guests, version: "1" }
paths:
  /guests:
    post:
      operationId: addGuest
      requestBody: { content: { application/json: {} } }
  /fail:
    post:
      operationId: failHere
      requestBody: { content: { application/json: {} } }
`

// watched starts the program above and returns the addresses that stderr names.
func watched(t *testing.T, args ...string) (p *aroproc.Process, address func(word string) string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.aro": hostileLog, "openapi.yaml": hostileContract} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	p = aroproc.Start(t, aro, dir, aroproc.Options{Ready: "http", Args: args})
	return p, func(word string) string {
		p.Complains(word)
		return regexp.MustCompile(word + `: (http://[^/\s]+)/`).FindStringSubmatch(p.Stderr())[1]
	}
}

func postJSON(t *testing.T, url, body string) {
	t.Helper()
	r, err := http.Post(url, "application/json", strings.NewReader(body))
	must(t, err)
	io.Copy(io.Discard, r.Body)
	r.Body.Close()
}

// TestInspector: the page shows runs, rows, failures with their place, and hostile
// lines of the log as text.
func TestInspector(t *testing.T) {
	t.Parallel()
	b := launch(t)
	p, address := watched(t, "--inspect")
	page, err := b.Open(address("Inspector") + "/")
	must(t, err)
	postJSON(t, "http://"+p.HTTP+"/guests", `{"name": "<img src=x onerror='window.hit=1'></pre><script>window.hit=1</script>"}`)
	postJSON(t, "http://"+p.HTTP+"/fail", `{"missing": 1}`)
	postJSON(t, "http://"+p.HTTP+"/nowhere", `{}`)
	must(t, page.Until(`document.getElementById("log").textContent.includes("<img src=x onerror=")`))
	must(t, page.Until(`document.querySelector('[data-node="repository guest-repository"] .under').textContent === "1 row"`))
	must(t, page.Until(`/main\.aro:13/.test(document.getElementById("failures").textContent)`))
	must(t, page.Until(`document.getElementById("refusals").textContent.includes("http_404")`))
	must(t, page.Until(`/(p99|·) \d.* .s/.test(document.querySelector('[data-node="feature set addGuest"] .under').textContent)`))
	var hit bool
	must(t, page.Eval(&hit, `window.hit === 1 || document.querySelector("#log img, #log script") !== null`))
	if hit {
		t.Error("a line of the log became markup")
	}
	picture(t, page, "inspector")
	if list := page.Problems(); len(list) > 0 {
		t.Errorf("the page has problems: %q", list)
	}
}

// TestInspectorGuard: names that were bound to the address anew, other sites and
// other addresses get nothing.
func TestInspectorGuard(t *testing.T) {
	t.Parallel()
	p, address := watched(t, "--inspect=127.0.0.1:0")
	url := address("Inspector")
	for _, c := range []struct {
		host, name, value string
		want              int
	}{
		{"", "", "", 200},
		{"evil.example", "", "", 421},
		{"127.0.0.1.evil.example", "", "", 421},
		{"", "Sec-Fetch-Site", "cross-site", 403},
		{"", "Sec-Fetch-Site", "same-site", 403},
		{"", "Origin", "http://evil.example", 403},
		{"", "Origin", "null", 403},
	} {
		r, err := http.NewRequest("GET", url+"/", nil)
		must(t, err)
		r.Host = c.host
		if c.name != "" {
			r.Header.Set(c.name, c.value)
		}
		a, err := http.DefaultClient.Do(r)
		must(t, err)
		text, _ := io.ReadAll(a.Body)
		a.Body.Close()
		if a.StatusCode != c.want || c.want != 200 && strings.Contains(string(text), "addGuest") {
			t.Errorf("%+v: %d", c, a.StatusCode)
		}
		if c.want == 200 && (!strings.Contains(a.Header.Get("Content-Security-Policy"), "default-src 'none'") || strings.Contains(string(text), "<b>book")) {
			t.Errorf("%v\n%s", a.Header, text)
		}
	}
	// Nothing of it is on the public port.
	for _, path := range []string{"/", "/events", "/metrics", "/live", "/ready"} {
		a, err := http.Get("http://" + p.HTTP + path)
		must(t, err)
		a.Body.Close()
		if a.StatusCode != 404 {
			t.Errorf("%s on the public port: %d", path, a.StatusCode)
		}
	}
	hello, err := filepath.Abs("hello")
	must(t, err)
	for _, addr := range []string{"0.0.0.0:0", "192.0.2.1:80", ":9191", "evil.example:80"} {
		if out, _, code := aroproc.Run(t, aro, "run", "--inspect="+addr, hello); code != 1 || !strings.Contains(out, "for this machine only") {
			t.Errorf("%s: code %d, %q", addr, code, out)
		}
	}
}

// TestHealth: alive and ready, not ready while draining, and metrics that count
// what was refused.
func TestHealth(t *testing.T) {
	t.Parallel()
	p, address := watched(t, "--health", "127.0.0.1:0")
	url := address("Health")
	get := func(path string) (int, string) {
		a, err := http.Get(url + path)
		if err != nil {
			return 0, err.Error()
		}
		defer a.Body.Close()
		text, _ := io.ReadAll(a.Body)
		return a.StatusCode, string(text)
	}
	if status, text := get("/live"); status != 200 || text != "live\n" {
		t.Errorf("live: %d %q", status, text)
	}
	p.Until("ready", func() bool { status, text := get("/ready"); return status == 200 && text == "ready\n" })
	postJSON(t, "http://"+p.HTTP+"/nowhere", `{}`)
	if _, text := get("/metrics"); !strings.Contains(text, "aro_refused_total{reason=\"http_404\"} 1\n") || !strings.Contains(text, "# TYPE aro_process_open_fds gauge\n") {
		t.Errorf("metrics: %s", text)
	}
}

// TestHealthStates: not ready while Application-Start still works and while what
// runs is finished.
func TestHealthStates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gate := filepath.Join(dir, "open")
	must(t, os.WriteFile(filepath.Join(dir, "main.aro"), []byte(`(Application-Start: Slow) {
    Exists the <there> for the <file: "`+gate+`">.
    while <there> == false {
        Sleep the <moment> for 10 ms.
        Exists the <there> for the <file: "`+gate+`">.
    }
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(Application-End: Success) {
    Exists the <there> for the <file: "`+gate+`">.
    while <there> == true {
        Sleep the <moment> for 10 ms.
        Exists the <there> for the <file: "`+gate+`">.
    }
    Return an <OK: status> for the <end>.
}
`), 0o644))
	p := aroproc.Start(t, aro, dir, aroproc.Options{Args: []string{"--keep-alive", "--health", "127.0.0.1:0"}})
	p.Complains("/metrics")
	url := regexp.MustCompile(`http://[^/\s]+`).FindString(p.Stderr())
	state := func() string {
		a, err := http.Get(url + "/ready")
		if err != nil {
			return ""
		}
		defer a.Body.Close()
		text, _ := io.ReadAll(a.Body)
		return string(text)
	}
	if got := state(); got != "starting\n" {
		t.Errorf("while it starts: %q", got)
	}
	must(t, os.WriteFile(gate, nil, 0o644))
	p.Until("ready", func() bool { return state() == "ready\n" })
	p.Signal(os.Interrupt)
	p.Until("draining", func() bool { return state() == "draining\n" })
	must(t, os.Remove(gate))
	p.Wait()
}
