package host

import (
	"errors"
	"testing"

	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// TestGuarded: a panic in work that runs on a goroutine of its own is an error,
// and does not end the process.
func TestGuarded(t *testing.T) {
	_, err := guarded(func() (value.Value, error) { panic("fell over") })
	if p := new(vm.PanicError); !errors.As(err, &p) || p.Value != "fell over" || p.Stack == "" {
		t.Errorf("got %v", err)
	}
}

func TestGlob(t *testing.T) {
	for _, x := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true}, {"*.txt", "a.txt", true}, {"*.txt", "a.txt.gz", false}, {"?.txt", "ä.txt", true}, {"?.txt", "ab.txt", false},
		{"a*b*c", "aXbXbc", true}, {"a*b*c", "acb", false}, {"*a", "ba", true}, {"a?", "a", false}, {"[a]*", "[a]x", true}, {"", "a", false},
	} {
		if got := glob(x.pattern, x.name); got != x.want {
			t.Errorf("%q on %q: %v", x.pattern, x.name, got)
		}
	}
}
