//go:build !runtime

package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"aro/pkg/host"
)

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

// testReport is the report for tools.
type testReport struct {
	Total   int          `json:"total"`
	Passed  int          `json:"passed"`
	Failed  int          `json:"failed"`
	Errors  int          `json:"errors"`
	Seconds float64      `json:"seconds"`
	Tests   []testRecord `json:"tests"`

	Coverage []setCoverage `json:"coverage,omitempty"`
}

type testRecord struct {
	Name    string  `json:"name"`
	Status  string  `json:"status"` // passed, failed or error
	Seconds float64 `json:"seconds"`
	Message string  `json:"message,omitempty"`
	Details string  `json:"details,omitempty"`
}

func newTestReport(results []host.TestResult) testReport {
	report := testReport{Total: len(results), Tests: []testRecord{}}
	for _, r := range results {
		t := testRecord{Name: r.Name, Status: "passed", Seconds: r.Took.Seconds(), Message: r.Error + r.Failed, Details: r.Details}
		switch {
		case r.Error != "":
			t.Status = "error"
			report.Errors++
		case r.Failed != "":
			t.Status = "failed"
			report.Failed++
		default:
			report.Passed++
		}
		report.Seconds += t.Seconds
		report.Tests = append(report.Tests, t)
	}
	return report
}

// reportJSON prints the report as one JSON object.
func reportJSON(w io.Writer, results []host.TestResult, reached *coverage) error {
	report := newTestReport(results)
	report.Coverage = reached.sets()
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(report); err != nil {
		return err
	}
	if report.Total == 0 || report.Passed < report.Total {
		return &exitError{code: 1}
	}
	return nil
}

// junit is the report in the form that build servers read.
type junit struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string      `xml:"name,attr"`
	Class   string      `xml:"classname,attr"`
	Time    string      `xml:"time,attr"`
	Failure *junitCause `xml:"failure"`
	Error   *junitCause `xml:"error"`
}

type junitCause struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func writeJUnit(file, application string, results []host.TestResult) error {
	r := newTestReport(results)
	suite := junit{Name: application, Tests: r.Total, Failures: r.Failed, Errors: r.Errors, Time: fmt.Sprintf("%.3f", r.Seconds)}
	for _, t := range r.Tests {
		c := junitCase{Name: t.Name, Class: application, Time: fmt.Sprintf("%.3f", t.Seconds)}
		cause := &junitCause{t.Message, t.Details}
		switch t.Status {
		case "failed":
			c.Failure = cause
		case "error":
			c.Error = cause
		}
		suite.Cases = append(suite.Cases, c)
	}
	data, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append([]byte(xml.Header), append(data, '\n')...), 0o666)
}
