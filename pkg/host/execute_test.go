//go:build unix

package host_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// do runs the statements of a handler and returns its output.
func do(t *testing.T, body string, event value.Value) string {
	t.Helper()
	var out bytes.Buffer
	h := link(t, "(Do: Go Handler) {"+body+"}", &out)
	h.Deliver(h.EventHandlers("Go"), host.Payload{Event: event})
	return out.String()
}

// TestExecuteTimeLimit: a command is stopped after its time, with everything that
// it started.
func TestExecuteTimeLimit(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	begun := time.Now()
	out := do(t, `Execute the <r> with { command: "(sleep 60; touch "++<event: mark>++") & echo started; sleep 60", timeout: 200, shell: true }.
    Log "${<r: exitCode>} ${<r: error>} ${<r: output>} ${<r: message>}" to the <console>.`, value.MapOf("mark", value.OfString(mark)))
	if want := "-1 true started Command was stopped after its time limit of 200ms\n"; out != want {
		t.Errorf("got %q", out)
	}
	if d := time.Since(begun); d > 30*time.Second {
		t.Errorf("took %v: what the command started was waited for", d)
	}
}

// TestExecuteEnvironment: secrets of our own environment do not reach commands.
func TestExecuteEnvironment(t *testing.T) {
	t.Setenv("ARO_TEST_SECRET", "hidden")
	t.Setenv("LC_ARO_TEST", "seen")
	out := do(t, `Execute the <r> with "env". Log <r: output> to the <console>.`, value.EmptyMap)
	if strings.Contains(out, "hidden") || !strings.Contains(out, "PATH="+os.Getenv("PATH")) || !strings.Contains(out, "LC_ARO_TEST=seen") {
		t.Errorf("environment:\n%s", out)
	}
}

// TestExecuteLargeOutput: endless output takes bounded memory.
func TestExecuteLargeOutput(t *testing.T) {
	out := do(t, `Execute the <r> with "head -c 40000000 /dev/zero | tr '\\0' x". Compute the <n: length> from <r: output>. Log "${<n>} ${<r: message>}" to the <console>.`, value.EmptyMap)
	if want := "16777216 Command executed successfully; its output was cut at 16 MiB\n"; out != want {
		t.Errorf("got %q", out[:min(len(out), 200)])
	}
}
