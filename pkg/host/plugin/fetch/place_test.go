package fetch

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestLocate(t *testing.T) {
	root := t.TempDir()
	parent := filepath.Dir(root)
	for _, c := range []struct{ source, kept, address, protocol string }{
		{"github:acme/audit", "github:acme/audit", "https://github.com/acme/audit.git", "https"},
		{"github:acme/audit.git", "github:acme/audit.git", "https://github.com/acme/audit.git", "https"},
		{"https://example.com/a.git", "https://example.com/a.git", "https://example.com/a.git", "https"},
		{"https://ada@example.com/a", "https://ada@example.com/a", "https://ada@example.com/a", "https"},
		{"ssh://git@example.com:22/a.git", "ssh://git@example.com:22/a.git", "ssh://git@example.com:22/a.git", "ssh"},
		{"git@example.com:acme/a.git", "git@example.com:acme/a.git", "git@example.com:acme/a.git", "ssh"},
		{"file:///srv/a.git", "file:///srv/a.git", "file:///srv/a.git", "file"},
		{"../a b", "../a b", filepath.Join(parent, "a b"), "file"},
		{"sub/../c", "c", filepath.Join(root, "c"), "file"},
		{filepath.Join(parent, "x"), filepath.Join(parent, "x"), filepath.Join(parent, "x"), "file"},
	} {
		p, err := locate(c.source, root, root)
		if err != nil || p != (place{c.kept, c.address, c.protocol}) {
			t.Errorf("%s: %+v, %v", c.source, p, err)
		}
		// What the lock keeps means the same when it is read.
		if again, err := locate(p.source, root, root); err != nil || again != p {
			t.Errorf("%s is %+v again, %v", c.source, again, err)
		}
	}
	for _, source := range []string{"", "-x", "--upload-pack=x", "github:", "github:a", "github:a/b/c", "github:-a/b", "http://x/y", "git://x/y", "ext::sh -c date", "fd::17",
		"https://", "https://a:b@c/d", "ssh://-oProxyCommand=x/y", "ssh://-o@x/y", "a@-o:x/..::y", "gopher://x", "a\nb", "a\x1b[2J", " a"} {
		if p, err := locate(source, root, root); err == nil {
			t.Errorf("%q is %+v", source, p)
		}
	}
	if _, err := locate("https://ada:secret@example.com", root, root); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the password is shown: %v", err)
	}
}

func TestCheckRef(t *testing.T) {
	for _, ref := range []string{"", "v1.2.3", "feature/x", "0123abc", "ü"} {
		if err := checkRef(ref); err != nil {
			t.Error(err)
		}
	}
	for _, ref := range []string{"-x", "a b", "a~1", "a^{/x}", "a:b", "a..b", "main@{0}", "a\nb", "*", "a\\b"} {
		if checkRef(ref) == nil {
			t.Errorf("%q is accepted", ref)
		}
	}
}
