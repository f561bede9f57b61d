package host

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/quick"

	"aro/pkg/bytecode"
	"aro/pkg/vm/value"
)

// small makes lists of few different elements, so that they meet.
func small(bs []byte) value.Value {
	elements := []value.Value{value.OfInt(1), value.OfInt(2), value.OfFloat(2), value.OfFloat(2.5), value.OfString("1"), value.OfString("2"), value.Nil, value.True,
		value.MapOf("a", value.OfInt(1)), value.OfList([]value.Value{value.OfInt(1)}), value.OfFloat(math.Inf(1)), value.OfFloat(math.NaN())}
	out := make([]value.Value, len(bs))
	for i, b := range bs {
		out[i] = elements[int(b)%len(elements)]
	}
	return value.OfList(out)
}

func apply(t *testing.T, kind setKind, a, b value.Value) value.Value {
	t.Helper()
	v, err := setOperation(kind)(a, operands{with: b})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// counts is a list as a multiset.
func counts(v value.Value) map[string]int {
	m := map[string]int{}
	for _, e := range v.List() {
		m[string(appendKey(nil, e))]++
	}
	return m
}

// What two lists share and what the left one has alone are together the left one;
// a union holds everything, and nothing of the right side twice.
func TestSetLaws(t *testing.T) {
	law := func(x, y []byte) bool {
		a, b := small(x), small(y)
		both, only, either := counts(apply(t, setIntersect, a, b)), counts(apply(t, setDifference, a, b)), counts(apply(t, setUnion, a, b))
		na, nb := counts(a), counts(b)
		for k := range either {
			if both[k]+only[k] != na[k] || both[k] != min(na[k], nb[k]) || either[k] != max(na[k], min(nb[k], 1)) {
				return false
			}
		}
		for k := range nb {
			if either[k] == 0 {
				return false
			}
		}
		return counts(apply(t, setIntersect, b, a))["n1"] == both["n1"]
	}
	if err := quick.Check(law, &quick.Config{MaxCount: 500}); err != nil {
		t.Error(err)
	}
	maps := func(x, y []byte) bool {
		a, b := value.NewBuilder(0), value.NewBuilder(0)
		for i, e := range small(x).List() {
			a.Set(string(rune('a'+i%5)), e)
		}
		for i, e := range small(y).List() {
			b.Set(string(rune('a'+i%7)), e)
		}
		m, n := a.Value(), b.Value()
		// Every scalar of the left side is either shared or its own.
		both, only := apply(t, setIntersect, m, n).Record(), apply(t, setDifference, m, n).Record()
		for i := range m.Record().Len() {
			k, v := m.Record().At(i)
			if v.Kind() == value.List || v.Kind() == value.Map {
				continue
			}
			_, shared := both.Get(k)
			_, own := only.Get(k)
			if shared == own {
				return false
			}
		}
		return apply(t, setDifference, m, m).Record().Len() == 0 && apply(t, setUnion, m, n).Text() == value.OfRecord(n.Record().Merge(m.Record())).Text()
	}
	if err := quick.Check(maps, &quick.Config{MaxCount: 500}); err != nil {
		t.Error(err)
	}
}

// A map that is nested without bound must not end the process.
func TestSetsOfDeepMaps(t *testing.T) {
	deep := value.OfInt(1)
	for range 200_000 {
		deep = value.MapOf("k", deep)
	}
	if n := apply(t, setDifference, deep, deep).Record().Len(); n != 0 {
		t.Errorf("%d entries differ from themselves", n)
	}
}

// Sorting is a permutation in order, and equal keys keep theirs, in both
// directions, on every way through sortList.
func TestSortLaws(t *testing.T) {
	keys := map[string]func(b byte) value.Value{
		"ints":   func(b byte) value.Value { return value.OfInt(int64(b % 7)) },
		"floats": func(b byte) value.Value { return value.OfFloat(float64(b%7) / 2) },
		"mixed numbers": func(b byte) value.Value {
			if b%2 == 0 {
				return value.OfInt(int64(b % 7))
			}
			return value.OfFloat(float64(b % 7))
		},
		"texts": func(b byte) value.Value { return value.OfString(strings.Repeat("x", int(b%7))) },
		"dates": func(b byte) value.Value { return value.OfString("2025-01-0" + string('1'+b%7)) },
		"mixed": func(b byte) value.Value {
			return []value.Value{value.OfInt(1), value.OfString("1"), value.True, value.OfFloat(0.5), value.Nil}[b%5]
		},
	}
	rank := func(v value.Value) int {
		switch {
		case v.IsNumber():
			return 0
		case v.Kind() == value.Null:
			return 2
		}
		return 1
	}
	for name, key := range keys {
		law := func(bs []byte, desc bool) bool {
			rows := make([]value.Value, len(bs))
			for i, b := range bs {
				rows[i] = value.MapOf("k", key(b), "at", value.OfInt(int64(i)))
			}
			out := sortList(rows, "k", desc)
			want := slices.Clone(rows)
			slices.SortStableFunc(want, func(x, y value.Value) int {
				a, _ := x.Property("k")
				b, _ := y.Property("k")
				if rank(a) == 2 || rank(b) == 2 {
					return rank(a)/2 - rank(b)/2
				}
				c := rank(a) - rank(b)
				if c == 0 && rank(a) == 0 {
					f, _ := a.Number()
					g, _ := b.Number()
					c = cmp.Compare(f, g)
				} else if c == 0 {
					c = cmp.Compare(a.Text(), b.Text())
				}
				if desc {
					c = -c
				}
				return c
			})
			return value.OfList(out).Text() == value.OfList(want).Text()
		}
		if err := quick.Check(law, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The fast loop of Reduce gives what adding one by one gives, whatever the shapes.
func TestReduceLaws(t *testing.T) {
	law := func(bs []byte) bool {
		var rows []value.Value
		sum, lo, hi, n := 0.0, 0.0, 0.0, 0
		for _, b := range bs {
			f := float64(b) - 100
			v := value.OfFloat(f)
			switch b % 6 {
			case 0:
				v = value.OfInt(int64(f))
			case 1:
				v = value.OfString(v.Text())
			case 2:
				v = value.OfString("none")
			}
			switch b % 5 {
			case 0:
				rows = append(rows, value.MapOf("x", value.Nil, "v", v))
			case 1:
				rows = append(rows, value.MapOf("w", v))
				continue
			case 2:
				rows = append(rows, v)
				continue
			default:
				rows = append(rows, value.MapOf("v", v))
			}
			if b%6 == 2 {
				continue
			}
			if n++; n == 1 {
				lo, hi = f, f
			}
			sum, lo, hi = sum+f, min(lo, f), max(hi, f)
		}
		got := func(function string) float64 {
			field := newFieldReader("v")
			return aggregate(new(columns), function, rows, &field).Float()
		}
		return got("sum") == sum && got("min") == lo && got("max") == hi && got("avg") == sum/float64(max(n, 1))
	}
	if err := quick.Check(law, &quick.Config{MaxCount: 500}); err != nil {
		t.Error(err)
	}
}

// Kleene's rules: not turns the answers around, and leaves unknown alone.
func TestPredicateLaws(t *testing.T) {
	rows := []value.Value{value.MapOf("a", value.OfInt(1), "b", value.OfInt(1)), value.MapOf("a", value.OfInt(1)), value.MapOf("b", value.OfInt(2)), value.MapOf("c", value.Nil), value.OfInt(1)}
	cond := func(field string) *bytecode.Where {
		return &bytecode.Where{Kind: bytecode.WhereCond, Field: []string{field}, Op: "=", Args: 1}
	}
	join := func(kind bytecode.WhereKind, l, r *bytecode.Where) *bytecode.Where {
		return &bytecode.Where{Kind: kind, L: l, R: r}
	}
	not := func(w *bytecode.Where) *bytecode.Where { return join(bytecode.WhereNot, w, nil) }
	eval := func(w *bytecode.Where, row value.Value) truth {
		p, err := newPredicate(w, []value.Value{value.OfInt(1)})
		if err != nil {
			t.Fatal(err)
		}
		return p.eval(row)
	}
	a, b := cond("a"), cond("b")
	for i, row := range rows {
		left := eval(not(join(bytecode.WhereAnd, a, b)), row)
		right := eval(join(bytecode.WhereOr, not(a), not(b)), row)
		if left != right {
			t.Errorf("row %d: not (a and b) is %d, not a or not b is %d", i, left, right)
		}
		if eval(not(not(a)), row) != eval(a, row) {
			t.Errorf("row %d: not not a is not a", i)
		}
	}
	if eval(not(a), rows[2]) != unknown || eval(join(bytecode.WhereOr, a, b), rows[1]) != yes || eval(join(bytecode.WhereAnd, a, b), rows[2]) != no {
		t.Error("unknown answers decide what they should not, or do not give way where they should")
	}
}

// Every operation has a description and answers under all its names.
func TestOperationTable(t *testing.T) {
	seen := map[string]bool{}
	for _, op := range Operations() {
		if op.Doc == "" || op.do == nil {
			t.Errorf("%v has no description or does nothing", op.Names)
		}
		for _, name := range op.Names {
			if seen[name] || name != strings.ToLower(name) {
				t.Errorf("%q is there twice or has capitals", name)
			}
			seen[name] = true
			if _, ok := findOperation(strings.ToUpper(name)); !ok {
				t.Errorf("%q is not found", name)
			}
		}
	}
}

// Chains and offsets inside expressions, for the compiler to call.
func TestOperationsOfExpressions(t *testing.T) {
	for _, c := range []struct {
		qualifier string
		of        value.Value
		want      string
	}{
		{"trim | uppercase", value.OfString(" ab "), "AB"},
		{"+7d", value.OfString("2025-01-31"), "2025-02-07T00:00:00Z"},
		{"length", value.OfList([]value.Value{value.Nil}), "1"},
	} {
		p, err := newComputation(nil, c.qualifier)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.apply(c.of, operands{}); err != nil || got.Text() != c.want {
			t.Errorf("%s: %s (%v), want %s", c.qualifier, got.Text(), err, c.want)
		}
	}
	for qualifier, want := range map[string]string{"trim | shout": "unknown operation", "+7x": "no unit of time"} {
		if _, _, err := linkOperation(nil, &bytecode.Site{Object: bytecode.Noun{Raw: qualifier}}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", qualifier, err)
		}
	}
}
