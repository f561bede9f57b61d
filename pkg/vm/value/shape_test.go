package value

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestShapesOfHostileKeys: clients choose the keys, so whatever they send, the
// shapes that stay behind are bounded, and every record works.
func TestShapesOfHostileKeys(t *testing.T) {
	memory := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := memory()
	for i := range 200_000 {
		v := MapOf(fmt.Sprint("key-", i), OfInt(int64(i)), strings.Repeat("k", i%400), True)
		if got, ok := v.Property(fmt.Sprint("key-", i)); !ok || got.Int() != int64(i) {
			t.Fatal("lost key", i)
		}
	}
	for i := range 200 { // chains: each record one key longer than the last
		b := NewBuilder(0)
		for j := range 200 {
			b.Set(fmt.Sprint("c", i, "-", j), OfInt(int64(j)))
		}
		if v := b.Value(); v.Record().Len() != 200 {
			t.Fatal("chain", i)
		}
	}
	if grown := int64(memory()) - int64(before); grown > 16<<20 {
		t.Errorf("shapes keep %d MiB alive", grown>>20)
	}
	if shapes.count > maxShapes {
		t.Errorf("%d shapes", shapes.count)
	}
}

// TestManyKeys: one object with very many keys takes linear time.
func TestManyKeys(t *testing.T) {
	const n = 200_000
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `%s"k%d":%d`, map[bool]string{true: "{", false: ","}[i == 0], i, i)
	}
	begun := time.Now()
	v, err := ParseJSON(b.String() + "}")
	if err != nil || v.Record().Len() != n {
		t.Fatal(err)
	}
	if e, _ := v.Property("k123456"); e.Int() != 123456 {
		t.Error("k123456")
	}
	if len(v.JSON()) < 10*n || v.Record().With("k5", Nil).Len() != n || v.Record().Without("k5").Len() != n-1 || v.Record().Merge(v.Record()).Len() != n {
		t.Error("a record of many keys does not work like others")
	}
	if d := time.Since(begun); d > 20*time.Second {
		t.Errorf("%d keys took %v", n, d)
	}
}

// TestRecords compares records with plain maps over random operations, on both
// sides of every limit of the shape tree.
func TestRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SampledFrom([]string{"a", "b", "c", "id", "name", strings.Repeat("long", 100), "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9"})
		r, want := EmptyMap.Record(), map[string]int64{}
		check := func(r *Record, want map[string]int64) {
			if r.Len() != len(want) {
				t.Fatalf("%d keys, want %d", r.Len(), len(want))
			}
			for k, n := range want {
				if v, ok := r.Get(k); !ok || v.Int() != n {
					t.Fatalf("%s = %s, want %d", k, v.Text(), n)
				}
			}
		}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			old, before := r, map[string]int64{}
			for k, n := range want {
				before[k] = n
			}
			k, n := keys.Draw(t, "key"), int64(rapid.IntRange(0, 9).Draw(t, "n"))
			switch rapid.IntRange(0, 3).Draw(t, "op") {
			case 0, 1:
				r = r.With(k, OfInt(n))
				want[k] = n
			case 2:
				r = r.Without(k)
				delete(want, k)
			case 3:
				r = r.Merge(MapOf(k, OfInt(n), "z", OfInt(n)).Record())
				want[k], want["z"] = n, n
			}
			check(r, want)
			check(old, before) // records are immutable
		}
	})
}

// TestHammerShapes grows the same and other shapes from many goroutines: equal
// keys in equal order end in one shape while the tree has room, and records never
// mix up.
func TestHammerShapes(t *testing.T) {
	const workers, rounds = 8, 300
	var wg sync.WaitGroup
	shapesSeen := make([][]*Shape, workers)
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				b := NewBuilder(0)
				for j := range i % 12 {
					b.Set(fmt.Sprint("h", (i*7+j)%40), OfInt(int64(j)))
				}
				rec := b.Record()
				shapesSeen[w] = append(shapesSeen[w], rec.Shape())
				v := OfRecord(rec)
				if back, err := ParseJSON(v.JSON()); err != nil || !TypedEqual(v, back) {
					t.Errorf("%s: %v", v.JSON(), err)
					return
				}
			}
		})
	}
	wg.Wait()
	for i := range rounds {
		for w := range workers {
			a, b := shapesSeen[0][i], shapesSeen[w][i]
			if strings.Join(a.Keys(), ",") != strings.Join(b.Keys(), ",") {
				t.Fatalf("round %d: %v and %v", i, a.Keys(), b.Keys())
			}
		}
	}
}
