package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"aro/pkg/host"
	"aro/pkg/host/plugin"
)

// permissions are the words of --allow.
var permissions = []string{"read", "write", "net", "run", "env"}

// allowed adds the words of one --allow.
func (o *runOptions) allowed(list string) error {
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		if !slices.Contains(permissions, word) {
			return fmt.Errorf("--allow=%s: there is no %q; what can be allowed is %s", list, word, strings.Join(permissions, ", "))
		}
		o.allow = append(o.allow, word)
	}
	return nil
}

// access is what the flags let the program reach, nil for everything. Within a
// sandbox --root opens its folder, for reading and writing unless --allow says which.
// folder is the application's, "" for a single file and for one that is compiled.
func (o *runOptions) access(folder string) (*host.Access, error) {
	if !o.sandbox && o.root == "" {
		return nil, nil
	}
	may := func(word string) bool { return !o.sandbox || slices.Contains(o.allow, word) }
	a := &host.Access{Read: may("read"), Write: may("write"), Net: may("net"), Run: may("run"), Env: may("env"), Folder: folder}
	if o.root == "" {
		return a, nil
	}
	root, err := os.OpenRoot(o.root)
	if err != nil {
		return nil, &exitError{1, fmt.Sprintf("Error: --root %s is no folder that can be opened", o.root)}
	}
	a.Root = root
	if !a.Read && !a.Write {
		a.Read, a.Write = true, true
	}
	return a, nil
}

// refuse is the error for plugins that may not run.
func (o *runOptions) refuse(plugins []*plugin.Plugin) error {
	if !o.sandbox || slices.Contains(o.allow, "run") {
		return nil
	}
	for _, p := range plugins {
		if p.Runs() {
			return &exitError{1, fmt.Sprintf("Error: the plugin %s is a program of its own, which a sandbox does not run; start with --allow=run to trust it", p.Name)}
		}
	}
	return nil
}

// handlerBudget reads ARO_HANDLER_BUDGET, the time that a handler may compute without
// waiting; 0 is the default.
func handlerBudget(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, &exitError{1, fmt.Sprintf("Error: ARO_HANDLER_BUDGET is a time above zero, such as 30s, and not %q", text)}
	}
	return d, nil
}
