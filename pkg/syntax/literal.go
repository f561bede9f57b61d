package syntax

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// text returns the value of a string token that is taken as plain text: quotes
// removed, escapes resolved, `${` left as it is. Without escapes it is a slice
// of the source.
func (p *parser) text(t token) string {
	if t.flags&fOpen != 0 {
		return ""
	}
	start, end := int(t.start), int(t.end)
	switch t.kind {
	case tText:
		return p.blockText(start+3, end-3, t.flags)
	case tRaw:
		s := p.src[start+1 : end-1]
		if t.flags&fEscape != 0 {
			s = strings.ReplaceAll(s, `\'`, `'`)
		}
		return s
	}
	return p.unescape(start+1, end-1, t.flags)
}

// unescape resolves the escapes of src[start:end] and reports bad ones at their
// places.
func (p *parser) unescape(start, end int, flags uint8) string {
	if flags&fEscape == 0 {
		return p.src[start:end]
	}
	var b strings.Builder
	b.Grow(end - start)
	for i := start; i < end; {
		n := strings.IndexByte(p.src[i:end], '\\')
		if n < 0 {
			b.WriteString(p.src[i:end])
			break
		}
		b.WriteString(p.src[i : i+n])
		i = p.escape(&b, i+n, end)
	}
	return b.String()
}

// escape resolves the escape at i and returns the position behind it.
func (p *parser) escape(b *strings.Builder, i, end int) int {
	if i+1 >= end {
		p.error("ARO-L3", i, i+1, `Invalid escape sequence '\'`, "")
		return end
	}
	switch c := p.src[i+1]; c {
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case '0':
		b.WriteByte(0)
	case '\\', '"', '\'', '$':
		b.WriteByte(c)
	case 'u':
		close := strings.IndexByte(p.src[i:end], '}')
		if close >= 4 && close <= 11 && p.src[i+2] == '{' {
			v, err := strconv.ParseUint(p.src[i+3:i+close], 16, 32)
			if err == nil && v <= utf8.MaxRune && utf8.ValidRune(rune(v)) {
				b.WriteRune(rune(v))
				return i + close + 1
			}
			p.error("ARO-L3", i, i+close+1, `Invalid escape sequence '`+p.src[i:i+close+1]+`'`, "")
			return i + close + 1
		}
		p.error("ARO-L3", i, i+2, `Invalid escape sequence '\u'`, `Write \u{1F600}: up to eight hexadecimal digits in braces`)
	default:
		ch := p.charAt(i + 1)
		p.error("ARO-L3", i, i+1+len(ch), `Invalid escape sequence '\`+ch+`'`, `A backslash is written \\`)
		return i + 1 + len(ch)
	}
	return i + 2
}

// blockText returns the value of a block string: the margin, the white space
// before the closing quotes, is cut from the front of every line that has it.
func (p *parser) blockText(start, end int, flags uint8) string {
	raw := p.src[start:end]
	first := strings.IndexAny(raw, "\r\n")
	if first < 0 {
		return ""
	}
	lines := splitLines(raw[first:])[1:]
	offset := start + first + lineBreak(raw[first:])
	last := len(lines) - 1
	margin := ""
	if strings.Trim(lines[last], " \t") == "" {
		margin = lines[last]
		lines = lines[:last]
	}
	if n := len(lines); n > 0 && strings.Trim(lines[n-1], " \t") == "" {
		lines = lines[:n-1]
	}
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		from, to := offset, offset+len(line)
		offset = to + lineBreak(p.src[to:end])
		switch {
		case strings.Trim(line, " \t") == "":
		case strings.HasPrefix(line, margin):
			b.WriteString(p.unescape(from+len(margin), to, flags))
		default:
			b.WriteString(p.unescape(from, to, flags))
		}
	}
	return b.String()
}

// lineBreak returns the length of the line break at the start of s, else 0.
func lineBreak(s string) int {
	switch {
	case strings.HasPrefix(s, "\r\n"):
		return 2
	case s != "" && (s[0] == '\n' || s[0] == '\r'):
		return 1
	}
	return 0
}

func splitLines(s string) []string {
	var lines []string
	for {
		i := strings.IndexAny(s, "\r\n")
		if i < 0 {
			return append(lines, s)
		}
		lines = append(lines, s[:i])
		s = s[i+lineBreak(s[i:]):]
	}
}

// number turns the current number token into a literal, negated when the minus
// sign at start belongs to it, and moves on.
func (p *parser) number(start Pos) Expr {
	t := p.tok
	x := p.literals.new()
	x.Span = Span{start, t.end}
	s := p.src[t.start:t.end]
	if t.flags&fUnderln != 0 {
		s = strings.ReplaceAll(s, "_", "")
	}
	ok := t.flags&fBad == 0
	if t.kind == tInt {
		x.Kind = IntLit
		x.Int, ok = parseInt(s, start < t.start)
	} else if ok {
		x.Kind = FloatLit
		v, err := strconv.ParseFloat(s, 64)
		if ok = err == nil; start < t.start {
			v = -v
		}
		x.Float = v
	}
	if !ok {
		hint := ""
		if t.kind == tInt && t.flags&fBad == 0 && strings.Trim(s, "0123456789") == "" {
			hint = "Integers go from " + strconv.Itoa(math.MinInt64) + " to " + strconv.Itoa(math.MaxInt64)
		}
		p.error("ARO-L4", int(start), int(t.end), "Invalid number literal '"+p.src[start:t.end]+"'", hint)
	}
	p.next()
	return x
}

// parseInt reads decimal, 0x and 0b digits. Short decimals, nearly all there
// are, take the loop.
func parseInt(s string, negative bool) (int64, bool) {
	if len(s) < 18 && (len(s) < 2 || s[1] <= '9') {
		n := int64(0)
		for i := 0; i < len(s); i++ {
			n = n*10 + int64(s[i]-'0')
		}
		if negative {
			n = -n
		}
		return n, true
	}
	base := 10
	if len(s) >= 2 {
		switch s[1] | 0x20 {
		case 'x':
			s, base = s[2:], 16
		case 'b':
			s, base = s[2:], 2
		}
	}
	u, err := strconv.ParseUint(s, base, 64)
	switch {
	case err != nil:
		return 0, false
	case negative:
		return -int64(u), u <= 1<<63
	}
	return int64(u), u <= math.MaxInt64
}
