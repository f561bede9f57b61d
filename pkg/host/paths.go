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

// objectPath finds the path that the object of a statement names.
func objectPath(c *vm.Call) (string, error) {
	s := c.Site
	if s.Object.Base == "url" && s.Object.Raw != "" {
		return "", errAddress
	}
	return checkPath(pathIn(c.Arg(bytecode.SlotObjectSpec), c.Arg(bytecode.SlotObject), s.Object))
}

// resultPath is the same for the result, which names the source of Copy and Move
// and what Make and Delete work on.
func resultPath(c *vm.Call) (string, error) {
	s := c.Site
	if c.Has(bytecode.SlotSink) {
		return checkPath(pathIn(value.Value{}, c.Arg(bytecode.SlotSink), s.Result))
	}
	base := c.Arg(bytecode.SlotResult)
	if pathWords[s.Result.Base] || s.Result.Raw != "" {
		base = value.Value{} // <file: p>, <moved: p>: the path is the qualifier
	}
	return checkPath(pathIn(c.Arg(bytecode.SlotResultSpec), base, s.Result))
}

// pathIn is the order of 02 §9: the variable that the qualifier names, the
// variable that the noun names, and then the words themselves.
func pathIn(spec, base value.Value, n bytecode.Noun) (string, error) {
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
			return "", fmt.Errorf("a path must be text, got '%s'", v.TypeName())
		}
		return v.Str(), nil
	}
	switch {
	case n.Raw != "" && (pathWords[n.Base] || n.Quoted):
		return n.Raw, nil
	case n.Base == "" || pathWords[n.Base]:
		return "", errors.New("no file is named; write <file: \"./name\">")
	case n.Raw != "":
		return n.Base + "." + n.Raw, nil
	}
	return n.Base, nil
}

func checkPath(path string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	switch {
	case path == "":
		return "", errors.New("the path is empty")
	case IsAddress(path):
		return "", errAddress
	}
	return path, nil
}
