package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/bundle"
	"aro/pkg/host"
	"aro/pkg/monitor"
	"aro/pkg/vm/value"
)

type runOptions struct {
	path             string
	verbose, noCache bool
	keepAlive        bool
	help, debug      bool
	live             bool // reload what changes
	logRequests      bool
	logFormat        string // text or json
	flight           string // the file of the flight recorder
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
	cfg := host.Config{Parameters: o.params, Verbose: o.verbose, Debug: o.debug, EntryPoint: o.entry, KeepAlive: o.keepAlive, Watch: o.watch(),
		LogJSON: o.logFormat == "json", LogRequests: o.logRequests, Flight: o.flight}
	if err := o.refuse(l.plugins); err != nil {
		return err
	}
	access, err := o.access(l.folder)
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
	spans, err := monitor.NewSpans(applicationName(l.root), os.Getenv)
	if err != nil {
		return &exitError{1, "Error: " + err.Error()}
	}
	if spans != nil {
		cfg.Spans = spans.Add
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
	if spans != nil {
		spans.Follow(h)
	}
	if err := l.operate(h, &o); err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	// With a receiver, writing to a pipe that nobody reads fails and does not end us.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	host.KeepRoom()
	if l.began != nil {
		l.began(h)
	}
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

// openRecording creates the file of a recording; without a name there is none.
func openRecording(name, application string) (*host.Recorder, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, &exitError{1, "Error: the recording cannot be written: " + err.Error()}
	}
	return host.NewRecorder(f, application, time.Now()), nil
}

// chunkNames are the names of a program's feature sets, each once.
func chunkNames(prog *bytecode.Program) []string {
	var names []string
	for _, c := range prog.Chunks {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}
