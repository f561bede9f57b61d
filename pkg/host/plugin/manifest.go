// Package plugin finds the plugins of an application and runs what they add to the
// language: verbs, qualifiers and services of Python plugins. Feature sets of
// plugins are compiled with the application.
package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aro/pkg/host/format"
	"aro/pkg/vm/value"
)

// folder is where an application has its plugins, one folder each.
const folder = "Plugins"

// Plugin is one plugin.
type Plugin struct {
	Folder string // its folder's name
	Name   string
	Handle string // in front of its verbs and qualifiers: Markdown.ToHTML
	Info   Info   // what a Python plugin offers, once Describe or Restore has run

	Version      string       // "" without one
	Needs        string       // the versions of aro that it is for, see Fits
	Dependencies []Dependency // sorted by name
	Builds       bool         // its manifest has commands to build it, which aro never runs

	features []string // directories and files with feature sets
	python   string   // the module of a Python plugin, relative to the plugin, "" without one
	dir      string
	process  process
}

// Find reads the manifests of an application's plugins, in the order of their
// folders. Folders without a manifest are none. What cannot be loaded is left out,
// and the warnings say why; they are for people.
func Find(root string) (list []*Plugin, warnings []string) {
	entries, err := os.ReadDir(filepath.Join(root, folder))
	if err != nil {
		return nil, nil
	}
	for _, e := range entries {
		dir := filepath.Join(root, folder, e.Name())
		data, err := os.ReadFile(filepath.Join(dir, "plugin.yaml"))
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) && e.IsDir() {
				warnings = append(warnings, warning(e.Name(), err))
			}
			continue
		}
		p, problems := read(e.Name(), dir, data)
		for _, problem := range problems {
			warnings = append(warnings, warning(p.Name, problem))
		}
		list = append(list, p)
	}
	return list, warnings
}

func warning(name string, err error) string {
	return fmt.Sprintf("Warning: Failed to load plugins: %s: %v", name, err)
}

// read reads a manifest.
func read(name, dir string, data []byte) (p *Plugin, problems []error) {
	p = &Plugin{Folder: name, Name: name, dir: dir}
	v, err := format.Named("yaml").Decode(string(data), format.Options{})
	if err != nil {
		return p, []error{fmt.Errorf("plugin.yaml cannot be read: %w", err)}
	}
	if n := text(v, "name"); n != "" {
		p.Name = n
	}
	p.Handle, p.Version, p.Needs = text(v, "handle"), text(v, "version"), text(v, "aro-version")
	if p.Dependencies, err = dependencies(v); err != nil {
		problems = append(problems, err)
	}
	_, p.Builds = v.Property("build")
	provides, _ := v.Property("provides")
	if provides.Kind() != value.List {
		return p, append(problems, errors.New("plugin.yaml lacks the list 'provides'"))
	}
	for _, entry := range provides.List() {
		if p.Handle == "" {
			p.Handle = text(entry, "handler") // the old place
		}
		if _, ok := entry.Property("build"); ok {
			p.Builds = true
		}
		path := text(entry, "path")
		if !filepath.IsLocal(filepath.FromSlash(path)) {
			problems = append(problems, fmt.Errorf("the path '%s' leads out of the plugin", path))
			continue
		}
		switch kind := text(entry, "type"); kind {
		case "aro-files":
			p.features = append(p.features, path)
		case "python-plugin":
			if p.python, err = module(dir, path); err != nil {
				problems = append(problems, err)
			}
		case "aro-templates":
			problems = append(problems, errors.New("templates of plugins are not supported; copy them into the templates folder of the application"))
		case "swift-plugin", "rust-plugin", "c-plugin", "cpp-plugin":
			problems = append(problems, fmt.Errorf("it is a %s, and this aro loads no native code: its verbs and qualifiers are missing", kind))
		default:
			problems = append(problems, fmt.Errorf("unknown plugin type '%s'", kind))
		}
	}
	return p, problems
}

func text(v value.Value, name string) string {
	e, ok := v.Property(name)
	if !ok || e.Kind() == value.Null {
		return ""
	}
	return e.Text()
}

// module finds the Python file to load: the path itself, plugin.py, or the only
// one there is.
func module(dir, path string) (string, error) {
	full := filepath.Join(dir, filepath.FromSlash(path))
	info, err := os.Stat(full)
	if err != nil {
		return "", fmt.Errorf("'%s' cannot be opened", path)
	}
	if !info.IsDir() {
		return path, nil
	}
	files, _ := filepath.Glob(filepath.Join(full, "*.py"))
	for _, f := range files {
		if filepath.Base(f) == "plugin.py" {
			return filepath.ToSlash(filepath.Join(path, "plugin.py")), nil
		}
	}
	if len(files) != 1 {
		return "", fmt.Errorf("there is no plugin.py in '%s'", path)
	}
	return filepath.ToSlash(filepath.Join(path, filepath.Base(files[0]))), nil
}

// Feature is a directory with feature sets, and the prefix that its files have in
// messages.
type Feature struct{ Dir, Prefix string }

// Features lists the directories with feature sets.
func (p *Plugin) Features() (list []Feature) {
	for _, path := range p.features {
		prefix := folder + "/" + p.Folder + "/" + strings.Trim(filepath.ToSlash(filepath.Clean(path)), "/") + "/"
		list = append(list, Feature{filepath.Join(p.dir, filepath.FromSlash(path)), prefix})
	}
	return list
}

// maxSource bounds how much of a plugin's files is looked at.
const maxSource = 4 << 20

// Sources returns what the plugin's offer depends on, its manifest and its Python
// files, for a key of a cache.
func (p *Plugin) Sources() (names []string, contents [][]byte) {
	if p.python == "" {
		return nil, nil
	}
	filepath.WalkDir(p.dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case e.IsDir():
			if name := e.Name(); path != p.dir && (strings.HasPrefix(name, ".") || name == "__pycache__" || name == "venv") {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(path, ".py") && filepath.Base(path) != "plugin.yaml":
			return nil
		}
		if info, err := e.Info(); err != nil || info.Size() > maxSource {
			return nil
		}
		if data, err := os.ReadFile(path); err == nil {
			rel, _ := filepath.Rel(p.dir, path)
			names, contents = append(names, folder+"/"+p.Folder+"/"+filepath.ToSlash(rel)), append(contents, data)
		}
		return nil
	})
	return names, contents
}

// Describe asks the Python plugins what they offer. Those that cannot be asked are
// left out of the list.
func Describe(list []*Plugin) (able []*Plugin, warnings []string) {
	for _, p := range list {
		if p.python != "" {
			if err := p.describe(); err != nil {
				warnings = append(warnings, warning(p.Name, err))
				continue
			}
		}
		able = append(able, p)
	}
	return able, warnings
}

// Runs reports whether the plugin is a program of its own.
func (p *Plugin) Runs() bool { return p.python != "" }

// Saved returns what Restore needs to make the plugin without asking it, nil if
// nothing of it is left to run once the program is compiled.
func (p *Plugin) Saved() []byte {
	if p.python == "" {
		return nil
	}
	return value.MapOf("folder", value.OfString(p.Folder), "name", value.OfString(p.Name), "handle", value.OfString(p.Handle),
		"python", value.OfString(p.python), "info", value.OfString(p.Info.raw)).AppendJSON(nil)
}

// Restore makes a plugin of an application out of what Saved returned.
func Restore(root string, saved []byte) (*Plugin, error) {
	v, err := value.ParseJSON(string(saved))
	if err != nil {
		return nil, err
	}
	p := &Plugin{Folder: text(v, "folder"), Name: text(v, "name"), Handle: text(v, "handle"), python: text(v, "python")}
	if !filepath.IsLocal(p.Folder) || !filepath.IsLocal(filepath.FromSlash(p.python)) {
		return nil, errors.New("a path of a plugin leads out of the application")
	}
	p.dir = filepath.Join(root, folder, p.Folder)
	p.Info, err = parseInfo(text(v, "info"))
	return p, err
}

// Info is what a plugin offers.
type Info struct {
	Actions    []Action
	Qualifiers []Qualifier
	Services   []Service

	raw string
}

// Action is a verb of a plugin.
type Action struct {
	Name         string
	Verbs        []string // as the plugin writes them
	Role         string
	Prepositions []string
	Description  string
}

// Qualifier is an operation on a value.
type Qualifier struct {
	Name  string
	Types []string // that it takes, in lower case; none: any
}

// Service is a set of methods for Call.
type Service struct {
	Name    string
	Methods []string
}

// parseInfo reads what aro_plugin_info returned.
func parseInfo(raw string) (Info, error) {
	v, err := value.ParseJSON(raw)
	if err != nil || v.Record() == nil {
		return Info{}, errors.New("aro_plugin_info returned no JSON object")
	}
	info := Info{raw: raw}
	for _, a := range entries(v, "actions") {
		if a.Kind() == value.String {
			info.Actions = append(info.Actions, Action{Name: a.Str(), Verbs: []string{a.Str()}})
			continue
		}
		action := Action{Name: text(a, "name"), Role: text(a, "role"), Description: text(a, "description")}
		for _, verb := range entries(a, "verbs") {
			action.Verbs = append(action.Verbs, verb.Text())
		}
		if len(action.Verbs) == 0 {
			action.Verbs = []string{action.Name}
		}
		for _, prep := range entries(a, "prepositions") {
			action.Prepositions = append(action.Prepositions, strings.ToLower(prep.Text()))
		}
		info.Actions = append(info.Actions, action)
	}
	for _, q := range entries(v, "qualifiers") {
		if q.Kind() == value.String {
			info.Qualifiers = append(info.Qualifiers, Qualifier{Name: q.Str()})
			continue
		}
		out := Qualifier{Name: text(q, "name")}
		for _, t := range slices.Concat(entries(q, "input_types"), entries(q, "inputTypes")) {
			out.Types = append(out.Types, strings.ToLower(t.Text()))
		}
		info.Qualifiers = append(info.Qualifiers, out)
	}
	for _, s := range entries(v, "services") {
		service := Service{Name: text(s, "name")}
		for _, m := range entries(s, "methods") {
			service.Methods = append(service.Methods, strings.ToLower(m.Text()))
		}
		info.Services = append(info.Services, service)
	}
	return info, nil
}

func entries(v value.Value, name string) []value.Value {
	e, _ := v.Property(name)
	if e.Kind() != value.List {
		return nil
	}
	return e.List()
}
