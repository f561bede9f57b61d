// Package format reads and writes the file formats: values to bytes and back.
//
// It knows values and nothing else of the host. One file holds one family of
// formats. What Decode accepts may come from anyone: nesting, the expansion of
// aliases and entities, and the size are bounded, and no input makes it panic.
package format

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"aro/pkg/vm/value"
)

// MaxSize is the largest text that any format takes: what Read brings into
// memory at once.
const MaxSize = 256 << 20

// maxTree is the limit of formats whose parsers build a tree first, which takes
// some thirty times the memory of the text.
const maxTree = 32 << 20

// maxDepth bounds the nesting of what is read and written.
const maxDepth = 512

// maxElements bounds what is written: each takes a byte of output at least.
const maxElements = 32 << 20

// Options is what a statement says besides the value.
type Options struct {
	// Name is the variable's: the root element of XML, the table of TOML and SQL.
	Name      string
	Delimiter rune      // of csv and tsv; 0: the format's own, or guessed when reading
	Quote     rune      // of csv and tsv; 0: the double quote
	NoHeader  bool      // csv and tsv without a header line
	Safe      bool      // csv and tsv whose text no spreadsheet takes for a formula
	Now       time.Time // the time of log entries
}

// Format is one file format. All are made here and shared; they have no state.
type Format struct {
	// Name is the word for the format in programs: <d: json>.
	Name string
	// Text reports that reading gives the text as it is.
	Text    bool
	also    []string // other words and extensions
	max     int
	decode  func(text string, o *Options) (value.Value, error)
	encode  func(b []byte, v value.Value, o *Options) []byte
	isBytes bool
}

// Raw is text as it is, both ways; Bytes is the same for any content.
var (
	Raw   = &Format{Name: "raw", also: []string{"string"}, Text: true, max: MaxSize, encode: appendRaw}
	Bytes = &Format{Name: "bytes", also: []string{"binary", "bin"}, Text: true, max: MaxSize, encode: appendRaw, isBytes: true}
)

// formats are the formats that have an extension, in the order of the manual.
var formats = []*Format{
	{Name: "json", max: MaxSize, decode: decodeJSON, encode: encodeJSON},
	{Name: "jsonl", also: []string{"ndjson", "json-lines"}, max: MaxSize, decode: decodeJSONL, encode: encodeJSONL},
	{Name: "yaml", also: []string{"yml"}, max: maxTree, decode: decodeYAML, encode: encodeYAML},
	{Name: "xml", max: maxTree, decode: decodeXML, encode: encodeXML},
	{Name: "toml", max: maxTOML, decode: decodeTOML, encode: encodeTOML},
	{Name: "csv", max: MaxSize, decode: decodeCSV, encode: encodeCSV},
	{Name: "tsv", max: MaxSize, decode: decodeTSV, encode: encodeTSV},
	{Name: "markdown", also: []string{"md"}, Text: true, max: MaxSize, encode: encodeMarkdown},
	{Name: "html", also: []string{"htm"}, Text: true, max: MaxSize, encode: encodeHTML},
	{Name: "txt", also: []string{"text"}, max: MaxSize, decode: decodeTXT, encode: encodeTXT},
	{Name: "sql", Text: true, max: MaxSize, encode: encodeSQL},
	{Name: "log", Text: true, max: MaxSize, encode: encodeLog},
	{Name: "env", max: MaxSize, decode: decodeEnv, encode: encodeEnv},
}

var byWord = func() map[string]*Format {
	m := make(map[string]*Format, 32)
	for _, f := range append([]*Format{Raw, Bytes}, formats...) {
		for _, word := range append([]string{f.Name}, f.also...) {
			m[word] = f
		}
	}
	return m
}()

// Named returns the format that a qualifier names, in any case; nil when it is no
// format.
func Named(word string) *Format { return byWord[strings.ToLower(word)] }

// OfPath returns the format of a file by its extension; other files are Raw.
func OfPath(path string) *Format {
	ext := strings.ToLower(filepath.Ext(path))
	switch ext {
	case "", ".":
		return Raw
	case ".raw", ".string", ".bytes", ".binary", ".bin", ".json-lines", ".text":
		return Raw // words for formats, but no extensions of theirs
	}
	if f := byWord[ext[1:]]; f != nil {
		return f
	}
	return Raw
}

// A LimitError says that a text is sound perhaps, but more than its format takes.
type LimitError struct{ Format, Has, Limit string }

// Error tells the limit and the way round.
func (e *LimitError) Error() string {
	return fmt.Sprintf("the text has %s; %s is read up to %s. Read larger files as text, with the qualifier raw", e.Has, e.Format, e.Limit)
}

func sizeError(format string, size, limit int) error {
	return &LimitError{format, fmt.Sprintf("%d MiB", size>>20), fmt.Sprintf("%d MiB", limit>>20)}
}

// Decode reads a text. An error other than a LimitError means that the text is no
// text of the format. Values alias the text, which must not change afterwards.
func (f *Format) Decode(text string, o Options) (value.Value, error) {
	if len(text) > f.max {
		return value.Value{}, sizeError(f.Name, len(text), f.max)
	}
	if f.isBytes {
		return value.OfBytes([]byte(text)), nil
	}
	if f.decode == nil {
		return value.OfString(text), nil
	}
	return f.decode(strings.TrimPrefix(text, "\uFEFF"), &o)
}

// Encode writes a value. There is no newline at the end.
func (f *Format) Encode(v value.Value, o Options) ([]byte, error) {
	v = simple(v)
	left := maxElements
	if err := measure(v, 0, &left); err != nil {
		return nil, err
	}
	if o.Name == "" {
		o.Name = "data"
	}
	return f.encode(nil, v, &o), nil
}

// measure bounds what is written: a program nests without bound, and lists that
// hold each other twice double with each level.
func measure(v value.Value, depth int, left *int) error {
	if *left--; *left < 0 {
		return errors.New("the value is too large to be written")
	}
	if depth > maxDepth {
		return fmt.Errorf("the value is nested more than %d levels deep", maxDepth)
	}
	switch v.Kind() {
	case value.List:
		for _, e := range v.List() {
			if err := measure(e, depth+1, left); err != nil {
				return err
			}
		}
	case value.Map:
		r := v.Record()
		for i := range r.Len() {
			if err := measure(r.Slot(i), depth+1, left); err != nil {
				return err
			}
		}
	case value.Opaque:
		return measure(simple(v), depth+1, left)
	}
	return nil
}

// simple returns what stands for an opaque value.
func simple(v value.Value) value.Value {
	for range 8 {
		if v.Kind() != value.Opaque {
			return v
		}
		v = v.Object().Simple()
	}
	return value.Nil
}

// appendRaw writes text and bytes as they are, others in text form.
func appendRaw(b []byte, v value.Value, _ *Options) []byte {
	if v.Kind() == value.Bytes {
		return append(b, v.Bytes()...)
	}
	return v.AppendText(b)
}
