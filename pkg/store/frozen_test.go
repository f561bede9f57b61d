package store

import (
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"aro/pkg/vm/value"
)

func frozenRow(id, n int) value.Value {
	return value.MapOf("id", value.OfInt(int64(id)), "n", value.OfInt(int64(n)))
}

func filled(n int) *Logged {
	r := NewLogged("r")
	rows := make([]value.Value, n)
	for i := range rows {
		rows[i] = frozenRow(i, 0)
	}
	r.Store(rows...)
	return r
}

type nothing struct{}

func (nothing) Append([]Effect) {}

// TestFrozen: whatever writers do meanwhile, what is read piece by piece is what was
// there when it began, and the rows are what they would be without it.
func TestFrozen(t *testing.T) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := filled(3*pieceSize + random.IntN(2)*17)
		r.SetJournal(nothing{})
		const ids = 4 * pieceSize
		n := 0
		write := func() {
			n++
			id := value.OfInt(int64(random.IntN(ids)))
			switch random.IntN(60) {
			case 0:
				if random.IntN(30) == 0 {
					r.Clear()
				}
			case 1:
				r.SetLimits(Limits{MaxSize: max(1, r.Count()-random.IntN(pieceSize))})
			case 2:
				k := int64(random.IntN(50))
				r.Delete(Query{Match: func(row value.Value) bool { id, _ := row.Record().Get("id"); return id.Int()%50 == k }})
			case 3, 4, 5:
				r.Delete(Query{Field: "id", Equal: id})
			case 6:
				r.Rows() // a reader shares the slice
			case 7:
				oldest := r.Rows()
				if len(oldest) > 0 {
					id, _ := oldest[0].Record().Get("id")
					r.Delete(Query{Field: "id", Equal: id})
				}
			case 8: // a write that is taken back
				var effects []Effect
				r.SetJournal(journalFunc(func(e []Effect) { effects = append(effects, e...) }))
				r.Store(value.MapOf("id", id, "n", value.OfInt(-1)))
				r.Delete(Query{Field: "id", Equal: value.OfInt(int64(random.IntN(ids)))})
				r.SetJournal(nothing{})
				r.Revert(effects)
			default:
				r.Store(value.MapOf("id", id, "n", value.OfInt(int64(n%3))))
			}
		}
		if seed%5 == 0 { // as many places as are remembered, and some more
			for id := range maxPast {
				r.Store(frozenRow(ids+id, 0))
			}
			r.Delete(Query{Match: func(row value.Value) bool { id, _ := row.Record().Get("id"); return id.Int() >= ids }})
		}
		for range 100 {
			write()
		}
		var last []Effect // is taken back once the reading has begun
		r.SetJournal(journalFunc(func(e []Effect) { last = append(last, e...) }))
		for range 20 {
			r.Store(frozenRow(random.IntN(ids), 7))
			r.Delete(Query{Field: "id", Equal: value.OfInt(int64(random.IntN(ids)))})
		}
		r.SetJournal(nothing{})
		want := r.State()
		r.shared = random.IntN(2) == 0 // State has made it so; both must hold
		rows := append([]value.Value(nil), want.Rows...)
		f := r.Freeze()
		if seed%2 == 0 {
			r.Revert(last)
		}
		var got State
		for more := true; more; {
			for range random.IntN(60) {
				write()
			}
			var p State
			if p, more = f.Piece(); more {
				got.Rows, got.Ages, got.Times = append(got.Rows, p.Rows...), append(got.Ages, p.Ages...), append(got.Times, p.Times...)
			}
		}
		for range random.IntN(60) {
			write()
		}
		past := f.Past()
		f.Close()
		if f.Next != want.Next || f.Limits != want.Limits || len(got.Rows) != len(rows) {
			t.Fatalf("seed %d: %d rows, want %d", seed, len(got.Rows), len(rows))
		}
		for i := range rows {
			if !value.TypedEqual(got.Rows[i], rows[i]) || got.Ages[i] != want.Ages[i] || got.Times[i] != want.Times[i] {
				t.Fatalf("seed %d: row %d is %s, want %s", seed, i, got.Rows[i].Text(), rows[i].Text())
			}
		}
		if len(past) != len(want.Past) || len(past) > 0 && !reflect.DeepEqual(past, want.Past) {
			t.Fatalf("seed %d: the places of removed rows differ", seed)
		}
	}
}

type journalFunc func([]Effect)

func (f journalFunc) Append(e []Effect) { f(e) }

// TestD06_PiecesOnly: of a large repository no more than a piece is copied while others
// wait for it, neither when the reading begins nor by a writer who changes a row. It
// counts bytes, which no busy machine changes.
func TestD06_PiecesOnly(t *testing.T) {
	const rows = 50 * pieceSize
	r := filled(rows)
	for id := range maxPast { // so many places are remembered
		r.Store(frozenRow(rows+id, 0))
	}
	r.Delete(Query{Match: func(row value.Value) bool { id, _ := row.Record().Get("id"); return id.Int() >= rows }})
	const piece = pieceSize * (24 + 8 + 8 + 64)
	var f *Frozen
	if n := allocated(func() { r.Lock(); f = r.Freeze(); r.Unlock() }); n > 10_000 {
		t.Errorf("beginning took %d bytes", n)
	}
	for i := range 40 {
		what := map[bool]string{true: "changed", false: "removed behind"}[i%4 != 3]
		n := allocated(func() {
			if i%4 != 3 {
				r.Store(frozenRow((40-i)*pieceSize+7, 1))
			} else {
				r.Store(frozenRow(10*rows+i, 1))
				r.Delete(Query{Field: "id", Equal: value.OfInt(int64(10*rows + i))})
			}
		})
		if n > 2*piece {
			t.Errorf("a row was %s with %d bytes, more than two pieces of %d", what, n, piece)
		}
		if i%2 == 0 {
			if n := allocated(func() { f.Piece() }); n > 2*piece {
				t.Errorf("a piece took %d bytes", n)
			}
		}
	}
	f.Close()
}

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// BenchmarkFrozen is a write that has to copy a piece of a million rows first.
func BenchmarkFrozen(b *testing.B) {
	r := filled(1_000_000)
	for i := 0; b.Loop(); i++ {
		r.Lock()
		f := r.Freeze()
		r.Unlock()
		r.Store(frozenRow(i*7919%1_000_000, i+1))
		f.Close()
	}
}
