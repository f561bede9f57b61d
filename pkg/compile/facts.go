package compile

import (
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// findFacts reads from all feature sets which names one of them provides for
// others; the checks of names need them.
func (p *program) findFacts() {
	p.published, p.handles, p.given, p.startNames = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, set := range p.sets {
		test, start := isTest(set), set.Name == "Application-Start"
		if set.Body == nil {
			continue
		}
		syntax.Walk(set.Body, func(n syntax.Node) bool {
			switch s := n.(type) {
			case *syntax.PublishAs:
				p.published[s.External.Base] = true
				return false
			case *syntax.Simple:
				p.simpleFacts(s, test, start)
				return false
			}
			return true
		})
	}
}

func (p *program) simpleFacts(s *syntax.Simple, test, start bool) {
	v := p.verb(s.Verb)
	name := strings.ToLower(s.Verb)
	if v != nil {
		name = v.Name
	}
	switch name {
	case "listen", "connect", "start":
		if s.Result != nil {
			p.handles[s.Result.Base] = true
		}
		if s.As != nil {
			p.handles[s.As.Base] = true
		}
	}
	if s.Result == nil || s.Sink != nil {
		return
	}
	if test {
		p.given[s.Result.Base] = true
	}
	if start {
		p.startNames[s.Result.Base] = true
	}
}

// isHandler reports whether a feature set reacts to events, so that it sees what
// Application-Start bound (01 §9.1).
func isHandler(s *syntax.FeatureSet) bool {
	return reacts(s.Activity) || s.Name == "Application-End"
}

// reacts reports whether an activity is that of a handler or an observer.
func reacts(activity string) bool {
	a := strings.TrimSuffix(activity, bytecode.Everywhere)
	return strings.HasSuffix(a, "Handler") || strings.HasSuffix(a, "Observer")
}

// isTest reports whether `aro test` runs the feature set (02 §14).
func isTest(s *syntax.FeatureSet) bool { return bytecode.IsTest(s.Name, s.Activity) }

// checkReturn reports a feature set in which nothing ever returns (F5).
func (p *program) checkReturn(set *syntax.FeatureSet) {
	if set.Body == nil || len(set.Body.Stmts) == 0 || set.Name == "Application-End" || isTest(set) {
		return
	}
	returns := false
	syntax.Walk(set.Body, func(n syntax.Node) bool {
		switch s := n.(type) {
		case *syntax.Simple:
			returns = returns || p.leaves(s)
			return false
		case *syntax.ErrorStatement:
			returns = true // what could not be read may have been the Return
		}
		return !returns
	})
	if !returns {
		end := set.Body.End
		p.report(set.File, syntax.Span{Start: end - 1, End: end}, syntax.Warning, "ARO-F5",
			"Feature set '"+set.Name+"' never returns", "End it with a statement such as: Return an <OK: status> for the <result>.")
	}
}
