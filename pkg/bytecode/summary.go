package bytecode

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// summaryLimit is the length of remarks in a listing; what is longer is cut off.
const summaryLimit = 100

// summary is a site in words: retrieve user from user-repository where id = arg0.
func (s *Site) summary() string {
	words := []string{clip(s.Verb)}
	noun := func(n *Noun, expr bool) {
		switch {
		case expr && n.Base == "":
			words = append(words, "(…)")
		case n.Raw != "":
			words = append(words, clip(n.Base)+": "+clip(n.Raw))
		case n.Base != "":
			words = append(words, clip(n.Base))
		}
	}
	noun(&s.Result, false)
	if s.Prep != "" {
		words = append(words, clip(s.Prep))
	}
	noun(&s.Object, s.ObjectIsExpr)
	if s.Where != nil {
		words = append(words, "where", string(appendInfix(nil, s.Where)))
	}
	return printable(strings.Join(words, " "))
}

// appendInfix writes a filter as people would; it stops when the text has become
// longer than a summary.
func appendInfix(b []byte, w *Where) []byte {
	switch {
	case w == nil:
		return append(b, '?')
	case len(b) > 4*summaryLimit:
		return b
	case w.Kind == WhereAnd:
		b = append(appendInfix(b, w.L), " and "...)
		return appendInfix(b, w.R)
	case w.Kind == WhereOr:
		b = append(appendInfix(append(b, '('), w.L), " or "...)
		return append(appendInfix(b, w.R), ')')
	case w.Kind == WhereNot:
		return append(appendInfix(append(b, "not ("...), w.L), ')')
	}
	return append(b, conditionText(w)...)
}

// clip bounds what is copied of a text that is cut off later.
func clip(s string) string { return s[:min(len(s), utf8.UTFMax*(summaryLimit+1))] }

// printable makes text safe for a comment: one line, no control characters, not
// so long that it hides the rest.
func printable(s string) string {
	s = clip(s)
	if runes := []rune(s); len(runes) > summaryLimit {
		s = string(runes[:summaryLimit]) + "…"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !strconv.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, s)
}
