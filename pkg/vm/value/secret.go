package value

import (
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
)

// Hidden stands where something secret was.
const Hidden = "•••"

// LeastSecret is the length of the shortest text that is looked for everywhere. A
// shorter one would make holes in texts that have nothing to do with it; it is hidden
// where it stands under its name.
const LeastSecret = 6

// secretParts and secretWords are what names of secrets contain or are, without
// hyphens and the like.
var (
	secretParts = []string{"password", "passwd", "passphrase", "passcode", "secret", "token", "apikey", "accesskey", "privatekey", "signingkey",
		"credential", "authorization", "cookie", "sessionid"}
	secretWords = []string{"pwd", "pass", "pin", "otp", "jwt", "auth", "bearer", "session"}
)

// IsSecretName reports whether what has the name is nobody's business: password,
// X-Api-Key, set-cookie.
func IsSecretName(name string) bool {
	name = bare(name)
	for _, part := range secretParts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return slices.Contains(secretWords, name)
}

func bare(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// The bounds of what is looked at in one value: whoever sends a large one must not
// make a failure expensive.
const (
	secretDepth = 6
	secretNodes = 20_000
	mostSecrets = 500
	shownNodes  = 300
	shownText   = 4 << 10
)

// SecretsIn appends the texts that stand under names of secrets in v; name is that of
// v itself.
func SecretsIn(dst []string, name string, v Value) []string {
	nodes := secretNodes
	return secretsIn(dst, IsSecretName(name), v, 0, &nodes)
}

func secretsIn(dst []string, secret bool, v Value, depth int, nodes *int) []string {
	if *nodes--; *nodes < 0 || depth > secretDepth || len(dst) > mostSecrets {
		return dst
	}
	switch v.Kind() {
	case String, Int:
		if secret {
			dst = AppendSecret(dst, v.Text())
		}
	case List:
		for _, e := range v.List() {
			if *nodes <= 0 {
				break
			}
			dst = secretsIn(dst, secret, e, depth+1, nodes)
		}
	case Map:
		rec := v.Record()
		for i := 0; i < rec.Len() && *nodes > 0; i++ {
			key, e := rec.At(i)
			dst = secretsIn(dst, secret || IsSecretName(key), e, depth+1, nodes)
		}
	}
	return dst
}

// AppendSecret appends a text if it is long enough; of several lines, as a key has,
// also each of them, because they may be shown with other things between.
func AppendSecret(dst []string, text string) []string {
	text = strings.TrimSpace(text)
	if len(text) < LeastSecret || slices.Contains(dst, text) {
		return dst
	}
	dst = append(dst, text)
	if strings.ContainsAny(text, "\r\n") {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); len(line) >= 2*LeastSecret && !strings.HasPrefix(line, "-----") {
				dst = append(dst, line)
			}
		}
	}
	return dst
}

// Conceal hides secrets in a text.
func Conceal(text string, secrets []string) string {
	if !slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(text, s) }) {
		return text
	}
	// The longest first: one may be the beginning of another.
	sorted := slices.Clone(secrets)
	sort.Slice(sorted, func(i, j int) bool { return len(sorted[i]) > len(sorted[j]) })
	for _, s := range sorted {
		text = strings.ReplaceAll(text, s, Hidden)
	}
	return text
}

// pairs finds secrets in text that is no value yet: JSON, a form, lines of a header.
var pairs = sync.OnceValue(func() *regexp.Regexp {
	const names = `password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential`
	return regexp.MustCompile(`(?im)(\b(?:authorization|cookie)["']?\s*:\s*)[^\r\n]+|((?:` + names + `)[\w-]*["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s&,;"'}]+)`)
})

// maxPairs bounds the text that is searched for pairs.
const maxPairs = 64 << 10

// concealPairs hides what follows the name of a secret.
func concealPairs(text string) string {
	if len(text) > maxPairs || !strings.ContainsAny(text, ":=") {
		return text
	}
	return pairs().ReplaceAllString(text, "${1}${2}"+Hidden)
}

// Redact returns v without what stands under names of secrets, and without the
// secrets that are listed; name is that of v itself. An object becomes a map.
func Redact(v Value, name string, secrets []string) Value {
	return redactor{secrets: secrets}.value(v, IsSecretName(name), 0)
}

// RedactShort is Redact for somebody who shows the beginning only: of a large value
// the rest is left out.
func RedactShort(v Value, name string, secrets []string) Value {
	nodes := shownNodes
	return redactor{secrets, &nodes}.value(v, IsSecretName(name), 0)
}

type redactor struct {
	secrets []string
	nodes   *int // how many more are shown, nil for all
}

// more reports whether another part of a value is shown.
func (r redactor) more() bool { return r.nodes == nil || *r.nodes > 0 }

func (r redactor) value(v Value, secret bool, depth int) Value {
	if r.nodes != nil {
		*r.nodes--
	}
	if v.Kind() == Opaque {
		if s := v.Object().Simple(); s.Kind() == Map {
			v = s
		}
	}
	if depth > 4*secretDepth {
		return OfString(Hidden)
	}
	switch v.Kind() {
	case Unbound, Null, Bool:
		return v
	case Map:
		rec := v.Record()
		b := NewBuilder(min(rec.Len(), shownNodes))
		for i := 0; i < rec.Len() && r.more(); i++ {
			key, e := rec.At(i)
			b.Set(key, r.value(e, secret || IsSecretName(key), depth+1))
		}
		return b.Value()
	case List:
		var out []Value
		for _, e := range v.List() {
			if !r.more() {
				break
			}
			out = append(out, r.value(e, secret, depth+1))
		}
		return OfList(out)
	case String:
		if secret {
			return OfString(Hidden)
		}
		text := v.Str()
		if r.nodes != nil && len(text) > shownText {
			text = text[:shownText]
		}
		if text = concealPairs(Conceal(text, r.secrets)); text != v.Str() {
			return OfString(text)
		}
		return v
	}
	if secret {
		return OfString(Hidden)
	}
	return v
}
