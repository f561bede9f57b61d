// Package password turns passwords into texts that can be kept: argon2id with a
// salt, in the usual form that carries its own parameters,
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>
//
// both in base64 without padding. Hashing takes some 20 ms and 19 MiB, and so does
// comparing: that is what makes guessing expensive. As many run at once as there are
// processors, the others wait, so that a flood of logins costs time and not memory. All
// functions may be called concurrently.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// cost are the parameters of argon2id: KiB, passes, lanes.
type cost struct{ memory, passes, lanes uint32 }

// current is what new passwords get: the second choice of the OWASP list, which is
// as hard to guess as the larger ones and fits small machines.
var current = cost{19 * 1024, 2, 1}

// most bounds what a stored text may demand.
var most = cost{1 << 20, 16, 16}

const (
	saltLength = 16
	keyLength  = 32
)

var slots = make(chan struct{}, runtime.GOMAXPROCS(0))

// Hash returns the text to keep for a password. It differs each time.
func Hash(password string) string {
	salt := make([]byte, saltLength)
	rand.Read(salt)
	return format(current, salt, derive(password, salt, current, keyLength))
}

// Matches reports whether text was made from the password; ok is false when text is
// no argon2id text at all. The comparison takes the same time wherever they differ.
func Matches(password, text string) (matches, ok bool) {
	c, salt, key, ok := parse(text)
	if !ok {
		return false, false
	}
	return subtle.ConstantTimeCompare(key, derive(password, salt, c, uint32(len(key)))) == 1, true
}

// Spend takes as long as Matches does, for a user that does not exist: how long an
// answer takes must not say who does.
func Spend(password string) {
	derive(password, make([]byte, saltLength), current, keyLength)
}

func derive(password string, salt []byte, c cost, length uint32) []byte {
	slots <- struct{}{}
	defer func() { <-slots }()
	return argon2.IDKey([]byte(password), salt, c.passes, c.memory, uint8(c.lanes), length)
}

const prefix = "$argon2id$v=19$"

func format(c cost, salt, key []byte) string {
	number := func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
	return prefix + "m=" + number(c.memory) + ",t=" + number(c.passes) + ",p=" + number(c.lanes) +
		"$" + base64.RawStdEncoding.EncodeToString(salt) + "$" + base64.RawStdEncoding.EncodeToString(key)
}

// parse reads what format writes, also with the parameters of others.
func parse(text string) (c cost, salt, key []byte, ok bool) {
	rest, ok := strings.CutPrefix(text, prefix)
	parts := strings.Split(rest, "$")
	if !ok || len(parts) != 3 {
		return c, nil, nil, false
	}
	params := strings.Split(parts[0], ",")
	if len(params) != 3 {
		return c, nil, nil, false
	}
	for i, want := range []struct {
		name string
		to   *uint32
		most uint32
	}{{"m=", &c.memory, most.memory}, {"t=", &c.passes, most.passes}, {"p=", &c.lanes, most.lanes}} {
		digits, ok := strings.CutPrefix(params[i], want.name)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || n < 1 || n > uint64(want.most) {
			return c, nil, nil, false
		}
		*want.to = uint32(n)
	}
	var err error
	if salt, err = base64.RawStdEncoding.DecodeString(parts[1]); err != nil || len(salt) < 8 {
		return c, nil, nil, false
	}
	if key, err = base64.RawStdEncoding.DecodeString(parts[2]); err != nil || len(key) < 16 || len(key) > 64 {
		return c, nil, nil, false
	}
	return c, salt, key, true
}
