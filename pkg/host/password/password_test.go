package password

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// The texts were made by the reference implementation of argon2 (its test.c, version
// 0x13): what others have stored can be moved here, and the other way round.
var vectors = []struct{ password, text string }{
	{"password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
	{"password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"},
	{"password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"},
	{"differentpassword", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94"},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		if matches, ok, err := Matches(v.password, v.text); !matches || !ok || err != nil {
			t.Errorf("%s is not recognised in %s", v.password, v.text)
		}
		if matches, _, _ := Matches(v.password+"x", v.text); matches {
			t.Errorf("%sx is taken for %s", v.password, v.text)
		}
	}
}

func TestHash(t *testing.T) {
	one, err := Hash("tea")
	two, err2 := Hash("tea")
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if one == two || !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%s, %s", one, two)
	}
	for _, text := range []string{one, two} {
		if matches, ok, _ := Matches("tea", text); !matches || !ok {
			t.Errorf("tea is not recognised in %s", text)
		}
	}
}

// A stored text cannot make the server spend what it likes, and one that is damaged
// matches nothing.
func TestRefused(t *testing.T) {
	good := vectors[1].text
	for _, text := range []string{"", "password", good + "$", strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "m=256", "m=4294967295", 1), strings.Replace(good, "t=2", "t=0", 1), strings.Replace(good, "t=2", "t=99999", 1),
		strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "$c29tZXNhbHQ", "$", 1), good[:strings.LastIndex(good, "$")+1],
		strings.Replace(good, "v=19", "v=16", 1), strings.Replace(good, "m=256,", "", 1)} {
		if matches, ok, _ := Matches("password", text); matches || ok {
			t.Errorf("%q is taken for a password", text)
		}
	}
}

// TestGate: a flood waits as far as there is room, and is refused beyond it, at once
// or when it has waited for long enough.
func TestGate(t *testing.T) {
	g := newGate(1, 2, time.Hour)
	if err := g.enter(); err != nil {
		t.Fatal(err)
	}
	waited := make(chan error, 2)
	for range 2 {
		go func() { waited <- g.enter() }()
	}
	for len(g.room) < 3 {
		runtime.Gosched()
	}
	if err := g.enter(); err != ErrBusy {
		t.Errorf("the fourth: %v", err)
	}
	for range 2 {
		g.leave()
		if err := <-waited; err != nil {
			t.Error(err)
		}
	}
	g.patience = time.Millisecond
	if err := g.enter(); err != ErrBusy {
		t.Errorf("who waited in vain: %v", err)
	}
	g.leave()
	if err := g.enter(); err != nil || len(g.room) != 1 {
		t.Errorf("when it is over: %v, %d", err, len(g.room))
	}
}
