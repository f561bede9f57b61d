package host

import (
	"fmt"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

var compareVerbs = []*Verb{
	{Verb: bytecode.Verb{Name: "compare", Aliases: []string{"match"}, Role: bytecode.RoleOwn, Preps: []string{"against", "with", "to"},
		Doc: "Compares two values: equal, less, greater or notEqual.", Pure: true, ResultSpec: true, Result: bytecode.Operates, Object: bytecode.ReadObject}, Do: compare},
}

// compare has two forms. `Compare the <a> against the <b>` compares a variable,
// which keeps its value: the statement then only checks that both are there.
// `Compare the <match: a> against the <b>` names it in the qualifier and binds
// match to what came out (02 §5.3).
func compare(c *vm.Call) (value.Value, error) {
	right, err := operand(c)
	if err != nil {
		return value.Value{}, err
	}
	if bound := c.Arg(bytecode.SlotResult); bound.IsBound() {
		return bound, nil
	}
	n := c.Site.Result
	if n.Raw == "" {
		return value.Value{}, fmt.Errorf("Undefined variable: '%s'", n.Base)
	}
	left := c.Arg(bytecode.SlotResultSpec)
	if !left.IsBound() {
		return value.Value{}, fmt.Errorf("Undefined variable: '%s'", n.Raw)
	}
	result := relation(left, right)
	return value.MapOf("matches", value.OfBool(result == "equal"), "result", value.OfString(result)), nil
}

// relation is numeric for numbers, chronological for dates and bytewise for two
// texts; other values are equal when their texts are.
func relation(a, b value.Value) string {
	words := [...]string{"less", "equal", "greater"}
	_, dateA := a.AsDate()
	_, dateB := b.AsDate()
	switch {
	case a.IsNumber() && b.IsNumber(), dateA && dateB:
		if order, _ := value.Compare(a, b); order != value.Unordered {
			return words[order+1]
		}
		return "notEqual"
	case a.Kind() == value.String && b.Kind() == value.String:
		return words[strings.Compare(a.Str(), b.Str())+1]
	case a.Text() == b.Text():
		return "equal"
	}
	return "notEqual"
}
