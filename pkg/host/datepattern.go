package host

import (
	"strconv"
	"time"
)

// datePattern is a compiled Unicode (LDML) date pattern such as
// dd.MM.yyyy HH:mm. English names; letters without a meaning here are copied.
type datePattern struct{ parts []datePart }

type datePart struct {
	letter byte // 0: literal text
	n      int
	text   string
}

func compileDatePattern(s string) *datePattern {
	p := &datePattern{}
	literal := func(t string) { p.parts = append(p.parts, datePart{text: t}) }
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\'':
			// 'text', with '' for a quote, inside and outside.
			if i+1 < len(s) && s[i+1] == '\'' {
				literal("'")
				i += 2
				continue
			}
			i++
			for i < len(s) {
				if s[i] == '\'' {
					if i+1 < len(s) && s[i+1] == '\'' {
						literal("'")
						i += 2
						continue
					}
					i++
					break
				}
				start := i
				for i < len(s) && s[i] != '\'' {
					i++
				}
				literal(s[start:i])
			}
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			start := i
			for i < len(s) && s[i] == c {
				i++
			}
			p.parts = append(p.parts, datePart{letter: c, n: i - start, text: s[start:i]})
		default:
			start := i
			for i < len(s) && s[i] != '\'' && !(s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z') {
				i++
			}
			literal(s[start:i])
		}
	}
	return p
}

// format appends t under the pattern.
func (p *datePattern) format(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	for _, x := range p.parts {
		switch x.letter {
		case 0:
			b = append(b, x.text...)
		case 'y', 'u':
			y := year
			if x.n == 2 {
				b = pad(b, y%100, 2)
			} else {
				b = pad(b, y, x.n)
			}
		case 'M', 'L':
			switch {
			case x.n == 5:
				b = append(b, month.String()[0])
			case x.n == 4:
				b = append(b, month.String()...)
			case x.n == 3:
				b = append(b, month.String()[:3]...)
			default:
				b = pad(b, int(month), x.n)
			}
		case 'd':
			b = pad(b, day, x.n)
		case 'D':
			b = pad(b, t.YearDay(), x.n)
		case 'E':
			name := t.Weekday().String()
			switch x.n {
			case 4:
			case 5:
				name = name[:1]
			default:
				name = name[:3]
			}
			b = append(b, name...)
		case 'w':
			_, w := t.ISOWeek()
			b = pad(b, w, x.n)
		case 'H':
			b = pad(b, hour, x.n)
		case 'k':
			b = pad(b, (hour+23)%24+1, x.n)
		case 'h':
			b = pad(b, (hour+11)%12+1, x.n)
		case 'K':
			b = pad(b, hour%12, x.n)
		case 'm':
			b = pad(b, minute, x.n)
		case 's':
			b = pad(b, second, x.n)
		case 'S':
			digits := strconv.Itoa(1e9 + t.Nanosecond())[1:]
			for i := range x.n {
				if i < len(digits) {
					b = append(b, digits[i])
				} else {
					b = append(b, '0')
				}
			}
		case 'a':
			b = t.AppendFormat(b, "PM")
		case 'Z':
			switch x.n {
			case 4:
				b = t.AppendFormat(append(b, "GMT"...), "-07:00")
			case 5:
				b = t.AppendFormat(b, "Z07:00")
			default:
				b = t.AppendFormat(b, "-0700")
			}
		case 'z':
			b = t.AppendFormat(b, "MST")
		case 'X':
			b = t.AppendFormat(b, []string{"Z07", "Z0700", "Z07:00"}[min(x.n, 3)-1])
		case 'x':
			b = t.AppendFormat(b, []string{"-07", "-0700", "-07:00"}[min(x.n, 3)-1])
		default:
			b = append(b, x.text...)
		}
	}
	return b
}

func pad(b []byte, n, width int) []byte {
	if width <= 2 && n >= 10 && n < 100 || width == 2 && n >= 0 && n < 10 {
		return append(b, '0'+byte(n/10), '0'+byte(n%10))
	}
	var room [20]byte
	digits := strconv.AppendInt(room[:0], int64(n), 10)
	for range width - len(digits) {
		b = append(b, '0')
	}
	return append(b, digits...)
}
