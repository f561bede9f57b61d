package vm

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"aro/pkg/bytecode"
	"aro/pkg/vm/value"
)

// StatementError is a failed statement (01 §11.1). Its parts are computed when
// the failure happens; nothing of it costs anything before.
type StatementError struct {
	Message   string // "Cannot retrieve the user from the user-repository where id = 530."
	Feature   string
	Activity  string
	Statement string
	Trace     []string // "name = value", sorted
	File      string
	Line, Col int32
	Cause     error
}

// Error returns the message.
func (e *StatementError) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *StatementError) Unwrap() error { return e.Cause }

// Block renders the error as people see it on the console, without a trailing
// newline.
func (e *StatementError) Block() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Runtime Error: %s\n  Feature: %s\n  Business Activity: %s\n  Statement: %s", e.Message, e.Feature, e.Activity, e.Statement)
	if e.Cause != nil {
		fmt.Fprintf(&b, "\n  Cause: %s", causes(e.Cause))
	}
	if len(e.Trace) > 0 {
		b.WriteString("\n          Trace:")
		for _, t := range e.Trace {
			b.WriteString("\n            " + t)
		}
	}
	return b.String()
}

// maxCauses bounds the chain of failed statements that a block names: that of a
// recursion is long.
const maxCauses = 3

// causes is the failure in one line. That of a user action is a failed statement
// itself: its message says little without its own cause.
func causes(err error) string {
	var b strings.Builder
	for n := 0; ; n++ {
		s, ok := err.(*StatementError)
		if !ok || s.Cause == nil {
			return b.String() + oneLine(err.Error())
		}
		if err = s.Cause; n < maxCauses-1 {
			b.WriteString(strings.TrimSuffix(oneLine(s.Message), ".") + ": ")
		} else if n == maxCauses-1 {
			b.WriteString("… : ")
		}
	}
}

func oneLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return printable(line)
}

// PanicError is a panic that a verb or the machine raised. Users see that
// something went wrong inside; the stack is for the log of the developer.
type PanicError struct {
	Value any
	Stack string
}

// Error says what happened without naming files of ours.
func (e *PanicError) Error() string { return fmt.Sprintf("internal error: %v", e.Value) }

func stack() string { return string(debug.Stack()) }

// explain builds the statement error for the instruction at pc. Code outside
// statements (loop collections, match subjects) keeps the plain error.
func (co *Coroutine) explain(pc int, err error) error {
	chunk := co.code.Chunk
	at := chunk.At(pc)
	if at.Stmt < 0 {
		switch err.(type) {
		case *StatementError, *PlainError:
			return err // of a branch: it says where it happened
		}
		x := explainer{co: co, chunk: chunk}
		return &PlainError{Err: x.concealed(err), Feature: chunk.Name, Activity: chunk.Activity, File: chunk.File, Line: at.Line, Col: at.Col}
	}
	s := &chunk.Stmts[at.Stmt]
	x := explainer{co: co, chunk: chunk, scope: s.Scope}
	guard := ""
	if s.Guard {
		guard = " when <condition>"
	}
	message := "Cannot " + strings.ToLower(s.Verb)
	statement := "<" + s.Verb + ">"
	switch {
	case len(s.Sink) > 0:
		message += " " + x.parts(s.Sink)
		statement += " " + x.parts(s.Sink)
	case s.Result != "":
		message += " the " + s.Result
		statement += " the <" + s.Result + ">"
	}
	if s.Prep != "" {
		switch {
		case s.Object != "":
			message += " " + s.Prep + " the " + s.Object
			statement += " " + s.Prep + " the <" + s.Object + ">"
		case len(s.Expr) > 0:
			text := x.parts(s.Expr)
			message += " " + s.Prep + " " + text
			statement += " " + s.Prep + " " + text
		}
	}
	if len(s.Where) > 0 {
		where := " " + x.parts(s.Where)
		message += where
		statement += where
	}
	return &StatementError{
		Message: message + guard + ".", Statement: statement + guard + ".",
		Feature: chunk.Name, Activity: chunk.Activity,
		Trace: x.trace(s.Trace),
		File:  chunk.File, Line: at.Line, Col: at.Col,
		Cause: x.concealed(err),
	}
}

// PlainError is a failure outside a simple statement, with its place.
type PlainError struct {
	Err               error
	Feature, Activity string
	File              string
	Line, Col         int32
}

// Error returns the bare text.
func (e *PlainError) Error() string { return e.Err.Error() }

// Unwrap returns the failure.
func (e *PlainError) Unwrap() error { return e.Err }

type explainer struct {
	co    *Coroutine
	chunk *bytecode.Chunk
	scope []bytecode.Local // names of loops around the statement

	secrets  []string // that no text may show (05 F06)
	gathered bool
}

// hidden gathers the secrets: what the host knows, and what is in the frame under the
// name of one.
func (x *explainer) hidden() []string {
	if x.gathered {
		return x.secrets
	}
	x.gathered = true
	if c, ok := x.co.Env.(Confidant); ok {
		x.secrets = append(x.secrets, c.Secrets(x.co)...)
	}
	for _, list := range [][]bytecode.Local{x.scope, x.chunk.Locals} {
		for _, l := range list {
			if int(l.Reg) < len(x.co.regs) {
				x.secrets = value.SecretsIn(x.secrets, l.Name, x.co.regs[l.Reg])
			}
		}
	}
	return x.secrets
}

// concealed is a failure whose text shows no secret.
func (x *explainer) concealed(err error) error {
	text := err.Error()
	if safe := value.Conceal(text, x.hidden()); safe != text {
		return &concealedError{err, safe}
	}
	return err
}

type concealedError struct {
	err  error
	text string
}

func (e *concealedError) Error() string { return e.text }
func (e *concealedError) Unwrap() error { return e.err }

// value finds a name's value without failing.
func (x *explainer) value(name string) value.Value {
	for _, list := range [][]bytecode.Local{x.scope, x.chunk.Locals} {
		for _, l := range slices.Backward(list) {
			if l.Name == name && int(l.Reg) < len(x.co.regs) {
				if v := x.co.regs[l.Reg]; v.IsBound() {
					return v
				}
			}
		}
	}
	if x.co.Env != nil {
		if v, err := x.co.Env.Lookup(x.co, name, false); err == nil {
			return v
		}
	}
	return value.Value{}
}

// maxShown bounds how much of a value an error quotes.
const maxShown = 200

// shown is a value as an error quotes it, without what is secret: because of its name,
// or because it is part of something secret.
func (x *explainer) shown(v value.Value, name string, quote bool) string {
	s := value.RedactShort(v, name, x.hidden()).Text()
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	s = printable(s)
	if quote && v.Kind() == value.String {
		return `"` + s + `"`
	}
	return s
}

// printable replaces control characters, so that a value cannot forge lines of a
// log or drive a terminal.
func printable(s string) string {
	if strings.IndexFunc(s, unicode.IsControl) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) {
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (x *explainer) parts(parts []bytecode.Part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Name == "" {
			b.WriteString(p.Text)
			continue
		}
		v := x.value(p.Name)
		for _, step := range p.Path {
			v, _ = v.Property(step)
		}
		if !v.IsBound() {
			b.WriteString(p.Text)
			continue
		}
		name := p.Name
		if len(p.Path) > 0 && !value.IsSecretName(name) {
			name = p.Path[len(p.Path)-1]
		}
		b.WriteString(x.shown(v, name, p.Quote))
	}
	return b.String()
}

func (x *explainer) trace(names []string) []string {
	var out []string
	for _, n := range names {
		if v := x.value(n); v.IsBound() {
			out = append(out, n+" = "+x.shown(v, n, false))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
