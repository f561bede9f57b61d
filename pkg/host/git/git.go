// Package git reads and changes Git repositories by running the git command.
//
// A library would do without an installed git, but it adds 2.7 MiB and more than a
// millisecond to every start of every program, and it knows neither the user's
// credentials nor hooks.
package git

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Repository is what programs do with a repository.
type Repository interface {
	Status(ctx context.Context) (Status, error)
	Log(ctx context.Context, limit int) ([]Commit, error)
	Branch(ctx context.Context) (string, error)
	Stage(ctx context.Context, paths []string) error
	Commit(ctx context.Context, message, author string) (Commit, error)
	Checkout(ctx context.Context, ref string) error
	Tag(ctx context.Context, name, message string) error
	Pull(ctx context.Context) (output string, err error)
	Push(ctx context.Context, remote, branch string) error
}

// Status is the state of a working tree.
type Status struct {
	Branch string // Detached without one
	Commit string // "" before the first one
	Files  []File
}

// Detached is the branch of a repository whose HEAD is on none.
const Detached = "detached HEAD"

// File is a file that differs from the last commit.
type File struct {
	Path string
	// State is untracked, added, modified, deleted, renamed or changed.
	State string
}

// Commit is one commit.
type Commit struct {
	Hash, Short, Message, Author, Email string
	Time                                time.Time
}

// Open returns the repository that a directory is in. Nothing is run before it is
// used.
func Open(dir string) Repository { return command{dir: dir} }

// CloneOptions say what to clone and where to. User and Token are for HTTPS; they
// are kept neither in the repository nor on a command line, which others can read.
type CloneOptions struct{ URL, Path, Branch, User, Token string }

// Clone clones a repository and returns it.
func Clone(ctx context.Context, o CloneOptions) (Repository, error) {
	args := []string{"clone", "--quiet"}
	if o.Branch != "" {
		args = append(args, "--branch="+o.Branch)
	}
	c := command{dir: "."}
	if o.Token != "" {
		if o.User == "" {
			o.User = "git"
		}
		secret := base64.StdEncoding.EncodeToString([]byte(o.User + ":" + o.Token))
		c.env = []string{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.extraHeader", "GIT_CONFIG_VALUE_0=Authorization: Basic " + secret}
	}
	if _, err := c.run(ctx, append(args, "--", o.URL, o.Path)...); err != nil {
		return nil, err
	}
	return command{dir: o.Path}, nil
}

// command is a repository behind the git command.
type command struct {
	dir string
	env []string
}

// noisy are settings of the surroundings that would change what git answers, or
// point it at another repository.
var noisy = map[string]bool{"GIT_DIR": true, "GIT_WORK_TREE": true, "GIT_INDEX_FILE": true, "GIT_PREFIX": true, "LC_ALL": true, "LANG": true, "LANGUAGE": true}

// run runs git and returns its output. An error has what git said.
func (c command) run(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	if err := c.stream(ctx, nil, &out, args...); err != nil {
		return "", err
	}
	return out.String(), nil
}

// stream is run with an input, nil for none, for an output that nobody wants to keep.
func (c command) stream(ctx context.Context, in io.Reader, out io.Writer, args ...string) error {
	path, err := exec.LookPath("git")
	if err != nil {
		return errors.New("git is not installed: install it, or put its directory into PATH")
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = c.dir
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); !noisy[name] {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	// Messages in English, and no question that nobody answers.
	cmd.Env = append(append(cmd.Env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_MERGE_AUTOEDIT=no", "GIT_OPTIONAL_LOCKS=0"), c.env...)
	cmd.WaitDelay = time.Second
	var problems bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &problems
	if err := cmd.Run(); err != nil {
		return c.explain(ctx, err, strings.TrimSpace(problems.String()))
	}
	return nil
}

// explain makes an error of what git said.
func (c command) explain(ctx context.Context, err error, said string) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case strings.Contains(said, "not a git repository"), errors.Is(err, os.ErrNotExist):
		dir, absErr := filepath.Abs(c.dir)
		if absErr != nil {
			dir = c.dir
		}
		return fmt.Errorf("Not a Git repository: %s", dir)
	case said == "":
		return fmt.Errorf("git: %w", err)
	}
	return errors.New("git: " + said)
}

// Status implements Repository.
func (c command) Status(ctx context.Context) (Status, error) {
	out, err := c.run(ctx, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all")
	if err != nil {
		return Status{}, err
	}
	return parseStatus(out), nil
}

// parseStatus reads the second porcelain format, its entries ended by NUL.
func parseStatus(out string) Status {
	s := Status{Branch: Detached}
	entries := strings.Split(out, "\x00")
	for i := 0; i < len(entries); i++ {
		kind, rest, _ := strings.Cut(entries[i], " ")
		switch kind {
		case "#":
			key, v, _ := strings.Cut(rest, " ")
			switch {
			case key == "branch.oid" && v != "(initial)":
				s.Commit = v
			case key == "branch.head" && v != "(detached)":
				s.Branch = v
			}
		case "?":
			s.Files = append(s.Files, File{rest, "untracked"})
		case "1", "2", "u":
			// State, then fields of a fixed number, then the path; behind a rename the
			// entry of the old path follows.
			fields := map[string]int{"1": 8, "2": 9, "u": 10}[kind]
			parts := strings.SplitN(entries[i], " ", fields+1)
			if kind == "2" {
				i++
			}
			if len(parts) == fields+1 {
				s.Files = append(s.Files, File{parts[fields], stateOf(kind, parts[1])})
			}
		}
	}
	return s
}

// stateOf reads the two letters for index and working tree.
func stateOf(kind, xy string) string {
	if kind == "u" {
		return "changed" // a conflict
	}
	for _, s := range [...]struct{ letter, state string }{{"R", "renamed"}, {"A", "added"}, {"D", "deleted"}, {"M", "modified"}} {
		if strings.Contains(xy, s.letter) {
			return s.state
		}
	}
	return "changed"
}

const commitFormat = "--format=%H%x00%h%x00%an%x00%ae%x00%aI%x00%B%x00%x00"

func parseCommits(out string) ([]Commit, error) {
	var list []Commit
	for entry := range strings.SplitSeq(out, "\x00\x00\n") {
		f := strings.Split(strings.TrimLeft(entry, "\n"), "\x00")
		if len(f) < 6 {
			continue
		}
		at, err := time.Parse(time.RFC3339, f[4])
		if err != nil {
			return nil, fmt.Errorf("git: a commit has the time %q", f[4])
		}
		list = append(list, Commit{Hash: f[0], Short: f[1], Author: f[2], Email: f[3], Time: at, Message: strings.TrimSpace(f[5])})
	}
	return list, nil
}

// Log implements Repository: newest first. Before the first commit it is empty.
func (c command) Log(ctx context.Context, limit int) ([]Commit, error) {
	if _, err := c.run(ctx, "rev-parse", "--git-dir"); err != nil {
		return nil, err
	}
	if _, err := c.run(ctx, "rev-parse", "--verify", "--quiet", "HEAD"); err != nil {
		return nil, ctx.Err()
	}
	out, err := c.run(ctx, "log", "-n", strconv.Itoa(limit), commitFormat)
	if err != nil {
		return nil, err
	}
	return parseCommits(out)
}

// Branch implements Repository.
func (c command) Branch(ctx context.Context) (string, error) {
	out, err := c.run(ctx, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--ignore-submodules")
	return parseStatus(out).Branch, err
}

// Stage implements Repository.
func (c command) Stage(ctx context.Context, paths []string) error {
	_, err := c.run(ctx, append([]string{"add", "--"}, paths...)...)
	return err
}

// identity names ARO as author and committer where nothing is configured.
func (c command) identity(ctx context.Context) (env []string) {
	for _, who := range [...]struct{ key, variable, value string }{{"user.name", "NAME", "ARO"}, {"user.email", "EMAIL", "aro@localhost"}} {
		if v, err := c.run(ctx, "config", "--get", who.key); err == nil && strings.TrimSpace(v) != "" {
			continue
		}
		for _, role := range [...]string{"GIT_AUTHOR_", "GIT_COMMITTER_"} {
			if os.Getenv(role+who.variable) == "" {
				env = append(env, role+who.variable+"="+who.value)
			}
		}
	}
	return env
}

// Commit implements Repository. An author is "Name <address>"; without one it is
// the configured one, or ARO.
func (c command) Commit(ctx context.Context, message, author string) (Commit, error) {
	c.env = append(c.env, c.identity(ctx)...)
	args := []string{"commit", "--quiet", "--message=" + message}
	if author != "" {
		args = append(args, "--author="+author)
	}
	if _, err := c.run(ctx, args...); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
			err = errors.New("git: nothing to commit; Stage files first")
		}
		return Commit{}, err
	}
	list, err := c.Log(ctx, 1)
	if err != nil || len(list) == 0 {
		return Commit{}, err
	}
	return list[0], nil
}

// Checkout implements Repository.
func (c command) Checkout(ctx context.Context, ref string) error {
	if strings.HasPrefix(ref, "-") {
		return fmt.Errorf("git: '%s' is no branch, tag or commit", ref)
	}
	_, err := c.run(ctx, "checkout", "--quiet", ref, "--")
	return err
}

// Tag implements Repository; a message makes the tag annotated.
func (c command) Tag(ctx context.Context, name, message string) error {
	args := []string{"tag"}
	if message != "" {
		args = append(args, "--annotate", "--message="+message)
		c.env = append(c.env, c.identity(ctx)...)
	}
	_, err := c.run(ctx, append(args, "--", name)...)
	return err
}

// Pull implements Repository.
func (c command) Pull(ctx context.Context) (string, error) {
	out, err := c.run(ctx, "pull")
	return strings.TrimSpace(out), err
}

// Push implements Repository.
func (c command) Push(ctx context.Context, remote, branch string) error {
	_, err := c.run(ctx, "push", "--quiet", "--", remote, branch)
	return err
}
