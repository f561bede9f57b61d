package main

import (
	"fmt"
	"slices"
	"strings"
)

// runFlag is a flag of run. Run parses its arguments itself, because everything else
// behind the path belongs to the application; this table is what the parser, the help
// and the completion know of the flags.
type runFlag struct {
	name, short string
	value       string // what the help calls its value; "" for a switch
	help        string
	first       bool   // means this only in front of the path
	without     string // what stands for the value when it is left out, "" when it may not be
	set         func(o *runOptions, v string) error
	complete    completes // what the shell offers for its value
}

// completes says what the shell offers behind a flag.
type completes uint8

const (
	completeNothing completes = iota
	completeFiles
	completeFolders
	completeFeatureSets
)

// runFlags lists the flags of run, in the order of the help.
func runFlags() []runFlag {
	text := func(field func(o *runOptions) *string) func(*runOptions, string) error {
		return func(o *runOptions, v string) error {
			*field(o) = v
			return nil
		}
	}
	turnOn := func(field func(o *runOptions) *bool) func(*runOptions, string) error {
		return func(o *runOptions, _ string) error {
			*field(o) = true
			return nil
		}
	}
	return []runFlag{
		{name: "--entry-point", short: "-e", value: "NAME", help: "run this feature set instead of Application-Start",
			set: text(func(o *runOptions) *string { return &o.entry }), complete: completeFeatureSets},
		{name: "--keep-alive", help: "run until a signal ends it, and print no final response",
			set: turnOn(func(o *runOptions) *bool { return &o.keepAlive })},
		{name: "--verbose", short: "-v", help: "tell what happens besides, such as whether the cache was used",
			set: turnOn(func(o *runOptions) *bool { return &o.verbose })},
		{name: "--no-cache", help: "compile anew",
			set: turnOn(func(o *runOptions) *bool { return &o.noCache })},
		{name: "--debug", help: "show the final response with the types of its values",
			set: turnOn(func(o *runOptions) *bool { return &o.debug })},
		{name: "--watch", help: "take up what is changed while it runs; pages load again by themselves",
			set: turnOn(func(o *runOptions) *bool { return &o.live })},
		{name: "--record", value: "FILE", help: "write every event of the run to a file",
			set: text(func(o *runOptions) *string { return &o.record }), complete: completeFiles},
		{name: "--replay", value: "FILE", help: "raise the events of such a file before Application-Start",
			set: text(func(o *runOptions) *string { return &o.replay }), complete: completeFiles},
		{name: "--sandbox", help: "no files but its own, commands, environment or connections to others",
			set: turnOn(func(o *runOptions) *bool { return &o.sandbox })},
		{name: "--allow", value: "LIST", help: "the same, but for what is listed: " + strings.Join(permissions, ", "),
			set: func(o *runOptions, v string) error {
				o.sandbox = true
				return o.allowed(v)
			}},
		{name: "--root", value: "FOLDER", help: "files in this folder only, which relative paths start from",
			set: text(func(o *runOptions) *string { return &o.root }), complete: completeFolders},
		{name: "--data", value: "FOLDER", help: "keep the rows of repositories in this folder, also $ARO_DATA",
			set: text(func(o *runOptions) *string { return &o.data }), complete: completeFolders},
		{name: "--engine", value: "ADDRESS", help: "share the rows with other machines over nats://host:port, also $ARO_ENGINE",
			set: text(func(o *runOptions) *string { return &o.engine })},
		{name: "--inspect", value: "ADDR", help: "a page that shows the running application, on this machine only", without: anyPort,
			set: text(func(o *runOptions) *string { return &o.inspect })},
		{name: "--health", value: "ADDR", help: "/live, /ready and /metrics on a port of their own, also $ARO_HEALTH",
			set: text(func(o *runOptions) *string { return &o.health })},
		{name: "--log-format", value: "FORM", help: "text, or json: each line of the log is an object",
			set: func(o *runOptions, v string) error {
				if v != "text" && v != "json" {
					return fmt.Errorf("--log-format is text or json, not %s", v)
				}
				o.logFormat = v
				return nil
			}},
		{name: "--log-requests", help: "a line on stderr for each request to the http-server",
			set: turnOn(func(o *runOptions) *bool { return &o.logRequests })},
		{name: "--flight", value: "FILE", help: "what ran in the last 10 s, when a handler breaks down or SIGQUIT comes",
			set: text(func(o *runOptions) *string { return &o.flight }), complete: completeFiles},
		{name: "--help", short: "-h", help: "this text", first: true,
			set: turnOn(func(o *runOptions) *bool { return &o.help })},
	}
}

// runFlagsHelp is the table as the help shows it.
func runFlagsHelp() string {
	var b strings.Builder
	for _, f := range runFlags() {
		short, name := "    ", f.name
		if f.short != "" {
			short = f.short + ", "
		}
		switch {
		case f.without != "":
			name += "[=" + f.value + "]"
		case f.value != "":
			name += " " + f.value
		}
		fmt.Fprintf(&b, "  %s%-19s %s\n", short, name, f.help)
	}
	return b.String()
}

// findRunFlag returns the flag that an argument is, --flag or --flag=value, nil for
// none. A switch takes no value.
func findRunFlag(flags []runFlag, arg string) *runFlag {
	name, _, given := strings.Cut(arg, "=")
	i := slices.IndexFunc(flags, func(f runFlag) bool { return f.name == name || f.short == name && name != "" })
	if i < 0 || given && flags[i].value == "" {
		return nil
	}
	return &flags[i]
}

// take reads the flag at args[*i], and moves i to its value if that is an argument
// of its own.
func (f *runFlag) take(o *runOptions, args []string, i *int) error {
	name, v, given := strings.Cut(args[*i], "=")
	switch {
	case f.value == "":
	case !given && f.without != "":
		v = f.without
	case !given && *i+1 < len(args):
		*i++
		v = args[*i]
	}
	if f.value != "" && v == "" {
		return fmt.Errorf("%s needs a value: %s %s", name, name, f.value)
	}
	return f.set(o, v)
}

// parseRun takes run's own flags out of the arguments; the rest are application
// parameters (02 §11.1).
func parseRun(args []string) (runOptions, error) {
	o := runOptions{}
	flags := runFlags()
	var rest []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		f := findRunFlag(flags, a)
		switch {
		case f != nil && !(f.first && o.path != ""):
			if err := f.take(&o, args, &i); err != nil {
				return o, err
			}
		case o.path == "" && !strings.HasPrefix(a, "-"):
			o.path = a
		case o.path == "":
			name, _, _ := strings.Cut(a, "=")
			return o, fmt.Errorf("unknown flag: %s (application parameters go behind the path)%s", a, meant(name, flagNames(flags)))
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

func flagNames(flags []runFlag) (names []string) {
	for _, f := range flags {
		names = append(names, f.name)
	}
	return names
}
