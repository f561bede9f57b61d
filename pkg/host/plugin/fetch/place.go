package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// place is where the repository of a plugin is.
type place struct {
	source   string // as the lock keeps it
	address  string // for git
	protocol string // that git may use: https, ssh or file
}

// local reports whether the repository is on this machine.
func (p place) local() bool { return p.protocol == "file" }

var (
	hub = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^github:([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_.-]+)$`)
	})
	scp = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^:-]`)
	})
)

const forms = "give github:org/repo, an https or ssh address, or the folder of a repository"

// locate reads a source: github:org/repo, an address, or a path, which counts from base.
// Paths that are relative stay so in the lock, counted from the application at root.
func locate(source, base, root string) (place, error) {
	switch {
	case unprintable(source) || strings.TrimSpace(source) != source:
		return place{}, fmt.Errorf("the source %q has characters that no address has; %s", source, forms)
	case source == "" || strings.HasPrefix(source, "-"):
		return place{}, fmt.Errorf("'%s' is no source of a plugin; %s", source, forms)
	case strings.HasPrefix(source, "github:"):
		m := hub().FindStringSubmatch(source)
		if m == nil {
			return place{}, fmt.Errorf("'%s' is no repository of GitHub; write github:org/repo", source)
		}
		return place{source, "https://github.com/" + strings.TrimSuffix(m[1], ".git") + ".git", "https"}, nil
	case strings.Contains(source, "://"):
		return locateURL(source)
	case scp().MatchString(source):
		return place{source, source, "ssh"}, nil
	case strings.Contains(source, "::"):
		return place{}, fmt.Errorf("'%s' asks git to run another program; %s", source, forms)
	}
	path := filepath.FromSlash(source)
	if filepath.IsAbs(path) {
		return place{filepath.Clean(path), filepath.Clean(path), "file"}, nil
	}
	path, err := filepath.Abs(filepath.Join(base, path))
	if err != nil {
		return place{}, err
	}
	root, err = filepath.Abs(root)
	if err != nil {
		return place{}, err
	}
	kept, err := filepath.Rel(root, path)
	if err != nil { // on another drive
		kept = path
	}
	return place{filepath.ToSlash(kept), path, "file"}, nil
}

func locateURL(source string) (place, error) {
	u, err := url.Parse(source)
	if err != nil {
		return place{}, fmt.Errorf("'%s' is no address; %s", source, forms)
	}
	if _, secret := u.User.Password(); secret {
		// It would be kept in the lock, and so in version control.
		return place{}, errors.New("the address has a password in it; leave it out and tell it to git: git help credentials")
	}
	switch u.Scheme {
	case "https", "ssh":
		if u.Host == "" || strings.HasPrefix(u.Host, "-") || strings.HasPrefix(u.User.Username(), "-") {
			return place{}, fmt.Errorf("'%s' has no host; %s", source, forms)
		}
		return place{source, source, u.Scheme}, nil
	case "file":
		return place{source, source, "file"}, nil
	case "http", "git":
		return place{}, fmt.Errorf("what comes over %s:// can be changed by anybody on the way; use https://", u.Scheme)
	}
	return place{}, fmt.Errorf("'%s://' is not used; %s", u.Scheme, forms)
}

// checkRef refuses what is neither a branch, a tag nor a commit.
func checkRef(ref string) error {
	if strings.HasPrefix(ref, "-") || unprintable(ref) || strings.ContainsAny(ref, " ~^:?*[\\") || strings.Contains(ref, "..") || strings.Contains(ref, "@{") {
		return fmt.Errorf("%q is no branch, tag or commit", ref)
	}
	return nil
}

func unprintable(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 })
}

// at names a source with what was asked for of it.
func at(source, ref string) string {
	if ref == "" {
		return source
	}
	return source + "@" + ref
}
