package host

import (
	"fmt"

	"aro/pkg/host/password"
	"aro/pkg/vm/value"
)

// hashPassword is `Compute the <secret: password-hash> from <password>.` What is no
// text, or an empty one, is no password: a form that was sent without it must
// not make an account that anybody may use.
func hashPassword(v value.Value, _ operands) (value.Value, error) {
	if v.Kind() != value.String || v.Str() == "" {
		return value.Value{}, fmt.Errorf("'password-hash' needs a text that is not empty, not a %s", passwordKind(v))
	}
	hash, err := password.Hash(v.Str())
	return value.OfString(hash), err
}

// matchPassword is `Compute the <ok: password-matches> from <password> with <secret>.`
// Whatever was typed is an answer, no or yes; what was kept must be a hash, because
// nothing else can be compared without giving it away.
func matchPassword(v value.Value, with operands) (value.Value, error) {
	kept := with.with
	if !kept.IsBound() {
		return value.Value{}, fmt.Errorf("'password-matches' needs what password-hash gave: with <secret>")
	}
	if v.Kind() != value.String || v.Str() == "" {
		return value.False, nil
	}
	matches, ok := false, kept.Kind() == value.String
	if ok {
		var err error
		if matches, ok, err = password.Matches(v.Str(), kept.Str()); err != nil {
			return value.Value{}, err
		}
	}
	if !ok {
		return value.Value{}, fmt.Errorf("'password-matches' compares with what password-hash gave, a text that begins with $argon2id$")
	}
	return value.OfBool(matches), nil
}

func passwordKind(v value.Value) string {
	if v.Kind() == value.String {
		return "text without characters"
	}
	return v.TypeName()
}
