package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aro/pkg/host/plugin"
)

// Change is a change of the plugins of an application. What it fetches is beside them,
// in a folder of its own, until Commit puts all of it in place; End removes the rest. The
// folder keeps two changes from happening at once.
type Change struct {
	// Lock is the lock as it is; Commit replaces it.
	Lock *plugin.Lock
	// Notes are things that the user should know of what was fetched.
	Notes []string

	Application
	work   string
	made   bool // Plugins was not there
	count  int
	staged []*fetched
}

// Application is what a change needs to know of the application, and of who asks.
type Application struct {
	Root    string
	Version string // of aro
	// In is what commands that messages name need behind them, such as " --in shop".
	In  string
	Log func(format string, args ...any) // told of what takes time
}

// workFolder is in Plugins, because renaming works within a file system only. It has no
// manifest itself, so nobody takes it for a plugin.
const workFolder = ".changing"

// Begin begins a change of an application.
func Begin(a Application) (*Change, error) {
	c := &Change{Application: a, work: plugin.Dir(a.Root, workFolder)}
	dir := filepath.Dir(c.work)
	switch err := os.Mkdir(dir, 0o777); {
	case err == nil:
		c.made = true
	case !errors.Is(err, fs.ErrExist):
		return nil, err
	}
	if err := os.Mkdir(c.work, 0o777); errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("another aro changes these plugins; if none does, one was killed: remove %s", c.work)
	} else if err != nil {
		return nil, err
	}
	var err error
	if c.Lock, err = plugin.ReadLock(a.Root); err != nil {
		c.End()
		return nil, err
	}
	return c, nil
}

// End removes what is not in place.
func (c *Change) End() {
	os.RemoveAll(c.work)
	if c.made {
		os.Remove(filepath.Dir(c.work)) // fails if there is something in it
	}
}

// Add fetches a plugin, and those it depends on. A path as source counts from the
// working directory. The result is what Commit will put in place, what others depend on
// behind them.
func (c *Change) Add(ctx context.Context, source, ref string) ([]plugin.Locked, error) {
	p, err := locate(source, ".", c.Root)
	if err != nil {
		return nil, err
	}
	if err := c.take(ctx, p, ref, "", nil); err != nil {
		return nil, err
	}
	var list []plugin.Locked
	for _, f := range c.staged {
		list = append(list, f.Locked)
	}
	return list, nil
}

// take fetches a plugin and what it depends on. want is its name, if that is known
// before; chain are the plugins that led here.
func (c *Change) take(ctx context.Context, p place, ref, want string, chain []string) error {
	if err := checkRef(ref); err != nil {
		return err
	}
	f, err := c.get(ctx, p, ref, "")
	if err != nil {
		return err
	}
	if err := c.inspect(f); err != nil {
		return fmt.Errorf("%s: %s", at(p.source, ref), plainText(err))
	}
	switch {
	case want != "" && f.Name != want && len(chain) == 0:
		return fmt.Errorf("%s is the plugin %s now, and %s no longer", at(p.source, ref), f.Name, want)
	case want != "" && f.Name != want:
		return fmt.Errorf("%s wants the plugin %s, and %s is the plugin %s", chain[len(chain)-1], want, p.source, f.Name)
	case want == "" && c.there(f.Name):
		if c.Lock.Get(f.Name) == nil {
			return fmt.Errorf("Plugins/%s is there already, and was not fetched; rename or remove it", f.Name)
		}
		return fmt.Errorf("the plugin %s is there already: aro plugins update %s%s gets its newest commit", f.Name, f.Name, c.In)
	}
	if len(chain) > 0 {
		f.by = chain[len(chain)-1]
	}
	c.staged = append(c.staged, f)
	for _, d := range f.plugin.Dependencies {
		if err := c.need(ctx, d, f, append(slices.Clip(chain), f.Name)); err != nil {
			return err
		}
	}
	return nil
}

// inspect reads the manifest of what was fetched.
func (c *Change) inspect(f *fetched) error {
	p, problems := plugin.Load(f.dir)
	switch {
	case p == nil || !p.Useful() && len(problems) > 0:
		return errors.Join(problems...)
	case !p.Useful():
		return errors.New("plugin.yaml provides nothing")
	}
	if p.Name == p.Folder {
		return errors.New("plugin.yaml lacks a name")
	}
	if !plugin.SafeName(p.Name) {
		return fmt.Errorf("the name in plugin.yaml is %q, and must be of lower-case letters, digits and hyphens", p.Name)
	}
	if err := plugin.Fits(p.Needs, c.Version); err != nil {
		return err
	}
	f.Name, f.plugin = p.Name, p
	for _, problem := range problems {
		c.note("%s: %s", f.Name, problem)
	}
	if p.Builds {
		c.note("%s: plugin.yaml has commands to build it, which aro does not run", f.Name)
	}
	for _, name := range f.left {
		c.note("%s: %s is a submodule and was left out", f.Name, name)
	}
	return nil
}

func (c *Change) note(format string, args ...any) {
	c.Notes = append(c.Notes, plainText(fmt.Errorf(format, args...)))
}

// there reports whether a plugin is in the lock, or its folder is there.
func (c *Change) there(name string) bool {
	_, err := os.Lstat(plugin.Dir(c.Root, name))
	return err == nil || c.Lock.Get(name) != nil
}

// maxPlugins bounds how many plugins one may lead to.
const maxPlugins = 100

// need gets a dependency, unless it is there as it is wanted.
func (c *Change) need(ctx context.Context, d plugin.Dependency, by *fetched, chain []string) error {
	if !plugin.SafeName(d.Name) {
		return fmt.Errorf("%s depends on %q, which is no name of a plugin", by.Name, d.Name)
	}
	// A path counts from the repository that names it.
	p, err := locate(d.Source, strings.TrimPrefix(by.place.address, "file://"), c.Root)
	if err != nil {
		return fmt.Errorf("%s depends on %s: %w", by.Name, d.Name, err)
	}
	if p.local() && !by.place.local() {
		return fmt.Errorf("%s depends on %s at %s, a place on this machine; only a plugin that is on it itself may", by.Name, d.Name, d.Source)
	}
	if i := slices.Index(chain, d.Name); i >= 0 {
		return fmt.Errorf("plugins depend on each other in a circle: %s → %s", strings.Join(chain[i:], " → "), d.Name)
	}
	wanted := at(p.source, d.Ref)
	for _, f := range c.staged {
		if f.Name != d.Name {
			continue
		}
		if have := at(f.Source, f.Ref); f.place.address != p.address || f.Ref != d.Ref {
			who := f.by + " wants it from"
			if f.by == "" {
				who = "it is fetched from"
			}
			return fmt.Errorf("%s wants %s from %s, and %s %s", by.Name, d.Name, wanted, who, have)
		}
		return nil
	}
	if l := c.Lock.Get(d.Name); l != nil {
		there, err := locate(l.Source, c.Root, c.Root)
		if err != nil {
			return fmt.Errorf("%s in %s: %w", l.Name, plugin.LockFile, err)
		}
		if have := at(l.Source, l.Ref); there.address != p.address || l.Ref != d.Ref {
			return fmt.Errorf("%s wants %s from %s, and it is here from %s: aro plugins update %s --ref REF%s changes that", by.Name, d.Name, wanted, have, d.Name, c.In)
		}
		return nil
	}
	if c.there(d.Name) {
		return fmt.Errorf("%s depends on %s, and Plugins/%s was not fetched; rename or remove it", by.Name, d.Name, d.Name)
	}
	if len(c.staged) >= maxPlugins {
		return fmt.Errorf("%s leads to more than %d plugins", chain[0], maxPlugins)
	}
	return c.take(ctx, p, d.Ref, d.Name, chain)
}

// Commit writes the lock, and puts what was fetched in place. When it fails, everything
// is as it was. When it is killed half way, the lock is ahead of the folders: aro says
// what is missing, and aro plugins restore gets it.
func (c *Change) Commit() error {
	var locked []plugin.Locked
	for _, f := range c.staged {
		locked = append(locked, f.Locked)
	}
	old := c.Lock
	next := old.With(locked...)
	if err := next.Write(c.Root); err != nil {
		return err
	}
	var undo []func()
	for _, f := range c.staged {
		target, aside := plugin.Dir(c.Root, f.Name), f.dir+".old"
		err := os.Rename(target, aside)
		if err == nil {
			undo = append(undo, func() { os.Rename(aside, target) })
		} else if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err == nil {
			if err = os.Rename(f.dir, target); err == nil {
				undo = append(undo, func() { os.RemoveAll(target) })
			}
		}
		if err != nil {
			for _, step := range slices.Backward(undo) {
				step()
			}
			return errors.Join(err, old.Write(c.Root))
		}
	}
	c.Lock = next
	return nil
}
