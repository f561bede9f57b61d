package host

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// coreVerbs work on values only. Extract, Create and Compute without an
// operation never get here: the compiler turns them into instructions.
var coreVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "extract", Aliases: []string{"get"}, Role: bytecode.RoleRequest, Preps: []string{"from", "via"},
		Doc: "Takes a part out of a value.", Pure: true, Result: bytecode.Binds, Object: bytecode.ReadObject, Lower: bytecode.AsExtract}, Do: extract},
	{Verb: bytecode.Verb{Name: "receive", Role: bytecode.RoleRequest, Preps: []string{"from", "via"},
		Doc: "Takes the payload of an event.", Pure: true, Result: bytecode.Binds, Object: bytecode.ReadObject}, Do: receive},
	{Verb: bytecode.Verb{Name: "create", Aliases: []string{"build", "construct"}, Role: bytecode.RoleOwn, Preps: []string{"with", "from", "for", "to"},
		Doc: "Binds a new value; with a type it gets an id.", Result: bytecode.Binds, Object: bytecode.ReadObject, Lower: bytecode.AsValue}, Do: create},
	{Verb: bytecode.Verb{Name: "compute", Aliases: []string{"calculate", "derive"}, Role: bytecode.RoleOwn, Preps: []string{"from", "for", "with"},
		Doc: "Computes a value, or applies an operation to it.", Pure: true, Result: bytecode.Binds, Object: bytecode.ReadObject, Lower: bytecode.AsValue,
		Ops: operationNames()}, Link: linkCompute},
	{Verb: bytecode.Verb{Name: "process", Role: bytecode.RoleOwn, Doc: "Passes a value on under a new name.", Pure: true,
		Result: bytecode.Binds, Object: bytecode.ReadObject, Lower: bytecode.AsValue}, Do: receive},
	{Verb: bytecode.Verb{Name: "validate", Aliases: []string{"verify", "check"}, Role: bytecode.RoleOwn, Preps: []string{"for", "against", "with"},
		Doc: "Checks a value against a rule or a schema of the contract.", Pure: true,
		Result: bytecode.Operates, Object: bytecode.TryObject, Extra: "validation"}, Do: validate},
	{Verb: bytecode.Verb{Name: "update", Aliases: []string{"modify", "change", "set", "configure"}, Role: bytecode.RoleOwn, Preps: []string{"with", "to", "for", "from"},
		Doc: "Replaces a field of a map, merges another map into it, or sets a limit of a repository or an option of the application.", Blocking: true,
		Result: bytecode.Rebinds, Object: bytecode.ReadObject, Settings: settings}, Do: update},
	{Verb: bytecode.Verb{Name: "merge", Aliases: []string{"combine"}, Role: bytecode.RoleOwn, Preps: []string{"with", "from"},
		Doc: "Merges two maps, lists or texts.", Pure: true, ResultSpec: true, Result: bytecode.Rebinds, Object: bytecode.ReadObject}, Do: merge},
}

func receive(c *vm.Call) (value.Value, error) { return c.Arg(bytecode.SlotObject), nil }

// operand is the value a verb works on: the object, or what with gives.
func operand(c *vm.Call) (value.Value, error) {
	if v, ok := argOr(c, bytecode.SlotObject, bytecode.SlotWith); ok && v.IsBound() {
		return v, nil
	}
	return value.Value{}, fmt.Errorf("'%s' needs a value", c.Site.Verb)
}

// create makes a typed entity: a map without an id gets one. Without a value it
// binds an empty text.
func create(c *vm.Call) (value.Value, error) {
	switch c.Site.Result.Raw {
	case "date-range":
		return createRange(c)
	case "recurrence":
		return createRecurrence(c)
	}
	v, err := operand(c)
	if err != nil {
		if c.Site.Prep == "" {
			return value.OfString(""), nil
		}
		return value.Value{}, err
	}
	rec := v.Record()
	if rec == nil {
		return v, nil
	}
	if id, ok := rec.Get("id"); ok && id.Kind() != value.Null {
		return v, nil
	}
	return value.OfRecord(rec.With("id", value.OfString(entityID(time.Now())))), nil
}

// entityID is the time in milliseconds and eight random digits, in hexadecimal:
// ids of later entities sort after earlier ones.
func entityID(now time.Time) string {
	var b [4]byte
	value.RandomBytes(b[:])
	id := strconv.AppendInt(make([]byte, 0, 24), now.UnixMilli(), 16)
	return string(hex.AppendEncode(id, b[:]))
}

// Validation is the record that Validate binds.
type Validation struct {
	Valid  bool
	Rule   string
	Errors []string
}

// TypeName implements value.Object.
func (v *Validation) TypeName() string { return "Validation" }

// Success implements value.Tester.
func (v *Validation) Success() (bool, bool) { return v.Valid, true }

// Property implements value.Object.
func (v *Validation) Property(name string) (value.Value, bool) {
	switch name {
	case "isValid", "valid":
		return value.OfBool(v.Valid), true
	case "rule":
		return value.OfString(v.Rule), true
	case "errors":
		list := make([]value.Value, len(v.Errors))
		for i, e := range v.Errors {
			list[i] = value.OfString(e)
		}
		return value.OfList(list), true
	case "message":
		if len(v.Errors) > 0 {
			return value.OfString(v.Errors[0]), true
		}
	}
	return value.Value{}, false
}

// Simple implements value.Object.
func (v *Validation) Simple() value.Value {
	b := value.NewBuilder(3)
	b.Set("isValid", value.OfBool(v.Valid))
	b.Set("rule", value.OfString(v.Rule))
	if m, ok := v.Property("message"); ok {
		b.Set("message", m)
	}
	return b.Value()
}

// validate has two forms: `Validate the <payload> for the <schema>`, when the
// result is bound and the object is not, and `Validate the <ok: rule> for <x>`.
func validate(c *vm.Call) (value.Value, error) {
	s := c.Site
	subject := c.Arg(bytecode.SlotResult)
	object := c.Arg(bytecode.SlotObject)
	if subject.IsBound() && !object.IsBound() && !s.ObjectIsExpr {
		v := &Validation{Rule: s.Object.Base, Valid: true}
		check := executionOf(c).Host.schema(s.Object.Base)
		switch {
		case check != nil:
			v.Errors = check(subject)
			v.Valid = len(v.Errors) == 0
		case subject.IsEmpty():
			v.Valid, v.Errors = false, []string{"the value is empty"}
		}
		if !v.Valid && s.Extra == bytecode.NoReg {
			return value.Value{}, fmt.Errorf("Validation failed: %s", v.Errors[0])
		}
		c.BindExtra(value.OfObject(v))
		return subject, nil
	}
	if w, ok := argOr(c, bytecode.SlotWith); ok && !object.IsBound() {
		object = w
	}
	if s.ObjectIsExpr && s.Result.Raw == "" && !validationRules[strings.ToLower(s.Result.Base)] {
		return object, nil
	}
	v := checkRule(s, object)
	c.BindExtra(value.OfObject(v))
	return value.OfObject(v), nil
}

// schema finds a schema of the contract by the name a program uses: as written,
// in PascalCase, and both without the word schema (03 §8.10).
func (h *Host) schema(name string) func(value.Value) []string {
	if h.Schemas == nil {
		return nil
	}
	short := strings.TrimSuffix(strings.TrimSuffix(name, "-schema"), "Schema")
	for _, n := range []string{name, pascal(name), short, pascal(short)} {
		if check := h.Schemas(n); check != nil {
			return check
		}
	}
	return nil
}

func pascal(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// validationRules are the rules of Validate, which a result name alone can mean.
var validationRules = map[string]bool{"required": true, "exists": true, "nonempty": true, "email": true, "numeric": true}

func checkRule(s *vm.Site, v value.Value) *Validation {
	rule := strings.ToLower(s.Result.Raw)
	if rule == "" {
		if rule = strings.ToLower(s.Result.Base); !validationRules[rule] {
			rule = "required"
		}
	}
	out := &Validation{Rule: rule, Valid: true}
	fail := func(msg string) { out.Valid, out.Errors = false, []string{msg} }
	switch rule {
	case "required", "exists":
		if v.IsEmpty() && v.Kind() != value.Map {
			fail("a value is required")
		}
	case "nonempty":
		if v.IsEmpty() {
			fail("the value is empty")
		}
	case "email":
		if t := v.Text(); !strings.Contains(t, "@") || !strings.Contains(t, ".") {
			fail("not an email address")
		}
	case "numeric":
		if _, ok := v.AsNumber(); !ok {
			fail("not a number")
		}
	}
	return out
}

// update replaces one field, or merges a map.
func update(c *vm.Call) (value.Value, error) {
	s := c.Site
	if strings.HasSuffix(s.Result.Base, "-repository") && s.Result.Raw != "" {
		return configureRepository(c)
	}
	v, ok := argOr(c, bytecode.SlotWith, bytecode.SlotTo, bytecode.SlotObject)
	if !ok {
		return value.Value{}, fmt.Errorf("'%s' needs a value", s.Verb)
	}
	if s.Result.Base == "application" && s.Result.Raw != "" { // no variable has that name
		return configureApplication(c, v)
	}
	old := c.Arg(bytecode.SlotResult)
	rec := old.Record()
	if len(s.Result.Specs) > 0 {
		if rec == nil {
			if old.IsBound() {
				return v, nil
			}
			rec = value.EmptyMap.Record()
		}
		return value.OfRecord(rec.With(s.Result.Specs[0], v)), nil
	}
	if rec != nil && v.Record() != nil {
		return value.OfRecord(rec.Merge(v.Record())), nil
	}
	return v, nil
}

// merge overlays maps, appends lists and concatenates texts. The base is the
// variable that the result's qualifier names, or the result itself.
func merge(c *vm.Call) (value.Value, error) {
	source, ok := argOr(c, bytecode.SlotWith, bytecode.SlotObject)
	if !ok {
		return value.Value{}, errors.New("'merge' needs a value to merge")
	}
	base := c.Arg(bytecode.SlotResultSpec)
	if !base.IsBound() {
		base = c.Arg(bytecode.SlotResult)
	}
	if c.Site.Prep == "from" && c.Has(bytecode.SlotWith) {
		base = c.Arg(bytecode.SlotObject)
	}
	switch {
	case base.Record() != nil && source.Record() != nil:
		return value.OfRecord(base.Record().Merge(source.Record())), nil
	case base.Kind() == value.List && source.Kind() == value.List:
		b := base.List()
		return value.OfList(append(b[:len(b):len(b)], source.List()...)), nil
	case base.Kind() == value.String && source.Kind() == value.String:
		return value.OfString(base.Str() + source.Str()), nil
	case !base.IsBound():
		return source, nil
	}
	return base, nil
}
