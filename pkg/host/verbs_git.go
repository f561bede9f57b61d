package host

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/host/git"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// gitVerbs work on the repository of the working directory, or of <git: path>
// (02 §18). Reading is Retrieve's.
var gitVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "stage", Role: bytecode.RoleOwn, Preps: []string{"to", "for"},
		Doc: "Stages files for the next commit: with a path or a list of them, else everything.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.LabelObject}, Do: stage},
	{Verb: bytecode.Verb{Name: "commit", Role: bytecode.RoleExport, Preps: []string{"to", "with"},
		Doc: "Commits what is staged, with a message; then raises GitCommit.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.SystemObject}, Do: commit},
	{Verb: bytecode.Verb{Name: "checkout", Role: bytecode.RoleOwn, Preps: []string{"from", "to", "with"},
		Doc: "Switches to a branch, tag or commit; then raises GitCheckout.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.SystemObject}, Do: checkout},
	{Verb: bytecode.Verb{Name: "tag", Role: bytecode.RoleExport, Preps: []string{"for", "with"},
		Doc: "Tags the current commit; then raises GitTag.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.SystemObject}, Do: tag},
	{Verb: bytecode.Verb{Name: "clone", Role: bytecode.RoleRequest, Preps: []string{"from", "with", "to"},
		Doc: "Clones a repository: with { url, path }; then raises GitClone.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.SystemObject}, Do: clone},
	{Verb: bytecode.Verb{Name: "pull", Role: bytecode.RoleRequest, Preps: []string{"from"},
		Doc: "Pulls from the remote repository; then raises GitPull.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.LabelObject}, Do: pull},
	{Verb: bytecode.Verb{Name: "push", Role: bytecode.RoleExport, Preps: []string{"to", "with"},
		Doc: "Pushes a branch to a remote repository; then raises GitPush.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.SystemObject}, Do: push},
}

// gitTime bounds one Git statement: what takes longer waits for something that
// does not come.
const gitTime = 10 * time.Minute

// gitLog is how many commits Retrieve the <log> returns unless told.
const gitLog = 10

// gitDir is the directory that a statement means.
func gitDir(c *vm.Call) string {
	path := ""
	if s := c.Site; s.Object.Base == "git" {
		path = s.Object.Raw
		if v := c.Arg(bytecode.SlotObjectSpec); v.Kind() == value.String {
			path = v.Str()
		}
	}
	return inWorkDir(executionOf(c).Host, path)
}

func inWorkDir(h *Host, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(h.WorkDir, path)
}

// gitArgument is what with gives, unbound without one.
func gitArgument(c *vm.Call) value.Value {
	if c.Has(bytecode.SlotWith) {
		return c.Arg(bytecode.SlotWith)
	}
	if c.Site.Prep == "with" {
		return c.Arg(bytecode.SlotObject)
	}
	return value.Value{}
}

// option reads a text out of what with gives: an entry of a map, or the value
// itself if main says so.
func option(v value.Value, name string, main bool) string {
	if rec := v.Record(); rec != nil {
		if e, ok := rec.Get(name); ok && e.Kind() != value.Null {
			return e.Text()
		}
		return ""
	}
	if main && v.IsBound() && v.Kind() != value.Null {
		return v.Text()
	}
	return ""
}

// gitWork runs work on a goroutine of its own, then the handlers of the event, as
// part of the statement. Without an event only the work.
func gitWork(c *vm.Call, event string, work func(ctx context.Context) (result, payload value.Value, err error)) (value.Value, error) {
	if err := executionOf(c).Host.Access.MayRun(); err != nil {
		return value.Value{}, err
	}
	return OffloadWithEvents(c, func() (value.Value, []DomainEvent, error) {
		ctx, cancel := context.WithTimeout(context.Background(), gitTime)
		defer cancel()
		v, payload, err := work(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("Timeout: git took longer than %v", gitTime)
		}
		if event == "" {
			return v, nil, err
		}
		return v, []DomainEvent{{event, payload}}, err
	})
}

// retrieveGit is Retrieve from the <git>: the result's name or qualifier says what.
func retrieveGit(c *vm.Call) (value.Value, error) {
	repo, n := git.Open(gitDir(c)), gitLog
	if l, ok := gitArgument(c).Property("limit"); ok {
		f, isNumber := l.AsNumber()
		if !isNumber || f < 1 {
			return value.Value{}, fmt.Errorf("limit must be a number from 1, got %s", l.Text())
		}
		n = int(min(f, 1<<20))
	}
	base, raw := c.Site.Result.Base, c.Site.Result.Raw
	is := func(words ...string) bool { return contains(words, base) || contains(words, raw) }
	return gitWork(c, "", func(ctx context.Context) (value.Value, value.Value, error) {
		none := value.Value{}
		switch {
		case is("log", "history"):
			commits, err := repo.Log(ctx, n)
			list := make([]value.Value, len(commits))
			for i, x := range commits {
				list[i] = value.MapOf("hash", value.OfString(x.Hash), "short", value.OfString(x.Short), "message", value.OfString(x.Message),
					"author", value.OfString(x.Author), "email", value.OfString(x.Email), "timestamp", value.OfTime(x.Time))
			}
			return value.OfList(list), none, err
		case is("branch"):
			branch, err := repo.Branch(ctx)
			return value.OfString(branch), none, err
		}
		s, err := repo.Status(ctx)
		files := make([]value.Value, len(s.Files))
		for i, f := range s.Files {
			files[i] = value.MapOf("path", value.OfString(f.Path), "status", value.OfString(f.State))
		}
		return value.MapOf("branch", value.OfString(s.Branch), "commit", value.OfString(s.Commit),
			"clean", value.OfBool(len(files) == 0), "files", value.OfList(files)), none, err
	})
}

func stage(c *vm.Call) (value.Value, error) {
	repo, paths := git.Open(gitDir(c)), []string{"."}
	switch v := gitArgument(c); v.Kind() {
	case value.Unbound, value.Null:
	case value.List:
		paths = paths[:0]
		for _, e := range v.List() {
			paths = append(paths, e.Text())
		}
	default:
		paths = []string{v.Text()}
	}
	return gitWork(c, "", func(ctx context.Context) (value.Value, value.Value, error) {
		if len(paths) == 0 {
			return staged(nil, 0), value.Value{}, nil
		}
		return staged(paths, len(paths)), value.Value{}, repo.Stage(ctx, paths)
	})
}

func staged(paths []string, n int) value.Value {
	list := make([]value.Value, len(paths))
	for i, p := range paths {
		list[i] = value.OfString(p)
	}
	return value.MapOf("staged", value.OfList(list), "count", value.OfInt(int64(n)))
}

func commit(c *vm.Call) (value.Value, error) {
	repo, v := git.Open(gitDir(c)), gitArgument(c)
	message, author := option(v, "message", true), option(v, "author", false)
	if message == "" {
		return value.Value{}, errors.New("'commit' needs a message: with \"…\" or with { message: \"…\" }")
	}
	return gitWork(c, "GitCommit", func(ctx context.Context) (value.Value, value.Value, error) {
		x, err := repo.Commit(ctx, message, author)
		out := value.MapOf("hash", value.OfString(x.Hash), "short", value.OfString(x.Short), "message", value.OfString(x.Message), "author", value.OfString(x.Author))
		return out, out, err
	})
}

func checkout(c *vm.Call) (value.Value, error) {
	repo, ref := git.Open(gitDir(c)), option(gitArgument(c), "ref", true)
	if ref == "" {
		return value.Value{}, errors.New("'checkout' needs a branch, tag or commit: with \"main\"")
	}
	return gitWork(c, "GitCheckout", func(ctx context.Context) (value.Value, value.Value, error) {
		out := value.MapOf("ref", value.OfString(ref))
		return out, out, repo.Checkout(ctx, ref)
	})
}

func tag(c *vm.Call) (value.Value, error) {
	repo, v := git.Open(gitDir(c)), gitArgument(c)
	name, message := option(v, "name", true), option(v, "message", false)
	if name == "" {
		return value.Value{}, errors.New("'tag' needs a name: with \"v1.0\" or with { name: \"v1.0\", message: \"…\" }")
	}
	return gitWork(c, "GitTag", func(ctx context.Context) (value.Value, value.Value, error) {
		return value.MapOf("name", value.OfString(name)), value.MapOf("name", value.OfString(name), "message", value.OfString(message)), repo.Tag(ctx, name, message)
	})
}

func clone(c *vm.Call) (value.Value, error) {
	v := gitArgument(c)
	o := git.CloneOptions{URL: option(v, "url", false), Path: option(v, "path", false), Branch: option(v, "branch", false),
		User: option(v, "username", false), Token: option(v, "token", false)}
	if o.URL == "" || o.Path == "" {
		return value.Value{}, errors.New("'clone' needs with { url: \"…\", path: \"…\" }")
	}
	path := o.Path
	o.Path = inWorkDir(executionOf(c).Host, path)
	return gitWork(c, "GitClone", func(ctx context.Context) (value.Value, value.Value, error) {
		none := value.Value{}
		repo, err := git.Clone(ctx, o)
		if err != nil {
			return none, none, err
		}
		s, err := repo.Status(ctx)
		out := value.MapOf("path", value.OfString(path), "branch", value.OfString(s.Branch), "commit", value.OfString(s.Commit), "url", value.OfString(o.URL))
		return out, out, err
	})
}

func pull(c *vm.Call) (value.Value, error) {
	repo := git.Open(gitDir(c))
	return gitWork(c, "GitPull", func(ctx context.Context) (value.Value, value.Value, error) {
		none := value.Value{}
		output, err := repo.Pull(ctx)
		if err != nil {
			return none, none, err
		}
		branch, err := repo.Branch(ctx)
		out := value.MapOf("branch", value.OfString(branch), "output", value.OfString(output))
		return out, out, err
	})
}

func push(c *vm.Call) (value.Value, error) {
	repo, v := git.Open(gitDir(c)), gitArgument(c)
	remote, branch := option(v, "remote", false), option(v, "branch", false)
	if remote == "" {
		remote = "origin"
	}
	return gitWork(c, "GitPush", func(ctx context.Context) (value.Value, value.Value, error) {
		none := value.Value{}
		if branch == "" {
			var err error
			if branch, err = repo.Branch(ctx); err != nil {
				return none, none, err
			}
			if branch == git.Detached {
				return none, none, errors.New("HEAD is on no branch: say which one to push, with { branch: \"…\" }")
			}
		}
		out := value.MapOf("remote", value.OfString(remote), "branch", value.OfString(branch))
		return out, out, repo.Push(ctx, remote, branch)
	})
}
