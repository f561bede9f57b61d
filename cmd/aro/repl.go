//go:build !runtime

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"aro/pkg/bytecode"
	"aro/pkg/host"
	"aro/pkg/host/screen"
)

func replCommand() *cobra.Command {
	var load string
	cmd := &cobra.Command{
		Use:   "repl",
		Short: "Try statements and expressions, one after the other",
		Long: "repl reads statements and runs each at once; a line that is only an expression shows its value\n" +
			"and type. What a statement binds is there for the next one, feature sets may be defined over\nseveral lines, and repositories live as long as the session. An entry that fails leaves the\n" +
			"session as it was. Tab completes verbs and names, the arrow up brings earlier lines back, and\n:help lists the commands.\n\n" +
			"When the input is not a terminal there is no prompt, and the exit code is 1 if any entry failed.",
		Example: "  aro repl\n  aro repl --load prices.aro\n  echo '2 + 3 * 4' | aro repl",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if screen.IsTerminal(os.Stdin) && screen.IsTerminal(os.Stdout) && os.Getenv("TERM") != "dumb" {
				return replTerminal(os.Stdin, os.Stdout, historyFile(), load)
			}
			return replPiped(os.Stdin, os.Stdout, load)
		},
	}
	cmd.Flags().StringVarP(&load, "load", "l", "", "begin with the `file`")
	return cmd
}

// repl is the dialogue around a session.
type repl struct {
	*session
	failed bool
	stop   chan struct{} // Ctrl-C while an entry runs
	quit   bool
}

// replPiped takes entries from a file or a pipe. The program reads from it too:
// Prompt takes the line that stands behind it.
func replPiped(in io.Reader, out io.Writer, load string) error {
	lines := bufio.NewReader(in)
	r := &repl{session: newSession(host.Config{Stdin: lines, Stdout: out, Stderr: os.Stderr})}
	defer func() { r.close() }()
	r.begin(load)
	number := 0
	r.dialogue("stdin", func(bool) (string, int, error) {
		line, err := lines.ReadString('\n')
		if line != "" {
			err = nil
		}
		number++
		return strings.TrimRight(line, "\r\n"), number, err
	})
	if r.failed {
		return &exitError{code: 1}
	}
	return nil
}

// replTerminal talks to somebody.
func replTerminal(in, out *os.File, history, load string) error {
	past := readHistory(history)
	lines := screen.NewLines(in, out, past)
	lines.Entered = func(line string) { appendHistory(history, line) }
	r := &repl{session: newSession(host.Config{Stdin: in, Stdout: lines, Stderr: lines})}
	defer func() { r.close() }()
	lines.Complete = r.complete
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	defer signal.Stop(signals)
	r.stop = make(chan struct{})
	go func() {
		for range signals {
			select {
			case r.stop <- struct{}{}:
			default: // nothing runs
			}
		}
	}()
	fmt.Fprintf(lines, "aro %s. Statements run at once, expressions show their value. :help lists the commands, Ctrl-D ends.\n", version())
	r.begin(load)
	r.dialogue("entry", func(more bool) (string, int, error) {
		prompt := "aro> "
		if more {
			prompt = "...> "
		}
		line, err := lines.Read(prompt)
		return line, 1, err
	})
	fmt.Fprintln(lines)
	return nil
}

// begin loads the file that was asked for.
func (r *repl) begin(load string) {
	if load != "" {
		r.command(":load " + load)
	}
}

// dialogue reads entries until the end. A line that is no whole entry is continued by
// the following ones; an empty line says that nothing more will come.
func (r *repl) dialogue(file string, read func(more bool) (line string, number int, err error)) {
	var text strings.Builder
	first := 0
	for !r.quit {
		line, number, err := read(text.Len() > 0)
		switch {
		case errors.Is(err, screen.ErrInterrupted):
			text.Reset()
			continue
		case err != nil:
			if text.Len() > 0 {
				r.run(r.parse(piece{file, first, text.String()}))
			}
			return
		}
		blank := strings.TrimSpace(line) == ""
		if text.Len() == 0 {
			if blank {
				continue
			}
			if strings.HasPrefix(strings.TrimSpace(line), ":") {
				r.command(strings.TrimSpace(line))
				continue
			}
			first = number
		}
		text.WriteString(line + "\n")
		p := r.parse(piece{file, first, text.String()})
		if p.incomplete && !blank {
			continue
		}
		text.Reset()
		r.run(p)
	}
}

// run runs an entry and shows what came of it.
func (r *repl) run(p *parsed) {
	result, err := r.enter(p, r.stop)
	switch {
	case err != nil:
		r.fail(err)
	case p.expression:
		fmt.Fprintln(r.out, shown(result.Value))
	case result.Response != "":
		fmt.Fprintln(r.out, result.Response)
	}
}

func (r *repl) fail(err error) {
	r.failed = true
	fmt.Fprintln(r.out, failureText(err))
	// A name that nobody knows may be one that is misspelt.
	for ; err != nil; err = errors.Unwrap(err) {
		name, unknown := strings.CutPrefix(err.Error(), "Undefined variable: '")
		if name, _, _ = strings.Cut(name, "'"); !unknown {
			continue
		}
		if near := closest(name, slices.Collect(maps.Keys(r.host.Names()))); near != "" {
			fmt.Fprintf(r.out, "Did you mean <%s>?\n", near)
		}
		return
	}
}

// command is what begins with a colon.
type command struct {
	name, argument, does string
	do                   func(r *repl, argument string)
}

// commands lists them. A beginning of the name is enough.
func commands() []command {
	return []command{
		{":help", "", "this list", (*repl).help},
		{":vars", "", "all names with their values and types, and the feature sets", (*repl).vars},
		{":type", "EXPRESSION", "the type of a value; a name does, too", (*repl).typeOf},
		{":disasm", "[ENTRY]", "the bytecode of an entry that is not run, of a feature set by its name, or of the last entry", (*repl).disasm},
		{":load", "FILE", "define the feature sets of a file, and run its Application-Start", (*repl).loadFile},
		{":clear", "", "forget names, feature sets and rows", func(r *repl, _ string) { r.clear() }},
		{":quit", "", "end, as Ctrl-D does", func(r *repl, _ string) { r.quit = true }},
	}
}

func (r *repl) command(line string) {
	word, argument, _ := strings.Cut(line, " ")
	for _, c := range commands() {
		if len(word) > 1 && strings.HasPrefix(c.name, word) {
			c.do(r, strings.TrimSpace(argument))
			return
		}
	}
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	r.fail(fmt.Errorf("there is no command %s%s (:help lists them)", word, meant(word, names)))
}

func (r *repl) help(string) { fmt.Fprint(r.out, commandHelp()) }

func (r *repl) vars(string) {
	names := r.host.Names()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(r.out, "<%s> = %s\n", name, shown(names[name]))
	}
	for _, d := range r.defined {
		head, _, _ := strings.Cut(d.text, "{")
		fmt.Fprintln(r.out, strings.TrimSpace(head))
	}
	if len(names)+len(r.defined) == 0 {
		fmt.Fprintln(r.out, "Nothing is bound and nothing defined.")
	}
}

// expression parses a value; a bare name stands for <name>.
func (r *repl) expression(text string) (*parsed, error) {
	if _, ok := r.host.Names()[text]; ok {
		text = "<" + text + ">"
	}
	if text == "" {
		return nil, errors.New(":type needs an expression, as in :type 2 * 3.5")
	}
	p := r.parse(piece{"entry", 1, text})
	if len(p.diags) == 0 && !p.expression {
		return nil, errors.New("'" + text + "' is not an expression; names are written <like-this>")
	}
	return p, nil
}

func (r *repl) typeOf(text string) {
	p, err := r.expression(text)
	if err != nil {
		r.fail(err)
		return
	}
	result, err := r.enter(p, r.stop)
	if err != nil {
		r.fail(err)
		return
	}
	fmt.Fprintln(r.out, result.Value.TypeName())
}

func (r *repl) loadFile(path string) {
	if path == "" {
		r.fail(errors.New(":load needs a file, as in :load prices.aro"))
		return
	}
	p, err := r.load(path)
	if err != nil {
		r.fail(err)
		return
	}
	r.run(p)
}

func (r *repl) disasm(text string) {
	prog := r.last
	only := "Application-Start"
	if text != "" {
		p := r.parse(piece{"entry", 1, text})
		if i := slices.IndexFunc(r.defined, func(d definition) bool { return strings.EqualFold(d.name, text) }); i >= 0 {
			p, only = r.parse(piece{"entry", 1, ""}), r.defined[i].name
		} else if len(p.sets) > 0 {
			only = p.sets[0].name
		}
		var err error
		if prog, _, err = r.compile(p); err != nil {
			r.fail(err)
			return
		}
	}
	if prog == nil {
		r.fail(errors.New("there is no entry yet; :disasm ENTRY shows what it would be compiled to"))
		return
	}
	shown := *prog
	shown.Chunks = slices.DeleteFunc(slices.Clone(prog.Chunks), func(c *bytecode.Chunk) bool { return c.Name != only })
	if err := bytecode.Disassemble(r.out, &shown, bytecode.ListOptions{}); err != nil {
		r.fail(err)
	}
}
