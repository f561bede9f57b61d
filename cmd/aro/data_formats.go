//go:build !runtime

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"aro/pkg/host/format"
	"aro/pkg/vm/value"
)

// The formats of files here are stricter than those of Read and Write: what a program
// may shrug off would be a row that is missing or another one.

// writeEach writes rows one after the other.
func writeEach(w io.Writer, rows []value.Value, p *progress, each func(b []byte, i int) []byte) error {
	out := bufio.NewWriterSize(w, 64<<10)
	var b []byte
	for i := range rows {
		b = each(b[:0], i)
		if _, err := out.Write(b); err != nil {
			return err
		}
		if i%1000 == 0 {
			p.show(int64(i), int64(len(rows)))
		}
	}
	return out.Flush()
}

func writeRowLines(w io.Writer, rows []value.Value, p *progress) error {
	return writeEach(w, rows, p, func(b []byte, i int) []byte { return append(rows[i].AppendJSON(b), '\n') })
}

// writeRowsJSON writes one array, a row a line.
func writeRowsJSON(w io.Writer, rows []value.Value, p *progress) error {
	if _, err := io.WriteString(w, "["); err != nil {
		return err
	}
	err := writeEach(w, rows, p, func(b []byte, i int) []byte {
		if i > 0 {
			b = append(b, ',')
		}
		return rows[i].AppendJSON(append(b, '\n'))
	})
	if err == nil {
		_, err = io.WriteString(w, "\n]\n")
	}
	return err
}

// writeRowsCSV writes a column for each field that any row has, sorted by name.
func writeRowsCSV(w io.Writer, rows []value.Value, p *progress) error {
	seen := map[string]bool{}
	for i, row := range rows {
		r := row.Record()
		if r == nil {
			return fmt.Errorf("row %d is no map, and CSV has columns: choose jsonl", i+1)
		}
		for j := range r.Len() {
			k, _ := r.At(j)
			seen[k] = true
		}
	}
	columns := make([]string, 0, len(seen))
	for k := range seen {
		columns = append(columns, k)
	}
	slices.Sort(columns)
	csv := format.Named("csv")
	line := func(b []byte, cells []value.Value) ([]byte, error) {
		text, err := csv.Encode(value.OfList([]value.Value{value.OfList(cells)}), format.Options{})
		return append(append(b, text...), '\n'), err
	}
	head := make([]value.Value, len(columns))
	for i, k := range columns {
		head[i] = value.OfString(k)
	}
	if len(columns) == 0 {
		return nil
	}
	b, err := line(nil, head)
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	var failed error
	cells := make([]value.Value, len(columns))
	err = writeEach(w, rows, p, func(b []byte, i int) []byte {
		r := rows[i].Record()
		for j, k := range columns {
			cells[j], _ = r.Get(k)
		}
		b, err := line(b, cells)
		failed = errors.Join(failed, err)
		return b
	})
	return errors.Join(failed, err)
}

func readRowsJSON(text string) ([]value.Value, error) {
	v, err := value.ParseJSON(text)
	if err != nil {
		return nil, err
	}
	if v.Kind() != value.List {
		return nil, errors.New("it is no array of rows; a file with a row on each line is jsonl")
	}
	return checkRows(v.List())
}

func readRowLines(text string) ([]value.Value, error) {
	var rows []value.Value
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		v, err := value.ParseJSON(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		rows = append(rows, v)
	}
	return checkRows(rows)
}

// checkRows refuses what Store would not take for one row.
func checkRows(rows []value.Value) ([]value.Value, error) {
	for i, row := range rows {
		if row.Kind() == value.List || row.Kind() == value.Null {
			return nil, fmt.Errorf("row %d is %s; a row is a map, a text, a number or a truth value", i+1, row.Text())
		}
	}
	return rows, nil
}

// readRowsCSV reads a header and rows. Fields whose cell is empty are left out.
func readRowsCSV(text string) ([]value.Value, error) {
	v, err := format.Named("csv").Decode(text, format.Options{NoHeader: true})
	if err != nil {
		return nil, err
	}
	lines := v.List()
	if len(lines) == 0 {
		return nil, errors.New("it has no header")
	}
	head := lines[0].List()
	names := make([]string, len(head))
	for i, c := range head {
		if names[i] = c.Text(); names[i] == "" || slices.Contains(names[:i], names[i]) {
			return nil, fmt.Errorf("column %d has no name of its own", i+1)
		}
	}
	rows := make([]value.Value, 0, len(lines)-1)
	for i, l := range lines[1:] {
		cells := l.List()
		if len(cells) > len(names) {
			return nil, fmt.Errorf("row %d has %d cells, and there are %d columns", i+1, len(cells), len(names))
		}
		b := value.NewBuilder(len(names))
		for j, c := range cells {
			if c.Kind() != value.String || c.Str() != "" {
				b.Set(names[j], c)
			}
		}
		rows = append(rows, b.Value())
	}
	return rows, nil
}
