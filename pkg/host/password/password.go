// Package password turns passwords into texts that can be kept: argon2id with a
// salt, in the usual form that carries its own parameters,
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>
//
// both in base64 without padding. Hashing takes some 20 ms and 19 MiB, and so does
// comparing: that is what makes guessing expensive. So that a flood of logins takes
// neither all processors nor memory without end, half of the processors work at it, one
// at least; the others wait, not too many and not for long (05 A03). All functions may
// be called concurrently.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"time"

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

// ErrBusy says that too many passwords are being hashed: try again later.
var ErrBusy = errors.New("too many logins at the moment; try again in a few seconds")

// gate lets some work and some more wait.
type gate struct {
	work, room chan struct{}
	patience   time.Duration
}

func newGate(work, waiting int, patience time.Duration) *gate {
	return &gate{make(chan struct{}, work), make(chan struct{}, work+waiting), patience}
}

// atOnce is shared by all of the process. There is room for a parallel loop on any
// machine.
var atOnce = newGate(max(runtime.GOMAXPROCS(0)/2, 1), max(128, 8*runtime.GOMAXPROCS(0)), 5*time.Second)

// enter waits for a place; who got one must leave.
func (g *gate) enter() error {
	select {
	case g.room <- struct{}{}:
	default:
		return ErrBusy
	}
	select {
	case g.work <- struct{}{}:
		return nil
	default:
	}
	t := time.NewTimer(g.patience)
	defer t.Stop()
	select {
	case g.work <- struct{}{}:
		return nil
	case <-t.C:
		<-g.room
		return ErrBusy
	}
}

func (g *gate) leave() {
	<-g.work
	<-g.room
}

// Hash returns the text to keep for a password. It differs each time. Like all
// functions here that compute it fails with ErrBusy and nothing else.
func Hash(password string) (string, error) {
	salt := make([]byte, saltLength)
	rand.Read(salt)
	key, err := derive(password, salt, current, keyLength)
	if err != nil {
		return "", err
	}
	return format(current, salt, key), nil
}

// Matches reports whether text was made from the password; ok is false when text is
// no argon2id text at all. The comparison takes the same time wherever they differ.
func Matches(password, text string) (matches, ok bool, err error) {
	c, salt, key, ok := parse(text)
	if !ok {
		return false, false, nil
	}
	typed, err := derive(password, salt, c, uint32(len(key)))
	return err == nil && subtle.ConstantTimeCompare(key, typed) == 1, true, err
}

// Spend takes as long as Matches does, for a user that does not exist: how long an
// answer takes must not say who does.
func Spend(password string) error {
	_, err := derive(password, make([]byte, saltLength), current, keyLength)
	return err
}

func derive(password string, salt []byte, c cost, length uint32) (key []byte, err error) {
	if err := atOnce.enter(); err != nil {
		return nil, err
	}
	defer atOnce.leave()
	return argon2.IDKey([]byte(password), salt, c.passes, c.memory, uint8(c.lanes), length), nil
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
