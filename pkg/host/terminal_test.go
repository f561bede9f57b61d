package host

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host/screen"
	"aro/pkg/syntax"
)

// onTerminal runs statements with a terminal of 40 columns and 10 rows as the
// output and returns what was written to it.
func onTerminal(t *testing.T, templates map[string]string, source string) string {
	t.Helper()
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	t.Setenv("COLORTERM", "truecolor")
	verbs := Verbs()
	opts := compile.Options{Verbs: Signatures(verbs)}
	f := syntax.NewFile("main.aro", []byte("(Application-Start: Test) {"+source+"\nReturn an <OK: status> for the <application>. }"))
	diags := syntax.Parse(f)
	prog, more := compile.Compile([]*syntax.File{f}, opts)
	if prog == nil || len(diags) > 0 {
		t.Fatal(diags, more)
	}
	assets := map[string][]byte{}
	for name, text := range templates {
		assets["templates/"+name] = []byte(text)
	}
	var out bytes.Buffer
	h := New(prog, Config{Root: t.TempDir(), Verbs: verbs, Assets: assets, Stderr: &out,
		Templates: func(name string, src []byte) (*bytecode.Chunk, error) { return compile.Template(name, src, opts) }})
	h.screen = screen.OnTerminal(&out, 40, 10)
	h.Stdout = h.screen
	signals := make(chan os.Signal)
	if code := h.Run(signals); code != 0 {
		t.Fatalf("exit code %d: %s", code, out.String())
	}
	close(signals)
	return strings.ReplaceAll(out.String(), "\x1b", "^")
}

// A section is written once; rendered and repainted again, only what has changed.
func TestRenderOnTerminal(t *testing.T) {
	got := onTerminal(t, map[string]string{"p.screen": "load {{ <load> }}\nrows {{ <terminal: rows> }}\n"}, `
		Create the <load> with 5.
		Transform the <page> from the <template: p.screen>.
		Render the <page> to the <console>.
		Log "line" to the <console>.
		Render the <page> to the <console>.
		while <load> < 6 {
			Compute the <load> from <load> + 1.
			Repaint the <load> at the <page>.
		}
		Clear the <cursor> for the <terminal>.
		Show the <cursor> for the <terminal>.
		Clear the <screen> for the <terminal>.`)
	want := "load 5^[0m^[K\nrows 10^[0m^[K\nline\n^[3A\rload 6^[0m^[K^[3B\r^[?25l^[?25h^[2J^[3J^[H"
	if got != want {
		t.Errorf("wrote\n%q, want\n%q", got, want)
	}
}

func TestStylesOnTerminal(t *testing.T) {
	for filter, want := range map[string]string{
		`bold`: "^[1mx^[0m", `color: "red"`: "^[31mx^[0m", `color: "Bright-Green"`: "^[92mx^[0m", `bg: "gray"`: "^[100mx^[0m",
		`color: "#ff8000"`: "^[38;2;255;128;0mx^[0m", `bg: "#000001"`: "^[48;2;0;0;1mx^[0m", `color: "nosuch"`: "x", `color: "#12345"`: "x",
		`italic | underline`: "^[4m^[3mx^[0m^[0m", `rows: "2"`: "x\n", `rows: "half"`: "x\n\n\n\n", `rows: "full-8"`: "x\n", `rows: "many"`: "x",
	} {
		got := onTerminal(t, map[string]string{"t.txt": `{{ "x" | ` + filter + ` }}`}, `
			Transform the <text> from the <template: t.txt>.
			Log <text> to the <console>.`)
		if got != want+"\n" {
			t.Errorf("%s: wrote %q, want %q", filter, got, want)
		}
	}
}
