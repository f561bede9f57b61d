package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"syscall"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

var outputVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "log", Aliases: []string{"print", "output", "debug"}, Role: bytecode.RoleResponse,
		Preps: []string{"for", "to", "with"}, Doc: "Writes a line to the console, to stderr or to a file.",
		Result: bytecode.Consumes, Object: bytecode.LabelObject, WalkResult: true, Lines: true}, Do: logLine},
	{Verb: bytecode.Verb{Name: "return", Aliases: []string{"respond"}, Role: bytecode.RoleResponse,
		Preps: []string{"for", "to", "with"}, Doc: "Ends the feature set with a status and data.",
		Result: bytecode.Labels, Object: bytecode.LocalObject, Lower: bytecode.AsReturn}, Do: returnVerb},
	{Verb: bytecode.Verb{Name: "throw", Aliases: []string{"raise", "fail"}, Role: bytecode.RoleResponse,
		Preps: []string{"for"}, Doc: "Ends the feature set with an error.",
		Result: bytecode.Labels, Object: bytecode.LabelObject}, Do: throwVerb},
}

// logLine is Log. One message is one Write, so that lines of concurrent handlers
// never mix.
func logLine(c *vm.Call) (value.Value, error) {
	h := executionOf(c).Host
	s := c.Site
	v, ok := argOr(c, bytecode.SlotSink, bytecode.SlotWith)
	if !ok && s.ObjectIsExpr && s.Prep == "with" {
		v, ok = c.Arg(bytecode.SlotObject), true
	}
	if !ok {
		if v = c.Arg(bytecode.SlotResult); !v.IsBound() {
			v = value.OfString(s.Result.Base)
		}
	}
	if s.Object.Base == "template" && s.Prep == "to" {
		e := executionOf(c)
		from := len(e.Out)
		e.Out = vm.AppendOutput(e.Out, v)
		e.GivenLines = e.GivenLines || !v.IsWritten() && bytes.IndexByte(e.Out[from:], '\n') >= 0
		return value.Value{}, nil
	}
	if s.Object.Base == "file" && s.Prep == "to" {
		return value.Value{}, logToFile(c, v)
	}
	out, target := h.Stdout, "console"
	if s.Object.Base == "stderr" || len(s.Object.Specs) == 1 && s.Object.Specs[0] == "error" {
		out, target = h.Stderr, "stderr"
	}
	if h.Testing {
		h.writeLine(out, fmt.Appendf(nil, "LOG[%s] %s: %s\n", target, c.Chunk().Name, v.Developer()))
		return value.Value{}, nil
	}
	var room [512]byte
	h.say(out, append(appendLine(room[:0], v, executionOf(c)), '\n'), executionOf(c))
	return value.Value{}, nil
}

// logToFile appends a line to a file. It is written directly: a line more at the
// end of a local file goes to the memory of the system and takes less time than
// handing it to another goroutine, and lines keep their order.
func logToFile(c *vm.Call, v value.Value) error {
	h := executionOf(c).Host
	door := doorOf(c)
	path, err := door.objectPath(c)
	if err != nil {
		return err
	}
	return door.append(path, h.concealed(append(appendLine(nil, v, executionOf(c)), '\n')))
}

func (h *Host) writeLine(w io.Writer, line []byte) {
	if h.Watch != nil {
		h.Watch.line(line, w == h.Stderr)
	}
	h.write(w, line)
}

func (h *Host) write(w io.Writer, line []byte) {
	h.console.Lock()
	defer h.console.Unlock()
	if _, err := w.Write(line); errors.Is(err, syscall.EPIPE) && h.life.sources.Load() == 0 {
		h.Shutdown("") // nobody reads on, as with head; a server goes on without a log
	}
}

// Describe renders a run-time failure in full, as the console shows it.
func Describe(err error) string {
	switch x := err.(type) {
	case *vm.StatementError:
		return x.Block()
	case *vm.PlainError:
		return fmt.Sprintf("%s\n  Feature: %s\n  Business Activity: %s", x.Error(), x.Feature, x.Activity)
	}
	return err.Error()
}

// place is " file:line:col" of a failure, "" when it has none.
func place(err error) string {
	switch x := err.(type) {
	case *vm.StatementError:
		return fmt.Sprintf(" %s:%d:%d", x.File, x.Line, x.Col)
	case *vm.PlainError:
		return fmt.Sprintf(" %s:%d:%d", x.File, x.Line, x.Col)
	}
	return ""
}

func panicOf(err error) (*vm.PanicError, bool) {
	for err != nil {
		if p, ok := err.(*vm.PanicError); ok {
			return p, true
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return nil, false
		}
		err = u.Unwrap()
	}
	return nil, false
}

// returnVerb sets the response; the compiler ends the feature set behind it.
func returnVerb(c *vm.Call) (value.Value, error) {
	e, s := executionOf(c), c.Site
	r := Response{Set: true, Status: s.Result.Base, Reason: s.Object.Base}
	if s.ObjectIsExpr {
		r.Data, r.HasData = c.Arg(bytecode.SlotObject), true
		r.Reason = "_expression_"
	} else if s.Prep == "with" {
		r.Data, r.HasData = c.Arg(bytecode.SlotObject), true
	} else {
		r.Object = c.Arg(bytecode.SlotObject)
	}
	if c.Has(bytecode.SlotWith) {
		r.Data, r.HasData = c.Arg(bytecode.SlotWith), true
	}
	if s.Prep == "" {
		r.Reason = ""
	}
	if s.Object.Base == "metrics" && !r.Data.IsBound() && !r.Object.IsBound() {
		r.Data, r.HasData = e.Host.metricsText(s.Object.Raw), true // no variable: the metrics themselves
	}
	e.Reply = r
	return value.Value{}, nil
}

// ThrownError is the cause of a statement that Throw failed.
type ThrownError struct{ Type, Set, Reason string }

// Error returns `Type in Feature: reason`.
func (t *ThrownError) Error() string { return t.Type + " in " + t.Set + ": " + t.Reason }

func throwVerb(c *vm.Call) (value.Value, error) {
	return value.Value{}, &ThrownError{c.Site.Result.Base, c.Chunk().Name, c.Site.Object.Base}
}

// finalResponse is the last thing that run prints (01 §8.3); "" when nothing is
// to be printed.
func finalResponse(r Response, lookup func(string) value.Value) string {
	status, reason := r.Status, r.Reason
	if !r.Set {
		status, reason = "OK", "success"
	}
	if reason == "application" {
		return ""
	}
	lines := responseData(r)
	if len(lines) == 0 {
		if v := fallback(lookup); v.IsBound() {
			lines = append(lines, [2]string{"value", leaf(v)})
		}
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i][0] < lines[j][0] })
	out := "[" + status + "] " + reason
	for _, l := range lines {
		out += "\n  " + l[0] + ": " + l[1]
	}
	return out
}

// fallback is the variable that a response without data shows (02 §6.1).
func fallback(lookup func(string) value.Value) value.Value {
	for _, name := range []string{"greeting", "message", "result", "data", "output", "value"} {
		if v := lookup(name); v.IsBound() {
			return v
		}
	}
	return value.Value{}
}

// responseData flattens the data of a response into display lines (02 §6.1).
func responseData(r Response) [][2]string {
	var lines [][2]string
	if r.HasData {
		v := r.Data
		if v.Kind() == value.String {
			if s := strings.TrimSpace(v.Str()); strings.HasPrefix(s, "{") {
				if parsed, err := value.ParseJSON(s); err == nil {
					v = parsed
				}
			}
		}
		switch v.Kind() {
		case value.Map:
			lines = flattenInto(lines, "", v.Record())
		case value.List:
			lines = append(lines, [2]string{"data", v.JSON()})
		case value.Unbound, value.Null:
		default:
			lines = append(lines, [2]string{"value", leaf(v)})
		}
	}
	if r.Object.IsBound() && r.Reason != "status" && r.Reason != "response" {
		if rec := r.Object.Record(); rec != nil {
			lines = flattenInto(lines, r.Reason+".", rec)
		} else {
			lines = append(lines, [2]string{r.Reason, leaf(r.Object)})
		}
	}
	return lines
}

func flattenInto(lines [][2]string, prefix string, r *value.Record) [][2]string {
	for i := range r.Len() {
		k, v := r.At(i)
		if rec := v.Record(); rec != nil {
			lines = flattenInto(lines, prefix+k+".", rec)
		} else {
			lines = append(lines, [2]string{prefix + k, leaf(v)})
		}
	}
	return lines
}

func leaf(v value.Value) string {
	switch v.Kind() {
	case value.List:
		return v.JSON()
	case value.Float:
		return strconv.FormatFloat(v.Float(), 'f', 2, 64)
	}
	return v.Text()
}
