package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"aro/pkg/host/password"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// Levels of the log, as log/slog writes them.
const (
	levelInfo  = "INFO"
	levelWarn  = "WARN"
	levelError = "ERROR"
)

// Attr is one more thing that a line of the log says.
type Attr struct {
	Key   string
	Value value.Value
}

// say writes a line: what the program says, or what is to be said about it. e is who
// says it, nil for nobody. The line ends with a line end.
func (h *Host) say(w io.Writer, line []byte, e *Execution) {
	line = h.concealed(line)
	if !h.LogJSON {
		h.writeLine(w, line)
		return
	}
	level, text := levelInfo, bytes.TrimSuffix(line, []byte("\n"))
	for _, p := range [...]struct{ prefix, level string }{
		{"[Warning] ", levelWarn}, {"[ERROR] ", levelError}, {"Error: ", levelError}, {"Runtime error: ", levelError}} {
		if rest, ok := bytes.CutPrefix(text, []byte(p.prefix)); ok && e == nil {
			level, text = p.level, rest
		}
	}
	h.entry(w, line, level, string(text), e)
}

// Diagnose writes one diagnostic line to stderr.
func (h *Host) Diagnose(format string, args ...any) {
	h.say(h.Stderr, fmt.Appendf(nil, format+"\n", args...), nil)
}

// entry writes a line of the log as a JSON object. shown is the same for people, for
// the inspector.
func (h *Host) entry(w io.Writer, shown []byte, level, msg string, e *Execution, attrs ...Attr) {
	if h.Watch != nil {
		h.Watch.line(shown, w == h.Stderr)
	}
	line := append(make([]byte, 0, 256), `{"time":"`...)
	line = time.Now().UTC().AppendFormat(line, time.RFC3339Nano)
	line = append(line, `","level":"`+level+`","msg":`...)
	line = value.OfString(msg).AppendJSON(line)
	add := func(key string, v value.Value) {
		line = append(append(append(line, `,"`...), key...), `":`...)
		line = v.AppendJSON(line)
	}
	if e != nil {
		if s := e.set(); s != nil {
			add("set", value.OfString(s.Name))
			add("activity", value.OfString(s.Activity))
		}
		t := e.Trace()
		add("id", value.OfString(t.ID))
		if t.Foreign() {
			add("trace", value.OfString(t.TraceID()))
		}
	}
	for _, a := range attrs {
		add(a.Key, a.Value)
	}
	h.write(w, append(line, '}', '\n'))
}

// Answered writes the line of a request that was answered (LogRequests).
func (h *Host) Answered(t *Trace, method, path string, status, size int, took time.Duration) {
	ms := float64(took.Microseconds()) / 1000
	text := fmt.Appendf(nil, "[http] %s %s %d %d B %.1f ms [%s]\n", method, harmless([]byte(path)), status, size, ms, t.Label())
	if !h.LogJSON {
		h.writeLine(h.Stderr, text)
		return
	}
	attrs := []Attr{{"method", value.OfString(method)}, {"path", value.OfString(path)}, {"status", value.OfInt(int64(status))},
		{"bytes", value.OfInt(int64(size))}, {"ms", value.OfFloat(ms)}, {"id", value.OfString(t.ID)}}
	if t.Foreign() {
		attrs = append(attrs, Attr{"trace", value.OfString(t.TraceID())})
	}
	h.entry(h.Stderr, text, levelInfo, "request", nil, attrs...)
}

// refusing is a failure that is counted under a reason: somebody wanted more than
// there is for one.
type refusing interface {
	error
	Refusal() string
}

// failed reports the failure of a handler or operation. Application-Start,
// Application-End, actions and templates report through whoever runs them.
func (h *Host) failed(e *Execution) {
	s := e.Set
	if s == nil || s == e.Host.start || s.Kind == Start || s.Kind == EndSuccess || s.Kind == EndError || s.Kind == Action || s.Kind == TestSet || isCalled(e) {
		return
	}
	err := e.Err()
	var no refusing
	switch {
	case errors.Is(err, password.ErrBusy):
		h.Refused("too_many_logins") // a flood must not flood the log
		return
	case errors.Is(err, ErrGone):
		h.Refused("client_gone")
	case errors.As(err, &no):
		h.Refused(no.Refusal())
	}
	if h.Watch != nil {
		h.Watch.failure(s, err)
	}
	label := ""
	if e.fromOutside() {
		label = " [" + e.Trace().Label() + "]"
	}
	attempt, kept := e.Trigger.(*delivery)
	if kept {
		label += attempt.outlook()
	}
	text := fmt.Appendf(nil, "[ERROR] [%s: %s]%s%s %s\n", s.Name, s.Activity, label, place(err), Describe(err))
	if h.LogJSON {
		attrs := failureAttrs(err)
		if kept {
			attrs = append(attrs, attempt.outlookAttrs()...)
		}
		h.entry(h.Stderr, text, levelError, printed(err.Error()), e, attrs...)
	} else {
		h.writeLine(h.Stderr, text)
	}
	if p, ok := panicOf(err); ok && h.Verbose {
		h.Diagnose("%s", p.Stack)
	}
}

// failureAttrs is what a failure knows beside its message, as Describe shows it.
func failureAttrs(err error) []Attr {
	var plain *vm.PlainError
	var x *vm.StatementError
	switch {
	case errors.As(err, &x):
		attrs := []Attr{{"file", value.OfString(x.File)}, {"line", value.OfInt(int64(x.Line))}, {"col", value.OfInt(int64(x.Col))},
			{"statement", value.OfString(x.Statement)}}
		if x.Cause != nil {
			attrs = append(attrs, Attr{"cause", value.OfString(printed(x.Cause.Error()))})
		}
		if len(x.Trace) > 0 {
			values := make([]value.Value, len(x.Trace))
			for i, t := range x.Trace {
				values[i] = value.OfString(t)
			}
			attrs = append(attrs, Attr{"values", value.OfList(values)})
		}
		return attrs
	case errors.As(err, &plain):
		return []Attr{{"file", value.OfString(plain.File)}, {"line", value.OfInt(int64(plain.Line))}, {"col", value.OfInt(int64(plain.Col))}}
	}
	return nil
}
