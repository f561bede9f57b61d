package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aro/pkg/host"
	aronet "aro/pkg/net"
)

func testCommand() *cobra.Command {
	var o testOptions
	cmd := &cobra.Command{
		Use:   "test PATH",
		Short: "Run the tests of an application",
		Long: "test runs the feature sets whose business activity ends in Test or Tests, in the order in which\n" +
			"they are written, and prints what became of each. Application-Start does not run; each test has\n" +
			"repositories of its own. It exits with 1 when a test fails and when there is none.",
		Example: "  aro test ./calculator\n" +
			"  aro test . --filter add --verbose",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.path = args[0]
			return runTests(cmd.OutOrStdout(), o)
		},
	}
	cmd.Flags().StringVar(&o.filter, "filter", "", "run only tests whose name contains `text`")
	cmd.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "show where a test failed and the whole error")
	cmd.Flags().BoolVar(&o.noColour, "no-color", false, "do not colour the report")
	cmd.Flags().StringVar(&o.record, "record", "", "write all events of the tests to `file`")
	return cmd
}

type testOptions struct {
	path, filter, record string
	verbose, noColour    bool
}

func runTests(w io.Writer, o testOptions) error {
	l, err := load(o.path, true, o.verbose)
	if err != nil {
		return err
	}
	recorder, err := openRecording(o.record, applicationName(l.root))
	if err != nil {
		return err
	}
	var results []host.TestResult
	for n, total := 0, 1; n < total; n++ {
		// Each test gets a world of its own.
		l.network = aronet.New()
		l.verbs = verbsWith(l.network, l.plugins)
		h, err := l.host(host.Config{Verbose: o.verbose, Testing: true, Record: recorder})
		if err != nil {
			return err
		}
		if total = len(h.Tests(o.filter)); total > 0 {
			results = append(results, h.Test(o.filter, n))
		}
		h.Close()
	}
	l.wait()
	if err := recorder.Close(); err != nil {
		return &exitError{1, "Error: the recording is not complete: " + err.Error()}
	}
	paint := painter(w)
	if o.noColour {
		paint = func(_ colour, s string) string { return s }
	}
	return reportTests(w, paint, results, o.verbose)
}

// reportTests prints the report; its error says that not all tests passed.
func reportTests(w io.Writer, paint func(colour, string) string, results []host.TestResult, verbose bool) error {
	if len(results) == 0 {
		fmt.Fprint(w, "No tests found.\n"+
			"Tests are feature sets whose business activity ends in 'Test' or 'Tests':\n"+
			"  (addition-test: Calculator Test) { Given the <a> with 1. … Then the <sum> with 3. }\n")
		return &exitError{code: 1}
	}
	var passed, failed, errors int
	fmt.Fprint(w, "\n=== ARO Test Results ===\n\n")
	for _, r := range results {
		message := ""
		switch {
		case r.Error != "":
			errors++
			message = r.Error
			fmt.Fprintf(w, "  %s %s\n", paint(yellow, "ERROR"), r.Name)
		case r.Failed != "":
			failed++
			message = r.Failed
			fmt.Fprintf(w, "  %s  %s\n", paint(red, "FAIL"), r.Name)
		default:
			passed++
			fmt.Fprintf(w, "  %s  %s (%s)\n", paint(green, "PASS"), r.Name, duration(r.Took))
			continue
		}
		if verbose {
			message += "\n" + r.Details
		}
		for line := range strings.SplitSeq(message, "\n") {
			fmt.Fprintf(w, "        %s\n", line)
		}
	}
	fmt.Fprintf(w, "\n------------------------\nTotal:  %d\nPassed: %d\nFailed: %d\n", len(results), passed, failed)
	if errors > 0 {
		fmt.Fprintf(w, "Errors: %d\n", errors)
	}
	if passed < len(results) {
		fmt.Fprintf(w, "\n%s\n\n", paint(red, "Some tests failed."))
		return &exitError{code: 1}
	}
	fmt.Fprintf(w, "\n%s\n\n", paint(green, "All tests passed!"))
	return nil
}

// duration is <1ms, 12ms or 1.20s.
func duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "<1ms"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2fs", d.Seconds())
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
