package host

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

var executeVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "execute", Aliases: []string{"exec", "run", "shell"}, Role: bytecode.RoleOwn, Preps: []string{"on", "with", "for"},
		Doc: "Runs a command of the system and binds its output and exit code.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.SystemObject}, Do: execute},
}

const (
	commandTime   = 30 * time.Second // unless timeout says otherwise
	commandOutput = 16 << 20         // bytes kept of each stream
	commandLinger = time.Second      // for children that keep the output open
)

// command is what an Execute statement runs.
type command struct {
	text    string   // as the result shows it
	argv    []string // the program and its arguments, or the shell and the text
	dir     string
	env     []string
	timeout time.Duration
	stderr  bool // captured
}

func execute(c *vm.Call) (value.Value, error) {
	if err := executionOf(c).Host.Access.MayRun(); err != nil {
		return value.Value{}, err
	}
	cmd, err := commandOf(c)
	if err != nil {
		return value.Value{}, err
	}
	return c.Suspend(&execution{h: executionOf(c).Host, cmd: cmd})
}

// shellAsked reports whether the statement says shell: true itself.
func shellAsked(c *vm.Call) bool {
	for _, slot := range [...]bytecode.Slot{bytecode.SlotWith, bytecode.SlotObject} {
		if v, ok := c.Arg(slot).Property("shell"); ok && c.Arg(slot).Kind() == value.Map {
			return v.Bool()
		}
	}
	return false
}

// commandOf reads the forms of 02 §5.19. A text is a command line for the shell;
// a list, and a program with a list of arguments, never see a shell.
func commandOf(c *vm.Call) (*command, error) {
	s := c.Site
	var program, line value.Value
	if s.Object.Base == "command" && s.Object.Raw != "" {
		program = value.OfString(s.Object.Raw)
		if v := c.Arg(bytecode.SlotObjectSpec); v.Kind() == value.String {
			program = v
		}
	} else if v := c.Arg(bytecode.SlotObject); s.Object.Base != "system" && v.Kind() != value.Unbound {
		line = v
	}
	if w := c.Arg(bytecode.SlotWith); w.IsBound() {
		if s.Object.Base == "command" && s.Object.Raw == "" && !s.ObjectIsExpr && line.Kind() == value.String {
			program = line
		}
		line = w
	}
	cmd := &command{timeout: commandTime, stderr: true}
	shell := value.True
	if options := line.Record(); options != nil {
		line, _ = options.Get("command")
		if err := cmd.configure(options); err != nil {
			return nil, err
		}
		if v, ok := options.Get("shell"); ok {
			shell = v
		}
		if args, ok := options.Get("args"); ok {
			program, line = line, args
		}
	}
	switch {
	case line.Kind() == value.List:
		cmd.argv = strings.Fields(program.Str())
		for _, x := range line.List() {
			cmd.argv = append(cmd.argv, x.Text())
		}
		cmd.text = strings.Join(cmd.argv, " ")
	default:
		var parts []string
		for _, v := range [...]value.Value{program, line} {
			if v.Kind() > value.Null {
				parts = append(parts, v.Text())
			}
		}
		cmd.text = strings.TrimSpace(strings.Join(parts, " "))
		switch {
		case shell.Kind() == value.Bool && !shell.Bool():
			cmd.argv = strings.Fields(cmd.text)
		case shell.Kind() == value.String:
			cmd.argv = []string{shell.Str(), "-c", cmd.text}
		case s.Composed && !shellAsked(c):
			return nil, errors.New("this command line is put together from values, which could add commands of their own; give the arguments as a list, with [\"-l\", <folder>], or say shell: true")
		default:
			cmd.argv = append(shellCommand(), cmd.text)
		}
	}
	if cmd.text == "" || len(cmd.argv) == 0 {
		return nil, errors.New("there is no command to execute; write: Execute the <result> for the <command: \"date\">")
	}
	return cmd, nil
}

// configure reads { workingDirectory, environment, timeout, captureStderr }.
func (cmd *command) configure(options *value.Record) error {
	if v, ok := options.Get("workingDirectory"); ok {
		cmd.dir = v.Text()
	}
	if v, ok := options.Get("timeout"); ok {
		ms, number := v.AsNumber()
		if !number || !(ms > 0) {
			return fmt.Errorf("timeout must be a number of milliseconds above zero, got %s", v.Text())
		}
		cmd.timeout = time.Duration(min(ms*float64(time.Millisecond), float64(longestInterval)))
	}
	if v, ok := options.Get("captureStderr"); ok {
		cmd.stderr = v.Truthy()
	}
	if v, ok := options.Get("environment"); ok {
		rec := v.Record()
		if rec == nil {
			return fmt.Errorf("environment must be a map, got %s", v.TypeName())
		}
		for i := range rec.Len() {
			k, x := rec.At(i)
			if k == "" || strings.ContainsAny(k, "=\x00") {
				return fmt.Errorf("%q is no name of an environment variable", k)
			}
			cmd.env = append(cmd.env, k+"="+x.Text())
		}
	}
	return nil
}

// commandEnvironment is what commands get of our own environment: enough to find
// programs and the user's settings, and no secrets (05 F04).
func commandEnvironment() (env []string) {
	for _, kv := range os.Environ() {
		k, _, _ := strings.Cut(kv, "=")
		switch k {
		case "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR", "TEMP", "TMP", "PATHEXT", "SystemRoot", "ComSpec", "USERPROFILE":
			env = append(env, kv)
		default:
			if strings.HasPrefix(k, "LC_") {
				env = append(env, kv)
			}
		}
	}
	return env
}

// execution is a command that runs while its coroutine waits.
type execution struct {
	h   *Host
	cmd *command
}

// Start implements vm.Op.
func (x *execution) Start(co *vm.Coroutine) bool {
	go func() { resume(co, x.h.commands.run(x.cmd), nil) }()
	return false
}

// commands are the running commands; closing the application ends them.
type commands struct {
	mu      sync.Mutex
	running map[*exec.Cmd]struct{}
	closed  bool
}

// run runs one command to its end.
func (l *commands) run(cmd *command) value.Value {
	x := exec.Command(cmd.argv[0], cmd.argv[1:]...)
	x.Dir = cmd.dir
	x.Env = append(commandEnvironment(), cmd.env...)
	x.WaitDelay = commandLinger
	var out, failures head
	x.Stdout, x.Stderr = &out, &failures
	ownGroup(x)
	timedOut := false
	err := l.start(x)
	if err != nil {
		return cmd.result(-1, "Failed to start process: "+err.Error(), "")
	}
	ended := make(chan error, 1)
	go func() { ended <- x.Wait() }()
	timer := time.NewTimer(cmd.timeout)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		timedOut = true
		killGroup(x)
		<-ended
	}
	l.mu.Lock()
	delete(l.running, x)
	l.mu.Unlock()

	code := x.ProcessState.ExitCode()
	stdout, stderr := out.text(), ""
	if cmd.stderr {
		stderr = failures.text()
	}
	output := stdout
	switch {
	case code != 0 && stderr != "":
		output = stderr
	case code == 0 && stderr != "":
		output = strings.TrimPrefix(stdout+"\n"+stderr, "\n")
	}
	message := "Command executed successfully"
	switch {
	case timedOut:
		code, message = -1, fmt.Sprintf("Command was stopped after its time limit of %v", cmd.timeout)
	case code != 0:
		message = fmt.Sprintf("Command failed with exit code %d", code)
	}
	if out.cut || failures.cut {
		message += fmt.Sprintf("; its output was cut at %d MiB", commandOutput>>20)
	}
	return cmd.result(code, message, output)
}

func (l *commands) start(x *exec.Cmd) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errShutdown
	}
	if err := x.Start(); err != nil {
		return err
	}
	if l.running == nil {
		l.running = make(map[*exec.Cmd]struct{})
	}
	l.running[x] = struct{}{}
	return nil
}

// close ends what still runs; nothing starts any more.
func (l *commands) close(time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for x := range l.running {
		killGroup(x)
	}
}

func (cmd *command) result(code int, message, output string) value.Value {
	return value.MapOf("command", value.OfString(cmd.text), "exitCode", value.OfInt(int64(code)), "error", value.OfBool(code != 0),
		"message", value.OfString(message), "output", value.OfString(output))
}

// head keeps the beginning of what is written to it.
type head struct {
	b   []byte
	cut bool
}

// Write implements io.Writer; it always takes everything.
func (h *head) Write(p []byte) (int, error) {
	n := min(len(p), commandOutput-len(h.b))
	h.b = append(h.b, p[:n]...)
	h.cut = h.cut || n < len(p)
	return len(p), nil
}

func (h *head) text() string {
	return strings.TrimSpace(strings.ToValidUTF8(string(slices.Clip(h.b)), "\uFFFD"))
}
