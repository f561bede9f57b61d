package host

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"aro/pkg/bytecode"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// convert is Transform without a template (02 §5.4): to the type that the
// qualifier names, or the name that is bound. Other words change nothing.
func convert(c *vm.Call) (value.Value, error) {
	v := c.Arg(bytecode.SlotObject)
	if !v.IsBound() {
		return value.Value{}, fmt.Errorf("Undefined variable: '%s'", c.Site.Object.Base)
	}
	kind := c.Site.Result.Raw
	if kind == "" {
		kind = c.Site.Result.Base
	}
	switch kind = strings.ToLower(kind); kind {
	case "string":
		return value.OfString(v.Text()), nil
	case "int", "integer":
		return toInt(v, kind)
	case "double", "float":
		if f, ok := v.AsNumber(); ok {
			return value.OfFloat(f), nil
		}
		return value.Value{}, noConversion(v, kind)
	case "bool", "boolean":
		return value.OfBool(toBool(v)), nil
	case "json":
		return value.OfString(v.JSON()), nil
	}
	return v, nil
}

func noConversion(v value.Value, kind string) error {
	if v.Kind() == value.String {
		return fmt.Errorf("Type mismatch: '%s' does not read as '%s'", vm.Clip(v.Str(), defaultClip), kind)
	}
	return fmt.Errorf("Type mismatch: expected '%s', got '%s'", kind, v.TypeName())
}

// toInt cuts fractions off. What does not fit into 64 bits is an error.
func toInt(v value.Value, kind string) (value.Value, error) {
	if v.Kind() == value.Int {
		return v, nil
	}
	if v.Kind() == value.String {
		if n, err := strconv.ParseInt(v.Str(), 10, 64); err == nil { // exact beyond 2^53
			return value.OfInt(n), nil
		}
	}
	f, ok := v.AsNumber()
	if !ok || math.IsNaN(f) || f < -1<<63 || f >= 1<<63 {
		return value.Value{}, noConversion(v, kind)
	}
	return value.OfInt(int64(f)), nil
}

func toBool(v value.Value) bool {
	switch v.Kind() {
	case value.Bool:
		return v.Bool()
	case value.Int:
		return v.Int() != 0
	case value.String:
		return strings.EqualFold(v.Str(), "true") || v.Str() == "1"
	}
	return false
}
