package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

var fileVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "read", Role: bytecode.RoleRequest, Preps: []string{"from"},
		Doc: "Reads a file.", Blocking: true, Result: bytecode.Binds, Object: bytecode.SystemObject}, Do: readFile},
}

// maxFile bounds what Read takes into memory at once.
const maxFile = 256 << 20

// readFile reads a file, relative to the working directory. The format comes
// from the result's qualifier or the extension; this version knows bytes, text
// and JSON.
func readFile(c *vm.Call) (value.Value, error) {
	path, err := filePath(c)
	if err != nil {
		return value.Value{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return value.Value{}, ioError(err)
	}
	if info.Size() > maxFile {
		return value.Value{}, fmt.Errorf("I/O error: %s is larger than %d MiB", path, maxFile>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return value.Value{}, ioError(err)
	}
	format := strings.ToLower(c.Site.Result.Raw)
	if format == "" {
		format = strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	}
	switch format {
	case "bytes", "binary":
		return value.OfBytes(data), nil
	case "json":
		if v, err := value.ParseJSON(string(data)); err == nil {
			return v, nil
		}
		return value.OfString(string(data)), nil
	case "jsonl", "ndjson", "yaml", "yml", "xml", "toml", "csv", "tsv", "env":
		return value.Value{}, fmt.Errorf("reading %s is not available in this version; use <%s: raw> for the text", format, c.Site.Result.Base)
	}
	if !utf8.Valid(data) {
		return value.OfBytes(data), nil
	}
	return value.OfString(string(data)), nil
}

// filePath finds the path of `<file: p>`: the qualifier as text, the value of
// the variable it names, or a bare text expression.
func filePath(c *vm.Call) (string, error) {
	if v := c.Arg(bytecode.SlotObjectSpec); v.Kind() == value.String {
		return v.Str(), nil
	}
	if v := c.Arg(bytecode.SlotObject); v.Kind() == value.String {
		return v.Str(), nil
	}
	if raw := c.Site.Object.Raw; raw != "" {
		return raw, nil
	}
	return "", errors.New("no file is named; write <file: \"./name\">")
}

// ioError drops the operation and keeps what a user can act on.
func ioError(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("I/O error: %s: %w", p.Path, p.Err)
	}
	return fmt.Errorf("I/O error: %w", err)
}
