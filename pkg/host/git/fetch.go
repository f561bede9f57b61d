package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Foreign is a bare copy of a repository of somebody else. It is only read, object by
// object, and never checked out: no hook, filter, submodule or setting of it has any
// effect, no line end is changed, and no file name of it reaches the disk unseen.
type Foreign struct{ c command }

// guarded are settings for talking to strangers. A source that sends next to nothing
// for half a minute is given up.
var guarded = []string{"-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "core.fsmonitor=false",
	"-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30"}

// Fetch copies all branches and tags of the repository at url into dir, which must not
// be there yet. protocol is the only one that may be used for it, as in
// GIT_ALLOW_PROTOCOL: https, ssh or file.
func Fetch(ctx context.Context, url, protocol, dir string) (*Foreign, error) {
	// The variable goes before protocol.ext.allow.
	if protocol != "https" && protocol != "ssh" && protocol != "file" {
		return nil, fmt.Errorf("git: the protocol '%s' is not used", protocol)
	}
	if strings.HasPrefix(url, "-") {
		return nil, fmt.Errorf("git: '%s' is no repository", url)
	}
	f := &Foreign{command{dir: ".", env: []string{"GIT_ALLOW_PROTOCOL=" + protocol, "GIT_NO_REPLACE_OBJECTS=1"}}}
	if _, err := f.run(ctx, "clone", "--quiet", "--bare", "--no-recurse-submodules", "--template=", "--", url, dir); err != nil {
		return nil, err
	}
	// Named, because some refuse to use a bare repository that is only found.
	f.c.dir, f.c.env = dir, append(f.c.env, "GIT_DIR=.")
	return f, nil
}

func (f *Foreign) run(ctx context.Context, args ...string) (string, error) {
	return f.c.run(ctx, append(guarded[:len(guarded):len(guarded)], args...)...)
}

// ErrNoCommit says that a repository has no such branch, tag or commit.
var ErrNoCommit = errors.New("no such branch, tag or commit")

// Resolve returns the full id of the commit that a tag, a branch or a commit means; ""
// is the branch that the repository itself is on. A commit that no branch leads to any
// more is asked for by its id, which many servers still answer.
func (f *Foreign) Resolve(ctx context.Context, ref string) (string, error) {
	if strings.HasPrefix(ref, "-") {
		return "", fmt.Errorf("git: '%s' is no branch, tag or commit", ref)
	}
	candidates := []string{"refs/tags/" + ref, "refs/heads/" + ref}
	if ref == "" {
		candidates = []string{"HEAD"}
	} else if hex(ref) {
		candidates = append(candidates, ref)
		if len(ref) >= 40 {
			candidates = []string{ref}
		}
	}
	for _, c := range candidates {
		if out, err := f.run(ctx, "rev-parse", "--verify", "--quiet", c+"^{commit}"); err == nil {
			return strings.TrimSpace(out), nil
		} else if ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
	if hex(ref) && len(ref) >= 40 {
		if _, err := f.run(ctx, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "origin", ref); err == nil {
			return ref, nil
		}
	}
	return "", ErrNoCommit
}

func hex(s string) bool {
	return len(s) >= 7 && strings.Trim(s, "0123456789abcdef") == ""
}

// Entry is a file of a commit.
type Entry struct {
	Path string // with slashes
	// Kind is file, executable, link or module: a repository inside of the repository,
	// of which nothing but the name is here.
	Kind string
	Size int64

	id string
}

// Tree lists the files of a commit.
func (f *Foreign) Tree(ctx context.Context, commit string) ([]Entry, error) {
	out, err := f.run(ctx, "ls-tree", "-r", "-l", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	return parseTree(out)
}

var kinds = map[string]string{"100644": "file", "100664": "file", "100755": "executable", "120000": "link", "160000": "module"}

// parseTree reads what ls-tree -l -z prints: mode, type, id and size, a tab, the path.
func parseTree(out string) (list []Entry, err error) {
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		if line == "" {
			continue
		}
		about, path, ok := strings.Cut(line, "\t")
		fields := strings.Fields(about)
		if !ok || len(fields) != 4 || kinds[fields[0]] == "" {
			return nil, fmt.Errorf("git: the tree has an entry that nobody expects: %q", line)
		}
		e := Entry{Path: path, Kind: kinds[fields[0]], id: fields[2]}
		if e.Kind != "module" {
			if e.Size, err = strconv.ParseInt(fields[3], 10, 64); err != nil {
				return nil, fmt.Errorf("git: the size of %q is %q", path, fields[3])
			}
		}
		list = append(list, e)
	}
	return list, nil
}

// Contents gives take the content of each entry, one after the other. What take does
// not read is skipped; its error ends everything.
func (f *Foreign) Contents(ctx context.Context, entries []Entry, take func(Entry, io.Reader) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var ids strings.Builder
	for _, e := range entries {
		ids.WriteString(e.id + "\n")
	}
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := f.c.stream(ctx, strings.NewReader(ids.String()), w, append(guarded[:len(guarded):len(guarded)], "cat-file", "--batch")...)
		w.CloseWithError(err)
		done <- err
	}()
	err := readBatch(bufio.NewReader(r), entries, take)
	if err != nil {
		cancel()
	}
	r.CloseWithError(io.ErrClosedPipe)
	if ended := <-done; err == nil {
		err = ended
	}
	return err
}

// readBatch reads the answers of cat-file --batch: id, type and size in a line, the
// content, a line end.
func readBatch(r *bufio.Reader, entries []Entry, take func(Entry, io.Reader) error) error {
	for _, e := range entries {
		line, err := r.ReadString('\n')
		if err != nil {
			return fmt.Errorf("git: the repository lacks the content of %q", e.Path)
		}
		if want := fmt.Sprintf("%s blob %d\n", e.id, e.Size); line != want {
			return fmt.Errorf("git: the repository lacks the content of %q", e.Path)
		}
		content := &io.LimitedReader{R: r, N: e.Size}
		if err := take(e, content); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, r, content.N+1); err != nil {
			return fmt.Errorf("git: the content of %q ends early", e.Path)
		}
	}
	return nil
}
