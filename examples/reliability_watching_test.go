package examples_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"aro/examples/internal/aroproc"
)

const tracedProgram = `(Application-Start: Traced) {
    Start the <http-server>.
    Log "started" to the <console>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(ask: Traced) {
    Emit an <Asked: event> with { name: "a name of 300 letters: ` + "%s" + `" }.
    Extract the <address> from the <queryParameters: address>.
    Request the <answer> from the <address>.
    Log "asked" to the <console>.
    Return an <OK: status> with { id: <request: id>, trace: <request: traceId> }.
}
(Breaks: Asked Handler) {
    Extract the <missing> from the <event: name.missing>.
    Return an <OK: status> for the <missing>.
}
(each: Traced) {
    Extract the <address> from the <queryParameters: address>.
    parallel for each <n> in [1, 2, 3, 4] {
        Request the <answer> from the <address>.
    }
    Return an <OK: status> with { id: <request: id> }.
}
`

const tracedContract = `openapi: 3.0.3
info: { title: Traced, version: "1" }
paths:
  /ask:
    get: { operationId: ask, parameters: [{ name: address, in: query, schema: { type: string } }] }
  /each:
    get: { operationId: each, parameters: [{ name: address, in: query, schema: { type: string } }] }
`

// traced starts the program above and a server that it asks, which notes the
// headers that it gets.
func traced(t *testing.T, args ...string) (p *aroproc.Process, other string, got chan http.Header) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.aro": strings.ReplaceAll(tracedProgram, "%s", strings.Repeat("x", 300)), "openapi.yaml": tracedContract} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	got = make(chan http.Header, 16)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got <- r.Header }))
	t.Cleanup(s.Close)
	return aroproc.Start(t, aro, dir, aroproc.Options{Ready: "http", Args: args}), s.URL, got
}

// TestO02_Traces: a trace that comes in goes out again; a request without one begins
// its own, the same for all that it asks.
func TestO02_Traces(t *testing.T) {
	t.Parallel()
	p, other, got := traced(t)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	req, err := http.NewRequest("GET", "http://"+p.HTTP+"/ask?address="+other, nil)
	must(t, err)
	req.Header.Set("traceparent", "00-"+trace+"-00f067aa0ba902b7-00")
	req.Header.Set("tracestate", "vendor=1")
	a := do(t, req)
	h := <-got
	if out := h.Get("traceparent"); !regexp.MustCompile("^00-"+trace+"-[0-9a-f]{16}-00$").MatchString(out) || strings.Contains(out, "00f067aa0ba902b7") || h.Get("tracestate") != "vendor=1" {
		t.Errorf("asked with traceparent %q, tracestate %q", out, h.Get("tracestate"))
	}
	var ids struct{ ID, Trace string }
	must(t, json.Unmarshal([]byte(a.body), &ids))
	if ids.Trace != trace || strings.ReplaceAll(ids.ID, "-", "") == trace {
		t.Errorf("the program sees %+v", ids)
	}
	p.Complains("[ERROR] [Breaks: Asked Handler] [" + ids.ID + " trace " + trace + "] main.aro:")

	req.Header["Traceparent"] = append(req.Header["Traceparent"], "00-"+trace+"-00f067aa0ba902b7-00")
	must(t, json.Unmarshal([]byte(do(t, req).body), &ids))
	if h = <-got; strings.Contains(h.Get("traceparent"), trace) || h.Get("tracestate") != "" {
		t.Error("a traceparent that was sent twice was taken")
	}
	p.Complains("[ERROR] [Breaks: Asked Handler] [" + ids.ID + "] main.aro:")

	must(t, json.Unmarshal([]byte(get(t, p, "/each?address="+other).body), &ids))
	for range 4 {
		if out := (<-got).Get("traceparent"); !strings.HasPrefix(out, "00-"+strings.ReplaceAll(ids.ID, "-", "")+"-") {
			t.Errorf("a body of the loop asked with %q, the request is %s", out, ids.ID)
		}
	}
}

// TestO02_Log: with --log-format json every line is an object. A failure says who,
// where and for which request; a request has one line, without its query.
func TestO02_Log(t *testing.T) {
	t.Parallel()
	p, other, got := traced(t, "--log-format", "json", "--log-requests")
	a := get(t, p, "/ask?address="+other)
	<-got
	get(t, p, "/nowhere?password=sesame")
	p.Complains(`"path":"\/nowhere"`)
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	type entry struct {
		Time, Level, Msg, Set, Activity, ID, File, Statement, Cause, Method, Path string
		Line, Col, Status, Bytes                                                  int
		Ms                                                                        *float64
		Values                                                                    []string
	}
	read := func(text string) (entries []entry) {
		for line := range strings.Lines(text) {
			var e entry
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.Time == "" || e.Level == "" {
				t.Errorf("%q is no entry: %v", line, err)
			}
			entries = append(entries, e)
		}
		return entries
	}
	var ids struct{ ID string }
	must(t, json.Unmarshal([]byte(a.body), &ids))
	out := read(p.Stdout())
	if len(out) != 3 || out[0].Msg != "started" || out[1].Msg != "asked" || out[1].Set != "ask" || out[1].ID != ids.ID || out[2].Msg != "[OK] startup" {
		t.Errorf("stdout: %+v", out)
	}
	list := read(p.Stderr())
	if len(list) != 3 {
		t.Fatalf("stderr: %+v", list)
	}
	e := list[0]
	if e.Level != "ERROR" || e.Set != "Breaks" || e.Activity != "Asked Handler" || e.ID != ids.ID || e.File != "main.aro" || e.Line != 15 || e.Col != 5 ||
		!strings.HasPrefix(e.Msg, "Cannot extract the missing") || e.Statement == "" || e.Cause == "" || len(e.Values) == 0 {
		t.Errorf("the failure: %+v", e)
	}
	for _, v := range e.Values {
		if len(v) > 250 {
			t.Errorf("a value is not shortened: %s", v)
		}
	}
	if e = list[1]; e.Level != "INFO" || e.Msg != "request" || e.Method != "GET" || e.Path != "/ask" || e.Status != 200 || e.Bytes != len(a.body) || e.Ms == nil || e.ID != ids.ID {
		t.Errorf("the request: %+v", e)
	}
	if e = list[2]; e.Path != "/nowhere" || e.Status != 404 || strings.Contains(p.Stderr(), "sesame") {
		t.Errorf("the request of nobody: %+v", e)
	}
}
