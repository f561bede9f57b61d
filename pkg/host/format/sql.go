package format

import (
	"strings"

	"aro/pkg/vm/value"
)

// encodeSQL writes an INSERT for each row. What is no map becomes a comment.
func encodeSQL(b []byte, v value.Value, o *Options) []byte {
	list := []value.Value{v}
	if v.Kind() == value.List {
		list = v.List()
	}
	var names []string
	for i, e := range list {
		if i > 0 {
			b = append(b, '\n')
		}
		rec := simple(e).Record()
		if rec == nil {
			b = append(append(b, "-- "...), blanks.Replace(cell(e))...)
			continue
		}
		if names == nil {
			names = columns([]*value.Record{rec})
		}
		b = append(append(append(b, "INSERT INTO "...), sqlName(o.Name)...), " ("...)
		for i, name := range names {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(b, sqlName(name)...)
		}
		b = append(b, ") VALUES ("...)
		for i, name := range names {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendSQL(b, field(rec, name))
		}
		b = append(b, ");"...)
	}
	return b
}

func appendSQL(b []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.Unbound, value.Null:
		return append(b, "NULL"...)
	case value.Bool:
		if v.Bool() {
			return append(b, "TRUE"...)
		}
		return append(b, "FALSE"...)
	case value.Int:
		return v.AppendText(b)
	case value.Float:
		if text := v.Text(); strings.ContainsAny(text[len(text)-1:], "0123456789") {
			return append(b, text...)
		}
		return append(b, "NULL"...) // no SQL dialect writes nan and inf as numbers
	}
	return append(append(append(b, '\''), strings.ReplaceAll(cell(v), "'", "''")...), '\'')
}

// sqlName quotes a name that is no plain identifier: names come from data, too.
func sqlName(name string) string {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	if name == "" {
		return `""`
	}
	return name
}
