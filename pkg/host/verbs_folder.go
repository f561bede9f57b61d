package host

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// folderVerbs work on files as a whole and on directories.
var folderVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "list", Role: bytecode.RoleRequest, Preps: []string{"from"},
		Doc: "Lists a directory.", Blocking: true, Result: bytecode.Binds, Object: bytecode.SystemObject}, Do: listVerb},
	{Verb: bytecode.Verb{Name: "stat", Role: bytecode.RoleRequest, Preps: []string{"for"},
		Doc: "Describes a file or directory.", Blocking: true, Result: bytecode.Binds, Object: bytecode.SystemObject}, Do: statVerb},
	{Verb: bytecode.Verb{Name: "exists", Role: bytecode.RoleRequest, Preps: []string{"for"},
		Doc: "Tells whether a file or directory exists.", Result: bytecode.Binds, Object: bytecode.SystemObject}, Do: existsVerb},
	{Verb: bytecode.Verb{Name: "make", Aliases: []string{"createdirectory", "mkdir"}, Role: bytecode.RoleServer, Preps: []string{"to", "for", "at"},
		Doc: "Makes a directory with those above it; with the result file, an empty file.", Blocking: true, Result: bytecode.Operates, Object: bytecode.SystemObject}, Do: makeVerb},
	{Verb: bytecode.Verb{Name: "touch", Role: bytecode.RoleServer, Preps: []string{"to", "for", "at"},
		Doc: "Makes an empty file, or gives a file the present time.", Blocking: true, Result: bytecode.Operates, Object: bytecode.SystemObject}, Do: makeVerb},
	{Verb: bytecode.Verb{Name: "copy", Role: bytecode.RoleServer, Preps: []string{"to"},
		Doc: "Copies a file or directory.", Blocking: true, ResultSpec: true, Result: bytecode.Operates, Object: bytecode.SystemObject}, Do: copyVerb},
	{Verb: bytecode.Verb{Name: "move", Aliases: []string{"rename"}, Role: bytecode.RoleServer, Preps: []string{"to"},
		Doc: "Moves or renames a file or directory.", Blocking: true, ResultSpec: true, Result: bytecode.Operates, Object: bytecode.SystemObject}, Do: copyVerb},
}

// listVerb is List. The result's qualifier is recursively, or a pattern for names;
// both may stand at the end as well.
func listVerb(c *vm.Call) (value.Value, error) {
	door := doorOf(c)
	path, err := door.objectPath(c)
	if err != nil {
		return value.Value{}, err
	}
	spec := c.Site.Result.Raw
	deep := strings.EqualFold(spec, "recursively") || strings.EqualFold(spec, "recursive")
	pattern := ""
	if strings.ContainsAny(spec, "*?") {
		pattern = spec
	}
	if v, ok := named(c, "matching"); ok {
		pattern = v.Text()
	}
	if v, ok := named(c, "recursively"); ok {
		deep = v.Truthy()
	}
	return offload(c, func() (value.Value, error) { return door.list(path, pattern, deep) })
}

func statVerb(c *vm.Call) (value.Value, error) {
	door := doorOf(c)
	path, err := door.objectPath(c)
	if err != nil {
		return value.Value{}, err
	}
	return offload(c, func() (value.Value, error) { // it asks for the names of owners
		info, name, err := door.stat(path)
		if err != nil {
			return value.Value{}, err
		}
		if name, err = door.absolute(name); err != nil {
			return value.Value{}, err
		}
		return door.details(name, info), nil
	})
}

// existsVerb asks directly: one call of the system that reads what is in memory
// is cheaper than handing it to another goroutine.
func existsVerb(c *vm.Call) (value.Value, error) {
	door := doorOf(c)
	path, err := door.objectPath(c)
	if err != nil {
		return value.Value{}, err
	}
	info, _, err := door.stat(path)
	var denied *AccessError
	switch {
	case errors.As(err, &denied):
		return value.Value{}, err
	case err != nil:
		return value.False, nil
	case c.Site.Object.Base == "file":
		return value.OfBool(!info.IsDir()), nil
	case c.Site.Object.Base == "directory":
		return value.OfBool(info.IsDir()), nil
	}
	return value.True, nil
}

func makeVerb(c *vm.Call) (value.Value, error) {
	door := doorOf(c)
	path, err := door.objectPath(c)
	if err != nil {
		return value.Value{}, err
	}
	isFile := c.Site.Verb == "touch" || c.Site.Result.Base == "file" || c.Site.Object.Base == "file"
	record := value.MapOf("path", value.OfString(path), "success", value.True, "isFile", value.OfBool(isFile))
	return offloadRecord(c, record, func() error {
		if isFile {
			return door.touch(path)
		}
		return door.makeDir(path)
	})
}

// copyVerb is Copy and Move.
func copyVerb(c *vm.Call) (value.Value, error) {
	door := doorOf(c)
	from, err := door.resultPath(c)
	if err != nil {
		return value.Value{}, err
	}
	to, err := door.objectPath(c)
	if err != nil {
		return value.Value{}, err
	}
	move := c.Site.Verb == "move"
	record := value.MapOf("source", value.OfString(from), "destination", value.OfString(to), "success", value.True)
	return offloadRecord(c, record, func() error {
		if move {
			return door.move(from, to)
		}
		return door.copy(from, to)
	})
}

// linkDelete tells `Delete the <file: p>.` and `Delete the <x> from the <file: p>.`
// from the deleting of rows and entries.
func linkDelete(h *Host, s *bytecode.Site, c *bytecode.Chunk) (vm.Func, any, error) {
	if s.Object.Base == "" && pathWords[s.Result.Base] || pathWords[s.Object.Base] && s.Object.Raw != "" {
		return deleteFile, nil, nil
	}
	return linkRows(deleteVerb)(h, s, c)
}

func deleteFile(c *vm.Call) (value.Value, error) {
	door := doorOf(c)
	find := door.objectPath
	if c.Site.Object.Base == "" {
		find = door.resultPath
	}
	path, err := find(c)
	if err != nil {
		return value.Value{}, err
	}
	word := c.Site.Object.Base
	if word == "" {
		word = c.Site.Result.Base
	}
	return offloadRecord(c, value.MapOf("path", value.OfString(path), "success", value.True), func() error {
		name, err := door.writing(path)
		if err != nil {
			return err
		}
		info, err := door.Stat(name)
		if link, e := door.Lstat(name); err != nil && e == nil {
			info, err = link, nil // a link that leads nowhere goes like any file
		}
		if err == nil && word == "file" && info.IsDir() {
			return fmt.Errorf("I/O error: %s is a directory; write <directory: …> to delete it with all that is in it", path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return ioError(err)
		}
		return door.remove(path)
	})
}
