package host

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/store"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// The times of 03 §16.
const (
	drainTime    = 2 * time.Second
	endTime      = 5 * time.Second
	flushTime    = 1 * time.Second
	shutdownTime = 10 * time.Second
	idleFirst    = 500 * time.Millisecond
	idleMore     = 2 * time.Second
	stallTime    = 10 * time.Second
)

// lifecycle is what keeps the process alive and what ends it.
type lifecycle struct {
	stop     chan struct{} // closed when shutdown begins
	stopOnce sync.Once
	signal   atomic.Value // string: the signal's name
	ready    atomic.Bool  // Application-Start has ended well, or keeps the process alive
	holders  atomic.Int64 // listeners and outgoing connections: they hold the process
	sources  atomic.Int64 // event sources: Keepalive does not end by idleness while there are any
	wake     chan struct{}

	mu      sync.Mutex
	drain   []func() // stop accepting
	closing []func(deadline time.Time)
}

func (l *lifecycle) init() {
	l.stop = make(chan struct{})
	l.wake = make(chan struct{}, 1)
}

// Stopping is closed when shutdown begins.
func (h *Host) Stopping() <-chan struct{} { return h.life.stop }

// IsStopping reports whether shutdown has begun.
func (h *Host) IsStopping() bool {
	select {
	case <-h.life.stop:
		return true
	default:
		return false
	}
}

// Shutdown begins the shutdown; signal is its cause, "" for none.
func (h *Host) Shutdown(signal string) {
	h.life.stopOnce.Do(func() {
		h.life.signal.Store(signal)
		close(h.life.stop)
	})
}

// EndedBy is the signal that began the shutdown, "" for none.
func (h *Host) EndedBy() string {
	signal, _ := h.life.signal.Load().(string)
	return signal
}

// Hold keeps the process alive after Application-Start until the returned
// function is called: once per open listener or outgoing connection.
func (h *Host) Hold() (release func()) {
	h.life.holders.Add(1)
	done := h.Source()
	return sync.OnceFunc(func() {
		h.life.holders.Add(-1)
		done()
		select {
		case h.life.wake <- struct{}{}:
		default:
		}
	})
}

// Source counts an active event source, until the returned function is called.
func (h *Host) Source() (gone func()) {
	h.life.sources.Add(1)
	return sync.OnceFunc(func() { h.life.sources.Add(-1) })
}

// OnDrain registers what stops accepting work when shutdown begins, OnClose what
// closes the rest after Application-End, until the deadline at most.
func (h *Host) OnDrain(f func()) {
	h.life.mu.Lock()
	defer h.life.mu.Unlock()
	h.life.drain = append(h.life.drain, f)
}

// OnClose: see OnDrain.
func (h *Host) OnClose(f func(deadline time.Time)) {
	h.life.mu.Lock()
	defer h.life.mu.Unlock()
	h.life.closing = append(h.life.closing, f)
}

// Run runs the program to its end and returns the exit code (01 §11.4). Signals
// begin the shutdown; a second one ends the process at once. The channel may be
// closed when no more signals are to be expected.
func (h *Host) Run(signals <-chan os.Signal) int {
	if err := h.loadStores(true); err != nil {
		h.say(h.Stdout, []byte("Error: "+err.Error()+"\n"), nil)
		return 1
	}
	if h.KeepAlive {
		defer h.Hold()()
	}
	if f, ok := h.Engine.(store.Forgetter); ok {
		forgetful.Store(&f)
		defer forgetful.CompareAndSwap(&f, nil)
	}
	if h.EntryPoint != "" {
		if h.start = h.find(h.EntryPoint); h.start == nil {
			h.say(h.Stdout, []byte("Error: Entry point not found: '"+h.EntryPoint+"'\n"), nil)
			return 1
		}
	}
	h.replay()
	started := make(chan struct{})
	e := h.newExecution(h.start.Code, h.start, noTrigger{}, nil)
	go func() {
		e.runHere()
		close(started)
	}()
	go func() {
		select {
		case s, more := <-signals:
			if !more {
				return
			}
			h.Shutdown(signalName(s))
		case <-h.life.stop:
		}
		if _, more := <-signals; more { // closed: nobody sends signals any more
			os.Exit(130)
		}
	}()
	drained := make(chan struct{})
	go func() {
		<-h.life.stop
		h.life.mu.Lock()
		stops := h.life.drain
		h.life.mu.Unlock()
		for _, f := range stops {
			f()
		}
		h.sleepers.wakeAll()
		close(drained)
	}()

	select {
	case <-started:
	case <-h.life.stop:
		// Application-Start gets the drain time to finish: it usually sits in
		// Keepalive, which returns now.
		<-drained
		select {
		case <-started:
		case <-time.After(drainTime):
			e.Cancel(errShutdown)
			select {
			case <-started:
			case <-time.After(drainTime):
			}
		}
	}
	code, failure := 0, error(nil)
	if e.State() == vm.Failed && !errors.Is(e.Err(), errShutdown) {
		code, failure = 1, e.Err()
	}
	if failure == nil {
		h.begun()
		h.waitForWork()
	}
	h.Shutdown("")
	<-drained
	hard := time.AfterFunc(shutdownTime, func() { os.Exit(code) })
	defer hard.Stop()
	h.waitInFlight(time.Now().Add(drainTime))
	h.runEnd(failure)
	deadline := time.Now().Add(flushTime)
	h.life.mu.Lock()
	closing := h.life.closing
	h.life.mu.Unlock()
	var wg sync.WaitGroup
	for _, f := range closing {
		wg.Go(func() { f(deadline) })
	}
	wg.Wait()
	if err := h.Engine.Close(); err != nil {
		h.Diagnose("[ERROR] %s", err)
	}
	if failure != nil {
		h.say(h.Stdout, []byte("Runtime error: "+Describe(failure)+"\n"), nil)
		return code
	}
	form := finalResponse
	if h.Debug {
		form = boxed
	}
	if text := form(e.Reply, h.startLocal(e)); text != "" && !h.KeepAlive {
		h.say(h.Stdout, []byte(text+"\n"), nil)
	}
	return code
}

// startLocal finds variables of Application-Start for the final response.
func (h *Host) startLocal(e *Execution) func(string) value.Value {
	return func(name string) value.Value {
		for _, l := range h.start.Code.Chunk.Locals {
			if l.Name == name {
				return e.Coroutine.Get(l.Reg)
			}
		}
		return value.Value{}
	}
}

func signalName(s os.Signal) string {
	switch s {
	case os.Interrupt:
		return "SIGINT"
	}
	if s.String() == "terminated" {
		return "SIGTERM"
	}
	return s.String()
}

// waitForWork returns when nothing holds the process any longer: no handler
// runs, no listener and no outgoing connection is open; or when it shall stop.
// Handlers that nothing else keeps alive get time as long as they become fewer.
func (h *Host) waitForWork() {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var since time.Time // begin of the window in which handlers must become fewer
	var before int64    // handlers at its begin
	for {
		running, held := h.flight.running(), h.life.holders.Load() > 0
		switch {
		case held:
			since = time.Time{}
		case running == 0:
			return
		case since.IsZero() || running < before:
			since, before = time.Now(), running
		case time.Since(since) >= stallTime:
			h.Diagnose("[WARNING] %d event handler(s) stalled: none ended within %v; the program goes on without them", running, stallTime)
			return
		}
		select {
		case <-h.life.stop:
			return
		case <-h.life.wake:
		case <-tick.C:
		}
	}
}

func (h *Host) waitInFlight(deadline time.Time) {
	for h.flight.running() > 0 && time.Now().Before(deadline) {
		time.Sleep(2 * time.Millisecond)
	}
}

// shutdownTrigger provides <shutdown> to Application-End.
type shutdownTrigger struct{ v value.Value }

func (t shutdownTrigger) Entry(name string) value.Value {
	if name == "shutdown" {
		return t.v
	}
	return value.Value{}
}

func (t shutdownTrigger) Field(string) value.Value { return value.Value{} }

// runEnd runs Application-End, at most endTime.
func (h *Host) runEnd(failure error) {
	set := h.program().end[EndSuccess]
	b := value.NewBuilder(4)
	if failure != nil {
		set = h.program().end[EndError]
		text := value.OfString(failure.Error())
		b.Set("reason", text)
		b.Set("code", value.OfInt(1))
		b.Set("error", text)
	} else {
		b.Set("reason", value.OfString("graceful shutdown"))
		b.Set("code", value.OfInt(0))
		b.Set("signal", value.OfString(h.EndedBy()))
	}
	if set == nil {
		return
	}
	e := h.newExecution(set.Code, set, shutdownTrigger{b.Value()}, nil)
	e.Limit(0, endTime)
	done := make(chan struct{})
	go func() {
		e.runHere()
		close(done)
	}()
	select {
	case <-done:
		if e.State() == vm.Failed {
			h.Diagnose("[Runtime] Application-End handler failed: %s", Describe(e.Err()))
		}
	case <-time.After(endTime):
		h.Diagnose("[Runtime] Application-End handler failed: it did not end within %v", endTime)
	}
}

var lifecycleVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "keepalive", Aliases: []string{"block"}, Role: bytecode.RoleServer, Preps: []string{"for"},
		Doc: "Blocks this feature set until the application shall stop.", Blocking: true,
		Result: bytecode.Labels, Object: bytecode.LabelObject}, Do: keepalive},
	{Verb: bytecode.Verb{Name: "wait", Role: bytecode.RoleServer, Preps: []string{"for"},
		Doc: "Sleeps for a duration, or keeps the application alive.", Blocking: true,
		Result: bytecode.Labels, Object: bytecode.LabelObject}, Do: waitVerb},
	{Verb: bytecode.Verb{Name: "sleep", Aliases: []string{"delay", "pause"}, Role: bytecode.RoleOwn, Preps: []string{"for", "with"},
		Doc: "Sleeps for a duration.", Blocking: true, Result: bytecode.Binds, Object: bytecode.ReadObject}, Do: sleepVerb},
	{Verb: bytecode.Verb{Name: "start", Aliases: []string{"initialize", "boot"}, Role: bytecode.RoleServer, Preps: []string{"with", "for", "on"},
		Doc: "Starts a service, such as the http-server, or a session.", Blocking: true, Result: bytecode.Labels, Object: bytecode.TryObject}, Do: startVerb},
	{Verb: bytecode.Verb{Name: "stop", Role: bytecode.RoleServer, Preps: []string{"with"},
		Doc: "Stops a service, a schedule or a session.", Blocking: true, Result: bytecode.Labels, Object: bytecode.TryObject}, Do: stopVerb},
}

// startVerb starts a registered service; a name that nobody serves succeeds, as
// programs name services of theirs that have no counterpart here.
func startVerb(c *vm.Call) (value.Value, error) {
	h := executionOf(c).Host
	name := c.Site.Result.Base
	if name == "session" && h.sessions != nil {
		return h.sessions.Begin(c, payload(c, payloadShape(c.Site.Site)))
	}
	s := h.services[name]
	if s == nil {
		return value.Value{}, nil
	}
	v, err := s.Start(c, options(c))
	if err == nil && v.IsBound() {
		h.SetHandle(name, v)
	}
	return v, err
}

// options returns what stands behind with, for or on port.
func options(c *vm.Call) value.Value {
	if c.Has(bytecode.SlotPort) {
		return value.MapOf("port", c.Arg(bytecode.SlotPort))
	}
	if v, ok := argOr(c, bytecode.SlotWith); ok {
		return v
	}
	return c.Arg(bytecode.SlotObject)
}

func stopVerb(c *vm.Call) (value.Value, error) {
	h := executionOf(c).Host
	name := c.Site.Result.Base
	switch name {
	case "keyboard", "stdin", "input", "keys":
		h.keyboard.stop()
		h.Shutdown("")
		return value.Value{}, nil
	}
	if name == "session" && h.sessions != nil {
		if v, ours, err := h.sessions.End(c); ours {
			return v, err
		}
	}
	if s := h.services[name]; s != nil {
		return value.Value{}, s.Stop(c)
	}
	h.unschedule(name)
	return value.Value{}, nil
}

func keepalive(c *vm.Call) (value.Value, error) {
	h := executionOf(c).Host
	for _, name := range h.serviceNames() {
		if a, ok := h.services[name].(interface{ AutoStart(*vm.Call) error }); ok {
			if err := a.AutoStart(c); err != nil {
				return value.Value{}, err
			}
		}
	}
	h.begun()
	return c.Suspend(keepaliveOp{h})
}

// keepaliveOp waits for the shutdown, or for idleness while there is no event
// source (03 §2.3).
type keepaliveOp struct{ h *Host }

// Start implements vm.Op.
func (o keepaliveOp) Start(co *vm.Coroutine) bool {
	if o.h.IsStopping() {
		co.Reply(value.Value{}, nil)
		return true
	}
	go func() {
		quiet := idleFirst
		for {
			select {
			case <-o.h.life.stop:
				resume(co, value.Value{}, nil)
				return
			case <-time.After(quiet):
			}
			if o.h.life.sources.Load() > 0 || o.h.flight.running() > 0 {
				quiet = idleFirst
				continue
			}
			if quiet == idleMore {
				resume(co, value.Value{}, nil)
				return
			}
			quiet = idleMore
		}
	}()
	return false
}
