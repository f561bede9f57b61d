//go:build !runtime

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// glance is how often the files of an application are looked at. Asking a few
// dozen files for their times takes some ten microseconds; notifications would
// need a watch for each folder and fail on network drives. Where it takes longer, it
// is done less often: never more than a twentieth of the time.
const glance = 15 * time.Millisecond

// state is what tells one version of a file from another.
type state struct {
	size int64
	time time.Time
}

// lookAt notes the state of the files that make up an application; belongs chooses
// them by their path in it.
func lookAt(path string, belongs func(rel string) bool) map[string]state {
	seen := map[string]state{}
	filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // deleted meanwhile, or not ours to read
		}
		if p != path && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		rel, _ := filepath.Rel(path, p)
		if info, err := d.Info(); err == nil && !d.IsDir() && (p == path || belongs(filepath.ToSlash(rel))) {
			seen[p] = state{info.Size(), info.ModTime()}
		}
		return nil
	})
	return seen
}

// isInput tells whether a file, by its path in the application, is part of it: a
// source, the contract, a template, a static file, stored rows, a plugin. What else
// lies there may be written by the program itself.
func isInput(rel string) bool {
	return strings.EqualFold(filepath.Ext(rel), ".store") || isSource(rel)
}

// isSource is isInput for a program that runs, which writes the rows itself.
func isSource(rel string) bool {
	if strings.EqualFold(filepath.Ext(rel), ".aro") {
		return true
	}
	switch top, _, inside := strings.Cut(rel, "/"); strings.ToLower(top) {
	case "templates", "static", "plugins":
		return inside && !strings.HasSuffix(rel, "~")
	case "openapi.yaml", "openapi.yml", "openapi.json", "aro.yaml":
		return true
	}
	return false
}

// changed waits until files differ from what was seen, and then until they stay
// as they are for a moment: editors and version control write many. It returns
// the new state and the names of the files, sorted.
func changed(ctx context.Context, path string, belongs func(string) bool, seen map[string]state) (map[string]state, []string, error) {
	timer := time.NewTimer(glance)
	defer timer.Stop()
	last := seen
	for {
		select {
		case <-ctx.Done():
			return seen, nil, ctx.Err()
		case <-timer.C:
		}
		began := time.Now()
		now := lookAt(path, belongs)
		timer.Reset(max(glance, 20*time.Since(began)))
		settled := maps.Equal(now, last)
		last = now
		if !settled || maps.Equal(now, seen) {
			continue
		}
		var names []string
		for p, s := range now {
			if seen[p] != s {
				names = append(names, p)
			}
		}
		for p := range seen {
			if _, ok := now[p]; !ok {
				names = append(names, p)
			}
		}
		slices.Sort(names)
		return now, names, nil
	}
}

// watchTests runs the tests after each change, until it is interrupted.
func watchTests(ctx context.Context, w io.Writer, o testOptions) error {
	seen := lookAt(o.path, isInput)
	for {
		var exit *exitError
		switch err := runTests(w, o); {
		case errors.As(err, &exit):
			if exit.msg != "" {
				fmt.Fprintln(w, exit.msg)
			}
		case err != nil:
			return err
		}
		fmt.Fprintf(w, "Waiting for changes in %s (Ctrl-C ends)\n", o.path)
		var names []string
		var err error
		if seen, names, err = changed(ctx, o.path, isInput, seen); err != nil {
			return nil
		}
		fmt.Fprintf(w, "\n%s changed\n", strings.Join(names, ", "))
	}
}
