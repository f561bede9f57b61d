package examples_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"aro/examples/internal/aroproc"
)

// collected is a span as a collector gets it.
type collected struct {
	TraceID, SpanID, ParentSpanID, Name string
	Kind                                int
	Start                               string `json:"startTimeUnixNano"`
	End                                 string `json:"endTimeUnixNano"`
	Attributes                          []struct {
		Key   string
		Value struct{ StringValue, IntValue string }
	}
	Status struct {
		Code    int
		Message string
	}
}

func (c *collected) attr(key string) string {
	for _, a := range c.Attributes {
		if a.Key == key {
			return a.Value.StringValue + a.Value.IntValue
		}
	}
	return ""
}

func (c *collected) nanoseconds() int64 {
	from, _ := strconv.ParseInt(c.Start, 10, 64)
	to, _ := strconv.ParseInt(c.End, 10, 64)
	return to - from
}

const spannedContract = `openapi: 3.0.3
info: { title: Traced, version: "1" }
paths:
  /orders/{id}:
    post:
      operationId: order
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
      responses: { "201": { description: taken } }
`

const spannedSource = `(Application-Start: Traced) {
    Start the <http-server> with <contract>.
    Keepalive the <application> for the <events>.
    Return an <OK: status> for the <startup>.
}
(order: Traced API) {
    Extract the <id> from the <pathParameters: id>.
    Store { id: <id> } into the <order-repository>.
    Sleep for 0.05 seconds.
    Request the <answer> from "${<env: NEXT>}/next".
    Return a <Created: status> with { id: <id> }.
}
(Look At It: order-repository Observer) {
    Emit a <Looked: event> with { at: 1 }.
}
(Break: Looked Handler) {
    Throw a <Bad: error> for the <looked>.
}
`

// TestTraces: a collector of OpenTelemetry gets a span for each run of a feature set
// and for each statement that waits, in the trace of who asked, and others that are
// asked get their place in it.
func TestTraces(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	spans := map[string]*collected{}
	passedOn := ""
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path == "/next" {
			passedOn = r.Header.Get("Traceparent")
			return
		}
		var got struct {
			ResourceSpans []struct {
				Resource   struct{ Attributes []struct{ Key string } }
				ScopeSpans []struct{ Spans []*collected }
			}
		}
		if err := json.Unmarshal(body, &got); err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("X-Key") != "a b" {
			t.Errorf("%s %v %v\n%s", r.URL.Path, r.Header, err, body)
			return
		}
		for _, s := range got.ResourceSpans[0].ScopeSpans[0].Spans {
			spans[s.Name] = s
		}
	}))
	defer collector.Close()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "openapi.yaml"), []byte(spannedContract), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "main.aro"), []byte(spannedSource), 0o644))
	p := aroproc.Start(t, aro, dir, aroproc.Options{Ready: "http",
		Env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL, "OTEL_EXPORTER_OTLP_HEADERS=x-key=a%20b", "NEXT=" + collector.URL}})
	const trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for _, flags := range []string{"00", "01"} { // the first one is not to be recorded
		req, err := http.NewRequest("POST", "http://"+p.HTTP+"/orders/"+flags, nil)
		must(t, err)
		id := trace
		if flags == "00" {
			id = strings.Repeat("a", 32)
		}
		req.Header.Set("Traceparent", "00-"+id+"-"+caller+"-"+flags)
		if a := do(t, req); a.code != 201 {
			t.Fatalf("%v", a)
		}
	}
	p.Complains("Break")
	if p.Stop() != 0 { // which sends what is left
		t.Error(p.Stderr())
	}
	mu.Lock()
	defer mu.Unlock()
	want := map[string]string{ // by name: the parent
		"POST /orders/{id}":                     "",
		"Look At It: order-repository Observer": "POST /orders/{id}",
		"Break: Looked Handler":                 "Look At It: order-repository Observer",
		"Sleep":                                 "POST /orders/{id}",
	}
	for name, parent := range want {
		s := spans[name]
		if s == nil {
			t.Errorf("no span %q", name)
			continue
		}
		up := caller
		if parent != "" && spans[parent] != nil {
			up = spans[parent].SpanID
		}
		if s.TraceID != trace || s.ParentSpanID != up || len(s.SpanID) != 16 || s.nanoseconds() <= 0 {
			t.Errorf("%s: %+v, want the parent %q %s", name, s, parent, up)
		}
	}
	if t.Failed() {
		t.Fatal(spans)
	}
	root := spans["POST /orders/{id}"]
	if root.Kind != 2 || root.attr("http.response.status_code") != "201" || root.attr("http.route") != "/orders/{id}" || root.nanoseconds() < 50e6 {
		t.Errorf("%+v", root)
	}
	if s := spans["Break: Looked Handler"]; s.Status.Code != 2 || !strings.Contains(s.Status.Message, "Bad") || s.attr("code.line.number") != "17" {
		t.Errorf("%+v", s)
	}
	if s := spans["Sleep"]; s.nanoseconds() < 50e6 || s.attr("code.line.number") != "9" {
		t.Errorf("%+v", s)
	}
	if passedOn != "00-"+trace+"-"+root.SpanID+"-01" {
		t.Errorf("others are asked with %q", passedOn)
	}
}
