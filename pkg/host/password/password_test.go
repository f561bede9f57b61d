package password

import (
	"strings"
	"testing"
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
		if matches, ok := Matches(v.password, v.text); !matches || !ok {
			t.Errorf("%s is not recognised in %s", v.password, v.text)
		}
		if matches, _ := Matches(v.password+"x", v.text); matches {
			t.Errorf("%sx is taken for %s", v.password, v.text)
		}
	}
}

func TestHash(t *testing.T) {
	one, two := Hash("tea"), Hash("tea")
	if one == two || !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%s, %s", one, two)
	}
	for _, text := range []string{one, two} {
		if matches, ok := Matches("tea", text); !matches || !ok {
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
		if matches, ok := Matches("password", text); matches || ok {
			t.Errorf("%q is taken for a password", text)
		}
	}
}
