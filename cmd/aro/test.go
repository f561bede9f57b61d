//go:build !runtime

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"

	"github.com/spf13/cobra"

	"aro/pkg/host"
	aronet "aro/pkg/net"
)

func testCommand() *cobra.Command {
	var o testOptions
	cmd := &cobra.Command{
		Use:   "test PATH",
		Short: "Run the tests of an application",
		Long: "test runs the feature sets whose business activity ends in Test or Tests and prints what became\n" +
			"of each, in the order in which they are written. Application-Start does not run; each test has\n" +
			"repositories of its own, so tests run at the same time. It exits with 1 when a test fails and\n" +
			"when there is none.",
		Example: "  aro test ./calculator\n" +
			"  aro test . --filter add --verbose\n" +
			"  aro test . --watch\n" +
			"  aro test . --junit report.xml",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.path = args[0]
			if o.watch {
				return watchTests(cmd.Context(), cmd.OutOrStdout(), o)
			}
			return runTests(cmd.OutOrStdout(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.filter, "filter", "", "run only tests whose name contains `text`")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show where a test failed and the whole error")
	f.BoolVar(&o.noColour, "no-color", false, "do not colour the report")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	f.StringVar(&o.junit, "junit", "", "write the report to `file` as JUnit XML too")
	f.IntVar(&o.parallel, "parallel", runtime.GOMAXPROCS(0), "run `n` tests at a time; 1 for tests that share files or ports")
	f.BoolVar(&o.coverage, "coverage", false, "show which statements of the application the tests reach")
	f.BoolVar(&o.watch, "watch", false, "run the tests again whenever a file of the application changes")
	f.StringVar(&o.record, "record", "", "write all events of the tests to `file`")
	return cmd
}

type testOptions struct {
	path, filter, record, junit    string
	verbose, noColour, json, watch bool
	coverage                       bool
	parallel                       int
}

// runTests runs the tests of an application and reports; its error says that not
// all of them passed.
func runTests(w io.Writer, o testOptions) error {
	if o.parallel < 1 {
		return fmt.Errorf("--parallel must be at least 1, got %d", o.parallel)
	}
	l, err := load(o.path, loadOptions{verbose: o.verbose, cover: o.coverage})
	if err != nil {
		return err
	}
	recorder, err := openRecording(o.record, applicationName(l.root))
	if err != nil {
		return err
	}
	var reached *coverage
	if o.coverage {
		reached = newCoverage(l)
	}
	results, err := runAll(l, o, recorder, reached)
	if err != nil {
		return err
	}
	l.wait()
	if err := recorder.Close(); err != nil {
		return &exitError{1, "Error: the recording is not complete: " + err.Error()}
	}
	if o.junit != "" {
		if err := writeJUnit(o.junit, applicationName(l.root), results); err != nil {
			return &exitError{1, "Error: the JUnit report cannot be written: " + err.Error()}
		}
	}
	if o.json {
		return reportJSON(w, results, reached)
	}
	paint := painter(w)
	if o.noColour {
		paint = func(_ colour, s string) string { return s }
	}
	err = reportTests(w, paint, results, o.verbose)
	reached.report(w)
	return err
}

// outcome is one test on its way.
type outcome struct {
	done     chan struct{}
	out, err bytes.Buffer
	result   host.TestResult
	failed   error // the world of the test could not be made
}

// runAll runs the tests, several at a time. Each has a world of its own; what it
// prints is shown whole, in the order of the tests.
func runAll(l *loaded, o testOptions, recorder *host.Recorder, reached *coverage) ([]host.TestResult, error) {
	config := host.Config{Verbose: o.verbose, Testing: true, Record: recorder, Stdout: os.Stdout, Stderr: os.Stderr}
	if o.json {
		config.Stdout = os.Stderr // the report alone goes to stdout
	}
	h, err := world(l, config)
	if err != nil {
		return nil, err
	}
	outcomes := make([]outcome, len(h.Tests(o.filter)))
	h.Close()
	if recorder != nil || len(l.plugins) > 0 {
		o.parallel = 1 // a recording has one order, a plugin one process
	}
	for i := range outcomes {
		outcomes[i].done = make(chan struct{})
	}
	var next atomic.Int64
	for range min(o.parallel, len(outcomes)) {
		go func() {
			for i := int(next.Add(1)) - 1; i < len(outcomes); i = int(next.Add(1)) - 1 {
				c := config
				if o.parallel > 1 {
					c.Stdout, c.Stderr = &outcomes[i].out, &outcomes[i].err
				}
				outcomes[i].run(l, c, o.filter, i, reached)
			}
		}()
	}
	var results []host.TestResult
	for i := range outcomes {
		x := &outcomes[i]
		<-x.done
		config.Stdout.Write(x.out.Bytes())
		config.Stderr.Write(x.err.Bytes())
		if x.failed != nil {
			return nil, x.failed
		}
		results = append(results, x.result)
	}
	return results, nil
}

func (x *outcome) run(l *loaded, config host.Config, filter string, n int, reached *coverage) {
	defer close(x.done)
	h, err := world(l, config)
	if err != nil {
		x.failed = err
		return
	}
	x.result = h.Test(filter, n)
	h.Close()
	reached.add(h)
}

// world links the program to a network and repositories of its own.
func world(l *loaded, config host.Config) (*host.Host, error) {
	own := *l
	own.network = aronet.New()
	own.verbs = verbsWith(own.network, own.plugins)
	return own.host(config)
}
