package value

import (
	"math"
	"testing"
)

// TestEqual is the table of 01 §6.6, both ways round.
func TestEqual(t *testing.T) {
	s, i, f := OfString, OfInt, OfFloat
	for _, test := range []struct {
		a, b         Value
		equal, typed bool
	}{
		{Nil, Nil, true, true},
		{Nil, Value{}, true, true},
		{Nil, False, false, false},
		{Nil, s(""), false, false},
		{Nil, i(0), false, false},
		{Nil, s("null"), false, false},
		{i(1), f(1), true, false},
		{i(1), s("1"), true, false},
		{f(1), s("1.0"), true, false},
		{f(1), s("1"), false, false},
		{i(5), s("5.0"), false, false},
		{True, s("true"), true, false},
		{True, i(1), false, false},
		{s("a"), s("a"), true, true},
		{s("a"), s("A"), false, false},
		{f(math.NaN()), f(math.NaN()), false, false},
		{f(0), f(math.Copysign(0, -1)), true, true},
		{i(math.MaxInt64), i(math.MaxInt64 - 1), false, false},
		{noon, noon, true, true},
		{noon, s("2025-06-15T14:00:00.000000005Z"), true, false},
		{noon, s("2025-06-15T16:00:00.000000005+02:00"), true, false},
		{s("2025-01-01"), s("2025-01-01T01:00:00+01:00"), true, false},
		{s("2025-01-01x"), s("2025-01-01"), false, false},
		{s("2025-13-01"), s("2025-13-01"), true, true},
		{list(i(1), s("a")), list(f(1), s("a")), true, false},
		{list(i(1)), list(i(1), i(2)), false, false},
		{list(), list(), true, true},
		{list(), EmptyMap, false, false},
		{MapOf("a", i(1), "b", i(2)), MapOf("b", i(2), "a", i(1)), true, true},
		{MapOf("a", i(1)), MapOf("a", f(1)), true, false},
		{MapOf("a", i(1)), MapOf("b", i(1)), false, false},
		{MapOf("a", i(1)), MapOf("a", i(1), "b", i(1)), false, false},
		{MapOf("a", Nil), EmptyMap, false, false},
		{OfBytes([]byte("x")), OfBytes([]byte("x")), true, true},
		{OfBytes([]byte("x")), OfBytes([]byte("y")), false, false},
		{OfObject(result{}), OfObject(result{}), true, true},
		{OfObject(result{}), OfObject(result{true}), false, false},
		{OfObject(result{}), MapOf("ok", True), true, true},
	} {
		for _, pair := range [][2]Value{{test.a, test.b}, {test.b, test.a}} {
			if got := Equal(pair[0], pair[1]); got != test.equal {
				t.Errorf("Equal(%s, %s) = %v", pair[0].Developer(), pair[1].Developer(), got)
			}
			if got := TypedEqual(pair[0], pair[1]); got != test.typed {
				t.Errorf("TypedEqual(%s, %s) = %v", pair[0].Developer(), pair[1].Developer(), got)
			}
		}
	}
}

// TestCompare: less, both ways round; "none" where there is no order.
func TestCompare(t *testing.T) {
	s, i, f := OfString, OfInt, OfFloat
	for _, test := range []struct {
		a, b Value
		want string
	}{
		{i(1), i(2), "<"}, {i(1), f(1.5), "<"}, {i(2), f(2), "="}, {i(9), s("10"), "<"}, {s("9"), s("10"), "<"},
		{s("a10"), s("a9"), "<"}, {s("Z"), s("a"), "<"}, {s("z"), s("ä"), "<"}, {s(""), s("a"), "<"},
		{i(math.MaxInt64 - 1), i(math.MaxInt64), "<"},
		{s("2025-01-01"), noon, "<"}, {s("2025-01-01T23:00:00Z"), s("2025-01-02"), "<"}, {s("2025-01-01T00:00:00+01:00"), s("2025-01-01"), "<"},
		{f(math.NaN()), i(1), "unordered"}, {f(math.Inf(-1)), i(math.MinInt64), "<"},
		{True, False, "none"}, {Nil, i(1), "none"}, {list(), list(), "none"}, {EmptyMap, i(1), "none"}, {s("x"), i(1), "none"}, {noon, i(1), "none"},
		{s("0x10"), i(1), "none"}, {s("1_0"), i(1), "none"}, {s("inf"), i(1), "none"}, {s(" 1"), i(1), "none"}, {s("1e3"), i(1000), "="},
	} {
		c, ok := Compare(test.a, test.b)
		d, ok2 := Compare(test.b, test.a)
		got := "none"
		switch {
		case ok != ok2:
			got = "one-sided"
		case ok && c == Unordered && d == Unordered:
			got = "unordered"
		case ok && c == -d:
			got = map[int]string{-1: "<", 0: "=", 1: ">"}[c]
		case ok:
			got = "inconsistent"
		}
		if got != test.want {
			t.Errorf("%s ? %s: %s, want %s", test.a.Developer(), test.b.Developer(), got, test.want)
		}
	}
}

// TestTruthyAndEmpty is 01 §6.5 and §6.7, kind by kind.
func TestTruthyAndEmpty(t *testing.T) {
	for _, test := range []struct {
		v             Value
		truthy, empty bool
	}{
		{Value{}, false, true}, {Nil, false, true}, {False, false, false}, {True, true, false}, {OfInt(0), false, false}, {OfInt(-1), true, false},
		{OfFloat(0), true, false}, {OfString(""), false, true}, {OfString("0"), true, false}, {list(), false, true}, {list(Nil), true, false},
		{EmptyMap, true, true}, {MapOf("a", Nil), true, false}, {noon, true, false}, {OfBytes(nil), true, true},
		{OfObject(result{}), true, false}, {OfObject(result{failed: true}), false, false},
	} {
		if test.v.Truthy() != test.truthy || test.v.IsEmpty() != test.empty {
			t.Errorf("%s: truthy %v, empty %v", test.v.Developer(), test.v.Truthy(), test.v.IsEmpty())
		}
	}
}

func TestContains(t *testing.T) {
	s, i := OfString, OfInt
	for _, test := range []struct {
		a, b Value
		want bool
	}{
		{list(i(1), s("b")), OfFloat(1), true}, {list(i(1)), s("1"), true}, {list(list(i(1))), list(i(1)), true}, {list(), Nil, false},
		{s("abc"), s("b"), true}, {s("abc"), s(""), true}, {s(""), s(""), true}, {s("123"), i(2), false}, {s("abc"), s("ac"), false},
		{MapOf("a", Nil), s("a"), true}, {MapOf("a", Nil), s("b"), false}, {MapOf("1", Nil), i(1), false},
		{i(123), i(2), false}, {Nil, Nil, false}, {Value{}, s(""), false},
	} {
		if got := Contains(test.a, test.b); got != test.want {
			t.Errorf("%s contains %s: %v", test.a.Developer(), test.b.Developer(), got)
		}
	}
}

// TestElement is the table of 01 §5.3 on [a, b, c, d].
func TestElement(t *testing.T) {
	items := list(OfString("a"), OfString("b"), OfString("c"), OfString("d")).List()
	for spec, want := range map[string]string{
		"first": "a", "last": "d", "0": "d", "1": "c", "3": "a", "4": "-", "9": "-", "0-2": `["d", "c", "b"]`, "2-0": `["d", "c", "b"]`, "0-99": `["d", "c", "b", "a"]`,
		"7-9": "[]", "0,3": `["d", "a"]`, "3, 0": `["a", "d"]`, "0,9,1": `["d", "c"]`, "9,8": "[]", "": "-", "second": "-", "-1": "-", "0-x": "-", "0,x": "-", "1.5": "-",
		"99999999999999999999": "-", "0-99999999999999999999": "-", "0-9223372036854775807": `["d", "c", "b", "a"]`,
	} {
		got := "-"
		if v, ok := Element(items, spec); ok {
			got = v.Text()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", spec, got, want)
		}
	}
	if v, ok := Element(nil, "first"); !ok || v.Str() != "" || v.Kind() != String {
		t.Error("first of nothing")
	}
}
