package value

import (
	"strings"
	"time"
)

// appendISO appends yyyy-MM-ddTHH:mm:ssZ, with an offset for other zones than
// UTC and without fractions (02 §10.1). Pages and JSON are full of dates: in UTC
// that is arithmetic, at a quarter of what package time takes.
func appendISO(b []byte, v Value) []byte {
	const day = 86400
	sec := int64(v.num)
	if v.ptr != nil || sec < -62135596800 || sec >= 253402300800 { // years 1 to 9999
		return v.Time().AppendFormat(b, "2006-01-02T15:04:05Z07:00")
	}
	days := sec / day
	rest := sec - days*day
	if rest < 0 {
		rest, days = rest+day, days-1
	}
	y, m, d := civil(days)
	s := int(rest)
	return append(b, digit(y/1000), digit(y/100), digit(y/10), digit(y), '-', digit(m/10), digit(m), '-', digit(d/10), digit(d), 'T',
		digit(s/36000), digit(s/3600%10), ':', digit(s/600%6), digit(s/60), ':', digit(s/10%6), digit(s), 'Z')
}

func digit(n int) byte { return '0' + byte(n%10) }

// civil is the date of a day counted from 1970-01-01, in the Gregorian calendar
// that began on 0000-03-01: years begin in March, so that the day that some of
// them have more is the last.
func civil(days int64) (year, month, day int) {
	z := int(days) + 719468
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	year, month, day = yoe+era*400, mp+3, doy-(153*mp+2)/5+1
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}

// looksLikeDate is the cheap test before ParseDate: four digits and a hyphen.
func looksLikeDate(s string) bool {
	return len(s) >= 10 && s[4] == '-' && s[7] == '-' && s[0] >= '0' && s[0] <= '9' && s[9] >= '0' && s[9] <= '9'
}

// ParseDate reads full ISO-8601 with a zone (fractions allowed),
// yyyy-MM-ddTHH:mm:ss and yyyy-MM-dd, the last two as UTC. The date is shown in
// UTC whatever zone the text names: an offset is no zone, it has no clock changes.
func ParseDate(s string) (Value, bool) {
	if !looksLikeDate(s) {
		return Value{}, false
	}
	layout := time.RFC3339Nano
	switch {
	case len(s) == 10:
		layout = "2006-01-02"
	case s[10] != 'T':
		return Value{}, false
	case !strings.ContainsAny(s[11:], "Z+-"):
		layout = "2006-01-02T15:04:05.999999999"
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return Value{}, false
	}
	return OfTime(t.UTC()), true
}

// AsDate returns v when it is a date or text that reads as one.
func (v Value) AsDate() (Value, bool) {
	switch v.Kind() {
	case Date:
		return v, true
	case String:
		return ParseDate(v.Str())
	}
	return Value{}, false
}

// dateProperty returns a named property of a date, names in any case.
func dateProperty(v Value, name string) (Value, bool) {
	t := v.Time()
	switch strings.ToLower(name) {
	case "year":
		return OfInt(int64(t.Year())), true
	case "month":
		return OfInt(int64(t.Month())), true
	case "day":
		return OfInt(int64(t.Day())), true
	case "hour":
		return OfInt(int64(t.Hour())), true
	case "minute":
		return OfInt(int64(t.Minute())), true
	case "second":
		return OfInt(int64(t.Second())), true
	case "dayofweek":
		return OfString(t.Weekday().String()), true
	case "dayofyear":
		return OfInt(int64(t.YearDay())), true
	case "weekofyear":
		_, w := t.ISOWeek()
		return OfInt(int64(w)), true
	case "timestamp":
		return OfInt(t.Unix()), true
	case "iso":
		return OfString(v.Text()), true
	case "timezone":
		return OfString(t.Location().String()), true
	}
	return Value{}, false
}
