package compile

import (
	"cmp"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// emission is one Emit: which event, where, and whether something decides at run
// time if it is reached.
type emission struct {
	event       string
	stmt        *syntax.Simple
	conditional bool
}

// leaves reports whether a statement, when it runs, ends the feature set.
func (p *program) leaves(s *syntax.Simple) bool {
	v := p.verb(s.Verb)
	return v != nil && (v.Lower == bytecode.AsReturn || v.Name == "throw")
}

// emissions lists what a block emits. A guard, a match arm, a loop or a Return
// that may have happened before make an Emit conditional: a chain of events
// through it can end.
func (p *program) emissions(b *syntax.Block, conditional bool, out []emission) []emission {
	if b == nil {
		return out
	}
	for _, s := range b.Stmts {
		switch s := s.(type) {
		case *syntax.Simple:
			out = p.emissionOf(s, &conditional, out)
		case *syntax.Pipeline:
			for _, stage := range s.Stages {
				out = p.emissionOf(stage, &conditional, out)
			}
		case *syntax.Match:
			for _, c := range s.Cases {
				out = p.emissions(c.Body, true, out)
			}
			out = p.emissions(s.Otherwise, true, out)
			conditional = conditional || p.mayLeave(s)
		case *syntax.ForEach:
			out = p.emissions(s.Body, true, out)
			conditional = conditional || p.mayLeave(s)
		case *syntax.RangeLoop:
			out = p.emissions(s.Body, true, out)
			conditional = conditional || p.mayLeave(s)
		case *syntax.While:
			out = p.emissions(s.Body, true, out)
			conditional = conditional || p.mayLeave(s)
		}
	}
	return out
}

func (p *program) emissionOf(s *syntax.Simple, conditional *bool, out []emission) []emission {
	v := p.verb(s.Verb)
	if v != nil && v.Name == "emit" && s.Result != nil {
		return append(out, emission{s.Result.Base, s, *conditional || s.When != nil})
	}
	if p.leaves(s) {
		*conditional = true
	}
	return out
}

func (p *program) mayLeave(n syntax.Node) bool {
	found := false
	syntax.Walk(n, func(n syntax.Node) bool {
		if s, ok := n.(*syntax.Simple); ok {
			found = found || p.leaves(s)
			return false
		}
		return !found
	})
	return found
}

// handled returns the event type that a feature set handles, "" for none.
func handled(s *syntax.FeatureSet) string {
	event, ok := strings.CutSuffix(s.Activity, " Handler")
	if !ok {
		return ""
	}
	return event
}

// checkEvents reports events that nobody handles (V1) and handlers that set each
// other off in a circle (V2).
func (p *program) checkEvents() {
	handlers := map[string][]int{}
	emits := make([][]emission, len(p.sets))
	for i, s := range p.sets {
		if e := handled(s); e != "" {
			handlers[e] = append(handlers[e], i)
		}
		emits[i] = p.emissions(s.Body, false, nil)
	}
	if p.opts.Lint {
		for i, list := range emits {
			for _, e := range list {
				if len(handlers[e.event]) == 0 {
					p.unhandled(p.sets[i], e, handlers)
				}
			}
		}
	}
	p.findCycles(handlers, emits)
}

func (p *program) unhandled(set *syntax.FeatureSet, e emission, handlers map[string][]int) {
	best := newGuess(e.event)
	for name := range handlers {
		best.offer(name)
	}
	hint := "Handle it with (Name: " + e.event + " Handler) { … }"
	if best.word != "" {
		hint = "Did you mean '" + best.word + "'?"
	}
	p.report(set.File, e.stmt.Result.Span, syntax.Warning, "ARO-V1", "Nobody handles event '"+e.event+"'", hint)
}

// findCycles looks for circles in "the handlers of A emit B". Every handler is
// the start of at most one report, and a circle is reported once.
func (p *program) findCycles(handlers map[string][]int, emits [][]emission) {
	const white, grey, black = 0, 1, 2
	state := make([]uint8, len(p.sets))
	type edge struct {
		to          int
		conditional bool
	}
	type step struct {
		set  int
		todo []edge // still to visit
	}
	edges := func(i int) (out []edge) {
		for _, e := range emits[i] {
			for _, h := range handlers[e.event] {
				cond := e.conditional || p.sets[h].When != nil || p.sets[h].StateGuard != ""
				out = append(out, edge{h, cond})
			}
		}
		return out
	}
	var order []int
	for _, list := range handlers {
		order = append(order, list...)
	}
	slices.Sort(order)
	for _, root := range order {
		if state[root] != white {
			continue
		}
		var path []step
		var via []bool // via[k]: the edge into path[k] is conditional
		push := func(i int, cond bool) {
			state[i] = grey
			path, via = append(path, step{i, edges(i)}), append(via, cond)
		}
		push(root, false)
		for len(path) > 0 {
			top := &path[len(path)-1]
			if len(top.todo) == 0 {
				state[top.set] = black
				path, via = path[:len(path)-1], via[:len(via)-1]
				continue
			}
			e := top.todo[0]
			top.todo = top.todo[1:]
			switch state[e.to] {
			case white:
				push(e.to, e.conditional)
			case grey:
				at := slices.IndexFunc(path, func(s step) bool { return s.set == e.to })
				cycle := make([]int, 0, len(path)-at)
				conditional := e.conditional
				for k := at; k < len(path); k++ {
					cycle = append(cycle, path[k].set)
					conditional = conditional || k > at && via[k]
				}
				p.reportCycle(cycle, conditional)
			}
		}
	}
}

func (p *program) reportCycle(cycle []int, conditional bool) {
	// The chain starts with the handler that comes first in the sources.
	first := slices.Index(cycle, slices.MinFunc(cycle, cmp.Compare[int]))
	var names []string
	for k := range cycle {
		names = append(names, handled(p.sets[cycle[(first+k)%len(cycle)]]))
	}
	names = append(names, names[0])
	set := p.sets[cycle[first]]
	sev, hint := syntax.Error, "Nothing in it can end the chain; give one of the Emit statements a 'when'"
	if conditional {
		if !p.opts.Lint {
			return
		}
		sev, hint = syntax.Warning, "Make sure that its conditions end the chain"
	}
	p.report(set.File, nameSpan(set), sev, "ARO-V2", "Circular event chain: "+strings.Join(names, " → "), hint)
}
