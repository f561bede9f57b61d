package bytecode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// same compares data; empty slices may come back as nil.
var same = cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateNaNs(), cmpopts.IgnoreUnexported(Chunk{})}

func testMeta() Meta {
	return Meta{Key: [32]byte{1, 2, 31: 3}, Build: "build 7", Extra: []Blob{{"contract", []byte("{}")}, {"empty", nil}}}
}

func TestRoundTrip(t *testing.T) {
	for seed := range uint64(100) {
		p := newGen(seed).program()
		for _, c := range p.Chunks {
			if err := Verify(c); err != nil {
				t.Fatalf("seed %d: the generator makes bad chunks: %v", seed, err)
			}
		}
		data := Encode(p, testMeta())
		got, meta, err := Decode(data)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if d := cmp.Diff(p, got, same); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
		if d := cmp.Diff(testMeta(), meta, same); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
		lazy, _, err := DecodeLazy(data)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if again := Encode(lazy, meta); !bytes.Equal(again, data) {
			t.Fatalf("seed %d: encoding what was decoded gives other bytes", seed)
		}
	}
}

func TestReproducible(t *testing.T) {
	first := Encode(newGen(5).program(), testMeta())
	for range 20 {
		if !bytes.Equal(first, Encode(newGen(5).program(), testMeta())) {
			t.Fatal("the same program gives other bytes")
		}
	}
}

func TestLazy(t *testing.T) {
	want := newGen(9).program()
	p, _, err := DecodeLazy(Encode(want, Meta{}))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range p.Chunks {
		if c.Code != nil || c.Name != want.Chunks[i].Name {
			t.Errorf("chunk %d: not just a head", i)
		}
		before := slices.Collect(c.Imports())
		var wg sync.WaitGroup
		for range 8 { // for the race detector
			wg.Go(func() {
				if err := c.Load(); err != nil || len(c.Code) == 0 {
					t.Error("not loaded:", err)
				}
			})
		}
		wg.Wait()
		if d := cmp.Diff(want.Chunks[i], c, same); d != "" {
			t.Error(d)
		}
		after := slices.Collect(want.Chunks[i].Imports())
		if d := cmp.Diff(after, before, same); d != "" {
			t.Error(d)
		}
	}
}

func TestImportsMustMatchSites(t *testing.T) {
	data := Encode(mustProgram(t, "ACT _, site 0, r0\nEND\nsites\nlog <> to <console>"), Meta{})
	lists := bytes.Index(data, []byte("log"))
	if lists < 0 {
		t.Fatal("no string table")
	}
	p, _, err := DecodeLazy(data)
	if err != nil {
		t.Fatal(err)
	}
	l := p.Chunks[0].lazy
	l.imports = append([]byte{}, l.imports...)
	l.imports[0] = 0
	if err := p.Chunks[0].Load(); err == nil || !strings.Contains(err.Error(), "import") {
		t.Error("a forged import list is accepted:", err)
	}
}

func mustProgram(t testing.TB, src string) *Program {
	t.Helper()
	p, err := AssembleProgram(src)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func smallFile(t testing.TB) []byte {
	return Encode(mustProgram(t, "CONST r0, \"hello\"\nACT _, site 0, r0\nEND\nsites\nlog <> to <console> args [object]"), testMeta())
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	data := smallFile(t)
	for i := range 8 * len(data) {
		bad := bytes.Clone(data)
		bad[i/8] ^= 1 << (i % 8)
		if _, _, err := Decode(bad); err == nil {
			t.Errorf("bit %d of byte %d", i%8, i/8)
		}
	}
}

func TestEveryTruncationIsNoticed(t *testing.T) {
	data := smallFile(t)
	for n := range data {
		if _, _, err := Decode(data[:n]); err == nil {
			t.Errorf("cut to %d bytes", n)
		}
	}
	if _, _, err := Decode(append(bytes.Clone(data), 0)); err == nil {
		t.Error("a byte too many")
	}
}

// seal makes the header fit a changed payload, so that tests get past it.
func seal(data []byte) []byte {
	if len(data) < headerSize {
		data = append(data, make([]byte, headerSize-len(data))...)
	}
	copy(data, magic)
	binary.LittleEndian.PutUint16(data[4:], FormatVersion)
	binary.LittleEndian.PutUint16(data[6:], 0)
	binary.LittleEndian.PutUint64(data[40:], uint64(len(data)-headerSize))
	binary.LittleEndian.PutUint32(data[48:], checksum(data[headerSize:]))
	binary.LittleEndian.PutUint64(data[52:], 0)
	binary.LittleEndian.PutUint32(data[60:], checksum(data[:60]))
	return data
}

// Behind a good checksum, a changed file may decode, but not be longer or shorter
// than its parts say.
func TestSealedTruncationIsNoticed(t *testing.T) {
	data := smallFile(t)
	for n := range len(data) {
		if _, _, err := Decode(seal(bytes.Clone(data[:n]))); err == nil {
			t.Errorf("cut to %d bytes", n)
		}
	}
}

func TestStale(t *testing.T) {
	data := smallFile(t)
	data[4]++
	binary.LittleEndian.PutUint32(data[60:], checksum(data[:60]))
	if _, _, err := Decode(data); !errors.Is(err, ErrStale) {
		t.Error("a file of another version is", err)
	}
}

func TestBlob(t *testing.T) {
	m := testMeta()
	if b, ok := m.Blob("contract"); !ok || string(b) != "{}" {
		t.Error("contract not found")
	}
	if _, ok := m.Blob("nothing"); ok {
		t.Error("found what is not there")
	}
}

func TestNestingIsBounded(t *testing.T) {
	deep := func(n int) *Program {
		x := Const{Kind: NullConst}
		for range n {
			x = Const{Kind: ListConst, List: []Const{x}}
		}
		w := &Where{Op: "empty"}
		for range n - 1 {
			w = &Where{Kind: WhereNot, L: w}
		}
		return &Program{Chunks: []*Chunk{{Code: []Ins{{Op: END}}, Consts: []Const{x}, Sites: []Site{{Extra: NoReg, Stmt: -1, Where: w}}}}}
	}
	for n, ok := range map[int]bool{MaxConstDepth: true, MaxConstDepth + 1: false, 100_000: false} {
		p := deep(n)
		if err := Verify(p.Chunks[0]); (err == nil) != ok {
			t.Errorf("Verify of %d levels: %v", n, err)
		}
		if _, _, err := Decode(Encode(p, Meta{})); (err == nil) != ok {
			t.Errorf("Decode of %d levels: %v", n, err)
		}
	}
}
