package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/bundle"
	"aro/pkg/host"
	"aro/pkg/syntax"
	"aro/pkg/vm/value"
)

func runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run PATH [--verbose] [--no-cache] [--keep-alive] [--debug] [-e NAME] [--record FILE] [--replay FILE] [--sandbox] [--allow LIST] [--root FOLDER] [--data FOLDER | --engine ADDRESS] [--inspect[=ADDR]] [--health ADDR] [application parameters]",
		Short: "Run an application",
		Long: "run compiles an application, or takes it from the cache when nothing changed, and runs it.\n" +
			"Everything behind the path that is no flag of run goes to the application, which reads it\nas <parameter: name>.\n\n" +
			"  -e, --entry-point NAME  run this feature set instead of Application-Start\n" +
			"      --keep-alive        run until a signal ends it, and print no final response\n" +
			"      --debug             show the final response with the types of its values\n" +
			"      --record FILE       write every event of the run to a file\n" +
			"      --replay FILE       raise the events of such a file before Application-Start\n" +
			"      --sandbox           no files, commands, environment or connections to others\n" +
			"      --allow LIST        the same, but for what is listed: read, write, net, run, env\n" +
			"      --root FOLDER       files in this folder only, which relative paths start from\n" +
			"      --data FOLDER       keep the rows of repositories in this folder, also $ARO_DATA\n" +
			"      --engine ADDRESS    share the rows with other machines over nats://host:port, also $ARO_ENGINE\n" +
			"      --inspect[=ADDR]    a page that shows the running application, on this machine only\n" +
			"      --health ADDR       /live, /ready and /metrics on a port of their own (ARO_HEALTH)",
		Example: "  aro run examples/statuspost\n" +
			"  aro run ./report --month 11 --verbose",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := parseRun(args)
			if err != nil {
				return err
			}
			if o.help {
				return cmd.Help()
			}
			return run(o)
		},
	}
	return cmd
}

type runOptions struct {
	path             string
	verbose, noCache bool
	keepAlive        bool
	help, debug      bool
	entry            string // the feature set to run instead of Application-Start
	record, replay   string // files
	sandbox          bool
	allow            []string // what the sandbox leaves open
	inspect, health  string   // addresses, "" for none
	root             string   // the folder that files are confined to
	data             string   // the folder of durable rows
	engine           string   // the address where the machines of a cluster meet
	params           value.Value
}

// parseRun takes run's own flags out of the arguments; the rest are application
// parameters (02 §11.1).
func parseRun(args []string) (runOptions, error) {
	o := runOptions{}
	var rest []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if known, err := o.fileFlag(args, &i); err != nil {
			return o, err
		} else if known {
			continue
		}
		switch {
		case a == "-v" || a == "--verbose":
			o.verbose = true
		case a == "--no-cache":
			o.noCache = true
		case a == "--keep-alive":
			o.keepAlive = true
		case a == "--debug":
			o.debug = true
		case a == "--inspect":
			o.inspect = anyPort
		case a == "--sandbox":
			o.sandbox = true
		case (a == "-h" || a == "--help") && o.path == "":
			o.help = true
		case o.path == "" && !strings.HasPrefix(a, "-"):
			o.path = a
		case o.path == "":
			name, _, _ := strings.Cut(a, "=")
			return o, fmt.Errorf("unknown flag: %s (application parameters go behind the path)%s", a, meant(name, runFlags))
		default:
			rest = append(rest, a)
		}
	}
	if o.path == "" && !o.help {
		return o, fmt.Errorf("run needs the path of an application: aro run PATH")
	}
	o.params = parameters(rest)
	return o, nil
}

// runFlags are the flags of run, for what a misspelt one meant.
var runFlags = []string{"--verbose", "--no-cache", "--keep-alive", "--debug", "--inspect", "--sandbox", "--allow", "--health", "--root", "--data", "--engine", "--entry-point", "--record", "--replay", "--help"}

// fileFlag reads a flag of run that has a value, --flag VALUE or --flag=VALUE, and
// moves i behind it.
func (o *runOptions) fileFlag(args []string, i *int) (known bool, err error) {
	name, v, given := strings.Cut(args[*i], "=")
	var to *string
	var allow string
	if name == "--inspect" && !given {
		return false, nil // its address is optional
	}
	switch name {
	case "--inspect":
		to = &o.inspect
	case "--allow":
		to = &allow
	case "--health":
		to = &o.health
	case "--root":
		to = &o.root
	case "--data":
		to = &o.data
	case "--engine":
		to = &o.engine
	case "-e", "--entry-point":
		to = &o.entry
	case "--record":
		to = &o.record
	case "--replay":
		to = &o.replay
	default:
		return false, nil
	}
	if !given {
		if *i++; *i == len(args) {
			return true, fmt.Errorf("%s needs a value: %s VALUE", name, name)
		}
		v = args[*i]
	}
	if v == "" {
		return true, fmt.Errorf("%s needs a value: %s VALUE", name, name)
	}
	*to = v
	if name == "--allow" {
		o.sandbox = true
		return true, o.allowed(v)
	}
	return true, nil
}

// parameters reads --key value, --key=value, --flag and -abc.
func parameters(args []string) value.Value {
	b := value.NewBuilder(len(args))
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case strings.HasPrefix(a, "--"):
			key, v, given := strings.Cut(a[2:], "=")
			if !given && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				i++
				v, given = args[i], true
			}
			if given {
				b.Set(key, parameter(v))
			} else {
				b.Set(key, value.True)
			}
		case strings.HasPrefix(a, "-"):
			for _, f := range a[1:] {
				b.Set(string(f), value.True)
			}
		}
	}
	return b.Value()
}

func parameter(s string) value.Value {
	switch strings.ToLower(s) {
	case "true":
		return value.True
	case "false":
		return value.False
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return value.OfInt(n)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && strings.Contains(s, ".") {
		return value.OfFloat(f)
	}
	return value.OfString(s)
}

func run(o runOptions) error {
	l, err := loadAny(o)
	if err != nil {
		return err
	}
	return l.run(o)
}

// loadAny loads an application from its sources or from an .aroc file.
func loadAny(o runOptions) (*loaded, error) {
	if err := o.withoutPlugins(); err != nil {
		return nil, err
	}
	if !strings.EqualFold(filepath.Ext(o.path), ".aroc") {
		return load(o.path, loadOptions{noCache: o.noCache, verbose: o.verbose})
	}
	data, err := os.ReadFile(o.path)
	if err != nil {
		return nil, &exitError{1, "Error: " + err.Error()}
	}
	l, err := unpack(data, filepath.Dir(o.path))
	if err != nil {
		return nil, &exitError{1, fmt.Sprintf("Error: %s cannot be run: %v", o.path, err)}
	}
	return l, nil
}

// runBuilt runs the application that is built into this executable. All
// arguments are the application's, but for the flags of run.
func runBuilt(args []string) int {
	data, err := bundle.Own()
	if err != nil {
		fmt.Println("Error: " + err.Error())
		return 1
	}
	root := "."
	if exe, err := os.Executable(); err == nil {
		root = filepath.Dir(exe)
	}
	l, err := unpackOwn(data, root)
	if err != nil {
		fmt.Println("Error: " + err.Error())
		return 1
	}
	o, err := parseRun(append([]string{"."}, args...))
	if err == nil {
		err = l.run(o)
	}
	return exitCode(err)
}

func (l *loaded) run(o runOptions) error {
	cfg := host.Config{Parameters: o.params, Verbose: o.verbose, Debug: o.debug, EntryPoint: o.entry, KeepAlive: o.keepAlive, Watch: o.watch()}
	if err := o.refuse(l.plugins); err != nil {
		return err
	}
	access, err := o.access()
	if err != nil {
		return err
	}
	cfg.Access = access
	if cfg.HandlerBudget, err = handlerBudget(os.Getenv("ARO_HANDLER_BUDGET")); err != nil {
		return err
	}
	if o.replay != "" {
		data, err := os.ReadFile(o.replay)
		if err == nil {
			cfg.Replay, err = host.ReadRecording(data)
		}
		if err != nil {
			return &exitError{1, fmt.Sprintf("Error: %s cannot be replayed: %v", o.replay, err)}
		}
	}
	if cfg.Record, err = openRecording(o.record, applicationName(l.root)); err != nil {
		return err
	}
	data, err := o.openData()
	if err != nil {
		return err
	}
	if data != nil {
		cfg.Engine = data
	}
	peers, err := l.openEngine(&o, &cfg)
	if err != nil {
		return err
	}
	h, err := l.host(cfg)
	if err != nil {
		return err
	}
	if peers != nil {
		if err := l.network.Join(peers); err != nil {
			return &exitError{1, "Error: " + err.Error()}
		}
	}
	h.KeepAlive = o.keepAlive
	if err := l.operate(h, &o); err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	// With a receiver, writing to a pipe that nobody reads fails and does not end us.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	host.KeepRoom()
	code := h.Run(signals)
	if err := cfg.Record.Close(); err != nil {
		return &exitError{1, "Error: the recording is not complete: " + err.Error()}
	}
	l.wait()
	if code != 0 {
		return &exitError{code, otherEntry(l.program, o.entry)}
	}
	return nil
}

// otherEntry says which feature set a name that there is none of may mean.
func otherEntry(prog *bytecode.Program, name string) string {
	if name == "" {
		return ""
	}
	names := chunkNames(prog)
	if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
		return ""
	}
	if near := closest(name, names); near != "" {
		return "Did you mean '" + near + "'?"
	}
	return ""
}

// compileErrors prints the diagnostics as run and build do.
func compileErrors(diags []*syntax.Diagnostic, warnings bool) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "\nCompilation errors:\n")
	for _, d := range diags {
		if d.Severity == syntax.Warning && !warnings {
			continue
		}
		where := ""
		if d.File != nil {
			line, col := d.File.Position(d.Span.Start)
			where = fmt.Sprintf(" [%s:%d:%d]", d.File.Name, line, col)
		}
		fmt.Fprintf(&b, "  %s%s: %s\n", d.Severity, where, d.Message)
		printSnippet(&b, d)
		if d.Hint != "" {
			fmt.Fprintf(&b, "    hint: %s\n", d.Hint)
		}
	}
	return &exitError{1, strings.TrimRight(b.String(), "\n")}
}

func printSnippet(w io.Writer, d *syntax.Diagnostic) {
	s := bufio.NewScanner(strings.NewReader(d.Snippet()))
	for s.Scan() {
		fmt.Fprintf(w, "    | %s\n", s.Text())
	}
}
