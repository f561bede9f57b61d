package host

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/host/screen"
	"aro/pkg/store"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// Config is what a host needs from outside.
type Config struct {
	Root       string // application directory: templates, store files
	Parameters value.Value
	Stdout     io.Writer // Log; each line is one Write
	Stderr     io.Writer // diagnostics
	Stdin      io.Reader // Read from the <stdin>; keys, if it is a terminal
	WorkDir    string    // what the paths of programs are relative to; "": the process's
	Engine     store.Engine
	// Leads reports whether a schedule is this process's, of all those that share the
	// engine; nil: there is no other one. It may block.
	Leads func(schedule string) bool
	Verbs []*Verb
	// Templates compiles template sources; nil: Transform cannot render.
	Templates func(name string, source []byte) (*bytecode.Chunk, error)
	// Schemas returns the check of a schema of the contract, nil when there is
	// no such schema; it lists what is wrong with a value.
	Schemas func(name string) func(value.Value) []string
	// Assets are files that came with the program, by their path in the
	// application; they win over files in Root.
	Assets  map[string][]byte
	Verbose bool
	// Reloads says that somebody calls Reload when files have changed: templates and
	// static files are not looked at in between.
	Reloads bool
	// LogJSON writes each line of the log as a JSON object, LogRequests a line for
	// each request.
	LogJSON, LogRequests bool
	// KeepAlive keeps the process after Application-Start until a signal comes.
	KeepAlive bool
	// Debug prints the final response in developer form, Testing makes When work
	// and Log write in developer form (02 §13, §14).
	Debug, Testing bool
	// EntryPoint names the feature set that runs instead of Application-Start.
	EntryPoint string
	// Qualifiers finds an operation of a plugin, Handle.name in any case; it returns
	// nil for other names. The operation may block.
	Qualifiers func(name string) func(v, with value.Value) (value.Value, error)
	// Record gets every event, nil for none; the events of Replay are raised
	// before Application-Start.
	Record *Recorder
	Replay []DomainEvent
	// HandlerBudget is the wall-clock limit of a handler's own computing (not of
	// its waiting); 0 is DefaultBudget.
	HandlerBudget time.Duration
	// Spans gets what systems for tracing draw, nil for none. It must not block.
	Spans func(Span)
	// Flight is the file of the flight recorder, "" for none: what ran in the last
	// seconds is written to it when a handler panics or uses up its budget.
	Flight string
	Watch  *Watch  // collects what the inspector shows; nil: nothing is collected
	Access *Access // what the program may reach; nil: what the user may
}

// DefaultBudget is the time a handler may compute without a pause before it is
// stopped with an error.
const DefaultBudget = 30 * time.Second

// Host runs one program, or with Reload one after another. All methods are safe for concurrent use once Load has
// returned.
type Host struct {
	Config
	verbs   map[string]*Verb
	started time.Time

	current   atomic.Pointer[program]
	start     *Set // what the run begins with; a reload does not change it
	repos     map[string]*repository
	reposMu   sync.RWMutex
	templates templateCache
	columns   columns
	durable   store.Durable // the engine, nil when rows end with the process
	shared    store.Shared  // the engine, nil when no other process has a part in it
	alone     bool          // the engine is neither

	transactions atomic.Bool // runs that begin from now on have one

	files    files
	stdin    stdin
	asking   sync.Mutex // Prompt and Select ask one after the other
	input    screen.Input
	screen   *screen.Screen
	console  sync.Mutex
	scope    scope
	handles  sync.Map // service handles by name: value.Value
	services map[string]Service
	remote   Remote
	sessions Sessions
	follower follower        // nil unless somebody wants to know what runs do
	recorder *flightRecorder // one of them, for who asks it to write
	callable map[string]Callable

	life     lifecycle
	flight   flight // executions that a trigger from outside started
	sleepers sleepers

	refusals  refusals
	secrets   secrets
	schedules schedules
	keeper    keeper
	commands  commands
	system    system
	keyboard  keyboard
}

// New links a program to the world. The program must have been verified.
func New(p *bytecode.Program, cfg Config) *Host {
	if cfg.Stdout == nil {
		cfg.Stdout = os.Stdout
	}
	if cfg.Stderr == nil {
		cfg.Stderr = os.Stderr
	}
	if cfg.Stdin == nil {
		cfg.Stdin = os.Stdin
	}
	if cfg.Engine == nil {
		cfg.Engine = store.NewMemory()
	}
	if cfg.Verbs == nil {
		cfg.Verbs = Verbs()
	}
	if cfg.HandlerBudget == 0 {
		cfg.HandlerBudget = DefaultBudget
	}
	if !cfg.Parameters.IsBound() {
		cfg.Parameters = value.EmptyMap
	}
	h := &Host{
		Config:   cfg,
		started:  time.Now(),
		verbs:    make(map[string]*Verb),
		repos:    make(map[string]*repository),
		services: make(map[string]Service),
		callable: make(map[string]Callable),
	}
	h.durable, _ = cfg.Engine.(store.Durable)
	h.concealParameters()
	h.follow()
	if h.shared, _ = cfg.Engine.(store.Shared); h.shared != nil {
		h.shared.Adopt(h.adopt)
	}
	h.alone = h.durable == nil && h.shared == nil
	h.keeper.h = h
	h.files = newFiles(cfg.WorkDir, cfg.Access)
	h.stdin.r = bufio.NewReader(cfg.Stdin)
	h.life.init()
	h.OnClose(h.commands.close)
	h.newScreen()
	h.templates.init(h)
	h.Register("file-monitor", &fileMonitor{h: h})
	for _, v := range cfg.Verbs {
		h.verbs[v.Name] = v
	}
	h.install(h.newProgram(p))
	h.start = h.program().start
	return h
}

// Sets returns all feature sets in source order; read only.
func (h *Host) Sets() []*Set { return h.program().sets }

// Named returns the feature set of that name, nil when there is none.
func (h *Host) Named(name string) *Set { return h.program().byName[name] }

// ConnectionHandlers returns the feature sets for an event of TCP connections
// (SocketEvent) or WebSockets (WebSocketEvent).
func (h *Host) ConnectionHandlers(kind Kind, event string) []*Set {
	return h.program().connection[kind][event]
}

// Uses reports whether any statement has the given word as the base of its
// result or object: whether a program mentions <websocket>, for instance.
func (h *Host) Uses(base string) bool {
	for _, s := range h.program().sets {
		for site := range s.Code.Chunk.Imports() {
			if site.Object == base || site.Result == base {
				return true
			}
		}
	}
	return false
}

// Followed reports whether somebody looks at what runs do and may keep what he sees: a
// recording, the inspector, traces, a debugger.
func (h *Host) Followed() bool { return h.Record != nil || h.Watch != nil || h.follower != nil }

// Invoke runs a feature set for a trigger from outside on this goroutine and
// returns when it ended. The caller must Release the execution.
func (h *Host) Invoke(s *Set, t Trigger) *Execution {
	e := h.newExecution(s.Code, s, t, nil)
	e.Limit(0, h.HandlerBudget)
	e.tally(&h.flight.begun)
	e.runHere()
	e.tally(&h.flight.ended)
	return e
}

// Starter is told of a run before it begins.
type Starter interface{ Began(e *Execution) }

// InvokeFor is Invoke for somebody who may want to Abandon the run.
func (h *Host) InvokeFor(s *Set, t Trigger, who Starter) *Execution {
	e := h.newExecution(s.Code, s, t, nil)
	e.Limit(0, h.HandlerBudget)
	e.tally(&h.flight.begun)
	who.Began(e)
	e.runHere()
	e.tally(&h.flight.ended)
	return e
}

// ErrGone is the failure of a run that nobody waits for any more.
var ErrGone = errors.New("the client has gone")

// Abandon makes a run that waits, or computes for long, fail with ErrGone instead
// of going on. What it has done stays done. Any goroutine may call it until the
// run is released.
func (e *Execution) Abandon() {
	e.Cancel(ErrGone)
	e.Host.sleepers.wakeOne(e, ErrGone)
}

// Deliver runs all handlers of one outside event on this goroutine, one that
// waits letting the next one start, and returns when all have ended.
func (h *Host) Deliver(sets []*Set, t Trigger) {
	h.recordOutside(sets, t)
	if _, ok := t.(Traced); !ok && len(sets) > 1 {
		t = &shared{Trigger: t}
	}
	var waiting []*Execution
	began, stripe := false, uint8(0)
	for _, s := range sets {
		if !s.accepts(t) {
			continue
		}
		e := h.newExecution(s.Code, s, t, nil)
		if !began {
			began = true
			e.tally(&h.flight.begun)
			stripe = e.stripe
		}
		e.Limit(0, h.HandlerBudget)
		if e.drive() {
			e.release()
		} else {
			waiting = append(waiting, e)
		}
	}
	if u, ok := t.(Corked); ok && len(waiting) > 0 {
		u.Uncork()
	}
	for _, e := range waiting {
		e.await()
		e.release()
	}
	if began {
		h.flight.ended.add(stripe, 1)
	}
}

// Release gives back an execution that Invoke returned. Once in 256 runs it lets other
// goroutines go on: one that handles event after event without waiting would keep its core
// for ten milliseconds at a time, and not only others wait for it, but also the collector,
// while whose marking lasts each write of a pointer costs more. Producers that do nothing
// else got a fifth faster by it.
func (e *Execution) Release() {
	giveWay := e.clock.random>>24 == 0
	e.release()
	if giveWay {
		runtime.Gosched()
	}
}

// Service is something that `Start the <name>` and `Stop the <name>` address: a
// server, a monitor.
type Service interface {
	// Start starts it with the options of the statement, unbound without any,
	// and returns what the name is bound to.
	Start(c *vm.Call, options value.Value) (value.Value, error)
	// Stop stops it; stopping what does not run succeeds.
	Stop(c *vm.Call) error
	// Describe returns the properties of <name: …>, unbound when it does not run.
	Describe() value.Value
}

// Register makes a service known under a name. It must be called before Run.
func (h *Host) Register(name string, s Service) { h.services[name] = s }

// SetHandle makes a name known to the whole application: what `Listen … as`,
// `Connect … as` and `Start the <x>` bind (01 §9.1). Where Application-Start
// bound the name, handlers see the new value too: a connection that a handler
// opened again replaces the one that broke.
func (h *Host) SetHandle(name string, v value.Value) {
	h.handles.Store(name, v)
	h.scope.mu.Lock()
	defer h.scope.mu.Unlock()
	if _, bound := h.scope.start[name]; bound {
		h.scope.start[name] = v
	}
}

// Handle returns what SetHandle stored, unbound otherwise.
func (h *Host) Handle(name string) value.Value {
	if v, ok := h.handles.Load(name); ok {
		return v.(value.Value)
	}
	return value.Value{}
}

// serviceNames lists the registered services for messages.
func (h *Host) serviceNames() []string { return slices.Sorted(maps.Keys(h.services)) }
