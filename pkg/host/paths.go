package host

import (
	"errors"
	"fmt"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// pathWords are the nouns whose qualifier is a path.
var pathWords = map[string]bool{"file": true, "directory": true, "path": true, "destination": true}

// errAddress is for verbs and nouns that mean files only.
var errAddress = errors.New("this is an address and not a path: Read, Write, Stream and Request take addresses, as <url: \"https://…\">")

// objectPath finds the path that the object of a statement names, and tells the door
// whether it is written in the program.
func (d *door) objectPath(c *vm.Call) (string, error) {
	s := c.Site
	if s.Object.Base == "url" && s.Object.Raw != "" {
		return "", errAddress
	}
	return d.checkPath(0, pathIn(c.Arg(bytecode.SlotObjectSpec), c.Arg(bytecode.SlotObject), s.Object))
}

// resultPath is the same for the result, which names the source of Copy and Move
// and what Make and Delete work on.
func (d *door) resultPath(c *vm.Call) (string, error) {
	s := c.Site
	if c.Has(bytecode.SlotSink) {
		return d.checkPath(1, pathIn(value.Value{}, c.Arg(bytecode.SlotSink), s.Result))
	}
	base := c.Arg(bytecode.SlotResult)
	if pathWords[s.Result.Base] || s.Result.Raw != "" {
		base = value.Value{} // <file: p>, <moved: p>: the path is the qualifier
	}
	return d.checkPath(1, pathIn(c.Arg(bytecode.SlotResultSpec), base, s.Result))
}

// namedPath is a path that a statement names.
type namedPath struct {
	path string
	own  bool // written in the program
	err  error
}

// pathIn is the order of 02 §9: the variable that the qualifier names, the
// variable that the noun names, and then the words themselves.
func pathIn(spec, base value.Value, n bytecode.Noun) namedPath {
	for _, v := range []value.Value{spec, base} {
		if !v.IsBound() {
			continue
		}
		if v.Kind() == value.Map { // an entry of List
			if p, ok := v.Property("path"); ok {
				v = p
			}
		}
		if v.Kind() != value.String {
			return namedPath{err: fmt.Errorf("a path must be text, got '%s'", v.TypeName())}
		}
		return namedPath{path: v.Str(), own: v.IsWritten()}
	}
	switch {
	case n.Raw != "" && (pathWords[n.Base] || n.Quoted):
		return namedPath{path: n.Raw, own: true}
	case n.Base == "" || pathWords[n.Base]:
		return namedPath{err: errors.New("no file is named; write <file: \"./name\">")}
	case n.Raw != "":
		return namedPath{path: n.Base + "." + n.Raw, own: true}
	}
	return namedPath{path: n.Base, own: true}
}

// checkPath keeps in place i of own what is written in the program.
func (d *door) checkPath(i int, p namedPath) (string, error) {
	switch {
	case p.err != nil:
		return "", p.err
	case p.path == "":
		return "", errors.New("the path is empty")
	case IsAddress(p.path):
		return "", errAddress
	case p.own:
		d.own[i] = p.path
	}
	return p.path, nil
}
