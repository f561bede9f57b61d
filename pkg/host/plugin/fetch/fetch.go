// Package fetch gets plugins of others from Git repositories, and keeps the lock of an
// application. Nothing of what it gets is run.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"aro/pkg/host/git"
	"aro/pkg/host/plugin"
)

// What a plugin may have at most.
const (
	maxBytes = 256 << 20
	maxFiles = 50_000
)

// fetched is a plugin in the work folder.
type fetched struct {
	plugin.Locked // without a name before the manifest is read

	place  place
	plugin *plugin.Plugin
	dir    string
	by     string   // the plugin that wants it, "" for the user
	left   []string // paths of repositories inside of it, which are not fetched
}

// get copies a commit of a repository into the work folder. A commit that is not
// given is looked for by ref.
func (c *Change) get(ctx context.Context, p place, ref, commit string) (*fetched, error) {
	c.Log("Fetching %s", at(p.source, ref))
	c.count++
	repository := filepath.Join(c.work, fmt.Sprintf("%d.git", c.count))
	defer os.RemoveAll(repository)
	r, err := git.Fetch(ctx, p.address, p.protocol, repository)
	if err != nil {
		if ctx.Err() != nil {
			return nil, errStopped
		}
		if _, there := os.Stat(p.address); there == nil && strings.HasSuffix(err.Error(), "does not exist") {
			return nil, fmt.Errorf("%s is no Git repository", p.source) // git says that it does not exist
		}
		return nil, fmt.Errorf("%s cannot be fetched: %s", p.source, plainText(err))
	}
	f := &fetched{Locked: plugin.Locked{Source: p.source, Ref: ref}, place: p, dir: filepath.Join(c.work, fmt.Sprintf("%d.plugin", c.count))}
	what := ref
	if commit != "" {
		what = commit
	}
	if f.Commit, err = r.Resolve(ctx, what); err != nil {
		switch {
		case ctx.Err() != nil:
			return nil, errStopped
		case !errors.Is(err, git.ErrNoCommit):
			return nil, err
		case commit != "":
			return nil, fmt.Errorf("%s has no commit %s any more: its history was rewritten; take the plugin from version control, or aro plugins update takes what is there now", p.source, commit)
		case ref == "":
			return nil, fmt.Errorf("%s is empty", p.source)
		}
		return nil, fmt.Errorf("%s has no branch, tag or commit '%s'", p.source, ref)
	}
	if err := f.unpack(ctx, r); err != nil {
		if ctx.Err() != nil {
			return nil, errStopped
		}
		return nil, fmt.Errorf("%s: %w", p.source, err)
	}
	return f, nil
}

var errStopped = errors.New("interrupted; nothing was changed")

// plainText is what git, and through it the other side, says, without control
// characters that a terminal would obey.
func plainText(err error) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, strings.TrimPrefix(err.Error(), "git: "))
}

// unpack writes the files of the commit to the folder, and looks at what came of it.
func (f *fetched) unpack(ctx context.Context, r *git.Foreign) error {
	entries, err := r.Tree(ctx, f.Commit)
	if err != nil {
		return err
	}
	var modes []plugin.File // for systems that do not keep them
	size := int64(0)
	entries = slices.DeleteFunc(entries, func(e git.Entry) bool {
		if e.Kind == "module" {
			f.left = append(f.left, e.Path)
			return true
		}
		size += e.Size
		if e.Kind == "executable" {
			modes = append(modes, plugin.File{Path: e.Path, Mode: plugin.Executable})
		}
		return path.Ext(e.Path) == ".pyc" && path.Base(path.Dir(e.Path)) == "__pycache__"
	})
	if size > maxBytes || len(entries) > maxFiles {
		return fmt.Errorf("it has %d files of %d MiB together; a plugin may have %d of %d MiB", len(entries), size>>20, maxFiles, maxBytes>>20)
	}
	if err := os.Mkdir(f.dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	// Links come last, so that nothing is written through them.
	slices.SortStableFunc(entries, func(a, b git.Entry) int { return order(a) - order(b) })
	if err := r.Contents(ctx, entries, func(e git.Entry, content io.Reader) error { return write(root, e, content) }); err != nil {
		return err
	}
	slices.SortFunc(modes, func(a, b plugin.File) int { return strings.Compare(a.Path, b.Path) })
	if f.Files, err = plugin.Contents(f.dir, modes); err != nil {
		return err
	}
	return plugin.Fit(f.dir, f.Files)
}

func order(e git.Entry) int {
	if e.Kind == "link" {
		return 1
	}
	return 0
}

// maxLink bounds where a symbolic link leads.
const maxLink = 4096

func write(root *os.Root, e git.Entry, content io.Reader) error {
	name := filepath.FromSlash(e.Path)
	first, _, _ := strings.Cut(e.Path, "/")
	if !filepath.IsLocal(name) || strings.EqualFold(first, ".git") {
		return fmt.Errorf("the name %q is none for a file", e.Path)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	if e.Kind == "link" {
		to, err := io.ReadAll(io.LimitReader(content, maxLink))
		if err != nil {
			return err
		}
		return root.Symlink(filepath.FromSlash(string(to)), name)
	}
	mode := os.FileMode(0o666)
	if e.Kind == "executable" {
		mode = 0o777
	}
	// Two names that this system takes for one are an error, not one file.
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	if e := file.Close(); err == nil {
		err = e
	}
	return err
}
