package host

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"aro/pkg/vm/value"
)

// Recorder writes every event of a run to a file, as one JSON object (02 §21).
// Events are written as they come, so that a long run needs no memory for them;
// Close completes the object. What stands under the name of a secret is left out, also
// when the file is replayed. A nil Recorder records nothing.
type Recorder struct {
	mu    sync.Mutex
	to    io.WriteCloser
	w     *bufio.Writer
	count int
	done  bool
}

// recordVersion is the version of the format.
const recordVersion = "1.0"

// recordTime is ISO-8601 with milliseconds.
const recordTime = "2006-01-02T15:04:05.000Z"

// NewRecorder starts a recording; the recorder closes the file.
func NewRecorder(to io.WriteCloser, application string, now time.Time) *Recorder {
	r := &Recorder{to: to, w: bufio.NewWriter(to)}
	fmt.Fprintf(r.w, "{\n  \"version\": %s,\n  \"application\": %s,\n  \"recorded\": %s,\n  \"events\": [",
		quoted(recordVersion), quoted(application), quoted(now.UTC().Format(recordTime)))
	return r
}

func quoted(s string) string { return value.OfString(s).JSON() }

// event adds one event without the secrets. The payload is text: JSON of the event's
// fields.
func (r *Recorder) event(kind string, fields value.Value, secrets []string) {
	if r == nil {
		return
	}
	at := quoted(time.Now().UTC().Format(recordTime))
	payload := quoted(value.Redact(fields, "", value.SecretsIn(slices.Clone(secrets), "", fields)).JSON())
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return // of a handler that outlives the run
	}
	if r.count++; r.count > 1 {
		r.w.WriteByte(',')
	}
	fmt.Fprintf(r.w, "\n    {\n      \"timestamp\": %s,\n      \"eventType\": %s,\n      \"payload\": %s\n    }", at, quoted(kind), payload)
}

// domain records a domain event under its name.
func (r *Recorder) domain(name string, payload value.Value, secrets []string) {
	if r != nil {
		r.event("domain", value.MapOf("domainEventType", value.OfString(name), "payload", payload), secrets)
	}
}

// Close completes the file. Only the first write error is reported.
func (r *Recorder) Close() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return nil
	}
	r.done = true
	end := "\n  ]\n}\n"
	if r.count == 0 {
		end = "]\n}\n"
	}
	r.w.WriteString(end)
	err := r.w.Flush()
	return errors.Join(err, r.to.Close())
}

// DomainEvent is a domain event: of a recording, or for OffloadWithEvents.
type DomainEvent struct {
	Name    string
	Payload value.Value
}

// ReadRecording returns the domain events of a recording, which can be raised
// again; events from outside, such as messages of clients, cannot.
func ReadRecording(data []byte) ([]DomainEvent, error) {
	var file struct {
		Version string
		Events  []struct{ EventType, Payload string }
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("it is no recording of aro run --record: %w", err)
	}
	if file.Version != recordVersion {
		return nil, fmt.Errorf("it is no recording that this version reads: version is %q, not %q", file.Version, recordVersion)
	}
	var events []DomainEvent
	for i, e := range file.Events {
		if e.EventType != "domain" {
			continue
		}
		fields, err := value.ParseJSON(e.Payload)
		if err != nil {
			return nil, fmt.Errorf("event %d has a payload that is no JSON: %w", i+1, err)
		}
		name, _ := fields.Property("domainEventType")
		payload, ok := fields.Property("payload")
		if name.Kind() != value.String || !ok {
			return nil, fmt.Errorf("event %d lacks domainEventType or payload", i+1)
		}
		events = append(events, DomainEvent{name.Str(), payload})
	}
	return events, nil
}

// replay raises the events of a recording, one after the other.
func (h *Host) replay() {
	for _, r := range h.Replay {
		h.Record.domain(r.Name, r.Payload, h.secrets.all())
		h.Deliver(h.program().events[r.Name], Payload{r.Payload})
	}
}

// recordOutside records an event that came from outside the program.
func (h *Host) recordOutside(sets []*Set, t Trigger) {
	if h.Record == nil || len(sets) == 0 {
		return
	}
	kind := outsideKinds[sets[0].Kind]
	if kind == "" {
		return // a domain event, recorded where it was raised
	}
	fields := t.Entry("event")
	if !fields.IsBound() {
		fields = value.EmptyMap
	}
	h.Record.event(kind, value.MapOf("event", value.OfString(sets[0].Event), "payload", fields), h.secrets.all())
}

var outsideKinds = map[Kind]string{SocketEvent: "socket", WebSocketEvent: "websocket", FileEvent: "file", KeyEvent: "key"}
