//go:build unix

package host_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"aro/pkg/host"
	"aro/pkg/vm/value"
)

// TestFileWorkLetsOthersRun: a handler that waits for a pipe does not keep the
// other handler of the event from writing to it.
func TestFileWorkLetsOthersRun(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Skip(err)
	}
	var out bytes.Buffer
	h := hostIn(t, dir, `(Reader: Go Handler) { Read the <x> from "./pipe". Log "read ${<x>}" to the <console>. }
(Writer: Go Handler) { Write "through the pipe" to "./pipe". Log "written" to the <console>. }`, &out, nil)
	h.Deliver(h.EventHandlers("Go"), host.Payload{Event: value.EmptyMap})
	if text := out.String(); !strings.Contains(text, "read through the pipe\n") || !strings.Contains(text, "written\n") {
		t.Errorf("output %q", text)
	}
}
