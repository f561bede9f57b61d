package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// State is how a plugin compares with the lock.
type State string

const (
	AsLocked  State = "locked"
	Changed   State = "changed"
	Missing   State = "missing"
	NotLocked State = "not locked"
)

// Dir is the folder of a plugin of an application.
func Dir(root, name string) string { return filepath.Join(root, folder, name) }

// Compare reads the content of a locked plugin. now is what is there.
func (l *Locked) Compare(root string) (state State, now []File, err error) {
	dir := Dir(root, l.Name)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return Missing, nil, nil
	}
	now, err = Contents(dir, l.Files)
	switch {
	case err != nil:
		return "", nil, err
	case slices.Equal(l.Files, now):
		return AsLocked, now, nil
	}
	return Changed, now, nil
}

// maxNamed is how many files a message names.
const maxNamed = 5

// Verify compares each plugin that is in the lock of an application with it, or only those
// in some folders of Plugins. The error is for people: it names what differs, and the
// commands that mend it; in is what they need behind them, such as " --in shop".
func Verify(root, in string, folders ...string) error {
	lock, err := ReadLock(root)
	if err != nil {
		return err
	}
	var problems []string
	for i := range lock.Plugins {
		l := &lock.Plugins[i]
		if len(folders) > 0 && !slices.Contains(folders, l.Name) {
			continue
		}
		state, now, err := l.Compare(root)
		switch {
		case err != nil:
			return fmt.Errorf("the plugin %s cannot be compared with %s: %w", l.Name, LockFile, err)
		case state == Missing:
			problems = append(problems, fmt.Sprintf("the plugin %s is in %s, and its folder is not there: aro plugins restore %s%s gets it", l.Name, LockFile, l.Name, in))
		case state == Changed:
			problems = append(problems, describeChange(l, Differences(l.Files, now), in))
		}
	}
	if problems == nil {
		return nil
	}
	return errors.New(strings.Join(problems, "\n"))
}

func describeChange(l *Locked, differences []Difference, in string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "the plugin %s is not as it was when %s was written:\n", l.Name, LockFile)
	for i, d := range differences {
		if i == maxNamed {
			fmt.Fprintf(&b, "  and %d more\n", len(differences)-i)
			break
		}
		fmt.Fprintf(&b, "  %-7s %s/%s/%s\n", d.What, folder, l.Name, Printable(d.Path))
	}
	fmt.Fprintf(&b, "aro plugins restore %s%s gets it back, aro plugins accept %s%s takes the change", l.Name, in, l.Name, in)
	return b.String()
}

// Printable keeps a text of somebody else from writing lines of its own, or to the
// terminal.
func Printable(text string) string {
	if quoted := strconv.Quote(text); quoted != `"`+text+`"` {
		return quoted
	}
	return text
}

// Validate reads the manifests of all plugins of an application and says, for people,
// what is wrong with them.
func Validate(root, version string) (problems []string) {
	lock, err := ReadLock(root)
	if err != nil {
		return []string{err.Error()}
	}
	entries, _ := os.ReadDir(filepath.Join(root, folder))
	for _, e := range entries {
		dir := Dir(root, e.Name())
		if info, err := os.Stat(dir); err != nil || !info.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		say := func(format string, args ...any) {
			problems = append(problems, Printable(e.Name())+": "+fmt.Sprintf(format, args...))
		}
		p, found := Load(dir)
		for _, problem := range found {
			say("%v", problem)
		}
		if p == nil {
			continue
		}
		locked := lock.Get(e.Name()) != nil
		if locked && p.Name != e.Name() {
			say("its name in plugin.yaml is %q", p.Name)
		} else if !locked && !SafeName(p.Name) {
			say("the name %q is not of lower-case letters, digits and hyphens, so others could not add the plugin", p.Name)
		}
		if err := Fits(p.Needs, version); err != nil {
			say("%v", err)
		}
		for _, f := range p.Features() {
			if _, err := os.Stat(f.Dir); err != nil {
				say("there is no %s", f.Prefix)
			}
		}
		for _, d := range p.Dependencies {
			if there, _ := Load(Dir(root, d.Name)); !SafeName(d.Name) || there == nil {
				say("it depends on %s, which is not there", Printable(d.Name))
			}
		}
	}
	return problems
}
