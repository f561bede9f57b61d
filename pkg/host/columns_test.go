package host

import (
	"sync"
	"testing"

	"aro/pkg/vm/value"
)

// prices are rows with a price; of those beyond n every third has none.
func prices(count, n int) []value.Value {
	list := make([]value.Value, 0, 2*count)
	for i := range count {
		p := value.OfInt(int64(i%777 - 99))
		if i%2 == 0 {
			p = value.OfFloat(float64(i) / 8)
		}
		if i > n && i%3 == 0 {
			p = value.OfString("free")
		}
		list = append(list, value.MapOf("id", value.OfInt(int64(i)), "price", p))
	}
	return list
}

// TestColumns: what a long list is reduced to does not depend on how often, nor
// on what its column was made for.
func TestColumns(t *testing.T) {
	for _, n := range []int{3 * columnFrom, columnFrom / 2, 0} {
		k := new(columns)
		list := prices(columnFrom, n)
		check := func(what string, list []value.Value) {
			t.Helper()
			for _, function := range []string{"sum", "avg", "min", "max"} {
				field := newFieldReader("price")
				plain := newFieldReader("price")
				want := aggregate(new(columns), function, list, &plain)
				if got := aggregate(k, function, list, &field); got.Float() != want.Float() {
					t.Errorf("%s, %d numbers, %s: %v, want %v", what, n, function, got.Text(), want.Text())
				}
			}
		}
		check("new list", list)
		check("again", list)
		longer := append(list, prices(100, n)...)
		check("with more behind", longer)
		check("the beginning", list)
		check("another list", prices(columnFrom+7, n))
		check("from the third on", longer[2:])
		check("short", list[:100])
	}
}

func TestColumnIsMadeTheSecondTime(t *testing.T) {
	k := new(columns)
	list := prices(columnFrom, columnFrom)
	shape := list[0].Record().Shape()
	slot := shape.Slot("price")
	if got := k.numbers(list, shape, slot); got != nil {
		t.Errorf("the first time: %d numbers", len(got))
	}
	if got := k.numbers(list, shape, slot); len(got) != len(list) {
		t.Errorf("the second time: %d numbers", len(got))
	}
	for range maxColumns {
		other := prices(columnFrom, 0)
		k.numbers(other, other[0].Record().Shape(), slot)
	}
	if got := k.numbers(list, shape, slot); got != nil {
		t.Error("more columns are kept than there is room for")
	}
}

func TestHammerColumns(t *testing.T) {
	k := new(columns)
	list := prices(2*columnFrom, 2*columnFrom)
	var want [3]value.Fold
	for i := range want {
		for _, row := range list[:columnFrom+i] {
			p, _ := row.Property("price")
			f, _ := p.Number()
			want[i].Add(f)
		}
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for round := range 50 {
				i := (g + round) % len(want)
				field := newFieldReader("price")
				if got := aggregate(k, "sum", list[:columnFrom+i], &field); got.Float() != want[i].Sum {
					t.Errorf("%v, want %v", got.Text(), want[i].Sum)
				}
			}
		})
	}
	wg.Wait()
}
