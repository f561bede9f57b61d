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

// locked is the entry of a plugin in the lock.
func (c *Change) locked(name string) (*plugin.Locked, error) {
	if l := c.Lock.Get(name); l != nil {
		return l, nil
	}
	if c.there(name) {
		return nil, fmt.Errorf("the plugin %s is not in %s: it was not fetched, so its folder is yours alone", name, plugin.LockFile)
	}
	return nil, fmt.Errorf("there is no plugin %s; aro plugins list shows those there are", name)
}

// Restore fetches plugins again as they were locked: those named, or all that are missing
// or changed. It fails if a source has something else at the commit. The result is what
// Commit will put in place.
func (c *Change) Restore(ctx context.Context, names []string) (list []plugin.Locked, err error) {
	if len(names) == 0 {
		for _, l := range c.Lock.Plugins {
			state, _, err := l.Compare(c.Root)
			if err != nil {
				return nil, err
			}
			if state != plugin.AsLocked {
				names = append(names, l.Name)
			}
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if err := c.restore(ctx, name); err != nil {
			return nil, err
		}
	}
	for _, f := range c.staged {
		list = append(list, f.Locked)
	}
	return list, nil
}

func (c *Change) restore(ctx context.Context, name string) error {
	l, err := c.locked(name)
	if err != nil {
		return err
	}
	if l.Edited {
		return fmt.Errorf("%s was changed here after it was fetched, so its source does not have it; take it from version control, or aro plugins update %s --force%s fetches it anew", name, name, c.In)
	}
	p, err := locate(l.Source, c.Root, c.Root)
	if err != nil {
		return err
	}
	f, err := c.get(ctx, p, l.Ref, l.Commit)
	if err != nil {
		return err
	}
	if got := plugin.Hash(f.Files); got != l.Hash() {
		return fmt.Errorf("%s has something else at commit %s than was locked; somebody has changed it, or the lock:\n  locked  %s\n  fetched %s\nnothing was changed", p.source, l.Commit, l.Hash(), got)
	}
	f.Locked = *l
	c.staged = append(c.staged, f)
	return nil
}

// Update fetches the newest commit of what a plugin was asked for at, or of another ref
// unless that is nil. Without force it refuses to drop changes that were made here. The
// result is what Commit will put in place; same says that there is nothing newer, and
// nothing to commit.
func (c *Change) Update(ctx context.Context, name string, ref *string, force bool) (old plugin.Locked, list []plugin.Locked, same bool, err error) {
	l, err := c.locked(name)
	if err != nil {
		return old, nil, false, err
	}
	old = *l
	state, _, err := l.Compare(c.Root)
	if err != nil {
		return old, nil, false, err
	}
	if !force && (state == plugin.Changed || l.Edited) {
		return old, nil, false, fmt.Errorf("%s was changed here, and an update drops that; --force does it", name)
	}
	p, err := locate(l.Source, c.Root, c.Root)
	if err != nil {
		return old, nil, false, err
	}
	if ref == nil {
		ref = &old.Ref
	}
	if err := c.take(ctx, p, *ref, name, nil); err != nil {
		return old, nil, false, err
	}
	for _, f := range c.staged {
		list = append(list, f.Locked)
	}
	if to := list[0]; state == plugin.AsLocked && len(list) == 1 && to.Commit == old.Commit && to.Ref == old.Ref && slices.Equal(to.Files, old.Files) {
		c.Notes = nil
		return old, nil, true, nil
	}
	for _, other := range c.dependents(name) {
		if other.on.Ref != *ref {
			c.note("%s asks for %s at %s", other.name, name, orDefault(other.on.Ref))
		}
	}
	return old, list, false, nil
}

func orDefault(ref string) string {
	if ref == "" {
		return "its default branch"
	}
	return ref
}

// Accept makes the lock say what is there. It returns false if it does already.
func (c *Change) Accept(name string) (bool, error) {
	l, err := c.locked(name)
	if err != nil {
		return false, err
	}
	state, now, err := l.Compare(c.Root)
	switch {
	case err != nil:
		return false, err
	case state == plugin.AsLocked:
		return false, nil
	case state == plugin.Missing:
		return false, fmt.Errorf("the folder of %s is not there: aro remove %s forgets the plugin", name, name)
	}
	if err := plugin.Fit(plugin.Dir(c.Root, name), now); err != nil {
		return false, err
	}
	accepted := *l
	accepted.Files, accepted.Edited = now, true
	return true, c.Lock.With(accepted).Write(c.Root)
}

// Remove removes a plugin, its folder and its entry. Unless it is forced, it refuses what
// could not be fetched again. unneeded are plugins in the lock that only it depended on.
func (c *Change) Remove(name string, force bool) (unneeded []string, err error) {
	if !plugin.SafeName(name) || !c.there(name) {
		return nil, fmt.Errorf("there is no plugin %q; aro plugins list shows those there are", name)
	}
	if by := c.dependents(name); len(by) > 0 {
		var who []string
		for _, d := range by {
			who = append(who, d.name)
		}
		return nil, fmt.Errorf("%s is needed by %s; remove that first", name, strings.Join(who, " and "))
	}
	l := c.Lock.Get(name)
	if l == nil && !force {
		return nil, fmt.Errorf("Plugins/%s is not in %s, so nobody could get it back; --force removes it all the same", name, plugin.LockFile)
	}
	if l != nil && !force {
		state, _, err := l.Compare(c.Root)
		if err != nil {
			return nil, err
		}
		if state == plugin.Changed || l.Edited {
			return nil, fmt.Errorf("Plugins/%s was changed here, which its source does not have; --force removes it all the same", name)
		}
	}
	if p, _ := plugin.Load(plugin.Dir(c.Root, name)); p != nil {
		for _, d := range p.Dependencies {
			if by := c.dependents(d.Name); len(by) == 1 && by[0].name == name && c.Lock.Get(d.Name) != nil {
				unneeded = append(unneeded, d.Name)
			}
		}
	}
	// The folder first: killed in between, aro says that it is missing.
	aside := filepath.Join(c.work, "removed")
	if err := os.Rename(plugin.Dir(c.Root, name), aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := c.Lock.Without(name).Write(c.Root); err != nil {
		os.Rename(aside, plugin.Dir(c.Root, name))
		return nil, err
	}
	c.made = true // the last one takes Plugins with it
	return unneeded, nil
}

// dependent is a plugin that depends on another one.
type dependent struct {
	name string
	on   plugin.Dependency
}

// dependents lists the plugins of the application that depend on one.
func (c *Change) dependents(name string) (list []dependent) {
	plugins, _ := plugin.Find(c.Root)
	for _, p := range plugins {
		for _, d := range p.Dependencies {
			if d.Name == name && p.Folder != name {
				list = append(list, dependent{p.Name, d})
			}
		}
	}
	return list
}
