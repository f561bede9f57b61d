package bytecode

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
)

// FuzzDecode is about files from anyone: whatever the bytes behind a good header
// are, decoding ends soon, allocates in proportion, and what it returns can be
// verified, listed and written again.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, headerSize+32))
	for seed := range uint64(8) {
		f.Add(Encode(newGen(seed).program(), testMeta()))
	}
	f.Add(smallFile(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _, _ = Decode(data)
		data = seal(data)
		agreed(t, data)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, meta, err := Decode(data)
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 4<<20+1024*uint64(len(data)) {
			t.Errorf("%d bytes allocated for a file of %d", spent, len(data))
		}
		if err != nil {
			return
		}
		sound := true
		for _, c := range p.Chunks {
			sound = Verify(c) == nil && sound
		}
		placed(t, data)
		if err := Disassemble(io.Discard, p, ListOptions{Tables: true}); err != nil {
			t.Error("decoded, but not listed:", err)
		}
		if !sound {
			return
		}
		if _, _, err := Decode(Encode(p, meta)); err != nil {
			t.Error("decoded, but not when written again:", err)
		}
	})
}

// agreed makes sure that the prover takes a chunk exactly if Load and Verify do.
func agreed(t *testing.T, data []byte) {
	t.Helper()
	p, _, err := DecodeLazy(data)
	if err != nil {
		return
	}
	var proof prover
	for i, c := range p.Chunks {
		proven := proof.chunk(c)
		if err := Verify(c); (err == nil) != proven {
			t.Fatalf("chunk %d: proven %v, and Verify: %v", i, proven, err)
		}
	}
}

// placed makes sure that the verifier names the byte of the file at which the
// instruction begins that it refuses.
func placed(t *testing.T, data []byte) {
	t.Helper()
	p, _, err := DecodeLazy(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Chunks {
		var v *VerifyError
		if !errors.As(Verify(c), &v) {
			continue
		}
		if v.Offset < headerSize || v.Offset > len(data) {
			t.Errorf("%v: byte %d of %d", v, v.Offset, len(data))
		} else if v.PC >= 0 && v.PC < len(c.Code) && Op(data[v.Offset]) != c.Code[v.PC].Op {
			t.Errorf("%v: there is %d and not %d", v, data[v.Offset], c.Code[v.PC].Op)
		}
	}
}

// FuzzAssemble makes sure that no text crashes the assembler, and that what it
// makes of it is listed as text that makes the same.
func FuzzAssemble(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(listChunk(f, newGen(seed).program().Chunks[0], ListOptions{Tables: true}))
	}
	f.Add("a: LOOP -> a\nEND")
	f.Fuzz(func(t *testing.T, src string) {
		p, err := AssembleProgram(src)
		if err != nil {
			return
		}
		for _, c := range p.Chunks {
			if Verify(c) != nil {
				continue
			}
			text := listChunk(t, c, ListOptions{Tables: true})
			again, err := Assemble(text)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if second := listChunk(t, again, ListOptions{Tables: true}); second != text {
				t.Fatalf("listed differently:\n%s\n%s", text, second)
			}
		}
	})
}

// TestDamagedInMemory changes a few bytes at random places behind a good
// checksum: most of these files decode to something, which then must be refused
// by Verify or be sound.
func TestDamagedInMemory(t *testing.T) {
	g := newGen(77)
	decoded, accepted := 0, 0
	const rounds = 10_000
	var data []byte
	for i := range rounds {
		if i%100 == 0 {
			data = Encode(newGen(uint64(i)).program(), testMeta())
		}
		bad := bytes.Clone(data)
		for range 1 + g.IntN(3) {
			bad[headerSize+g.IntN(len(bad)-headerSize)] = byte(g.IntN(256))
		}
		bad = seal(bad)
		agreed(t, bad)
		p, _, err := Decode(bad)
		if err != nil {
			continue
		}
		decoded++
		sound := true
		for _, c := range p.Chunks {
			sound = Verify(c) == nil && sound
		}
		if sound {
			accepted++
		}
		placed(t, bad)
		if err := Disassemble(io.Discard, p, ListOptions{Tables: true}); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("of %d damaged files, %d decoded and %d passed Verify", rounds, decoded, accepted)
	if decoded == 0 || accepted == decoded {
		t.Error("the test does not reach what it is for")
	}
}
