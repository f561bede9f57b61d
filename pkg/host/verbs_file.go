package host

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"aro/pkg/bytecode"
	"aro/pkg/host/format"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// fileVerbs read and write files; the format comes from the result's qualifier or
// the extension.
var fileVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "read", Role: bytecode.RoleRequest, Preps: []string{"from"},
		Doc: "Reads a file in the format of its extension, an address, or a line from stdin.", Blocking: true, Result: bytecode.Binds, Object: bytecode.SystemObject}, Do: readVerb},
	{Verb: bytecode.Verb{Name: "stream", Role: bytecode.RoleRequest, Preps: []string{"from", "with"},
		Doc: "Reads the lines of a file, or turns the messages of an address into events.", Blocking: true, Result: bytecode.Binds, Object: bytecode.SystemObject}, Do: streamVerb},
	{Verb: bytecode.Verb{Name: "write", Role: bytecode.RoleResponse, Preps: []string{"to", "into"},
		Doc: "Replaces the content of a file, in the format of its extension, or posts to an address.", Blocking: true, ResultSpec: true, Result: bytecode.Consumes, Object: bytecode.SystemObject}, Do: writeVerb},
	{Verb: bytecode.Verb{Name: "append", Role: bytecode.RoleResponse, Preps: []string{"to", "into"},
		Doc: "Adds text to the end of a file.", Blocking: true, Result: bytecode.Operates, Object: bytecode.SystemObject}, Do: appendVerb},
}

func readVerb(c *vm.Call) (value.Value, error) {
	if c.Site.Object.Base == "stdin" && !c.Arg(bytecode.SlotObject).IsBound() {
		return readStdin(c, strings.EqualFold(c.Site.Object.Raw, "all") || strings.EqualFold(c.Site.Result.Raw, "all"))
	}
	if address, err := AddressOf(c); err != nil {
		return value.Value{}, err
	} else if IsAddress(address) {
		return readAddress(c, address)
	}
	door := doorOf(c)
	path, err := door.objectPath(c)
	if err != nil {
		return value.Value{}, err
	}
	f := format.OfPath(path)
	if named := format.Named(c.Site.Result.Raw); named != nil {
		f = named
	}
	o, err := formatOptions(c)
	if err != nil {
		return value.Value{}, err
	}
	return offload(c, func() (value.Value, error) {
		text, err := door.read(path)
		if err != nil {
			return value.Value{}, err
		}
		return decode(f, text, o)
	})
}

// decode reads a file's text. What is damaged gives the text as it is (02 §9.3),
// what is no text at all a hex dump, unless bytes are asked for.
func decode(f *format.Format, text string, o format.Options) (value.Value, error) {
	if f != format.Bytes && !utf8.ValidString(text) {
		return value.OfString(hexDump(text)), nil
	}
	v, err := f.Decode(text, o)
	if limit := new(format.LimitError); errors.As(err, &limit) {
		return value.Value{}, fmt.Errorf("I/O error: %w", err)
	}
	if err != nil {
		return value.OfString(text), nil
	}
	return v, nil
}

// maxDump is how much of a binary file is shown.
const maxDump = 1 << 20

func hexDump(data string) string {
	if len(data) <= maxDump {
		return hex.Dump([]byte(data))
	}
	return hex.Dump([]byte(data[:maxDump])) + fmt.Sprintf("… %d more bytes\n", len(data)-maxDump)
}

// streamVerb gives the lines as a list: nothing observable depends on when they
// are read (02 §15). The lines share the memory of the text.
func streamVerb(c *vm.Call) (value.Value, error) {
	if address, err := AddressOf(c); err != nil {
		return value.Value{}, err
	} else if IsAddress(address) {
		return streamAddress(c, address)
	}
	door := doorOf(c)
	path, err := door.objectPath(c)
	if err != nil {
		return value.Value{}, err
	}
	return offload(c, func() (value.Value, error) {
		text, err := door.read(path)
		if err != nil {
			return value.Value{}, err
		}
		lines := make([]value.Value, 0, strings.Count(text, "\n")+1)
		for line := range strings.Lines(text) {
			lines = append(lines, value.OfString(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")))
		}
		return value.OfList(lines), nil
	})
}

func writeVerb(c *vm.Call) (value.Value, error) {
	if address, err := AddressOf(c); err != nil {
		return value.Value{}, err
	} else if IsAddress(address) {
		return writeAddress(c, address)
	}
	door := doorOf(c)
	path, err := door.objectPath(c)
	if err != nil {
		return value.Value{}, err
	}
	f := format.OfPath(path)
	named := format.Named(c.Site.Result.Raw)
	if named != nil {
		f = named
	}
	v, err := written(c, named == nil)
	if err != nil {
		return value.Value{}, err
	}
	o, err := formatOptions(c)
	if err != nil {
		return value.Value{}, err
	}
	return offload(c, func() (value.Value, error) {
		data, err := f.Encode(v, o)
		if err != nil {
			return value.Value{}, err
		}
		return value.Value{}, door.write(path, data)
	})
}

// written is the value that Write writes: the one in result position, walked by a
// qualifier that names no format, or what with gives when the result is unbound.
func written(c *vm.Call, walk bool) (value.Value, error) {
	if c.Has(bytecode.SlotSink) {
		return c.Arg(bytecode.SlotSink), nil
	}
	v := c.Arg(bytecode.SlotResult)
	if !v.IsBound() {
		if w := c.Arg(bytecode.SlotWith); w.IsBound() {
			return w, nil
		}
		return value.Value{}, fmt.Errorf("Undefined variable: '%s'", c.Site.Result.Base)
	}
	if walk {
		for _, step := range c.Site.Result.Specs {
			next, ok := v.Property(step)
			if !ok {
				break // a type annotation
			}
			v = next
		}
	}
	return v, nil
}

func appendVerb(c *vm.Call) (value.Value, error) {
	door := doorOf(c)
	path, err := door.objectPath(c)
	if err != nil {
		return value.Value{}, err
	}
	v, ok := argOr(c, bytecode.SlotWith, bytecode.SlotSink)
	if !ok {
		if v, err = written(c, true); err != nil {
			return value.Value{}, err
		}
	}
	data, err := format.Raw.Encode(v, format.Options{})
	if err != nil {
		return value.Value{}, err
	}
	return offloadRecord(c, value.MapOf("path", value.OfString(path), "success", value.True), func() error {
		return door.append(path, data)
	})
}

// offloadRecord runs work and binds the small record of its success. A name that
// holds a value already keeps it (02 §1.5): in `Append the <line> to …` it is
// what the verb worked on.
func offloadRecord(c *vm.Call, record value.Value, work func() error) (value.Value, error) {
	if v := c.Arg(bytecode.SlotResult); v.IsBound() && !pathWords[c.Site.Result.Base] {
		record = v
	}
	return offload(c, func() (value.Value, error) {
		if err := work(); err != nil {
			return value.Value{}, err
		}
		return record, nil
	})
}

// formatOptions reads `with { delimiter, header, quote, safe }`.
func formatOptions(c *vm.Call) (format.Options, error) {
	o := format.Options{Name: variableName(c), Now: time.Now()}
	with := c.Arg(bytecode.SlotWith)
	one := func(key string) (rune, error) {
		v, ok := with.Property(key)
		if !ok || with.Kind() != value.Map {
			return 0, nil
		}
		text := v.Text()
		if r, size := utf8.DecodeRuneInString(text); v.Kind() == value.String && size > 0 && size == len(text) && r != '\n' && r != '\r' {
			return r, nil
		}
		if text == `\t` {
			return '\t', nil
		}
		return 0, fmt.Errorf("Invalid value '%s' for %s. It must be one character", text, key)
	}
	var err error
	if o.Delimiter, err = one("delimiter"); err != nil {
		return o, err
	}
	if o.Quote, err = one("quote"); err != nil {
		return o, err
	}
	if with.Kind() == value.Map {
		if v, ok := with.Property("header"); ok {
			o.NoHeader = !v.Truthy()
		}
		if v, ok := with.Property("safe"); ok {
			o.Safe = v.Truthy()
		}
	}
	return o, nil
}

// variableName is the name of what a statement writes, "" for an expression.
func variableName(c *vm.Call) string {
	if c.Site.Result.Base != "" {
		return c.Site.Result.Base
	}
	if i := c.Site.Stmt; i >= 0 && int(i) < len(c.Chunk().Stmts) {
		if sink := c.Chunk().Stmts[i].Sink; len(sink) == 1 {
			return sink[0].Name
		}
	}
	return ""
}
