// Package host joins a program to the world: the verb registry, linking of
// statements to verbs and targets, events and their handlers, observers, scopes
// beyond the frame, and the life of the process.
//
// The network has a package of its own (net), which registers its verbs and
// services here; repositories come from store.
package host

import (
	"fmt"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
)

// Verb is one line of the verb table: what everybody needs to know about the
// verb, and the function that does its work.
type Verb struct {
	bytecode.Verb
	Do vm.Func
	// Link, when not nil, replaces Do by a function and target that fit one
	// site: a repository, a user action, a rendered template.
	Link func(h *Host, s *bytecode.Site, c *bytecode.Chunk) (vm.Func, any, error)
}

// Verbs returns the built-in verbs that need no network.
func Verbs() []*Verb {
	var all []*Verb
	for _, family := range [][]*Verb{coreVerbs, listVerbs, compareVerbs, outputVerbs, repositoryVerbs, eventVerbs, notifyVerbs, transitionVerbs,
		scheduleVerbs, executeVerbs, lifecycleVerbs, fileVerbs, folderVerbs, textVerbs, callVerbs, templateVerbs, internalVerbs, lineVerbs,
		testVerbs, terminalVerbs, gitVerbs} {
		all = append(all, family...)
	}
	return all
}

// Signatures returns the part of a verb table that the compiler reads.
func Signatures(verbs []*Verb) bytecode.Verbs {
	list := make([]*bytecode.Verb, len(verbs))
	for i, v := range verbs {
		list[i] = &v.Verb
	}
	return bytecode.NewVerbs(list)
}

// resolve links one site. The verb is found by its canonical name; what the verb
// table does not know fails when the statement runs, not before (01 §3.1).
func (h *Host) resolve(s *bytecode.Site, c *bytecode.Chunk) (vm.Func, any, error) {
	if name, ok := strings.CutPrefix(s.Verb, "application."); ok {
		return linkAction(h, name, s)
	}
	v := h.verbs[s.Verb]
	if v == nil {
		return nil, nil, fmt.Errorf("Unknown action verb: '%s'", s.Verb)
	}
	if s.Prep != "" && v.Preps != nil && !contains(v.Preps, s.Prep) {
		return nil, nil, fmt.Errorf("Invalid preposition '%s' for action '%s'. Expected: [%s]", s.Prep, v.Name, strings.Join(v.Preps, ", "))
	}
	if v.Link != nil {
		return v.Link(h, s, c)
	}
	return v.Do, nil, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
