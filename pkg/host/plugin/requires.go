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

	"aro/pkg/vm/value"
)

// Dependency is a plugin that another one wants beside it.
type Dependency struct{ Name, Source, Ref string }

// dependencies reads what a manifest depends on.
func dependencies(manifest value.Value) (list []Dependency, err error) {
	v, ok := manifest.Property("dependencies")
	if !ok || v.Kind() == value.Null {
		return nil, nil
	}
	r := v.Record()
	if r == nil {
		return nil, errors.New("'dependencies' in plugin.yaml is no map of names")
	}
	for i := range r.Len() {
		name, d := r.At(i)
		if d.Kind() != value.Map || text(d, "git") == "" {
			return nil, fmt.Errorf("the dependency %q in plugin.yaml lacks 'git', the place of its repository", name)
		}
		list = append(list, Dependency{name, text(d, "git"), text(d, "ref")})
	}
	slices.SortFunc(list, func(a, b Dependency) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// SafeName reports whether a plugin that is fetched may have a name, and so may its
// folder on any system.
func SafeName(name string) bool { return names().MatchString(name) && filepath.IsLocal(name) }

// Load reads the plugin in a folder. It is nil if there is no manifest that can be read;
// otherwise the problems are what of it this aro cannot load.
func Load(dir string) (p *Plugin, problems []error) {
	data, err := os.ReadFile(filepath.Join(dir, "plugin.yaml"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, []error{errors.New("there is no plugin.yaml, so it is no plugin")}
	case err != nil:
		return nil, []error{err}
	}
	return read(filepath.Base(dir), dir, data)
}

// Useful reports whether anything of the plugin can be loaded.
func (p *Plugin) Useful() bool { return p.python != "" || len(p.features) > 0 }

// released are versions of aro that can be compared, numbers those in a manifest.
var (
	released = lazily(`^v(\d{1,9})\.(\d{1,9})\.(\d{1,9})$`)
	numbers  = lazily(`^(>=)?\s*v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})$`)
)

// Fits says why a plugin with this aro-version is not for this version of aro. It is
// ">=1.2.3" for that version and all later ones, "1.2.3" for that one only, "" for any. A
// version that is no release, such as that of a build from a checkout, takes everything.
func Fits(needs, version string) error {
	if needs == "" {
		return nil
	}
	want := numbers().FindStringSubmatch(strings.TrimSpace(needs))
	if want == nil {
		return fmt.Errorf("the aro-version %q in plugin.yaml is not understood; write \">=1.2.3\" or \"1.2.3\"", needs)
	}
	have := released().FindStringSubmatch(version)
	if have == nil {
		return nil
	}
	order := 0
	for i := 1; i <= 3 && order == 0; i++ {
		h, _ := strconv.Atoi(have[i])
		w, _ := strconv.Atoi(want[i+1])
		order = h - w
	}
	if order == 0 || order > 0 && want[1] == ">=" {
		return nil
	}
	return fmt.Errorf("it is for aro %s, and this is %s", strings.TrimSpace(needs), version)
}
