package host

import (
	"strings"
	"testing"
)

// TestTraceParent: a traceparent that the recommendation allows is continued, any
// other one begins a trace of our own.
func TestTraceParent(t *testing.T) {
	const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for header, flags := range map[string]string{
		"00-" + trace + "-" + parent + "-01":       "01",
		"00-" + trace + "-" + parent + "-00":       "00",
		"00-" + trace + "-" + parent + "-0f":       "01",
		"00-" + trace + "-" + parent + "-02":       "00",
		"cc-" + trace + "-" + parent + "-01":       "01",
		"cc-" + trace + "-" + parent + "-01-what?": "01",
	} {
		x := NewTrace(header, "a=1")
		if !x.Foreign() || x.TraceID() != trace || x.State() != "a=1" {
			t.Errorf("%q began a trace of its own", header)
		}
		if out := x.Parent(""); !strings.HasPrefix(out, "00-"+trace+"-") || !strings.HasSuffix(out, "-"+flags) || strings.Contains(out, parent) {
			t.Errorf("%q leads to %q", header, out)
		}
	}
	for _, header := range []string{
		"", "00", "00-" + trace + "-" + parent, "00-" + trace + "-" + parent + "-1", "00-" + trace + "-" + parent + "-01-", "00-" + trace + "-" + parent + "-0g",
		"ff-" + trace + "-" + parent + "-01", "0A-" + trace + "-" + parent + "-01", "cc-" + trace + "-" + parent + "-01x",
		"00-" + strings.ToUpper(trace) + "-" + parent + "-01", "00-" + strings.Repeat("0", 32) + "-" + parent + "-01",
		"00-" + trace + "-" + strings.Repeat("0", 16) + "-01", "00-" + trace + "_" + parent + "-01", "00-" + trace + "-" + parent + "-\n1",
	} {
		x := NewTrace(header, "a=1")
		if x.Foreign() || x.State() != "" || strings.Contains(x.Parent(""), trace) {
			t.Errorf("%q was taken", header)
		}
		if trace, _, flags, ok := readParent(x.Parent("")); !ok || flags != "01" || trace != x.TraceID() || trace != strings.ReplaceAll(x.ID, "-", "") {
			t.Errorf("our own %q is not good", x.Parent(""))
		}
	}
	if x := NewTrace("00-"+trace+"-"+parent+"-01", strings.Repeat("x", maxState+1)); x.State() != "" {
		t.Error("a state of any length was taken")
	}
}
