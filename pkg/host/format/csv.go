package format

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"aro/pkg/vm/value"
)

func encodeCSV(b []byte, v value.Value, o *Options) []byte { return appendTable(b, v, o, ',') }
func encodeTSV(b []byte, v value.Value, o *Options) []byte { return appendTable(b, v, o, '\t') }

// appendTable writes rows under a header with the keys of the first one; a map
// as lines of key and value; lists as one line each.
func appendTable(b []byte, v value.Value, o *Options, delimiter rune) []byte {
	w := tableWriter{b: b, delimiter: string(o.delimiter(delimiter)), quote: string(o.quote()), safe: o.Safe}
	rec := v.Record()
	switch rows, ok := rowsOf(v); {
	case ok:
		names := columns(rows)
		if !o.NoHeader {
			w.line(names...)
		}
		cells := make([]string, len(names))
		for _, row := range rows {
			for i, name := range names {
				cells[i] = cell(field(row, name))
			}
			w.line(cells...)
		}
	case rec != nil:
		if !o.NoHeader {
			w.line("key", "value")
		}
		for _, e := range sorted(rec) {
			w.line(e.key, cell(e.val))
		}
	case v.Kind() == value.List:
		for _, e := range v.List() {
			if e = simple(e); e.Kind() != value.List {
				w.line(cell(e))
				continue
			}
			cells := make([]string, e.Len())
			for i, x := range e.List() {
				cells[i] = cell(x)
			}
			w.line(cells...)
		}
	default:
		return appendRaw(b, v, o)
	}
	return w.b
}

func (o *Options) delimiter(usual rune) rune {
	if o.Delimiter != 0 {
		return o.Delimiter
	}
	return usual
}

func (o *Options) quote() rune {
	if o.Quote != 0 {
		return o.Quote
	}
	return '"'
}

type tableWriter struct {
	b                []byte
	delimiter, quote string
	more             bool
	safe             bool
}

// line writes a row. Besides what would break the row, blanks at the ends are
// quoted: readers trim what is not.
func (w *tableWriter) line(cells ...string) {
	if w.more {
		w.b = append(w.b, '\n')
	}
	w.more = true
	for i, s := range cells {
		if i > 0 {
			w.b = append(w.b, w.delimiter...)
		}
		if w.safe && isFormula(s) {
			s = "'" + s
		}
		if strings.ContainsAny(s, "\r\n") || strings.Contains(s, w.delimiter) || strings.Contains(s, w.quote) || strings.TrimSpace(s) != s {
			s = w.quote + strings.ReplaceAll(s, w.quote, w.quote+w.quote) + w.quote
		}
		w.b = append(w.b, s...)
	}
}

// isFormula reports whether a spreadsheet may calculate a cell, which then reads
// other cells, loads addresses or starts programs. Numbers are cells like any
// other, and full-width signs count where the keyboard is Japanese.
func isFormula(s string) bool {
	s = strings.TrimSpace(s)
	if s == "" || strings.IndexByte("=+-@\xef", s[0]) < 0 {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s)
	if !strings.ContainsRune("=+-@＝＋－＠", r) {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err != nil || strings.ContainsAny(s, "nNfFxX_") // NaN, Inf and hexadecimal are no numbers of spreadsheets
}

func decodeCSV(text string, o *Options) (value.Value, error) {
	d := o.Delimiter
	if d == 0 {
		d = guessDelimiter(text, o.quote())
	}
	return readTable(text, o, d), nil
}

func decodeTSV(text string, o *Options) (value.Value, error) {
	return readTable(text, o, o.delimiter('\t')), nil
}

// guessDelimiter takes the delimiter that gives the first line most columns.
func guessDelimiter(text string, quote rune) rune {
	line, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	best, most := ',', 0
	for _, d := range ";,\t" {
		n, quoted := 0, false
		for _, r := range line {
			switch {
			case r == quote:
				quoted = !quoted
			case r == d && !quoted:
				n++
			}
		}
		if n > most || n == most && d == ',' {
			best, most = d, n
		}
	}
	return best
}

// readTable never fails: cells that are missing are empty text, those beyond the
// header are called after their position, a quote that does not end reaches to
// the end of the text. Less than a header and a row is no table but text.
func readTable(text string, o *Options, delimiter rune) value.Value {
	lines := splitTable(text, delimiter, o.quote())
	if o.NoHeader {
		rows := make([]value.Value, len(lines))
		for i, cells := range lines {
			row := make([]value.Value, len(cells))
			for j, s := range cells {
				row[j] = detect(s)
			}
			rows[i] = value.OfList(row)
		}
		return value.OfList(rows)
	}
	if len(lines) < 2 {
		return value.OfString(text)
	}
	header := lines[0]
	for i, name := range header {
		if header[i] = strings.ReplaceAll(name, ".", "-"); name == "" {
			header[i] = columnName(i)
		}
	}
	if len(header) == 2 && header[0] == "key" && header[1] == "value" {
		b := value.NewBuilder(len(lines) - 1)
		for _, cells := range lines[1:] {
			v := ""
			if len(cells) > 1 {
				v = cells[1]
			}
			b.Set(cells[0], detect(v))
		}
		return b.Value()
	}
	rows := make([]value.Value, 0, len(lines)-1)
	for _, cells := range lines[1:] {
		b := value.NewBuilder(len(header))
		for i, name := range header {
			v := ""
			if i < len(cells) {
				v = cells[i]
			}
			b.Set(name, detect(v))
		}
		for i := len(header); i < len(cells); i++ {
			b.Set(columnName(i), detect(cells[i]))
		}
		rows = append(rows, b.Value())
	}
	return value.OfList(rows)
}

func columnName(i int) string { return "column" + strconv.Itoa(i+1) }

// splitTable splits text into rows of cells. Quotes count at the start of a cell
// only; what is not quoted is trimmed; blank lines are skipped.
func splitTable(text string, delimiter, quote rune) (lines [][]string) {
	d, q := string(delimiter), string(quote)
	var cells []string
	lineEnd := -1 // of the line that i is in, once it is known
	for i := 0; i < len(text); {
		start := i
		for i < len(text) && (text[i] == ' ' || text[i] == '\t') && !strings.HasPrefix(text[i:], d) {
			i++
		}
		var s string
		if strings.HasPrefix(text[i:], q) {
			s, i = quotedCell(text, i+len(q), q)
			start = i
		}
		if lineEnd < i {
			lineEnd = len(text)
			if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
				lineEnd = i + n
			}
		}
		end := lineEnd
		if n := strings.Index(text[i:end], d); n >= 0 {
			end = i + n
		}
		if rest := strings.TrimSpace(text[start:end]); s == "" || rest != "" {
			s += rest // text behind a closing quote belongs to the cell
		}
		cells = append(cells, s)
		i = end
		if strings.HasPrefix(text[i:], d) {
			i += len(d)
			if i == len(text) || text[i] == '\n' || text[i] == '\r' {
				cells = append(cells, "") // the delimiter at the end of a line
			} else {
				continue
			}
			if i < len(text) && text[i] == '\r' {
				i++
			}
		}
		if i < len(text) && text[i] == '\n' {
			i++
		}
		if len(cells) > 1 || cells[0] != "" {
			lines = append(lines, cells)
		}
		cells = nil
	}
	return lines
}

// quotedCell reads from behind the opening quote and returns the content and the
// position behind the closing one. Doubled quotes are one.
func quotedCell(text string, i int, q string) (string, int) {
	var b strings.Builder
	for {
		n := strings.Index(text[i:], q)
		if n < 0 {
			b.WriteString(text[i:])
			return b.String(), len(text)
		}
		b.WriteString(text[i : i+n])
		i += n + len(q)
		if !strings.HasPrefix(text[i:], q) {
			return b.String(), i
		}
		b.WriteString(q)
		i += len(q)
	}
}
