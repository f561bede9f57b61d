package compile

import (
	"fmt"
	"slices"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/syntax"
)

// collect gathers the feature sets of all files, runs the checks of the program
// as a whole (01 §10), and finds what handlers read of Application-Start.
func (p *program) collect(files []*syntax.File) {
	seen := map[string]*syntax.FeatureSet{}
	var starts []*syntax.FeatureSet
	for _, f := range files {
		for _, s := range f.Sets {
			life := s.Name == "Application-Start" || s.Name == "Application-End"
			if p.opts.Imported[f] && life {
				continue
			}
			if s.Name == "Application-Start" {
				starts = append(starts, s)
			}
			key := s.Name
			if s.Name == "Application-End" {
				key += ": " + s.Activity
			}
			if first := seen[key]; first != nil && s.Name != "Application-Start" {
				if p.opts.Imported[f] != p.opts.Imported[first.File] {
					if p.opts.Imported[f] {
						continue // the importer's definition wins
					}
				} else {
					p.duplicate(s, first, isAction(s) && isAction(first))
				}
			}
			seen[key] = s
			p.sets = append(p.sets, s)
			if isAction(s) {
				p.actions[strings.ToLower(s.Name)] = s
			}
			if s.Body != nil && len(s.Body.Stmts) == 0 {
				p.report(f, syntax.Span{Start: s.NamePos, End: s.NamePos + 1}, syntax.Warning, "ARO-F3", "Feature set '"+s.Name+"' has no statements", "")
			}
		}
	}
	p.entryPoint(files, starts)
	p.findExports()
}

func (p *program) duplicate(s, first *syntax.FeatureSet, action bool) {
	line, _ := first.File.Position(first.NamePos)
	code, msg := "ARO-F1", fmt.Sprintf("Duplicate feature set '%s' (first at %s:%d)", s.Name, first.File.Name, line)
	if action {
		code, msg = "ARO-A1", "Duplicate action 'Application."+s.Name+"'"
	}
	p.report(s.File, nameSpan(s), syntax.Error, code, msg, "Give one of them another name")
}

func nameSpan(s *syntax.FeatureSet) syntax.Span {
	return syntax.Span{Start: s.NamePos, End: s.NamePos + syntax.Pos(len(s.Name))}
}

// entryPoint checks that there is exactly one Application-Start.
func (p *program) entryPoint(files []*syntax.File, starts []*syntax.FeatureSet) {
	switch {
	case len(starts) == 0:
		p.report(nil, syntax.Span{}, syntax.Error, "ARO-F2", "No entry point: the application has no feature set named Application-Start",
			"Add one: (Application-Start: My App) { Log \"ready\" to the <console>. Return an <OK: status> for the <startup>. }")
	case len(starts) > 1:
		var where []string
		for _, s := range starts {
			line, _ := s.File.Position(s.NamePos)
			where = append(where, fmt.Sprintf("%s:%d", s.File.Name, line))
		}
		hint := "Keep one of them"
		if dirs := slices.CompactFunc(slices.Clone(starts), func(a, b *syntax.FeatureSet) bool { return dirOf(a.File.Name) == dirOf(b.File.Name) }); len(dirs) > 1 {
			hint = "The directory holds several applications; run one of its folders"
		}
		p.report(starts[1].File, nameSpan(starts[1]), syntax.Error, "ARO-F2", "Several entry points: "+strings.Join(where, ", "), hint)
	}
}

func dirOf(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i]
	}
	return ""
}

func isAction(s *syntax.FeatureSet) bool {
	return s.Takes != nil || s.Activity == "Action" || strings.HasPrefix(s.Activity, "Action takes")
}

// checkAction checks a call of a user action: it exists, and takes what it is
// given.
func (c *compiler) checkAction(s *syntax.Simple, name string) {
	span := syntax.Span{Start: s.VerbPos, End: s.VerbPos + syntax.Pos(len(s.Verb))}
	set := c.p.actions[strings.ToLower(name)]
	if set == nil {
		known := make([]string, 0, len(c.p.actions))
		for _, a := range c.p.actions {
			known = append(known, "Application."+a.Name)
		}
		slices.Sort(known)
		hint := "This program declares no actions; declare one with (" + name + ": Action) { … }"
		if len(known) > 0 {
			hint = "Known actions: " + strings.Join(known, ", ")
		}
		c.p.report(c.file, span, syntax.Error, "ARO-A2", "Unknown action 'Application."+name+"'", hint)
		return
	}
	if o := s.Object; o != nil && o.Prep == "from" && set.Takes == nil {
		c.p.report(c.file, span, syntax.Error, "ARO-A3",
			"'Application."+set.Name+"' takes no positional value; use with { … }", "Or declare it as ("+set.Name+": Action takes <field>)")
	}
}

// checkClauses reports clauses that the verb does not take: the statement would
// fail whenever it runs.
func (c *compiler) checkClauses(s *syntax.Simple, v *bytecode.Verb) {
	if o := s.Object; o != nil && v.Preps != nil && !slices.Contains(v.Preps, o.Prep) {
		c.p.report(c.file, o.Span, syntax.Warning, "ARO-F7", "'"+s.Verb+"' does not take '"+o.Prep+"'", "It takes: "+strings.Join(v.Preps, ", "))
	}
	if !v.Orders && (len(s.Order) > 0 || s.Limit != nil || s.Offset != nil) {
		c.p.report(c.file, s.Span, syntax.Error, "ARO-F7", "'"+s.Verb+"' takes no 'order by', 'limit' or 'offset'", "Retrieve or Filter the rows first")
	}
}

// checkSetting warns of a setting that there is not: Configure would fail.
func (c *compiler) checkSetting(s *syntax.Simple, v *bytecode.Verb) {
	n := s.Result
	if v.Settings == nil || n == nil || n.Raw == "" {
		return
	}
	what, known := "The application", v.Settings[n.Base]
	if strings.HasSuffix(n.Base, "-repository") {
		what, known = "A repository", v.Settings["-repository"]
	}
	if known == nil || slices.Contains(known, n.Raw) {
		return
	}
	hint, best := "It has: "+strings.Join(known, ", "), newGuess(n.Raw)
	for _, name := range known {
		best.offer(name)
	}
	if best.word != "" {
		hint = "Did you mean '" + best.word + "'?"
	}
	c.p.report(c.file, n.Span, syntax.Warning, "ARO-F9", what+" has no setting '"+n.Raw+"'", hint)
}

// checkTemplate warns of a template that is not there, as far as its name is known: the
// statement would fail, with 404 over HTTP. A qualifier whose first word is a variable
// names the template by its value.
func (c *compiler) checkTemplate(s *syntax.Simple, v *bytecode.Verb) {
	if c.p.opts.Template == nil || !v.Renders {
		return
	}
	n := s.Result
	if s.Object != nil && s.Object.Noun != nil && s.Object.Noun.Base == "template" {
		n = s.Object.Noun
	}
	if n == nil || n.Base != "template" || n.Text != nil || !strings.ContainsAny(n.Raw, "./") {
		return
	}
	if len(n.Segments) > 0 && (c.find(n.Segments[0]) != nil || c.p.exported[n.Segments[0]]) {
		return
	}
	if !c.p.opts.Template(n.Raw) {
		c.p.report(c.file, n.Span, syntax.Warning, "ARO-T5", "There is no template '"+n.Raw+"'", "Templates are files in the folder templates beside the sources")
	}
}

// checkPassword warns of a fast hash of a password: whoever gets hold of the rows
// guesses billions a second (05 A02). The name is all that there is to go by.
func (c *compiler) checkPassword(s *syntax.Simple, v *bytecode.Verb) {
	if v.Name != "compute" || s.Result == nil || s.Object == nil || s.Object.Noun == nil {
		return
	}
	op := s.Result.Raw
	if op == "" {
		op = s.Result.Base
	}
	of := s.Object.Noun.Base
	if n := s.Object.Noun; n.Kind == syntax.PathQual && len(n.Segments) > 0 {
		of = n.Segments[len(n.Segments)-1]
	}
	if name := strings.ToLower(of); !strings.EqualFold(op, "hash") || !strings.Contains(name, "password") && !strings.Contains(name, "passphrase") {
		return
	}
	c.p.report(c.file, s.Result.Span, syntax.Warning, "ARO-F8", "'hash' is too fast for '"+of+"': who finds it guesses the password",
		"Use <"+s.Result.Base+": password-hash>, and password-matches to compare")
}

// mentioned reports whether the feature set mentions a name anywhere. A name stands in the
// source as it is, so most need no look at the tree.
func (c *compiler) mentioned(name string) bool {
	if c.set == nil || !strings.Contains(c.file.Text(c.set.Span), name) {
		return false
	}
	if len(c.mentions) == 0 {
		mentionedNames(c.set, c.mentions)
	}
	return c.mentions[name]
}

// mentionedNames adds every name that a feature set mentions anywhere.
func mentionedNames(set *syntax.FeatureSet, names map[string]bool) {
	syntax.Walk(set, func(n syntax.Node) bool {
		if x, ok := n.(*syntax.Noun); ok {
			if !names[x.Base] { // looking costs half of storing
				names[x.Base] = true
			}
		}
		return true
	})
}

// findExports finds the names that event handlers mention and Application-Start
// binds: those are exported as they are bound (01 §9.1).
func (p *program) findExports() {
	for _, s := range p.sets {
		if s.Name == "Application-Start" || s.Name == "Application-End" {
			continue
		}
		if reacts(s.Activity) {
			mentionedNames(s, p.exported)
		}
	}
}
