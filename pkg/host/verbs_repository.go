package host

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"aro/pkg/bytecode"
	regex "aro/pkg/bytecode/pattern"
	"aro/pkg/store"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

var repositoryVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "store", Aliases: []string{"save", "persist"}, Role: bytecode.RoleResponse, Preps: []string{"into", "to", "in"},
		Doc: "Stores a row, or each element of a list, in a repository.", Blocking: true,
		Result: bytecode.Consumes, Object: bytecode.RowsObject, Extra: "new-entry", ResultSpec: true, SpecBinds: true}, Link: linkRows(storeVerb)},
	{Verb: bytecode.Verb{Name: "retrieve", Aliases: []string{"fetch", "load", "find"}, Role: bytecode.RoleRequest, Preps: []string{"from"},
		Doc: "Reads rows from a repository, what an address answers, the state of the <git>, or the load of the <system>.", Blocking: true,
		Result: bytecode.Binds, Object: bytecode.RowsObject, Orders: true}, Link: linkRetrieve},
	{Verb: bytecode.Verb{Name: "delete", Aliases: []string{"remove", "destroy"}, Role: bytecode.RoleOwn, Preps: []string{"from", "for"},
		Doc: "Deletes rows or files, or takes an entry out of a map or list.", Blocking: true, ResultSpec: true,
		Result: bytecode.Operates, Object: bytecode.RowsObject}, Link: linkDelete},
	{Verb: bytecode.Verb{Name: "clear", Role: bytecode.RoleOwn, Preps: []string{"from", "for"},
		Doc: "Empties a repository, or clears the screen, the line or the cursor of the terminal.", Blocking: true,
		Result: bytecode.Labels, Object: bytecode.RowsObject}, Link: linkRows(clearVerb)},
}

// rows is the target of a repository statement: the repository that the object
// names and the filter, both resolved when the program is linked.
type rows struct {
	repo   *repository
	filter *filter
	find   store.Finder // the repository, if it is one
}

// linkRows resolves the repository of a site once.
func linkRows(do vm.Func) func(*Host, *bytecode.Site, *bytecode.Chunk) (vm.Func, any, error) {
	return func(h *Host, s *bytecode.Site, c *bytecode.Chunk) (vm.Func, any, error) {
		if s.Object.Base == "" {
			return nil, nil, fmt.Errorf("'%s' needs a repository", s.Verb)
		}
		f, err := newFilter(s)
		if err != nil {
			return nil, nil, err
		}
		repo := h.Repository(s.Object.Base)
		if f != nil && f.field != "" {
			repo.Index(f.field)
		}
		find, _ := repo.Repository.(store.Finder)
		return do, &rows{repo, f, find}, nil
	}
}

// linkRetrieve tells the sources of Retrieve apart.
func linkRetrieve(h *Host, s *bytecode.Site, c *bytecode.Chunk) (vm.Func, any, error) {
	switch {
	case s.Object.Base == "git":
		return retrieveGit, nil, nil
	case s.Object.Base == "system":
		return retrieveSystem, nil, nil
	case s.Object.Base == "url", s.Object.Base == "endpoint", s.Object.Base == "" && s.ObjectIsExpr:
		return fetchAddress, nil, nil
	}
	return linkRows(retrieve)(h, s, c)
}

// bound reports whether the object is a variable rather than a repository: it is
// bound to something else than an empty list (02 §7, 01 §9.5).
func bound(c *vm.Call) (value.Value, bool) {
	v := c.Arg(bytecode.SlotObject)
	return v, v.IsBound() && !(v.Kind() == value.List && v.Len() == 0)
}

func storeVerb(c *vm.Call) (value.Value, error) {
	s := c.Site
	if _, ok := bound(c); ok {
		return value.Value{}, nil // storing into a plain variable has no effect
	}
	v := c.Arg(bytecode.SlotSink)
	if !v.IsBound() {
		v = c.Arg(bytecode.SlotResultSpec)
	}
	if !v.IsBound() {
		v = c.Arg(bytecode.SlotResult)
	}
	if id, ok := named(c, "id"); ok {
		v = withID(v, id, s.Result.Base)
	}
	if w := c.Arg(bytecode.SlotWith).Record(); w != nil {
		if rec := v.Record(); rec != nil {
			v = value.OfRecord(rec.Merge(w))
		} else if !v.IsBound() {
			v = value.OfRecord(w)
		}
	}
	if !v.IsBound() {
		return value.Value{}, fmt.Errorf("Undefined variable: '%s'", s.Result.Base)
	}
	r := s.Target.(*rows).repo
	// No closure is needed where nobody waits for it and it waits for nobody, nor where its
	// observers are all there is to wait for.
	watchers := r.watchers.Load()
	switch h := executionOf(c).Host; {
	case h.transactions.Load():
	case watchers != nil:
		return r.storeNow(c, watchers, v)
	case h.alone:
		stored, changes := storeValue(c, r.Repository, v)
		r.changed(changes)
		return stored, nil
	}
	return r.write(c, func(w store.Repository) (value.Value, []store.Change) { return storeValue(c, w, v) })
}

// storeValue stores a row, or the rows of a list.
func storeValue(c *vm.Call, r store.Repository, v value.Value) (value.Value, []store.Change) {
	if v.Kind() == value.List {
		return storeRows(c, r, v, v.List())
	}
	return storeRows(c, r, v, []value.Value{v})
}

// storeRows stores the rows that v is, or is a list of.
func storeRows(c *vm.Call, r store.Repository, v value.Value, rows []value.Value) (value.Value, []store.Change) {
	stored, changes := r.Store(rows...)
	c.BindExtra(value.OfInt(newEntry(stored, changes)))
	if v.Kind() == value.List {
		return value.OfList(stored), changes
	}
	return stored[0], changes
}

// newEntry is 1 if the last row was created by the Store that returned these. A
// row that was there unchanged has no change, and evictions stand behind theirs.
func newEntry(stored []value.Value, changes []store.Change) int64 {
	for i := len(changes) - 1; i >= 0; i-- {
		switch c := &changes[i]; c.Kind {
		case store.Evicted:
		case store.Created:
			if value.TypedEqual(c.New, stored[len(stored)-1]) {
				return 1
			}
			return 0
		default:
			return 0
		}
	}
	return 0
}

// named returns the value of a `with NAME expr` argument.
func named(c *vm.Call, name string) (value.Value, bool) {
	for i, n := range c.Site.Named {
		if n == name {
			return c.Args(bytecode.SlotNamed, len(c.Site.Named))[i], true
		}
	}
	return value.Value{}, false
}

// withID is `with id <e>`: a map gets the id, any other value becomes a row that
// holds it.
func withID(v, id value.Value, name string) value.Value {
	if rec := v.Record(); rec != nil {
		return value.OfRecord(rec.With("id", id))
	}
	b := value.NewBuilder(3)
	b.Set("id", id)
	b.Set("value", v)
	b.Set(name, v)
	return b.Value()
}

func retrieve(c *vm.Call) (value.Value, error) {
	s := c.Site
	if v, ok := bound(c); ok {
		if v.Kind() == value.String && IsAddress(v.Str()) {
			return fetchAddress(c)
		}
		return v, nil
	}
	t := s.Target.(*rows)
	var found []value.Value
	if t.filter == nil {
		found = t.repo.seen(c).Rows()
	} else if row, ok := t.one(c); ok {
		return row, nil
	} else {
		q, run := t.filter.query(c)
		found = t.repo.seen(c).Select(q)
		if run.stopped != nil {
			return value.Value{}, run.stopped
		}
	}
	found, err := ordered(c, found)
	if err != nil {
		return value.Value{}, err
	}
	if raw := s.Object.Raw; raw != "" {
		if e, ok := value.Element(found, raw); ok {
			return e, nil
		}
		return value.OfList(found), nil
	}
	if raw := s.Result.Raw; raw != "" {
		if e, ok := value.Element(found, raw); ok {
			return e, nil
		}
	}
	if len(found) == 0 && c.Has(bytecode.SlotDefault) {
		return c.Arg(bytecode.SlotDefault), nil
	}
	if t.filter != nil && len(found) == 1 {
		return found[0], nil
	}
	return value.OfList(found), nil
}

// one finds the row of `where id = x` without a list for it. What it does not find,
// or what wants more than the row, is for Select.
func (t *rows) one(c *vm.Call) (value.Value, bool) {
	if t.find == nil || !t.filter.whole || t.filter.field != "id" {
		return value.Value{}, false
	}
	s := c.Site
	if s.Object.Raw != "" || s.Result.Raw != "" || len(s.Order) > 0 || c.Has(bytecode.SlotLimit) || c.Has(bytecode.SlotOffset) {
		return value.Value{}, false
	}
	find := t.find
	if x := executionOf(c).transaction(); x != nil {
		find = x.of(t.repo)
	}
	return find.Find(c.Args(bytecode.SlotWhere, t.filter.args)[t.filter.arg])
}

func deleteVerb(c *vm.Call) (value.Value, error) {
	s := c.Site
	if v, ok := bound(c); ok {
		return without(s, v)
	}
	t := s.Target.(*rows)
	if t.filter == nil {
		return clearVerb(c)
	}
	q, run := t.filter.query(c)
	if t.filter.matches {
		// A match that is stopped must not leave half of the rows deleted.
		if t.repo.seen(c).Select(q); run.stopped != nil {
			return value.Value{}, run.stopped
		}
	}
	return t.repo.write(c, func(w store.Repository) (value.Value, []store.Change) {
		changes := w.Delete(q)
		gone := make([]value.Value, len(changes))
		for i, ch := range changes {
			gone[i] = ch.Old
		}
		if len(gone) == 1 {
			return gone[0], changes
		}
		return value.OfList(gone), changes
	})
}

// without is Delete on a value: a copy that lacks a key or an element. The
// object's qualifier is walked first.
func without(s *vm.Site, v value.Value) (value.Value, error) {
	for _, step := range s.Object.Specs {
		p, ok := v.Property(step)
		if !ok {
			return value.Value{}, fmt.Errorf("Property '%s' not found on type '%s'", step, v.TypeName())
		}
		v = p
	}
	k := s.Result.Raw
	if k == "" {
		k = s.Result.Base
	}
	switch v.Kind() {
	case value.Map:
		return value.OfRecord(v.Record().Without(k)), nil
	case value.List:
		list := v.List()
		if i, err := strconv.Atoi(k); err == nil && i >= 0 && i < len(list) {
			i = len(list) - 1 - i // positions count from the end
			return value.OfList(append(list[:i:i], list[i+1:]...)), nil
		}
	}
	return v, nil
}

func clearVerb(c *vm.Call) (value.Value, error) {
	s := c.Site
	if s.Verb == "clear" && s.Prep == "for" {
		return clearTerminal(c)
	}
	r := s.Target.(*rows).repo
	return r.write(c, func(w store.Repository) (value.Value, []store.Change) {
		rows := w.Rows()
		return value.OfList(rows), w.Clear()
	})
}

// filter is the where clause of a site, ready to run: an equality that the store
// can answer from an index, and the rest as a predicate.
type filter struct {
	field string // of the leading equality, "" without one
	arg   int
	where *bytecode.Where
	whole bool // the equality is the whole clause
	args  int

	matches bool // there is a regular expression in it
}

func newFilter(s *bytecode.Site) (*filter, error) {
	if s.Where == nil {
		return nil, nil
	}
	f := &filter{where: s.Where}
	for _, slot := range s.Args {
		if slot == bytecode.SlotWhere {
			f.args++
		}
	}
	f.matches = anyMatches(s.Where)
	for w := s.Where; w != nil; w = w.L {
		if w.Kind == bytecode.WhereCond {
			if w.Op == "=" && len(w.Field) == 1 {
				f.field, f.arg, f.whole = w.Field[0], w.Arg, w == s.Where
			}
			break
		}
		if w.Kind != bytecode.WhereAnd {
			break
		}
	}
	return f, nil
}

func anyMatches(w *bytecode.Where) bool {
	return w != nil && (w.Op == "matches" || anyMatches(w.L) || anyMatches(w.R))
}

// query binds the operands of one execution.
func (f *filter) query(c *vm.Call) (store.Query, *whereRun) {
	args := c.Args(bytecode.SlotWhere, f.args)
	q := store.Query{}
	if f.field != "" {
		q.Field, q.Equal = f.field, args[f.arg]
		if f.whole {
			return q, &noRun
		}
	}
	run := &whereRun{args: append([]value.Value(nil), args...)} // deletes may wait for their turn
	q.Match = func(row value.Value) bool { return run.holds(f.where, row) }
	return q, run
}

// whereRun is one evaluation of a where clause: its operands, and why a regular
// expression was stopped, if one was.
type whereRun struct {
	args    []value.Value
	stopped error
}

// noRun is that of a clause that the store answers alone; nobody writes to it.
var noRun whereRun

// holds evaluates a where clause on one row (01 §3.6).
func (r *whereRun) holds(w *bytecode.Where, row value.Value) bool {
	switch w.Kind {
	case bytecode.WhereAnd:
		return r.holds(w.L, row) && r.holds(w.R, row)
	case bytecode.WhereOr:
		return r.holds(w.L, row) || r.holds(w.R, row)
	case bytecode.WhereNot:
		return !r.holds(w.L, row)
	}
	v, ok := store.FieldOf(row, w.Field[0])
	for _, step := range w.Field[1:] {
		if ok {
			v, ok = v.Property(step)
		}
	}
	switch w.Op {
	case "empty":
		return v.IsEmpty() != w.Not
	case "null":
		return (v.Kind() <= value.Null) != w.Not
	case "defined":
		return ok != w.Not
	}
	if !ok {
		return false
	}
	a := r.args[w.Arg]
	switch w.Op {
	case "=":
		return value.TypedEqual(v, a)
	case "!=":
		return !value.TypedEqual(v, a)
	case "<", "<=", ">", ">=":
		return inOrder(w.Op, v, a)
	case "contains":
		return strings.Contains(v.Text(), a.Text())
	case "starts-with":
		return strings.HasPrefix(v.Text(), a.Text())
	case "ends-with":
		return strings.HasSuffix(v.Text(), a.Text())
	case "matches":
		return r.found(a, v.Text())
	case "in":
		return member(v, a)
	case "not-in":
		return !member(v, a)
	case "between":
		return inOrder(">=", v, a) && inOrder("<=", v, r.args[w.Arg+1])
	}
	return false
}

// inOrder compares numerically when both sides are numeric, else as text.
func inOrder(op string, a, b value.Value) bool {
	c, ok := value.Compare(a, b)
	if !ok {
		c = strings.Compare(a.Text(), b.Text())
	}
	if c == value.Unordered {
		return false
	}
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

func (r *whereRun) found(pattern value.Value, text string) bool {
	if r.stopped != nil {
		return false
	}
	re, err := vm.PatternFor(pattern)
	if err != nil { // a pattern that is none finds nothing; one that is too large is an error
		if errors.Is(err, regex.ErrSize) {
			r.stopped = err
		}
		return false
	}
	ok, err := re.Match(text)
	r.stopped = err
	return ok
}

// member is `field in operand`: list membership; text is split at commas.
func member(v, list value.Value) bool {
	if list.Kind() == value.List {
		for _, e := range list.List() {
			if value.TypedEqual(v, e) || v.Text() == e.Text() {
				return true
			}
		}
		return false
	}
	for part := range strings.SplitSeq(list.Text(), ",") {
		if strings.TrimSpace(part) == v.Text() {
			return true
		}
	}
	return false
}
