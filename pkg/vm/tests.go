package vm

import (
	"errors"
	"net/url"
	"strings"
	"sync"

	"aro/pkg/bytecode"
	"aro/pkg/bytecode/pattern"
	"aro/pkg/vm/value"
)

// Test answers `v is <test>` (01 §6.5). It never fails, unbound included.
func Test(v value.Value, t bytecode.Test) bool {
	switch t {
	case bytecode.TestNull:
		return v.Kind() <= value.Null
	case bytecode.TestEmpty:
		return v.IsEmpty()
	case bytecode.TestDefined:
		return v.IsBound()
	case bytecode.TestSuccess, bytecode.TestFailed:
		success, known := status(v)
		return known && success == (t == bytecode.TestSuccess)
	case bytecode.TestString:
		return v.Kind() == value.String
	case bytecode.TestNumber:
		return v.IsNumber()
	case bytecode.TestFloat:
		return v.Kind() == value.Float
	case bytecode.TestBoolean:
		return v.Kind() == value.Bool
	case bytecode.TestList:
		return v.Kind() == value.List
	case bytecode.TestMap:
		return v.Kind() == value.Map
	case bytecode.TestDate:
		return v.Kind() == value.Date
	case bytecode.TestBytes:
		return v.Kind() == value.Bytes
	}
	return false
}

// status decides the status words: booleans, Testers, and records by isValid,
// valid, success, ok or status. Anything else has neither succeeded nor failed.
func status(v value.Value) (success, known bool) {
	switch v.Kind() {
	case value.Bool:
		return v.Bool(), true
	case value.Opaque:
		if t, ok := v.Object().(value.Tester); ok {
			return t.Success()
		}
	}
	for _, key := range []string{"isValid", "valid", "success", "ok"} {
		if p, ok := v.Property(key); ok && p.Kind() == value.Bool {
			return p.Bool(), true
		}
	}
	if p, ok := v.Property("status"); ok {
		switch p.Kind() {
		case value.Int:
			return p.Int() >= 200 && p.Int() <= 299, true
		case value.String:
			switch strings.ToLower(p.Str()) {
			case "ok", "success", "successful", "valid", "passed":
				return true, true
			}
			return false, true
		}
	}
	return false, false
}

// Pattern is a compiled regular expression as a value.
type Pattern struct {
	Source, Flags string
	re            *pattern.Pattern
	err           error
}

// NewPattern compiles /source/flags. A pattern that is none is kept with its
// error, which Regexp returns.
func NewPattern(source, flags string) *Pattern {
	p := &Pattern{Source: source, Flags: flags}
	p.re, p.err = pattern.Compile(source, flags)
	return p
}

// Regexp returns the compiled expression.
func (p *Pattern) Regexp() (*pattern.Pattern, error) { return p.re, p.err }

// PatternFor returns the pattern that v is or whose text it holds. Patterns from
// text are cached; their number is bounded, because they may come from requests.
func PatternFor(v value.Value) (*pattern.Pattern, error) {
	p, ok := v.Object().(*Pattern)
	if !ok {
		p = patternFor(v.Text())
	}
	return p.re, p.err
}

// TypeName returns "Regex".
func (p *Pattern) TypeName() string { return "Regex" }

// Property answers pattern and flags.
func (p *Pattern) Property(name string) (value.Value, bool) {
	switch name {
	case "pattern":
		return value.OfString(p.Source), true
	case "flags":
		return value.OfString(p.Flags), true
	}
	return value.Value{}, false
}

// Simple returns the pattern as it is written.
func (p *Pattern) Simple() value.Value { return value.OfString("/" + p.Source + "/" + p.Flags) }

// patterns caches expressions that are computed at run time; bounded, because
// they may come from requests.
var patterns struct {
	sync.Mutex
	m map[string]*Pattern
}

func patternFor(text string) *Pattern {
	patterns.Lock()
	p := patterns.m[text]
	patterns.Unlock()
	if p != nil {
		return p
	}
	p = &Pattern{Source: text}
	p.re, p.err = pattern.CompileComputed(text) // not under the lock: others need it
	if errors.Is(p.err, pattern.ErrSize) {
		return p
	}
	patterns.Lock()
	defer patterns.Unlock()
	if patterns.m == nil || len(patterns.m) >= 256 {
		patterns.m = make(map[string]*Pattern)
	}
	patterns.m[text] = p
	return p
}

// matches is `a matches b`: text on the left, a pattern or pattern text on the
// right; a bad pattern text or another type is false. A match that takes too long
// is an error, and so is a pattern text that is too large.
//
//go:noinline
func matches(a, b value.Value) (bool, error) {
	if a.Kind() != value.String {
		return false, nil
	}
	if p, ok := b.Object().(*Pattern); ok {
		if p.err != nil {
			return false, p.err
		}
		return p.re.Match(a.Str())
	}
	if b.Kind() != value.String {
		return false, nil
	}
	p := patternFor(b.Str())
	if errors.Is(p.err, pattern.ErrSize) {
		return false, p.err
	}
	if p.err != nil {
		return false, nil
	}
	return p.re.Match(a.Str())
}

// matchConst is a constant pattern of case (01 §4.1): text only matches text,
// numbers match by value, a regex is searched.
//
//go:noinline
func matchConst(v, k value.Value) (bool, error) {
	switch k.Kind() {
	case value.String:
		return v.Kind() == value.String && v.Str() == k.Str(), nil
	case value.Int, value.Float:
		return v.IsNumber() && value.Equal(v, k), nil
	case value.Bool:
		return v.Kind() == value.Bool && v.Bool() == k.Bool(), nil
	case value.Null:
		return v.Kind() == value.Null, nil
	case value.Opaque:
		return matches(v, k)
	}
	return false, nil
}

// inRange is a case pattern lo..hi.
//
//go:noinline
func inRange(v, lo, hi value.Value) bool {
	if !v.IsNumber() {
		return false
	}
	c1, ok1 := value.Compare(v, lo)
	c2, ok2 := value.Compare(v, hi)
	return ok1 && ok2 && (c1 == 0 || c1 == 1) && (c2 == 0 || c2 == -1)
}

// formProperty reads one key of a=1&b=2.
func formProperty(s, key string) (value.Value, bool) {
	q, err := url.ParseQuery(s)
	if err != nil || !q.Has(key) {
		return value.Value{}, false
	}
	return value.OfString(q.Get(key)), true
}
