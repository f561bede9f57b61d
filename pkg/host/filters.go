package host

import (
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// linkFilter resolves a template filter by name, its argument compiled once. An
// unknown filter leaves the value as it is (03 §11.4).
func linkFilter(h *Host, s *bytecode.Site, c *bytecode.Chunk) (vm.Func, any, error) {
	arg := s.Object.Raw
	switch s.Result.Base {
	case "date":
		if arg == "" {
			arg = "dd.MM.yyyy HH:mm"
		}
		return filterDate, compileDatePattern(arg), nil
	case "uppercase":
		return filterText, strings.ToUpper, nil
	case "lowercase":
		return filterText, strings.ToLower, nil
	case "trim":
		return filterText, strings.TrimSpace, nil
	case "json":
		return func(c *vm.Call) (value.Value, error) {
			return value.OfString(c.Arg(bytecode.SlotObject).JSON()), nil
		}, nil, nil
	case "length":
		return func(c *vm.Call) (value.Value, error) {
			return value.OfInt(int64(vm.Length(c.Arg(bytecode.SlotObject)))), nil
		}, nil, nil
	case "markdown":
		return func(c *vm.Call) (value.Value, error) {
			return markdown(c.Arg(bytecode.SlotObject))
		}, nil, nil
	case "raw":
		return func(c *vm.Call) (value.Value, error) {
			return value.OfString(string(vm.AppendOutput(nil, c.Arg(bytecode.SlotObject)))).Markup(value.ContentFor("x.html")), nil
		}, nil, nil
	case "escape":
		return func(c *vm.Call) (value.Value, error) {
			v := c.Arg(bytecode.SlotObject)
			return value.OfString(string(vm.EscapeHTML(nil, string(vm.AppendOutput(nil, v))))).Markup(value.ContentFor("x.html")), nil
		}, nil, nil
	case "default":
		return func(c *vm.Call) (value.Value, error) {
			if v := c.Arg(bytecode.SlotObject); !v.IsEmpty() {
				return v, nil
			}
			return value.OfString(arg), nil
		}, nil, nil
	}
	if f := linkStyle(h, s.Result.Base, arg); f != nil {
		return f, nil, nil
	}
	return func(c *vm.Call) (value.Value, error) { return c.Arg(bytecode.SlotObject), nil }, nil, nil
}

func filterText(c *vm.Call) (value.Value, error) {
	f := c.Site.Target.(func(string) string)
	return value.OfString(f(c.Arg(bytecode.SlotObject).Text())), nil
}

// filterDate formats a date or ISO text in UTC; other text stays unchanged.
func filterDate(c *vm.Call) (value.Value, error) {
	v := c.Arg(bytecode.SlotObject)
	d, ok := v.AsDate()
	if !ok {
		return v, nil
	}
	var room [64]byte
	return value.OfString(string(c.Site.Target.(*datePattern).format(room[:0], d.Time().UTC()))), nil
}
