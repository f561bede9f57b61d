package pattern

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dlclark/regexp2/v2"
)

func TestMain(m *testing.M) {
	defer regexp2.StopTimeoutClock()
	m.Run()
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		source, flags, text string
		want, linear        bool
	}{
		{`b+`, "", "abba", true, true},
		{`^B`, "", "abba", false, true},
		{`^A`, "i", "abba", true, true},
		{`a.b`, "", "a\nb", false, true},
		{`a.b`, "s", "a\nb", true, true},
		{`^b`, "m", "a\nb", true, true},
		{`a\/b`, "", "a/b", true, true},
		{`^(?=.*\d)(?=.*[a-z]).{4,}$`, "", "pass1", true, false},
		{`^(?=.*\d)(?=.*[a-z]).{4,}$`, "", "passw", false, false},
		{`(\w)\1`, "", "hello", true, false},
		{`(\w)\1`, "", "helo", false, false},
		{`(?<!un)happy`, "i", "unHappy", false, false},
		{`(?<!un)happy`, "i", "Happy", true, false},
		{`(?<=ä)ö`, "", "äö", true, false},
	} {
		p, err := Compile(c.source, c.flags)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if got, err := p.Match(c.text); got != c.want || err != nil || p.Linear() != c.linear {
			t.Errorf("/%s/%s on %q: %v, %v, linear %v", c.source, c.flags, c.text, got, err, p.Linear())
		}
	}
}

// TestFindAll: both engines count bytes.
func TestFindAll(t *testing.T) {
	for _, source := range []string{`ö`, `(?<=[a-zä])ö`} {
		p, _ := Compile(source, "")
		got, err := p.FindAll("äöxö")
		if fmt.Sprint(got) != "[[2 4] [5 7]]" || err != nil {
			t.Errorf("%s: %v, %v", source, got, err)
		}
	}
}

// TestSplit: both engines cut alike.
func TestSplit(t *testing.T) {
	for _, c := range [][3]string{{`,\s*`, `(?=,),\s*`, "a, b,,c,"}, {`x`, `(?=x)x`, "xax"}, {`z`, `(?=z)z`, "abc"}, {`x*`, `(?=x|)x*`, "axb"}} {
		a, _ := Compile(c[0], "")
		b, _ := Compile(c[1], "")
		if !a.Linear() || b.Linear() {
			t.Fatal(c)
		}
		x, _ := a.Split(c[2])
		y, err := b.Split(c[2])
		if fmt.Sprintf("%q", x) != fmt.Sprintf("%q", y) || err != nil {
			t.Errorf("%s: %q, %s: %q, %v", c[0], x, c[1], y, err)
		}
	}
}

// TestEndless: a pattern that tries for ever is stopped.
func TestEndless(t *testing.T) {
	p, err := Compile(`^(?=a)(a+)+$`, "")
	if err != nil || p.Linear() {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = p.Match(strings.Repeat("a", 64) + "!")
	if !errors.Is(err, ErrTime) || time.Since(began) > 20*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

func TestErrors(t *testing.T) {
	for source, want := range map[string]string{`(a`: "missing closing )", `[z-a]`: "invalid character class range", `a{2,1}`: "repeat count"} {
		if _, err := Compile(source, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// TestComputed: a pattern that may come from a visitor is bounded, by its text and by
// what its repetitions make of it.
func TestComputed(t *testing.T) {
	for source, fits := range map[string]bool{
		strings.Repeat("a", MaxComputed):             true,
		strings.Repeat("a", MaxComputed+1):           false,
		`^[a-z0-9-]{1,63}(\.\w{2,24}){1,4}$`:         true,
		`(abcdefghij){800}`:                          true,
		`(abcdefghijklm){999}`:                       false,
		strings.Repeat(`\w`, 1500) + `{1000}`:        true,
		`(` + strings.Repeat(`\w`, 50) + `{900}){1}`: true,
		`(` + strings.Repeat(`\w`, 50) + `){900}`:    false,
	} {
		p, err := CompileComputed(source)
		if fits && (err != nil || p == nil) || !fits && !errors.Is(err, ErrSize) {
			t.Errorf("%.40s…: %v", source, err)
		}
	}
	if _, err := CompileComputed("(a"); err == nil || errors.Is(err, ErrSize) {
		t.Errorf("a pattern that is none: %v", err)
	}
}
