// Package app finds the source files of an application, parses and compiles
// them.
package app

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/compile"
	"aro/pkg/syntax"
)

// Source is one source file as read.
type Source struct {
	Name     string // relative to the application, with slashes; shown in diagnostics
	Data     []byte
	Imported bool // belongs to an imported application
	Plugin   bool // belongs to a plugin
}

// Sources are the files of an application, in the order they are compiled:
// main.aro first, the rest by path, then imported applications.
type Sources struct {
	Root   string // application directory
	Single bool   // the path named one file: only that is compiled
	Files  []Source
}

// ErrNoSources is returned for a directory without source files.
var ErrNoSources = errors.New("No .aro files found")

// Discover reads the sources of the application at path: a directory, or one
// file whose folder is then the application.
func Discover(path string) (*Sources, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("application path '%s' cannot be opened: %w", path, plainError(err))
	}
	s := &Sources{Root: path}
	if !info.IsDir() {
		s.Root, s.Single = filepath.Dir(path), true
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, plainError(err)
		}
		s.Files = []Source{{Name: filepath.Base(path), Data: data}}
		return s, s.imports()
	}
	if s.Files, err = readDir(path, ""); err != nil {
		return nil, err
	}
	if len(s.Files) == 0 {
		return nil, fmt.Errorf("%w in %s", ErrNoSources, path)
	}
	return s, s.imports()
}

func plainError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// readDir reads all source files below dir; names get the prefix.
func readDir(dir, prefix string) ([]Source, error) {
	var out []Source
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if p != dir && strings.HasPrefix(name, ".") {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			if p != dir && (name == "Plugins" || name == "plugins" && hasManifests(p)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.EqualFold(filepath.Ext(name), ".aro") {
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		out = append(out, Source{Name: prefix + filepath.ToSlash(rel), Data: data})
		return nil
	})
	if err != nil {
		return nil, plainError(err)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i].Name, out[j].Name
		if first := isMain(a); first != isMain(b) {
			return first
		}
		return a < b
	})
	return out, nil
}

func hasManifests(dir string) bool {
	found, _ := filepath.Glob(filepath.Join(dir, "*", "plugin.yaml"))
	return len(found) > 0
}

func isMain(name string) bool {
	base := filepath.Base(name)
	return strings.EqualFold(strings.TrimSuffix(base, filepath.Ext(base)), "main")
}

// imports adds the files of imported applications, recursively; cycles end.
func (s *Sources) imports() error {
	seen := map[string]bool{}
	if abs, err := filepath.Abs(s.Root); err == nil {
		seen[abs] = true
	}
	type job struct {
		root, prefix string
		files        []Source
	}
	queue := []job{{s.Root, "", s.Files}}
	for len(queue) > 0 {
		j := queue[0]
		queue = queue[1:]
		for _, src := range j.files {
			if !bytes.Contains(src.Data, []byte("import")) {
				continue
			}
			f := syntax.NewFile(src.Name, src.Data)
			syntax.Parse(f)
			for _, imp := range f.Imports {
				dir := filepath.Join(j.root, filepath.FromSlash(imp.Path))
				abs, err := filepath.Abs(dir)
				if err != nil || seen[abs] {
					continue
				}
				seen[abs] = true
				prefix := j.prefix + imp.Path + "/"
				files, err := readDir(dir, prefix)
				if err != nil {
					line, col := f.Position(imp.Start)
					return fmt.Errorf("%s:%d:%d: error: imported application '%s' cannot be opened: %w", src.Name, line, col, imp.Path, err)
				}
				for i := range files {
					files[i].Imported = true
				}
				s.Files = append(s.Files, files...)
				queue = append(queue, job{dir, prefix, files})
			}
		}
	}
	return nil
}

// AddPlugin adds the feature sets in a folder of a plugin, or in one file of it;
// of these only handlers take part. Names get the prefix.
func (s *Sources) AddPlugin(dir, prefix string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return plainError(err)
	}
	var files []Source
	if info.IsDir() {
		if files, err = readDir(dir, prefix); err != nil {
			return err
		}
	} else {
		data, err := os.ReadFile(dir)
		if err != nil {
			return plainError(err)
		}
		files = []Source{{Name: strings.TrimSuffix(prefix, "/"), Data: data}}
	}
	for i := range files {
		files[i].Plugin = true
	}
	s.Files = append(s.Files, files...)
	return nil
}

// handles reports whether a feature set reacts to events.
func handles(s *syntax.FeatureSet) bool {
	return !strings.HasPrefix(s.Name, "Application-") && (strings.HasSuffix(s.Activity, "Handler") || strings.HasSuffix(s.Activity, "Observer"))
}

// Compile parses and compiles the sources. With an error among the diagnostics
// the program is nil. It fills in which files are imported, and whether there is
// but one.
func (s *Sources) Compile(o compile.Options) (*bytecode.Program, []*syntax.Diagnostic) {
	files := make([]*syntax.File, len(s.Files))
	var diags []*syntax.Diagnostic
	imported := map[*syntax.File]bool{}
	for i, src := range s.Files {
		files[i] = syntax.NewFile(src.Name, src.Data)
		diags = append(diags, syntax.Parse(files[i])...)
		imported[files[i]] = src.Imported
		if src.Plugin {
			files[i].Sets = slices.DeleteFunc(files[i].Sets, func(s *syntax.FeatureSet) bool { return !handles(s) })
		}
	}
	broken := slices.ContainsFunc(diags, func(d *syntax.Diagnostic) bool { return d.Severity == syntax.Error })
	o.Imported, o.SingleFile = imported, s.Single
	prog, more := compile.Compile(files, o)
	if broken {
		// Findings about the program as a whole may only be an echo of what could
		// not be parsed.
		more = slices.DeleteFunc(more, func(d *syntax.Diagnostic) bool { return d.File == nil || d.Code == "ARO-A2" })
		prog = nil
	}
	diags = append(diags, more...)
	slices.SortStableFunc(diags, func(a, b *syntax.Diagnostic) int {
		if a.File != b.File {
			return slices.Index(files, a.File) - slices.Index(files, b.File)
		}
		return int(a.Span.Start - b.Span.Start)
	})
	return prog, diags
}

// Contract reads the application's contract: openapi.yaml, openapi.yml or
// openapi.json, the first there is. name is "" without one.
func (s *Sources) Contract() (name string, data []byte, err error) {
	for _, n := range []string{"openapi.yaml", "openapi.yml", "openapi.json"} {
		data, err := os.ReadFile(filepath.Join(s.Root, n))
		if err == nil {
			return n, data, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return n, nil, plainError(err)
		}
	}
	return "", nil, nil
}

// Name is the name of the application: its directory's.
func (s *Sources) Name() string {
	root, err := filepath.Abs(s.Root)
	if err != nil {
		return "Application"
	}
	return filepath.Base(root)
}
