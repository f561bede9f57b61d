package host

import (
	"sort"
	"strings"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// The least widths of the columns of a response in developer form.
const (
	keyWidth   = 10
	valueWidth = 20
)

// boxed is the final response in developer form (01 §8.3): a table whose first
// row is the status, then the reason and the data, flattened and sorted.
func boxed(r Response, lookup func(string) value.Value) string {
	status, reason := r.Status, r.Reason
	if !r.Set {
		status, reason = "OK", "success"
	}
	if reason == "application" {
		return ""
	}
	rows := [][2]string{}
	var add func(prefix string, v value.Value)
	add = func(key string, v value.Value) {
		rec := v.Record()
		if rec == nil || rec.Len() == 0 {
			text := strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(v.Developer())
			rows = append(rows, [2]string{key, text})
			return
		}
		for i := range rec.Len() {
			k, e := rec.At(i)
			add(key+"."+k, e)
		}
	}
	entries := responseEntries(r)
	for i := range entries.Len() {
		add(entries.At(i))
	}
	if entries.Len() == 0 {
		if v := fallback(lookup); v.IsBound() {
			add("value", v)
		}
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i][0] < rows[j][0] })
	rows = append([][2]string{{"reason", value.OfString(reason).Developer()}}, rows...)

	width := func(s string) int { return vm.Length(value.OfString(s)) }
	k, w := keyWidth, valueWidth
	for _, row := range rows {
		k, w = max(k, width(row[0])), max(w, width(row[1]))
	}
	title := "Response<" + status + ">"
	w = max(w, width(title)-k-3)
	line := func(n int) string { return strings.Repeat("─", n) }
	pad := func(s string, n int) string { return s + strings.Repeat(" ", n-width(s)) }
	var b strings.Builder
	b.WriteString("┌" + line(k+w+5) + "┐\n│ " + pad(title, k+w+3) + " │\n├" + line(k+2) + "┬" + line(w+2) + "┤\n")
	for _, row := range rows {
		b.WriteString("│ " + pad(row[0], k) + " │ " + pad(row[1], w) + " │\n")
	}
	b.WriteString("└" + line(k+2) + "┴" + line(w+2) + "┘")
	return b.String()
}
