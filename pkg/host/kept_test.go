package host_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/store"
	"aro/pkg/store/durable"
	"aro/pkg/syntax"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// runKept runs a program to its end with the rows of a folder, "" for rows that end with
// it. Time is faked. err gets what it writes to stderr.
func runKept(t *testing.T, data, src string, err io.Writer, extra ...*host.Verb) (out string) {
	t.Helper()
	var b bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		var engine store.Engine
		if data != "" {
			e, err := durable.Open(data, durable.Options{Warn: func(err error) { t.Error(err) }})
			if err != nil {
				t.Fatal(err)
			}
			engine = e
		}
		runEngine(t, engine, src, &b, err, extra...)
	})
	return b.String()
}

// runEngine runs a program to its end.
func runEngine(t *testing.T, engine store.Engine, src string, out, err io.Writer, extra ...*host.Verb) {
	t.Helper()
	verbs := append(host.Verbs(), extra...)
	f := syntax.NewFile("main.aro", []byte(src))
	for _, d := range syntax.Parse(f) {
		t.Fatal(d)
	}
	prog, diags := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(verbs)})
	if prog == nil {
		t.Fatal(diags)
	}
	signals := make(chan os.Signal)
	host.New(prog, host.Config{Engine: engine, Root: t.TempDir(), Verbs: verbs, Stdout: out, Stderr: err}).Run(signals)
	close(signals)
}

// TestE07_BackOff: a handler that goes on failing is tried ten times, after 1, 2, 4 … s and
// at most five minutes, a fifth more or less. Then there is a dead letter, which an observer
// sees. The other handler of the event runs once, and Emit waits for the first attempt only.
func TestE07_BackOff(t *testing.T) {
	for _, data := range []string{"", t.TempDir()} {
		var at []time.Time
		note := verb("note", func(*vm.Call) (value.Value, error) { at = append(at, time.Now()); return value.Nil, nil })
		var errs bytes.Buffer
		out := runKept(t, data, `(Application-Start: Shop) {
    Configure the <application: durable-events> with true.
    Emit an <OrderPlaced: event> with { order: 7 }.
    Log "emitted" to the <console>.
    Wait for 1 hour.
    Log "${<dead-letter-repository: count>} dead letter" to the <console>.
    Return an <OK: status> for the <application>.
}
(Pack: OrderPlaced Handler) { Log "packed" to the <console>. }
(Mail: OrderPlaced Handler) {
    Note the <time> for the <attempt>.
    Log "attempt ${<event: attempt>}" to the <console>.
    Throw an <Unreachable: error> for the <post>.
}
(Mourn: dead-letter-repository Observer) {
    Extract the <letter> from the <event: newValue>.
    Log "${<letter: event>} ${<letter: handler>} ${<letter: data>} ${<letter: error>} ${<letter: attempts>} ${<letter: time>}" to the <console>.
}
`, &errs, note)
		want := "packed\nattempt 1\nemitted\n"
		for i := 2; i <= 10; i++ {
			want += fmt.Sprintf("attempt %d\n", i)
		}
		rest, ok := strings.CutPrefix(out, want)
		if !ok || !strings.HasPrefix(rest, `OrderPlaced Mail ["order": 7] Cannot throw the Unreachable: error for the post. Cause: Unreachable in Mail: post 10 2000-01-01T00:`) || !strings.Contains(rest, "\n1 dead letter\n") {
			t.Errorf("%q", out)
		}
		for i := 1; i < len(at); i++ {
			want := min(time.Second<<(i-1), 5*time.Minute)
			if got := at[i].Sub(at[i-1]); got < want*8/10 || got > want*12/10 || got > 5*time.Minute+time.Millisecond {
				t.Errorf("%v before attempt %d, not about %v", got, i+1, want)
			}
		}
		if n := strings.Count(errs.String(), "attempt "); n != 10 || !strings.Contains(errs.String(), "attempt 10 of 10: the last one, see dead-letter-repository]") {
			t.Errorf("the log tells of %d attempts:\n%s", n, errs.String())
		}
		if warned := strings.Contains(errs.String(), "events end with the process"); warned != (data == "") {
			t.Errorf("warned that events are not kept: %v, with the folder %q", warned, data)
		}
	}
}

// TestE07_Restart: with a data folder an attempt that was to come comes after the restart,
// and counts go on; also when a handler ran at the moment of a crash. The id of the event
// stays, nothing is left in the end, and the metrics know of it before it is taken over.
func TestE07_Restart(t *testing.T) {
	const src = `(Application-Start: Shop) {
    Configure the <application: durable-events> with true.
    %s
    %s
    Return an <OK: status> for the <application>.
}
(Mail: OrderPlaced Handler) {
    Log "${<event: id>} ${<event: attempt>}" to the <console>.
    %s
    Throw an <Unreachable: error> for the <post> when <event: attempt> < 4.
}
`
	data, killed := t.TempDir(), t.TempDir()
	kill := verb("kill", func(*vm.Call) (value.Value, error) {
		return value.Nil, os.CopyFS(killed, os.DirFS(data)) // what a crash leaves at this moment
	})
	first := runKept(t, data, fmt.Sprintf(src, `Emit an <OrderPlaced: event> with { order: 7 }.`, "Wait for 2 seconds.", `Kill the <process> for the <event> when <event: attempt> = 2.`), io.Discard, kill)
	id, _, _ := strings.Cut(first, " ")
	if first != id+" 1\n"+id+" 2\n" {
		t.Fatalf("%q", first)
	}
	later := fmt.Sprintf(src, `Log "one waits" to the <console> when <metrics: prometheus> contains "aro_events_waiting 1".
    Log "started" to the <console>.`, "Keepalive the <application> for the <events>.", "")
	for _, folder := range []string{data, killed} {
		if out := runKept(t, folder, later, io.Discard); out != "one waits\nstarted\n"+id+" 3\n"+id+" 4\n" {
			t.Errorf("after the restart: %q", out)
		}
		if out := runKept(t, folder, later, io.Discard); out != "started\n" {
			t.Errorf("when all is done: %q", out)
		}
	}
}

// TestE07_HandlerGone: an event for a handler that the program has no more is a dead
// letter. While the option is off, events stay where they are, and somebody is told.
func TestE07_HandlerGone(t *testing.T) {
	data := t.TempDir()
	start := `(Application-Start: Shop) {
    %s
    Keepalive the <application> for the <events>.
    Retrieve the <letters> from the <dead-letter-repository>.
    for each <letter> in <letters> { Log "${<letter: handler>}: ${<letter: error>} (${<letter: attempts>})" to the <console>. }
    Return an <OK: status> for the <application>.
}
`
	const on = `Configure the <application: durable-events> with true. `
	runKept(t, data, fmt.Sprintf(start, on+`Emit a <Ping: event> with { n: 1 }.`)+`
(Old: Ping Handler) { Stop the <keyboard>. Throw a <Bad: error> for the <n>. }
`, io.Discard)
	var errs bytes.Buffer
	renamed := `(New: Ping Handler) { Log "never" to the <console>. }
`
	if out := runKept(t, data, fmt.Sprintf(start, "")+renamed, &errs); out != "" || !strings.Contains(errs.String(), "1 event(s) of an earlier run wait") {
		t.Errorf("%q, %q", out, errs.String())
	}
	if out := runKept(t, data, fmt.Sprintf(start, on)+renamed, io.Discard); out != "Old: the program has no feature set (Old: Ping Handler) any more (2)\n" {
		t.Errorf("%q", out)
	}
}

// refusing is an engine whose disk is full.
type refusing struct{ *durable.Engine }

func (refusing) Sync(uint64, uint64, func(error)) (bool, error) {
	return true, errors.New("the disk is full")
}

// TestE07_NotKept: an event that cannot be kept is not raised: the statement fails.
func TestE07_NotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := durable.Open(t.TempDir(), durable.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		runEngine(t, refusing{e}, `(Application-Start: Shop) {
    Configure the <application: durable-events> with true.
    Emit a <Ping: event> with { n: 1 }.
    Return an <OK: status> for the <application>.
}
(Pong: Ping Handler) { Log "never" to the <console>. }
`, &out, io.Discard)
		if !strings.Contains(out.String(), "the disk is full") || strings.Contains(out.String(), "never") {
			t.Error(out.String())
		}
	})
}

// TestE07_Bounded: events that wait do not fill the memory: Emit fails from some number on,
// and goes on when there is room.
func TestE07_Bounded(t *testing.T) {
	var errs bytes.Buffer
	out := runKept(t, "", `(Application-Start: Flood) {
    Configure the <application: durable-events> with true.
    for <i> from 0 to 65536 { Emit a <Ping: event> with { n: <i> }. }
    Schedule the <tick> with 0.5 seconds.
    Wait for 10 seconds.
    Return an <OK: status> for the <application>.
}
(Fail: Ping Handler) { Throw a <Bad: error> for the <n> when <event: attempt> < 3. }
(Again: tick Handler) { Emit a <Pong: event> with { n: 1 }. }
(Well: Pong Handler) { Log "pong" to the <console>. }
`, &errs)
	n := strings.Count(errs.String(), "65536 events wait for handlers")
	if pongs := strings.Count(out, "pong"); n == 0 || pongs == 0 || n+pongs < 19 || n+pongs > 20 {
		t.Errorf("%d refused, %d not", n, pongs)
	}
}

// TestHammerKeptEvents: many emitters and handlers that fail, wait and end at the same time:
// each event is handled well once, none is left, and rows are used again.
func TestHammerKeptEvents(t *testing.T) {
	const emitters, each = 8, 100
	for _, kept := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var engine store.Engine = store.NewMemory()
			if kept {
				e, err := durable.Open(t.TempDir(), durable.Options{Warn: func(err error) { t.Error(err) }})
				if err != nil {
					t.Fatal(err)
				}
				engine = e
			}
			h := linkConfig(t, `(Begin: X) { Configure the <application: durable-events> with true. }
(Raise: X) { Emit a <Ping: event> with { n: <event: n> }. }
(Quick: Ping Handler) {
    Throw a <Bad: error> for the <n> when <event: attempt> = 1 and <event: n> % 3 = 0.
    Store { n: <event: n> } into the <quick-repository>.
}
(Slow: Ping Handler) {
    Wait for 0.1 seconds.
    Throw a <Bad: error> for the <n> when <event: attempt> < 3 and <event: n> % 7 = 0.
    Store { n: <event: n> } into the <slow-repository>.
}`, host.Config{Engine: engine, Stdout: io.Discard, Stderr: io.Discard, KeepAlive: true})
			signals, ended := make(chan os.Signal), make(chan struct{})
			go func() {
				h.Run(signals)
				close(ended)
			}()
			synctest.Wait()
			h.Invoke(h.Named("Begin"), host.Payload{Event: value.EmptyMap}).Release()
			var emitting sync.WaitGroup
			for who := range emitters {
				emitting.Go(func() {
					for i := range each {
						n := value.OfInt(int64(who*each + i))
						h.Invoke(h.Named("Raise"), host.Payload{Event: value.MapOf("n", n)}).Release()
					}
				})
			}
			emitting.Wait()
			time.Sleep(10 * time.Second)
			for _, name := range []string{"quick-repository", "slow-repository"} {
				if n := engine.Repository(name).Count(); n != emitters*each {
					t.Errorf("kept %v: %d rows in the %s", kept, n, name)
				}
			}
			if n := engine.Repository(store.Events).Count(); n != 0 {
				t.Errorf("kept %v: %d events are left", kept, n)
			}
			if text := h.Metrics("prometheus"); !strings.Contains(text, "\naro_events_waiting 0\n") {
				t.Errorf("kept %v: %s", kept, text)
			}
			signals <- os.Interrupt
			close(signals)
			<-ended
		})
	}
}

// TestE07_Ends: without a folder the log says what is lost when the application ends.
func TestE07_Ends(t *testing.T) {
	var errs bytes.Buffer
	runKept(t, "", `(Application-Start: Shop) {
    Configure the <application: durable-events> with true.
    Emit a <Ping: event> with { n: 1 }.
    Return an <OK: status> for the <application>.
}
(Fail: Ping Handler) { Throw a <Bad: error> for the <n>. }
(Late: Ping Handler) { Stop the <keyboard>. Throw a <Bad: error> for the <n>. }
`, &errs)
	for _, want := range []string{"attempt 1 of 10: again in ", "attempt 1 of 10: lost, because the application ends]", "1 handler(s) would have been tried again: Fail of Ping\n"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("no %q in\n%s", want, errs.String())
		}
	}
}

var _ store.Shared = (*meeting)(nil)

// meeting is an engine that others share, whom the test plays. Writes are made; when it
// is silent nobody learns that.
type meeting struct {
	*store.Memory
	silent atomic.Bool
}

func (m *meeting) Write(repository string, apply func(store.Repository), done func(error)) {
	apply(m.Repository(repository))
	var err error
	if m.silent.Load() {
		err = &store.UnavailableError{Err: errors.New("no answer")}
	}
	go done(err)
}

func (m *meeting) Turn(string, func(store.Repository), func(store.Turn, error)) { panic("unexpected") }
func (m *meeting) Adopt(func(string, []store.Change, store.Turn))               {}
func (m *meeting) Process() string                                              { return "us" }
func (m *meeting) Gone(process string) bool                                     { return process == "dead" }

func (m *meeting) Follow(string, func([]store.Change)) {}

func (m *meeting) Behind() time.Duration {
	if m.silent.Load() {
		return 12 * time.Second
	}
	return 0
}

// give makes all events those of a process.
func (m *meeting) give(process string) {
	events := m.Repository(store.Events)
	for _, row := range events.Rows() {
		events.Store(value.OfRecord(row.Record().With("process", value.OfString(process))))
	}
}

// TestN04_Owners: an event belongs to the process that its row names, whatever this one
// believes. One that another process has taken over is left to it; one of a dead process is
// taken over, one of a living one is not; and one whose Emit failed for want of an answer is
// run if it is there nevertheless.
func TestN04_Owners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &meeting{Memory: store.NewMemory()}
		var out lockedBuffer
		h := linkConfig(t, `(Begin: X) {
    Configure the <application: durable-events> with true.
    Emit a <Ping: event> with { n: "ours" }.
}
(Raise: X) { Emit a <Ping: event> with { n: "late" }. }
(Try: Ping Handler) {
    Log "${<event: n>} ${<event: attempt>}" to the <console>.
    Throw a <Bad: error> for the <n> when <event: attempt> < 3.
}`, host.Config{Engine: m, Stdout: &out, Stderr: io.Discard, KeepAlive: true})
		signals := make(chan os.Signal)
		ended := make(chan struct{})
		go func() {
			h.Run(signals)
			close(ended)
		}()
		synctest.Wait()
		want := func(when, want string) {
			t.Helper()
			if got := out.String(); got != want {
				t.Errorf("%s: %q, want %q", when, got, want)
			}
		}
		h.Invoke(h.Named("Begin"), host.Payload{Event: value.EmptyMap}).Release()
		m.give("alive")
		time.Sleep(10 * time.Second)
		want("while another process has it", "ours 1\n")
		m.give("dead")
		time.Sleep(10 * time.Second)
		want("when that is dead", "ours 1\nours 2\nours 3\n")
		if n := m.Repository(store.Events).Count(); n != 0 {
			t.Errorf("%d events are left", n)
		}
		m.silent.Store(true)
		e := h.Invoke(h.Named("Raise"), host.Payload{Event: value.EmptyMap})
		if e.State() != vm.Failed || !host.Unavailable(e.Err()) {
			t.Errorf("an Emit without an answer: %v", e.Err())
		}
		e.Release()
		if text := h.Metrics("prometheus"); !strings.Contains(text, "\naro_engine_stale_seconds 12.0\n") || !strings.Contains(text, "\naro_events_waiting 0\n") {
			t.Error(text)
		}
		time.Sleep(10 * time.Second)
		want("without an answer", "ours 1\nours 2\nours 3\n")
		m.silent.Store(false)
		time.Sleep(10 * time.Second)
		want("with answers again", "ours 1\nours 2\nours 3\nlate 1\nlate 2\nlate 3\n")
		if n := m.Repository(store.Events).Count(); n != 0 {
			t.Errorf("%d events are left", n)
		}
		signals <- os.Interrupt
		close(signals)
		<-ended
	})
}

// lockedBuffer is a buffer that may be read while others write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestE07_LogJSON: a log of objects says which event and attempt failed, and when the next
// one comes.
func TestE07_LogJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs lockedBuffer
		h := linkConfig(t, `(Raise: X) {
    Configure the <application: durable-events> with true.
    Emit a <Ping: event> with { n: 1 }.
}
(Fail: Ping Handler) { Throw a <Bad: error> for the <n>. }`, host.Config{Stdout: io.Discard, Stderr: &errs, LogJSON: true})
		h.Invoke(h.Named("Raise"), host.Payload{Event: value.EmptyMap}).Release()
		time.Sleep(time.Hour)
		var attempts []int
		for line := range strings.Lines(errs.String()) {
			var l struct {
				Set, Event, Again string
				Attempt           int
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			if l.Set != "Fail" {
				continue
			}
			attempts = append(attempts, l.Attempt)
			if again := l.Again != ""; l.Event == "" || again != (l.Attempt < 10) {
				t.Error(line)
			}
		}
		if fmt.Sprint(attempts) != "[1 2 3 4 5 6 7 8 9 10]" {
			t.Errorf("%v", attempts)
		}
	})
}
