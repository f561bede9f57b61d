package value_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"aro/pkg/vm/value"
)

// TestHostileKeys sends records with keys that never repeat: the shape tree must
// stay bounded, and what was sent must be collected.
func TestHostileKeys(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 200_000 {
		b := value.NewBuilder(3)
		for j := range 3 {
			b.Set(fmt.Sprintf("key-%d-%d", i, j), value.OfInt(int64(j)))
		}
		if v, ok := b.Record().Get(fmt.Sprintf("key-%d-2", i)); !ok || v.Int() != 2 {
			t.Fatal("a key is lost")
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("%d MiB stay behind", grown>>20)
	}
	// One record with very many keys: linear, last wins.
	begin := time.Now()
	b := value.NewBuilder(0)
	const n = 100_000
	for i := range 2 * n {
		b.Set(fmt.Sprint("k", i%n), value.OfInt(int64(i)))
	}
	r := b.Record()
	if v, ok := r.Get("k7"); r.Len() != n || !ok || v.Int() != n+7 {
		t.Errorf("%d keys, k7 = %v", r.Len(), v.Text())
	}
	if d := time.Since(begin); d > 20*time.Second {
		t.Errorf("building %d keys took %v", n, d)
	}
}

// TestHammerShapes builds and encodes the same shapes from many goroutines.
func TestHammerShapes(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				b := value.NewBuilder(4)
				for j := range 4 {
					b.Set(fmt.Sprint("h", (i+j*g)%30), value.OfInt(int64(j)))
				}
				v := b.Value()
				if back, err := value.ParseJSON(v.JSON()); err != nil || !value.TypedEqual(v, back) {
					t.Errorf("%s: %v", v.JSON(), err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestNesting shows and compares values that are nested far beyond any stack.
func TestNesting(t *testing.T) {
	nest := func() value.Value {
		v := value.OfInt(1)
		for range 3_000_000 {
			v = value.OfList([]value.Value{v})
		}
		return v
	}
	a, b := nest(), nest()
	if a.JSON() == "" || a.Text() == "" || a.Display() == "" || !value.Equal(a, b) || !value.TypedEqual(a, b) {
		t.Error("a form is missing")
	}
}
