package monitor

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// Spans sends what feature sets do to a collector of OpenTelemetry, as OTLP over HTTP
// in its JSON form, which every collector takes on port 4318. Add never waits: what a
// collector does not keep up with is dropped and counted.
//
// OTLP itself is a page; the libraries for it would be 6 MB of every application.
type Spans struct {
	url     string
	headers http.Header
	service string
	queue   chan host.Span
	stop    chan time.Time // gets the deadline of the last send
	done    chan struct{}
	client  http.Client
	failed  func(string)
	dropped func()
}

// The bounds of what waits for the collector.
const (
	spanQueue = 4096
	spanBatch = 512
	spanPause = time.Second // how long the first span of a batch waits for others
	spanSend  = 10 * time.Second
)

// NewSpans returns what sends to the collector that the environment names, as the
// specification of OpenTelemetry says: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or
// OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS, OTEL_SERVICE_NAME; nil when it names none.
// service is the name of the application.
func NewSpans(service string, env func(string) string) (*Spans, error) {
	target := env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	if base := env("OTEL_EXPORTER_OTLP_ENDPOINT"); target == "" && base != "" {
		target = strings.TrimRight(base, "/") + "/v1/traces"
	}
	if target == "" || env("OTEL_SDK_DISABLED") == "true" || env("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil
	}
	if u, err := url.Parse(target); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT is the address of a collector, such as http://localhost:4318, not %q", target)
	}
	s := &Spans{url: target, headers: http.Header{"Content-Type": {"application/json"}}, service: cmp.Or(env("OTEL_SERVICE_NAME"), service),
		queue: make(chan host.Span, spanQueue), stop: make(chan time.Time, 1), done: make(chan struct{})}
	for pair := range strings.SplitSeq(cmp.Or(env("OTEL_EXPORTER_OTLP_TRACES_HEADERS"), env("OTEL_EXPORTER_OTLP_HEADERS")), ",") {
		name, v, ok := strings.Cut(pair, "=")
		if v, err := url.QueryUnescape(strings.TrimSpace(v)); ok && err == nil {
			s.headers.Set(strings.TrimSpace(name), v)
		}
	}
	return s, nil
}

// Add gives it a span.
func (s *Spans) Add(span host.Span) {
	select {
	case s.queue <- span:
	default:
		s.dropped()
	}
}

// Follow begins to send what Add gets, until the host closes.
func (s *Spans) Follow(h *host.Host) {
	s.failed = func(text string) { h.Diagnose("[Warning] traces: %s", text) }
	s.dropped = func() { h.Refused("span_dropped") }
	h.OnClose(func(deadline time.Time) {
		s.stop <- deadline
		<-s.done
	})
	go s.run()
}

func (s *Spans) run() {
	defer close(s.done)
	var batch []host.Span
	timer := time.NewTimer(time.Hour)
	quiet := false // the collector was complained of
	send := func(limit time.Duration) {
		if len(batch) == 0 {
			return
		}
		err := s.send(batch, limit)
		if err != nil && !quiet {
			s.failed(err.Error())
		}
		if err != nil {
			for range batch {
				s.dropped()
			}
		}
		quiet, batch = err != nil, batch[:0]
	}
	for {
		select {
		case span := <-s.queue:
			if batch = append(batch, span); len(batch) == 1 {
				timer.Reset(spanPause)
			}
			if len(batch) == spanBatch {
				send(spanSend)
			}
		case <-timer.C:
			send(spanSend)
		case deadline := <-s.stop:
			for len(s.queue) > 0 {
				batch = append(batch, <-s.queue)
			}
			send(time.Until(deadline))
			return
		}
	}
}

// send sends one batch within a time.
func (s *Spans) send(batch []host.Span, limit time.Duration) error {
	body, err := s.encode(batch)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = s.headers
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(res.Body, 300))
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the collector at %s answers %s: %s", req.URL.Redacted(), res.Status, bytes.TrimSpace(answer))
	}
	return nil
}

// The JSON form of opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest.
type (
	otlpAttr struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpValue struct {
		String *string `json:"stringValue,omitempty"`
		Int    *string `json:"intValue,omitempty"` // 64-bit numbers are texts in it
	}
	otlpSpan struct {
		TraceID    string      `json:"traceId"`
		SpanID     string      `json:"spanId"`
		Parent     string      `json:"parentSpanId,omitempty"`
		Name       string      `json:"name"`
		Kind       int         `json:"kind"`
		Start      string      `json:"startTimeUnixNano"`
		End        string      `json:"endTimeUnixNano"`
		Attributes []otlpAttr  `json:"attributes,omitempty"`
		Status     *otlpStatus `json:"status,omitempty"`
	}
	otlpStatus struct {
		Code    int    `json:"code"`
		Message string `json:"message,omitempty"`
	}
	otlpScope struct {
		Scope struct {
			Name string `json:"name"`
		} `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpResource struct {
		Resource struct {
			Attributes []otlpAttr `json:"attributes"`
		} `json:"resource"`
		ScopeSpans []otlpScope `json:"scopeSpans"`
	}
)

const (
	otlpInternal, otlpServer = 1, 2
	otlpError                = 2
)

func (s *Spans) encode(batch []host.Span) ([]byte, error) {
	var scope otlpScope
	scope.Scope.Name = "aro"
	for _, b := range batch {
		x := otlpSpan{TraceID: b.Trace, SpanID: b.ID, Parent: b.Parent, Name: b.Name, Kind: otlpInternal,
			Start: strconv.FormatInt(b.Start.UnixNano(), 10), End: strconv.FormatInt(b.End.UnixNano(), 10)}
		if b.Outside {
			x.Kind = otlpServer
		}
		for _, a := range b.Attrs {
			x.Attributes = append(x.Attributes, otlpAttribute(a.Key, a.Value))
		}
		if b.Failure != "" {
			x.Status = &otlpStatus{otlpError, b.Failure}
		}
		scope.Spans = append(scope.Spans, x)
	}
	var r otlpResource
	machine, _ := os.Hostname()
	for _, a := range [][2]string{{"service.name", s.service}, {"host.name", machine}, {"process.pid", strconv.Itoa(os.Getpid())}} {
		r.Resource.Attributes = append(r.Resource.Attributes, otlpAttribute(a[0], value.OfString(a[1])))
	}
	r.ScopeSpans = []otlpScope{scope}
	return json.Marshal(map[string][]otlpResource{"resourceSpans": {r}})
}

func otlpAttribute(key string, v value.Value) otlpAttr {
	text := v.Text()
	if v.Kind() == value.Int {
		return otlpAttr{key, otlpValue{Int: &text}}
	}
	return otlpAttr{key, otlpValue{String: &text}}
}
