package plugin

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// LockFile is the lock of an application, by its path in it.
const LockFile = folder + "/plugins.lock"

// lockHead tells who opens a lock what it is.
const lockHead = `# The plugins that aro add fetched: where each comes from, and what is in it. Nothing that
# differs from this is run. It belongs into version control; aro add, aro remove and
# aro plugins write it.
`

// Lock is what is known of the plugins that were fetched, sorted by name. Plugins that
// are not in it were written in the application, and are nobody's business but its own.
type Lock struct{ Plugins []Locked }

// Locked is a plugin as it was fetched.
type Locked struct {
	Name   string // also of its folder
	Source string // as it was given to aro add
	Ref    string // as it was asked for, "" for the branch that the source is on
	Commit string // the full id
	// Edited says that the content was changed in the application and accepted: it cannot
	// be had from the source.
	Edited bool
	Files  []File
}

// Hash is the hash of the plugin's content.
func (l *Locked) Hash() string { return Hash(l.Files) }

// Get returns the entry of a plugin, nil without one.
func (l *Lock) Get(name string) *Locked {
	for i := range l.Plugins {
		if l.Plugins[i].Name == name {
			return &l.Plugins[i]
		}
	}
	return nil
}

// With returns a lock in which the plugins stand as given, the others as they were.
func (l *Lock) With(changed ...Locked) *Lock {
	out := l
	for _, c := range changed {
		out = out.Without(c.Name)
		out.Plugins = append(out.Plugins, c)
	}
	slices.SortFunc(out.Plugins, func(a, b Locked) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Without returns a lock that lacks a plugin.
func (l *Lock) Without(name string) *Lock {
	return &Lock{slices.DeleteFunc(slices.Clone(l.Plugins), func(p Locked) bool { return p.Name == name })}
}

// String is the lock as it stands in its file. A plugin is a block of lines, and each
// of its files is a line, so that version control shows and merges changes well.
func (l *Lock) String() string {
	var b strings.Builder
	b.WriteString(lockHead)
	for i := range l.Plugins {
		p := &l.Plugins[i]
		fmt.Fprintf(&b, "\nplugin %s\n  source %s\n", p.Name, p.Source)
		if p.Ref != "" {
			fmt.Fprintf(&b, "  ref    %s\n", p.Ref)
		}
		fmt.Fprintf(&b, "  commit %s\n", p.Commit)
		if p.Edited {
			b.WriteString("  edited yes\n")
		}
		fmt.Fprintf(&b, "  hash   %s\n", p.Hash())
		for _, f := range p.Files {
			fmt.Fprintf(&b, "    %s\n", f)
		}
	}
	return b.String()
}

// ReadLock reads the lock of an application; without one it is empty.
func ReadLock(root string) (*Lock, error) {
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(LockFile)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Lock{}, nil
	case err != nil:
		return nil, err
	}
	return parseLock(data)
}

// lazily compiles a pattern when it is needed: most starts need none of these.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// names are what plugins that are fetched may be called: their folder is called so, too.
var names = lazily(`^[a-z0-9][a-z0-9-]{0,62}$`)

// commits are ids of commits, SHA-1 or SHA-256.
var commits = lazily(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// parseLock reads a lock strictly: what is not understood may be a merge that was not
// finished, and skipping it would leave a plugin unchecked.
func parseLock(data []byte) (*Lock, error) {
	l := &Lock{}
	var p *Locked // the block that lines belong to
	hash, at, n := "", 0, 0
	wrong := func(line int, format string, args ...any) error {
		return fmt.Errorf("%s:%d: %s; take the file from version control, or merge it again", LockFile, line, fmt.Sprintf(format, args...))
	}
	end := func() error {
		switch {
		case p == nil:
		case p.Source == "" || p.Commit == "" || hash == "":
			return wrong(at, "the plugin %s lacks its source, commit or hash", p.Name)
		case p.Hash() != hash:
			return wrong(at, "the hash of %s is not that of the files listed with it", p.Name)
		}
		return nil
	}
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		n++
		line := strings.TrimSpace(s.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		if word == "plugin" {
			if err := end(); err != nil {
				return nil, err
			}
			if !names().MatchString(rest) {
				return nil, wrong(n, "%q is no name of a plugin", rest)
			}
			if l.Get(rest) != nil {
				return nil, wrong(n, "the plugin %s is there twice", rest)
			}
			l.Plugins = append(l.Plugins, Locked{Name: rest})
			p, hash, at = &l.Plugins[len(l.Plugins)-1], "", n
			continue
		}
		ok := p != nil && rest != "" && !strings.ContainsFunc(line, control)
		if ok {
			switch word {
			case "source":
				p.Source = rest
			case "ref":
				p.Ref = rest
			case "commit":
				p.Commit, ok = rest, commits().MatchString(rest)
			case "edited":
				p.Edited, ok = true, rest == "yes"
			case "hash":
				hash = rest
			default:
				var f File
				if f, ok = parseFile(line); ok {
					p.Files = append(p.Files, f)
				}
			}
		}
		if !ok {
			return nil, wrong(n, "%.60q is not understood", line)
		}
	}
	if err := s.Err(); err != nil {
		return nil, wrong(n+1, "%v", err)
	}
	if err := end(); err != nil {
		return nil, err
	}
	slices.SortFunc(l.Plugins, func(a, b Locked) int { return strings.Compare(a.Name, b.Name) })
	return l, nil
}

// control tells the characters that a terminal obeys.
func control(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// parseFile reads what File.String wrote.
func parseFile(line string) (f File, ok bool) {
	sum, rest, _ := strings.Cut(line, " ")
	mode, path, found := strings.Cut(rest, " ")
	if len(sum) != hex.EncodedLen(len(f.Sum)) || len(mode) != 1 {
		return f, false
	}
	if _, err := hex.Decode(f.Sum[:], []byte(sum)); err != nil {
		return f, false
	}
	f.Mode, f.Path = mode[0], path
	return f, found && path != "" && strings.IndexByte(modes, f.Mode) >= 0
}

// Write writes the lock of an application in one step; an empty one removes the file.
func (l *Lock) Write(root string) error {
	path := filepath.Join(root, filepath.FromSlash(LockFile))
	if len(l.Plugins) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	// Synced before it is renamed: a loss of power leaves the old lock or the new one.
	f, err := os.CreateTemp(filepath.Dir(path), ".plugins-lock-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(l.String())
	if e := f.Chmod(0o644); err == nil {
		err = e
	}
	if e := f.Sync(); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
