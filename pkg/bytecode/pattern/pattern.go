// Package pattern is the regular expressions of the language: compiler and
// machine agree here on what a pattern means.
//
// Two engines stand behind it. RE2 of the standard library runs whatever it can
// express, in time linear in the text. Look-around and back-references need an
// engine that goes back and tries again; a match of that kind has a time limit,
// because some patterns never end on some texts.
package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// MaxTime bounds one match of a pattern that RE2 cannot express. It is measured
// in ticks of 100 ms.
const MaxTime = 250 * time.Millisecond

// ErrTime is returned by a match that was stopped.
var ErrTime = fmt.Errorf("the regular expression was stopped after %v on this text; a pattern without look-around and back-references has no such limit", MaxTime)

// Limits of a pattern that a program computes, which may be a visitor's text. RE2 is
// linear in the text, but each character costs as much as the pattern is large, and
// /(abcdefghij){999}/ is as large as ten thousand letters.
const (
	MaxComputed      = 4096   // bytes of its text
	MaxComputedSteps = 10_000 // RE2 instructions it compiles to
)

// ErrSize is returned for a computed pattern beyond these limits.
var ErrSize = errors.New("too large for a computed regular expression")

// CompileComputed is [Compile] for a pattern that is not written in the program. It
// returns an error that is [ErrSize] for one whose matches could take too long.
func CompileComputed(source string) (*Pattern, error) {
	if len(source) > MaxComputed {
		return nil, fmt.Errorf("a pattern of %d bytes is %w; %d are allowed, or write it in the program as /…/", len(source), ErrSize, MaxComputed)
	}
	if strings.ContainsAny(source, "{") { // only repetition makes a program longer than its text
		if tree, err := syntax.Parse(source, syntax.Perl); err == nil {
			prog, err := syntax.Compile(tree.Simplify())
			if err == nil && len(prog.Inst) > MaxComputedSteps {
				return nil, fmt.Errorf("the repetitions of /%s/ make %d steps, which is %w; %d are allowed, or write it in the program as /…/", source, len(prog.Inst), ErrSize, MaxComputedSteps)
			}
		}
	}
	return Compile(source, "")
}

// Pattern is a compiled regular expression. Any number of goroutines may use one.
type Pattern struct {
	linear *regexp.Regexp
	back   *regexp2.Regexp // when linear is nil
}

// Compile compiles /source/flags; of the flags i, s and m count. The error says
// what is wrong with the pattern.
func Compile(source, flags string) (*Pattern, error) {
	mode := ""
	for _, f := range flags {
		if f == 'i' || f == 's' || f == 'm' {
			mode += string(f)
		}
	}
	if mode != "" {
		mode = "(?" + mode + ")"
	}
	text := mode + strings.ReplaceAll(source, `\/`, "/")
	linear, err := regexp.Compile(text)
	if err == nil {
		return &Pattern{linear: linear}, nil
	}
	back, err2 := regexp2.Compile(text)
	if err2 != nil {
		// RE2's words are the better known ones, unless the pattern is beyond it.
		return nil, errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	back.MatchTimeout = MaxTime
	return &Pattern{back: back}, nil
}

// Match reports whether the pattern is found anywhere in text.
func (p *Pattern) Match(text string) (bool, error) {
	if p.linear != nil {
		return p.linear.MatchString(text), nil
	}
	ok, err := p.back.MatchString(text)
	if err != nil {
		return false, ErrTime
	}
	return ok, nil
}

// FindAll returns the byte ranges of all matches that do not overlap, from left
// to right.
func (p *Pattern) FindAll(text string) ([][]int, error) {
	if p.linear != nil {
		return p.linear.FindAllStringIndex(text, -1), nil
	}
	all, err := p.back.FindAllStringIndex(text, -1)
	if err != nil {
		return nil, ErrTime
	}
	return all, nil
}

// Linear reports whether the pattern runs in linear time, without a limit.
func (p *Pattern) Linear() bool { return p.linear != nil }

// Split cuts text at every match; there is one piece more than there are
// matches.
func (p *Pattern) Split(text string) ([]string, error) {
	if p.linear != nil {
		return p.linear.Split(text, -1), nil
	}
	all, err := p.FindAll(text)
	if err != nil {
		return nil, err
	}
	pieces := make([]string, 0, len(all)+1)
	from, end := 0, 0
	for _, m := range all {
		if end = m[0]; m[1] != 0 { // an empty match at either end separates nothing
			pieces = append(pieces, text[from:end])
		}
		from = m[1]
	}
	if end != len(text) || len(all) == 0 {
		pieces = append(pieces, text[from:])
	}
	return pieces, nil
}
