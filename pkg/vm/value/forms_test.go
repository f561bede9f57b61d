package value

import (
	"math"
	"strings"
	"testing"
	"time"
)

func list(items ...Value) Value { return OfList(items) }

var noon = OfTime(time.Date(2025, 6, 15, 14, 0, 0, 5, time.UTC))

// TestForms is the table of 01 §8.1.
func TestForms(t *testing.T) {
	s, f := OfString, OfFloat
	for _, test := range []struct {
		v                              Value
		display, text, json, developer string
	}{
		{s(`x"y`), `x"y`, `x"y`, `"x\"y"`, `String("x"y")`},
		{OfInt(7), "7", "7", "7", "Int(7)"},
		{OfInt(math.MinInt64), "-9223372036854775808", "-9223372036854775808", "-9223372036854775808", "Int(-9223372036854775808)"},
		{f(2.5), "2.50", "2.5", "2.5", "Double(2.5)"},
		{f(8), "8.00", "8.0", "8", "Double(8.0)"},
		{f(math.Copysign(0, -1)), "-0.00", "-0.0", "0", "Double(-0.0)"},
		{f(602200000000000027262976), "602200000000000027262976.00", "6.022e+23", "6.022e+23", "Double(6.022e+23)"},
		{f(1e16), "10000000000000000.00", "1e+16", "10000000000000000", "Double(1e+16)"},
		{f(9007199254740992), "9007199254740992.00", "9007199254740992.0", "9007199254740992", "Double(9007199254740992.0)"},
		{f(1e-4), "0.00", "0.0001", "0.0001", "Double(0.0001)"},
		{f(1.5e-5), "0.00", "1.5e-05", "0.000015", "Double(1.5e-05)"},
		{f(1e-7), "0.00", "1e-07", "1e-07", "Double(1e-07)"},
		{f(math.Inf(1)), "inf", "inf", "null", "Double(inf)"},
		{f(math.Inf(-1)), "-inf", "-inf", "null", "Double(-inf)"},
		{f(math.NaN()), "nan", "nan", "null", "Double(nan)"},
		{True, "true", "true", "true", "Bool(true)"},
		{Nil, "null", "null", "null", "Null(null)"},
		{Value{}, "null", "null", "null", "Null(null)"},
		{noon, "2025-06-15T14:00:00Z", "2025-06-15T14:00:00Z", `"2025-06-15T14:00:00Z"`, "Date(2025-06-15T14:00:00Z)"},
		{OfBytes([]byte{0, 1, 2}), "3 bytes", "3 bytes", `"AAEC"`, "Bytes(3 bytes)"},
		{list(s("a"), s("b"), f(2.5)), "[a, b, 2.50]", `["a", "b", 2.5]`, `["a","b",2.5]`, `[String("a"), String("b"), Double(2.5)]`},
		{list(), "[]", "[]", "[]", "[]"},
		{list(list(OfInt(1)), Nil), "[[1], null]", "[[1], null]", "[[1],null]", "[[Int(1)], Null(null)]"},
		{list(MapOf("k", OfInt(1)), s("x")), "k: 1\n\nx", `[["k": 1], "x"]`, `[{"k":1},"x"]`, `[Dict { k: Int(1) }, String("x")]`},
		{EmptyMap, "", "[:]", "{}", "Dict { }"},
		{MapOf("k", OfInt(1), "m", MapOf("x", OfInt(2))), "k: 1\nm.x: 2", `["k": 1, "m": ["x": 2]]`, `{"k":1,"m":{"x":2}}`, `Dict { k: Int(1), m: Dict { x: Int(2) } }`},
		{MapOf("tags", list(s("z"), MapOf("b", OfInt(1)), f(1.5))), `tags: 1.50, ["b": 1], z`, `["tags": ["z", ["b": 1], 1.5]]`, `{"tags":["z",{"b":1},1.5]}`,
			`Dict { tags: [String("z"), Dict { b: Int(1) }, Double(1.5)] }`},
		// Keys are sorted by code point, nested maps by their whole path.
		{MapOf("b", OfInt(1), "a.z", OfInt(2), "a", MapOf("c", OfInt(3)), "ä", OfInt(4), "Z", OfInt(5)), "Z: 5\na.c: 3\na.z: 2\nb: 1\nä: 4",
			`["Z": 5, "a": ["c": 3], "a.z": 2, "b": 1, "ä": 4]`, `{"Z":5,"a":{"c":3},"a.z":2,"b":1,"ä":4}`, `Dict { Z: Int(5), a: Dict { c: Int(3) }, a.z: Int(2), b: Int(1), ä: Int(4) }`},
		{s("/\\\b\f\n\r\t\x01é<>&"), "/\\\b\f\n\r\t\x01é<>&", "/\\\b\f\n\r\t\x01é<>&", `"\/\\\b\f\n\r\t\u0001é<>&"`, "String(\"/\\\b\f\n\r\t\x01é<>&\")"},
		{OfObject(result{}), "ok: true", `["ok": true]`, `{"ok":true}`, "Dict { ok: Bool(true) }"},
		{list(OfObject(result{})), "[ok: true]", `[["ok": true]]`, `[{"ok":true}]`, "[Dict { ok: Bool(true) }]"},
	} {
		for _, x := range [][3]string{{"display", test.v.Display(), test.display}, {"text", test.v.Text(), test.text}, {"JSON", test.v.JSON(), test.json}, {"developer", test.v.Developer(), test.developer}} {
			if x[1] != x[2] {
				t.Errorf("%s: %s form\ngot  %s\nwant %s", test.text, x[0], x[1], x[2])
			}
		}
	}
}

// result is an opaque record.
type result struct{ failed bool }

func (result) TypeName() string { return "Result" }
func (r result) Property(name string) (Value, bool) {
	return OfBool(!r.failed), name == "ok"
}
func (r result) Simple() Value         { return MapOf("ok", OfBool(!r.failed)) }
func (r result) Success() (bool, bool) { return !r.failed, true }

// TestDeepForms: no form, and no comparison, follows nesting without bound.
func TestDeepForms(t *testing.T) {
	deep, other := OfInt(1), OfInt(1)
	for range 1_000_000 {
		deep, other = list(deep), list(other)
	}
	for name, n := range map[string]int{"text": len(deep.Text()), "display": len(deep.Display()), "JSON": len(deep.JSON()), "developer": len(deep.Developer())} {
		if n < 10_000 || n > 30_000 {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
	if !Equal(deep, other) || !TypedEqual(deep, other) {
		t.Error("deep values compare")
	}
	maps := OfInt(1)
	for range 100_000 {
		maps = MapOf("k", maps)
	}
	if n := len(maps.Display()); n > 10_000 {
		t.Error("display of nested maps:", n)
	}
	if !strings.HasPrefix(maps.Text(), `["k": ["k": `) || !strings.Contains(maps.JSON(), "null") {
		t.Error("nested maps")
	}
}
