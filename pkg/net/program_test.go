package aronet

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/syntax"
	"aro/pkg/vm/value"
)

// program is a program in the language with a network of its own.
type program struct {
	*Network
	t              testing.TB
	host           *host.Host
	stdout, stderr lockedBuffer
	signals        chan os.Signal
	code           int
	ended          chan struct{}
}

// newProgram compiles a program, whose parameters are alternating names and
// texts. A source without a feature set is the body of Application-Start.
func newProgram(t testing.TB, source string, parameters ...any) *program {
	t.Helper()
	if !regexp.MustCompile(`(?m)^\([A-Za-z]`).MatchString(source) {
		source = "(Application-Start: Test) {\n" + source + "\n}"
	}
	p := &program{Network: New(), t: t, signals: make(chan os.Signal, 1), ended: make(chan struct{})}
	verbs := append(host.Verbs(), p.Verbs()...)
	f := syntax.NewFile("main.aro", []byte(source))
	diags := syntax.Parse(f)
	compiled, more := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(verbs)})
	for _, d := range append(diags, more...) {
		if d.Severity == syntax.Error {
			t.Fatalf("%s\n%s", d.Message, source)
		}
	}
	for _, c := range compiled.Chunks {
		if err := bytecode.Verify(c); err != nil {
			t.Fatal(err)
		}
	}
	for i := 1; i < len(parameters); i += 2 {
		if s, ok := parameters[i].(string); ok {
			parameters[i] = value.OfString(s)
		}
	}
	p.host = host.New(compiled, host.Config{Verbs: verbs, Stdout: &p.stdout, Stderr: &p.stderr, Stdin: strings.NewReader(""),
		WorkDir: t.TempDir(), Parameters: value.MapOf(parameters...)})
	p.Limits.Retry, p.Limits.RetryMost = 5*time.Millisecond, 20*time.Millisecond
	return p
}

// start runs the program in the background; what it waits for must come from the
// test. It is stopped at the end of the test.
func (p *program) start() *program {
	p.Attach(p.host)
	go func() {
		p.code = p.host.Run(p.signals)
		close(p.signals)
		close(p.ended)
	}()
	p.t.Cleanup(p.stop)
	return p
}

// stop interrupts the program and waits for its end.
func (p *program) stop() {
	p.host.Shutdown("")
	p.wait()
}

// wait waits for the end of the program.
func (p *program) wait() {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience + shutdownPatience):
		p.t.Fatalf("the program does not end\n%s%s", p.stdout.String(), p.stderr.String())
	}
}

const shutdownPatience = 10 * time.Second

// play runs a program to its end and returns what it printed, without the final
// response.
func (p *program) play() string {
	p.t.Helper()
	p.start()
	p.wait()
	out, _, _ := strings.Cut(p.stdout.String(), "[OK] ")
	return out
}

// prints waits until the program has printed a line that holds text.
func (p *program) prints(text string) {
	p.t.Helper()
	eventually(p.t, "the program prints "+text+"; it printed "+p.stdout.String()+p.stderr.String(), func() bool {
		return strings.Contains(p.stdout.String(), text)
	})
}

// TestClientLanguage runs testdata/*.aro against the server of client_test.go.
// The programs are separated by lines of three hyphens; `//= text` is the next
// line of output, `//x text` says that the program fails and what the error
// holds.
func TestClientLanguage(t *testing.T) {
	web := newWeb(t)
	data, err := os.ReadFile("testdata/client.aro")
	if err != nil {
		t.Fatal(err)
	}
	line := 1
	for source := range strings.SplitSeq(strings.TrimSuffix(string(data), "\n"), "\n---\n") {
		t.Run("client.aro:"+itoa(line), func(t *testing.T) {
			var want, fails []string
			for l := range strings.Lines(source) {
				l = strings.TrimSpace(l)
				if text, ok := strings.CutPrefix(l, "//="); ok {
					want = append(want, strings.TrimPrefix(text, " "))
				} else if text, ok := strings.CutPrefix(l, "//x "); ok {
					fails = append(fails, text)
				}
			}
			p := newProgram(t, source, "server", web.URL, "dead", deadAddress(t))
			out, failure, failed := strings.Cut(p.play(), "Runtime error: ")
			if failed != (len(fails) > 0) {
				t.Errorf("failed: %v\n%s", failed, failure)
			}
			for _, text := range fails {
				if !strings.Contains(failure, text) {
					t.Errorf("the error lacks %q:\n%s", text, failure)
				}
			}
			if got, want := out, strings.Join(append(want, ""), "\n"); got != want {
				t.Errorf("got\n%swant\n%s%s", got, want, p.stderr.String())
			}
			if errs := p.stderr.String(); errs != "" {
				t.Errorf("on stderr: %s", errs)
			}
		})
		line += strings.Count(source, "\n") + 2
	}
}

func itoa(n int) string { return value.OfInt(int64(n)).Text() }
