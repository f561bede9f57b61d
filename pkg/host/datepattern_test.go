package host

import (
	"testing"
	"time"
)

// Every letter of the pattern language, in every width that means something.
func TestDatePatterns(t *testing.T) {
	d := time.Date(2025, 9, 7, 0, 5, 9, 45_600_000, time.FixedZone("CEST", 2*3600))
	noon := time.Date(325, 12, 31, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		at            time.Time
		pattern, want string
	}{
		{d, "y yy yyy yyyy u", "2025 25 2025 2025 2025"},
		{noon, "y yy yyyy", "325 25 0325"},
		{d, "M MM MMM MMMM MMMMM L LL LLLL", "9 09 Sep September S 9 09 September"},
		{d, "d dd D DDD", "7 07 250 250"},
		{d, "E EEE EEEE EEEEE", "Sun Sun Sunday S"},
		{d, "w ww", "36 36"},
		{d, "H HH k kk h hh K KK a", "0 00 24 24 12 12 0 00 AM"},
		{noon, "H k h K a", "12 12 12 0 PM"},
		{d, "m mm s ss", "5 05 9 09"},
		{d, "S SS SSS SSSSSSSSSSS", "0 04 045 04560000000"},
		{d, "z Z ZZZ ZZZZ ZZZZZ X XX XXX x xx xxx", "CEST +0200 +0200 GMT+02:00 +02:00 +02 +0200 +02:00 +02 +0200 +02:00"},
		{noon, "Z ZZZZZ X XX XXX x xx xxx", "+0000 Z Z Z Z +00 +0000 +00:00"},
		{d, "dd.MM.yyyy HH:mm", "07.09.2025 00:05"},
		{d, "'at' h 'o''clock' '' 'open", "at 12 o'clock ' open"},
		{d, "", ""},
		{d, "é–q", "é–q"},
	} {
		if got := string(compileDatePattern(c.pattern).format(nil, c.at)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.pattern, got, c.want)
		}
	}
}
