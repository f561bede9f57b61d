package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// TemplateError is a failure of a template. NotFound becomes 404 over HTTP.
type TemplateError struct {
	Message  string
	NotFound bool
}

// Error returns the message.
func (e *TemplateError) Error() string { return e.Message }

// maxInclude bounds templates that render templates.
const maxInclude = 64

// templateCache holds compiled templates and the content of files without
// blocks. Files are looked at again at most every recheck, and read again when
// size or time of change differ.
type templateCache struct {
	h      *Host
	roots  []*os.Root
	mu     sync.RWMutex
	files  map[string]*templateFile
	assets map[value.Value]*Asset // the plain ones of files, by the value they are
}

// templateFile is one template as last read; immutable but for checked.
type templateFile struct {
	code    *vm.Code    // with blocks
	plain   value.Value // without blocks, or bytes
	err     error
	size    int64
	mod     time.Time
	checked time.Time
}

const (
	recheck      = 50 * time.Millisecond
	maxTemplates = 4096
)

func (t *templateCache) init(h *Host) {
	t.h, t.files, t.assets = h, make(map[string]*templateFile), make(map[value.Value]*Asset)
	for _, dir := range []string{"templates", ""} {
		// The application root itself only serves paths below static/, see open.
		if root, err := os.OpenRoot(path.Join(h.Root, dir)); err == nil {
			t.roots = append(t.roots, root)
		} else {
			t.roots = append(t.roots, nil)
		}
	}
}

// cleanPath rejects what could leave the template folder or reach hidden files;
// os.Root stops symbolic links that lead out.
func cleanPath(name string) (string, bool) {
	if name == "" || strings.ContainsAny(name, "\\\x00") || strings.HasPrefix(name, "/") {
		return "", false
	}
	clean := path.Clean(name)
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." || strings.HasPrefix(part, ".") && part != "." {
			return "", false
		}
	}
	return clean, !ownFile(path.Base(clean))
}

// ownFile reports whether a file is the application's own business: its sources,
// its contract and its rows are never served, not even from the folder of what is
// (05 F02). File systems that do not know upper case from lower case open them by
// other spellings, and Windows drops dots and blanks at the end.
func ownFile(name string) bool {
	name = strings.ToLower(strings.TrimRight(name, ". "))
	switch path.Ext(name) {
	case ".aro", ".aroc", ".store":
		return true
	}
	return name == "openapi.yaml" || name == "openapi.yml" || name == "openapi.json" || name == "aro.yaml"
}

func (t *templateCache) open(name string) (*os.File, fs.FileInfo, error) {
	try := t.roots[:1]
	if strings.HasPrefix(name, "static/") {
		try = t.roots
	}
	err := error(fs.ErrNotExist)
	for _, root := range try {
		if root == nil {
			continue
		}
		f, openErr := root.Open(name)
		if openErr != nil {
			err = openErr
			continue
		}
		info, statErr := f.Stat()
		if statErr == nil && info.Mode().IsRegular() {
			return f, info, nil
		}
		f.Close()
	}
	return nil, nil, err
}

// get returns the template, reading it if it is new or has changed.
func (t *templateCache) get(name string) (*templateFile, error) {
	notFound := &TemplateError{Message: "Template not found: ./templates/" + name, NotFound: true}
	clean, ok := cleanPath(name)
	if !ok {
		return nil, notFound
	}
	now := time.Now()
	t.mu.RLock()
	f := t.files[clean]
	t.mu.RUnlock()
	if f != nil && (t.h.Reloads || now.Sub(f.checked) < recheck) {
		return f, f.err
	}
	if data, ok := t.asset(clean); ok {
		if f == nil {
			f = t.compile(clean, data)
			f.checked = now.AddDate(1000, 0, 0) // it never changes
			t.keep(clean, f)
		}
		return f, f.err
	}
	file, info, err := t.open(clean)
	if err != nil {
		t.mu.Lock()
		t.keepAsset(t.files[clean], nil)
		delete(t.files, clean)
		t.mu.Unlock()
		return nil, notFound
	}
	defer file.Close()
	if f != nil && f.size == info.Size() && f.mod.Equal(info.ModTime()) {
		g := *f
		g.checked = now
		f = &g
	} else if f, err = t.read(clean, file, info); err != nil {
		return nil, err
	} else {
		f.checked = now
	}
	t.keep(clean, f)
	return f, f.err
}

func (t *templateCache) keep(name string, f *templateFile) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.files) >= maxTemplates {
		clear(t.files)
		clear(t.assets)
	}
	t.keepAsset(t.files[name], f)
	t.files[name] = f
}

// forget makes everything be read anew.
func (t *templateCache) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.files)
	clear(t.assets)
}

// asset returns a file that came with the program.
func (t *templateCache) asset(name string) ([]byte, bool) {
	data, ok := t.h.Assets["templates/"+name]
	if !ok && strings.HasPrefix(name, "static/") {
		data, ok = t.h.Assets[name]
	}
	return data, ok
}

func (t *templateCache) read(name string, r io.Reader, info fs.FileInfo) (*templateFile, error) {
	if info.Size() > maxFile {
		return nil, &TemplateError{Message: fmt.Sprintf("Template %s is larger than %d MiB", name, maxFile>>20)}
	}
	data, err := io.ReadAll(io.LimitReader(r, maxFile))
	if err != nil {
		return nil, &TemplateError{Message: "Template cannot be read: " + err.Error()}
	}
	f := t.compile(name, data)
	f.size, f.mod = info.Size(), info.ModTime()
	return f, nil
}

// compile makes a template of a file's content; its error is kept in it.
func (t *templateCache) compile(name string, data []byte) *templateFile {
	f := &templateFile{}
	switch {
	case !utf8.Valid(data):
		f.plain = value.OfBytes(data)
	case !bytes.Contains(data, []byte("{{")):
		f.plain = value.OfString(string(data)).Markup(value.ContentFor(name))
	case t.h.Templates == nil:
		f.err = errors.New("templates cannot be compiled here")
	default:
		chunk, err := t.h.Templates(name, data)
		if err != nil {
			f.err = &TemplateError{Message: err.Error()}
			return f
		}
		f.code = vm.Link(chunk, t.h.resolve)
	}
	return f
}

var templateVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "transform", Aliases: []string{"convert"}, Role: bytecode.RoleOwn, Preps: []string{"from", "into", "to"},
		Doc: "Renders a template, or converts a value to another type.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.SystemObject, Renders: true}, Do: transform},
	{Verb: bytecode.Verb{Name: "include", Aliases: []string{"embed", "insert"}, Role: bytecode.RoleOwn, Preps: []string{"with", "from"},
		Doc: "Renders another template into this one.", Blocking: true,
		Result: bytecode.Labels, Object: bytecode.SystemObject, Renders: true, ResultSpec: true}, Do: include},
	{Verb: bytecode.Verb{Name: "(filter)", Doc: "a filter of a template expression", Pure: true}, Link: linkFilter},
}

func transform(c *vm.Call) (value.Value, error) {
	if c.Site.Object.Base != "template" {
		return convert(c)
	}
	name := c.Site.Object.Raw
	if v := c.Arg(bytecode.SlotObjectSpec); v.Kind() == value.String {
		name = v.Str()
	}
	return render(c, name, func(e *Execution) (value.Value, error) {
		v := value.OfString(string(e.Out)).Markup(value.ContentFor(name))
		if e.GivenLines {
			v = v.GivenLines()
		}
		return v, nil
	})
}

// include is `Include the <template: path> with {…}.`
func include(c *vm.Call) (value.Value, error) {
	e := executionOf(c)
	if e.Set != nil {
		return value.Value{}, errors.New("Include works inside templates only")
	}
	n := c.Site.Result
	name := n.Raw
	if v := c.Arg(bytecode.SlotResultSpec); v.Kind() == value.String {
		name = v.Str()
	}
	return render(c, name, func(child *Execution) (value.Value, error) {
		return value.Value{}, e.Include(&child.Coroutine)
	})
}

// render runs a template as part of the current statement.
func render(c *vm.Call, name string, result func(*Execution) (value.Value, error)) (value.Value, error) {
	caller := executionOf(c)
	f, err := caller.Host.templates.get(name)
	if err != nil {
		return value.Value{}, err
	}
	if f.code == nil {
		if caller.Set == nil && c.Site.Verb == "include" {
			caller.Out = append(caller.Out, f.plain.Str()...)
		}
		return f.plain, nil
	}
	depth := 0
	for x := caller; x != nil && x.Set == nil; x = x.parent {
		depth++
	}
	if depth >= maxInclude {
		return value.Value{}, &TemplateError{Message: fmt.Sprintf("templates include each other more than %d levels deep, at %s", maxInclude, name)}
	}
	e := caller.Host.newExecution(f.code, nil, templateScope{c}, caller)
	return callChild(c, e, func(e *Execution) (value.Value, error) {
		if e.State() == vm.Failed {
			return value.Value{}, renderError(name, e.Err())
		}
		return result(e)
	})
}

// renderError turns a failure inside a template into the template's own error,
// unless it is one already.
func renderError(name string, err error) error {
	var inner *TemplateError
	if errors.As(err, &inner) {
		return inner
	}
	line := int32(0)
	text := err.Error()
	switch x := err.(type) {
	case *vm.PlainError:
		line = x.Line
	case *vm.StatementError:
		line = x.Line
	}
	if v, ok := strings.CutPrefix(text, "Undefined variable: "); ok {
		text = "Variable " + v + " is not defined"
	}
	return &TemplateError{Message: fmt.Sprintf("Template render error in %s: line %d: %s", name, line, text)}
}

// templateScope gives a template the names that its caller sees at the
// statement, and what the statement adds with { … }.
type templateScope struct{ c *vm.Call }

// Entry implements Trigger.
func (t templateScope) Entry(name string) value.Value {
	if w := t.c.Arg(bytecode.SlotWith).Record(); w != nil {
		if v, ok := w.Get(name); ok {
			return v
		}
	}
	scope := t.c.Site.Scope
	for i := len(scope) - 1; i >= 0; i-- {
		if scope[i].Name == name {
			if v := t.c.Local(scope[i]); v.IsBound() {
				return v
			}
		}
	}
	if e := executionOf(t.c); e.Set == nil {
		// A template that includes another one passes on what its own caller sees,
		// mentioned in it or not.
		return e.Trigger.Entry(name)
	}
	return value.Value{}
}

// Field implements Trigger.
func (t templateScope) Field(string) value.Value { return value.Value{} }
