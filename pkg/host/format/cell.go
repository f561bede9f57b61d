package format

import (
	"strconv"
	"strings"

	"aro/pkg/vm/value"
)

// entry is a key of a map with its value.
type entry struct {
	key string
	val value.Value
}

// sorted returns the entries of a map in key order, opaque values resolved.
func sorted(r *value.Record) []entry {
	list := make([]entry, 0, r.Len())
	for _, slot := range r.Shape().SortedSlots() {
		k, v := r.At(int(slot))
		list = append(list, entry{k, simple(v)})
	}
	return list
}

// rowsOf returns the elements of a list of maps; ok is false for anything else,
// an empty list too.
func rowsOf(v value.Value) (rows []*value.Record, ok bool) {
	list := v.List()
	if len(list) == 0 {
		return nil, false
	}
	rows = make([]*value.Record, len(list))
	for i, e := range list {
		if rows[i] = simple(e).Record(); rows[i] == nil {
			return nil, false
		}
	}
	return rows, true
}

// columns are the sorted keys of the first row.
func columns(rows []*value.Record) []string {
	names := make([]string, 0, rows[0].Len())
	for _, e := range sorted(rows[0]) {
		names = append(names, e.key)
	}
	return names
}

// field returns a row's cell, unbound when the row lacks it.
func field(row *value.Record, column string) value.Value {
	v, _ := row.Get(column)
	return simple(v)
}

// cell is a value within a line or table: scalars in text form, what is missing
// or null empty, collections as JSON, which other programs can read.
func cell(v value.Value) string {
	switch v = simple(v); v.Kind() {
	case value.Unbound, value.Null:
		return ""
	case value.List, value.Map, value.Bytes:
		return string(appendPlainJSON(nil, v))
	}
	return v.Text()
}

// appendPlainJSON appends compact JSON without the escaping of `/`, which only
// markup needs.
func appendPlainJSON(b []byte, v value.Value) []byte {
	return append(b, strings.ReplaceAll(v.JSON(), `\/`, "/")...)
}

// detect reads a cell: true and false in any case, whole numbers, decimal
// numbers, else text. Only numbers in their usual form count: 007, +5 and 1_000
// stay text, and so do digits that do not fit.
func detect(s string) value.Value {
	switch {
	case strings.EqualFold(s, "true"):
		return value.True
	case strings.EqualFold(s, "false"):
		return value.False
	}
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || len(digits) > 40 || digits[0] < '0' || digits[0] > '9' ||
		digits[0] == '0' && len(digits) > 1 && digits[1] >= '0' && digits[1] <= '9' {
		return value.OfString(s)
	}
	for i := range len(digits) {
		if c := digits[i]; (c < '0' || c > '9') && c != '.' && c != 'e' && c != 'E' && c != '-' && c != '+' {
			return value.OfString(s)
		}
	}
	if !strings.ContainsAny(digits, ".eE") {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && s != "-0" {
			return value.OfInt(n)
		}
		return value.OfString(s)
	}
	if strings.HasSuffix(digits, ".") || strings.Contains(digits, ".e") || strings.Contains(digits, ".E") {
		return value.OfString(s)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return value.OfFloat(f)
	}
	return value.OfString(s)
}
