package host

import (
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// Kind says what makes a feature set run (01 §2.2, 02 §8.1).
type Kind uint8

// The kinds of feature set.
const (
	Operation   Kind = iota // called by name: an HTTP operation, or nothing
	Start                   // Application-Start
	EndSuccess              // Application-End: Success
	EndError                // Application-End: Error
	Action                  // Application.<Name>
	Handler                 // a domain event, Set.Event is its type
	Observer                // changes of a repository, Set.Event is its name
	SocketEvent             // Set.Event is connected, data or disconnected
	WebSocketEvent
	FileEvent       // Set.Event is created, modified or deleted, "" for all of them
	KeyEvent        // a key of the terminal
	TransitionEvent // Accept: any transition, as <event>
	StateEvent      // Accept: Set.Event is the field, "" for any; as <transition>
	EvictedEvent    // rows that a repository's limit drops, Set.Event is its name
	TestSet
)

// The socket and WebSocket events, as Set.Event has them.
const (
	Connected    = "connected"
	Data         = "data"
	Message      = "message"
	Disconnected = "disconnected"
)

// The file events, as Set.Event has them.
const (
	FileCreated  = "created"
	FileModified = "modified"
	FileDeleted  = "deleted"
)

// Set is a feature set linked to the host.
type Set struct {
	Name, Activity string
	Kind           Kind
	Event          string
	Takes          string
	Code           *vm.Code
	// Inherits says that names bound by Application-Start are visible: true for
	// event handlers, false for operations and actions (01 §9.4).
	Inherits bool

	guard      []condition
	transition string     // of a StateEvent: the only transition it is for, "" for any
	everywhere bool       // an Observer that runs on each machine
	durations  *histogram // of all runs; nil unless somebody watches. Not behind what stats writes
	stats      stats
}

// Classify tells what makes a feature set run, by its name and activity. What it
// returns is not linked: it has no Code.
func Classify(c *bytecode.Chunk) *Set { return newSet(c) }

// Observes reports whether a feature set wants to know of a transition, draft_to_sent,
// of a field.
func (s *Set) Observes(field, transition string) bool {
	return s.Kind == TransitionEvent ||
		s.Kind == StateEvent && (s.Event == "" || s.Event == field) && (s.transition == "" || s.transition == transition)
}

// newSet classifies a feature set by its name and activity.
func newSet(c *bytecode.Chunk) *Set {
	s := &Set{Name: c.Name, Activity: c.Activity, Takes: c.Takes, guard: parseStateGuard(c.StateGuard)}
	a := c.Activity
	switch {
	case c.Name == "Application-Start":
		s.Kind = Start
	case c.Name == "Application-End" && a == "Success":
		s.Kind = EndSuccess
	case c.Name == "Application-End" && a == "Error":
		s.Kind = EndError
	case a == "Action" || strings.HasPrefix(a, "Action takes"):
		s.Kind = Action
	case bytecode.IsTest(c.Name, a):
		s.Kind = TestSet
	case strings.Contains(a, "WebSocket Event Handler"):
		s.Kind, s.Event, s.Inherits = WebSocketEvent, byName(c.Name, Message), true
	case strings.Contains(a, "Socket Event Handler"):
		s.Kind, s.Event, s.Inherits = SocketEvent, byName(c.Name, Data), true
	case a == "ClientConnected Handler":
		s.Kind, s.Event, s.Inherits = SocketEvent, Connected, true
	case a == "DataReceived Handler":
		s.Kind, s.Event, s.Inherits = SocketEvent, Data, true
	case a == "ClientDisconnected Handler":
		s.Kind, s.Event, s.Inherits = SocketEvent, Disconnected, true
	case strings.Contains(a, "File Event Handler"):
		s.Kind, s.Event, s.Inherits = FileEvent, fileEventOf(c.Name), true
	case strings.Contains(a, "KeyPress Handler"):
		s.Kind, s.Inherits = KeyEvent, true
	case strings.Contains(a, "StateTransition Handler"):
		s.Kind, s.Inherits = TransitionEvent, true
	case strings.HasSuffix(a, "StateObserver"):
		s.Kind, s.Event, s.Inherits = StateEvent, strings.TrimSpace(strings.TrimSuffix(a, "StateObserver")), true
		if !strings.Contains(c.StateGuard, ":") {
			s.transition = strings.TrimSpace(c.StateGuard)
		}
	case strings.HasSuffix(a, " Evicted Handler"):
		s.Kind, s.Event, s.Inherits = EvictedEvent, strings.TrimSuffix(a, " Evicted Handler"), true
	case strings.HasSuffix(a, " Observer"+bytecode.Everywhere):
		s.Kind, s.Event, s.Inherits = Observer, strings.TrimSuffix(a, " Observer"+bytecode.Everywhere), true
		s.everywhere = true
	case strings.HasSuffix(a, " Observer"):
		s.Kind, s.Event, s.Inherits = Observer, strings.TrimSuffix(a, " Observer"), true
	case strings.HasSuffix(a, " Handler"):
		s.Kind, s.Event, s.Inherits = Handler, strings.TrimSuffix(a, " Handler"), true
	}
	return s
}

// byName chooses the connection event by the words in a feature set's name
// (03 §8.3, §10.2). What is tested first matters: "disconnect" contains
// "connect".
func byName(name, message string) string {
	n := strings.ToLower(name)
	has := func(w string) bool { return strings.Contains(n, w) }
	if message == Message && has("message") {
		return Message
	}
	switch {
	case has("disconnect"):
		return Disconnected
	case has("connect"):
		return Connected
	case message == Data && (has("data") || has("message") || has("received")):
		return Data
	}
	return ""
}

// fileEventOf chooses the file event by the words in a feature set's name.
func fileEventOf(name string) string {
	n := strings.ToLower(name)
	for _, event := range [...]string{FileCreated, FileModified, FileDeleted} {
		if strings.Contains(n, event) {
			return event
		}
	}
	return ""
}

// condition is one `path:value,value` of a state guard.
type condition struct {
	path   []string
	values []string // lower case
}

func parseStateGuard(raw string) []condition {
	if raw == "" || !strings.Contains(raw, ":") {
		return nil
	}
	var out []condition
	for part := range strings.SplitSeq(raw, ";") {
		path, values, ok := strings.Cut(part, ":")
		if !ok {
			continue
		}
		c := condition{path: strings.Split(strings.TrimSpace(path), ".")}
		for v := range strings.SplitSeq(values, ",") {
			c.values = append(c.values, strings.ToLower(strings.TrimSpace(v)))
		}
		out = append(out, c)
	}
	return out
}

// accepts checks the state guard against the trigger's fields. The declaration
// guard with when is code and runs as part of the feature set.
func (s *Set) accepts(t Trigger) bool {
	for _, c := range s.guard {
		v := t.Field(c.path[0])
		for _, step := range c.path[1:] {
			v, _ = v.Property(step)
		}
		if !v.IsBound() || !contains(c.values, strings.ToLower(v.Text())) {
			return false
		}
	}
	return true
}

// Payload is a Trigger whose event is one value, usually a map.
type Payload struct{ Event value.Value }

// Entry implements Trigger: event, and its parts for names that are bound too.
func (p Payload) Entry(name string) value.Value {
	if name == "event" {
		return p.Event
	}
	return value.Value{}
}

// Field implements Trigger.
func (p Payload) Field(name string) value.Value {
	v, _ := p.Event.Property(name)
	return v
}

// recordEvent is a Payload whose event is a map, for the many that Emit makes: the
// pointer is the Trigger, and nothing is allocated for it.
type recordEvent value.Record

// triggerOf returns the Trigger of an event.
func triggerOf(event value.Value) Trigger {
	if r := event.Record(); r != nil && event == value.OfRecord(r) { // no flag would be lost
		return (*recordEvent)(r)
	}
	return Payload{event}
}

// Entry implements Trigger.
func (r *recordEvent) Entry(name string) value.Value {
	return Payload{value.OfRecord((*value.Record)(r))}.Entry(name)
}

// Field implements Trigger.
func (r *recordEvent) Field(name string) value.Value {
	return Payload{value.OfRecord((*value.Record)(r))}.Field(name)
}

// noTrigger starts Application-Start and tests.
type noTrigger struct{}

func (noTrigger) Entry(string) value.Value { return value.Value{} }
func (noTrigger) Field(string) value.Value { return value.Value{} }
