package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"aro/pkg/bytecode/bundle"
)

func TestMain(m *testing.M) {
	if bundle.Built() { // what aro build made of the test binary
		os.Exit(runBuilt(os.Args[1:]))
	}
	testscript.Main(m, map[string]func(){"aro": main})
}

// TestScripts runs testdata/script: commands as a user types them. With
// ARO_UPDATE=1 the expectations of cmp are rewritten.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("ARO_UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("ARO_CACHE_DIR", filepath.Join(env.WorkDir, ".cache"))
			exe, err := os.Executable()
			if err != nil {
				return err
			}
			env.Setenv("ARO_EXE", exe)
			// Both stay taken until the script ends.
			for _, name := range []string{"TAKEN_PORT", "TAKEN_TOO"} {
				l, err := net.Listen("tcp", ":0")
				if err != nil {
					return err
				}
				env.Defer(func() { l.Close() })
				env.Setenv(name, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"broken":  broken,
			"absent":  absent,
			"says":    says,
			"damage":  damage,
			"norm":    norm,
			"smaller": smaller,
		},
	})
}

// exits CODE COMMAND… runs a command that must end with that code and without a
// Go stack.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	err = ts.Exec(args[1], args[2:]...)
	for range 200 {
		// Another script forked while this one's executable was still being written.
		if !errors.Is(err, syscall.ETXTBSY) {
			break
		}
		time.Sleep(10 * time.Millisecond)
		err = ts.Exec(args[1], args[2:]...)
	}
	if err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	out := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
	for _, trace := range []string{"goroutine ", "panic", ".go:"} {
		if strings.Contains(out, trace) {
			ts.Fatalf("a trace of Go in the output: %q", trace)
		}
	}
}

// smaller A B checks that file A is smaller than file B.
func smaller(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: smaller A B")
	}
	if a, b := len(ts.ReadFile(args[0])), len(ts.ReadFile(args[1])); a >= b {
		ts.Fatalf("%s has %d bytes, %s %d", args[0], a, args[1], b)
	}
}

// norm FILE copies a report of tests to the file normal, its durations made equal: Nms.
func norm(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: norm FILE")
	}
	text := regexp.MustCompile(`\((<1|[1-9][0-9]*)ms\)`).ReplaceAllString(ts.ReadFile(args[0]), "(Nms)")
	ts.Check(os.WriteFile(ts.MkAbs("normal"), []byte(text), 0o644))
}

// damage FROM TO cut|flip copies a file without its last 50 bytes, or with one of
// them changed.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: damage FROM TO cut|flip")
	}
	data := []byte(ts.ReadFile(args[0]))
	if args[2] == "cut" {
		data = data[:len(data)-50]
	} else {
		data[len(data)-50] ^= 1
	}
	// A process that another script begins meanwhile would have it open for writing: busy.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o755))
}

// broken FILE LINE:COL MESSAGE checks that neither run nor check accept a
// program, that both say the message at that place and point at the source.
func broken(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: broken FILE LINE:COL MESSAGE")
	}
	file, place, msg := args[0], args[1], args[2]
	line, col, _ := strings.Cut(place, ":")
	n, err := strconv.Atoi(line)
	ts.Check(err)
	column, err := strconv.Atoi(col)
	ts.Check(err)
	source := strings.Split(ts.ReadFile(file), "\n")
	snippet := fmt.Sprintf("    | %s\n    | %s^", source[n-1], strings.Repeat(" ", column-1))
	for _, command := range []string{"run", "check"} {
		exits(ts, false, []string{"1", "aro", command, file})
		out := ts.ReadFile("stdout")
		want := fmt.Sprintf("  error [%s:%s]: %s\n", file, place, msg)
		if command == "check" {
			want = fmt.Sprintf("  %s: error: %s [ARO-", place, msg)
		}
		if !strings.Contains(out, want) {
			ts.Fatalf("aro %s %s does not say %q:\n%s", command, file, want, out)
		}
		if !strings.Contains(out, snippet) {
			ts.Fatalf("aro %s %s does not show\n%s\nbut:\n%s", command, file, snippet, out)
		}
	}
}

// absent FILE TEXT: the file does not contain the text.
func absent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: absent FILE TEXT")
	}
	if strings.Contains(ts.ReadFile(args[0]), args[1]) {
		ts.Fatalf("%s contains %q", args[0], args[1])
	}
}

// says TEXT: the last command printed the text, to either output.
func says(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: says TEXT")
	}
	if out := ts.ReadFile("stdout") + ts.ReadFile("stderr"); !strings.Contains(out, args[0]) {
		ts.Fatalf("the command does not say %q", args[0])
	}
}
