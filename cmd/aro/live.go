//go:build !runtime

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/host/plugin"
	aronet "aro/pkg/net"
	"aro/pkg/net/contract"
	"aro/pkg/syntax"
)

// runLive runs an application while it is worked on: what is changed is live at
// once, and what is broken leaves the last good program as it is.
func runLive(o runOptions) error {
	if strings.EqualFold(filepath.Ext(o.path), ".aroc") {
		return &exitError{64, "Error: --watch wants the sources of an application; " + o.path + " is compiled"}
	}
	seen := lookAt(o.path, isSource)
	for {
		signal, err := runOnce(o, &seen)
		var exit *exitError
		if _, gone := os.Stat(o.path); err != nil && (gone != nil || !errors.As(err, &exit)) || signal != "" {
			return err
		}
		if err != nil && exit.msg != "" {
			fmt.Fprintln(os.Stderr, exit.msg)
		}
		fmt.Fprintf(os.Stderr, "Waiting for changes in %s (Ctrl-C ends)\n", o.path)
		if seen, _, err = changed(context.Background(), o.path, isSource, seen); err != nil {
			return err
		}
	}
}

// runOnce runs the application to its end, and follows what changes meanwhile: seen
// is what the program that ran last was made of. It returns the signal that ended it,
// "" when it ended by itself or did not begin.
func runOnce(o runOptions, seen *map[string]state) (signal string, err error) {
	l, err := loadAny(o)
	if err != nil {
		return "", err
	}
	ctx, stop := context.WithCancel(context.Background())
	followed := make(chan struct{})
	w := &live{loaded: l, path: o.path, start: l.program.Chunks, seen: *seen}
	l.reloads = true
	l.network.Live = aronet.NewLive()
	var h *host.Host
	l.began = func(began *host.Host) {
		h = began
		go func() {
			defer close(followed)
			w.follow(ctx, h)
		}()
	}
	err = l.run(o)
	stop()
	if h == nil {
		return "", err
	}
	<-followed
	*seen = w.seen
	if w.edited {
		*seen = nil // a program that ends has not shown yet what was edited while it ran
	}
	return h.EndedBy(), err
}

// live puts what changes into a running application.
type live struct {
	*loaded
	path  string
	start []*bytecode.Chunk // of the program that the run began with
	seen  map[string]state  // what it was made of

	edited bool // since the run began
}

// follow reloads after each change until ctx ends.
func (w *live) follow(ctx context.Context, h *host.Host) {
	for {
		var names []string
		var err error
		if w.seen, names, err = changed(ctx, w.path, isSource, w.seen); err != nil {
			return
		}
		w.edited = true
		began := time.Now()
		for i, name := range names {
			if rel, err := filepath.Rel(w.path, name); err == nil && rel != "." {
				names[i] = filepath.ToSlash(rel)
			}
		}
		what := strings.Join(names, ", ")
		if problems := w.reload(h); problems != "" {
			w.network.Live.Broken(problems)
			fmt.Fprintf(os.Stderr, "%s\n%s changed; the last good program goes on\n", problems, what)
			continue
		}
		w.network.Live.Built()
		fmt.Fprintf(os.Stderr, "Reloaded %s in %d ms\n", what, time.Since(began).Milliseconds())
		for _, name := range names {
			if strings.HasPrefix(strings.ToLower(name), "plugins/") && filepath.Ext(name) != ".aro" && name != plugin.LockFile || name == "aro.yaml" {
				fmt.Fprintf(os.Stderr, "[Warning] %s is read at the start only; stop the application and start it again\n", name)
			}
		}
	}
}

// reload compiles the application and makes it the running one; it returns what is
// wrong with it otherwise.
func (w *live) reload(h *host.Host) string {
	defer relaxCollector()()
	sources, _, err := discover(w.path, func(string) {})
	if err != nil {
		return err.Error()
	}
	signatures := host.Signatures(w.verbs)
	prog, diags := sources.Compile(compile.Options{Verbs: signatures})
	r := &report{diags: diags}
	next, err := r.checkContract(sources, prog)
	if err != nil {
		return err.Error()
	}
	folder := templateFolder(sources.Root)
	defer folder.Close()
	r.checkTemplates(folder, signatures)
	for _, d := range r.diags {
		if d.Severity != syntax.Warning {
			return strings.TrimSpace(compileErrors(r.diags, false).Error())
		}
	}
	for _, c := range prog.Chunks {
		if err := bytecode.Verify(c); err != nil {
			return "the compiler produced code that does not verify, which is a bug of aro: " + err.Error()
		}
	}
	if err := w.network.Reload(next, func() { h.Reload(prog) }); err != nil {
		return "Error: " + err.Error()
	}
	w.warn(next, prog)
	w.draw(prog, next)
	return ""
}

// warn says what takes another start to come into effect.
func (w *live) warn(next *contract.Contract, prog *bytecode.Program) {
	for i, c := range prog.Chunks {
		if c.Name != "Application-Start" {
			continue
		}
		for _, old := range w.start {
			if old.Name == c.Name && !sameCode(old, c) {
				fmt.Fprintln(os.Stderr, "[Warning] Application-Start has changed and does not run again: stop the application and start it again for that")
			}
		}
		w.start = prog.Chunks[i : i+1]
	}
	if old := w.contract; old != nil && next != nil && old.Port != next.Port {
		fmt.Fprintf(os.Stderr, "[Warning] the port of the contract is %d now; the server stays on the one it was started with\n", next.Port)
	}
	if w.contract == nil && next != nil {
		fmt.Fprintln(os.Stderr, "[Warning] there is a contract now; stop the application and start it again to serve it")
	}
	w.contract = next
}

// draw changes the picture of the inspector.
func (w *live) draw(prog *bytecode.Program, c *contract.Contract) {
	if w.page == nil {
		return
	}
	if g, err := w.graph(prog, c); err == nil {
		w.page.Show(g)
	}
}

// sameCode tells whether two feature sets do the same, wherever they stand.
func sameCode(a, b *bytecode.Chunk) bool {
	return reflect.DeepEqual(a.Code, b.Code) && reflect.DeepEqual(a.Consts, b.Consts) && reflect.DeepEqual(a.Names, b.Names) &&
		reflect.DeepEqual(a.Fields, b.Fields) && reflect.DeepEqual(a.Shapes, b.Shapes) && reflect.DeepEqual(a.Sites, b.Sites)
}
