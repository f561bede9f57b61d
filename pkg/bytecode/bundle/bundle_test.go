package bundle

import (
	"bytes"
	"crypto/sha256"
	"debug/macho"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// buildRuntime builds a small program that has the slot.
func buildRuntime(t *testing.T, goos, goarch string) []byte {
	t.Helper()
	if testing.Short() {
		t.Skip("cross-compiles")
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command")
	}
	out := filepath.Join(t.TempDir(), "runtime")
	cmd := exec.Command(tool, "build", "-trimpath", "-ldflags", "-s -w", "-o", out, "./testdata/runtime")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	exe, err := Runtime(out)
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// The same runtime and program give the same bytes, in which the program is found.
func TestWriteAndRead(t *testing.T) {
	for _, target := range []string{"linux/amd64", "windows/amd64", "darwin/arm64"} {
		goos, goarch, _ := strings.Cut(target, "/")
		t.Run(target, func(t *testing.T) {
			exe := buildRuntime(t, goos, goarch)
			before := bytes.Clone(exe)
			var one, two bytes.Buffer
			for _, w := range []*bytes.Buffer{&one, &two} {
				if err := Write(w, exe, []byte("the program")); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(one.Bytes(), two.Bytes()) || !bytes.Equal(exe, before) {
				t.Error("not reproducible")
			}
			path := filepath.Join(t.TempDir(), "built")
			if err := os.WriteFile(path, one.Bytes(), 0o755); err != nil {
				t.Fatal(err)
			}
			if data, err := Read(path); err != nil || string(data) != "the program" {
				t.Errorf("%q, %v", data, err)
			}
			if _, err := Runtime(path); err == nil {
				t.Error("a built application is taken for a runtime")
			}
			if goos == "darwin" && goarch == "arm64" {
				checkSignature(t, exe, exe)
				checkSignature(t, one.Bytes(), exe)
			}
		})
	}
}

// TestB04_EveryByte: a built file in which any bit of the program or of what is said
// about it is another, or that is cut off anywhere, is damaged.
func TestB04_EveryByte(t *testing.T) {
	runtime := append(append(bytes.Repeat([]byte("runtime "), 20), slot[:]...), "behind it"...)
	program := bytes.Repeat([]byte("the program, "), 20)
	var built bytes.Buffer
	if err := Write(&built, runtime, program); err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(runtime, mark())
	path := filepath.Join(t.TempDir(), "built")
	read := func(data []byte) error {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path)
		return err
	}
	if err := read(built.Bytes()); err != nil {
		t.Fatal(err)
	}
	for i := at + markLen; i < built.Len(); i++ {
		if i >= at+len(slot) && i < len(runtime) {
			continue // of the runtime itself
		}
		for bit := range 8 {
			bad := bytes.Clone(built.Bytes())
			if bad[i] ^= 1 << bit; read(bad) != ErrDamaged {
				t.Errorf("bit %d of byte %d: %v", bit, i, read(bad))
			}
		}
	}
	for n := len(runtime); n < built.Len(); n++ {
		if err := read(built.Bytes()[:n]); err != ErrDamaged {
			t.Errorf("cut off at %d: %v", n, err)
		}
	}
}

// checkSignature hashes every page of a Mach-O file and compares with its signature,
// which it finds with the standard library's reader. Only the first len(runtime) bytes
// count: what is appended is behind the signature.
func checkSignature(t *testing.T, exe, runtime []byte) {
	t.Helper()
	f, err := macho.NewFile(bytes.NewReader(exe))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range f.Loads {
		raw := l.Raw()
		if binary.LittleEndian.Uint32(raw) != 0x1d {
			continue
		}
		at, size := binary.LittleEndian.Uint32(raw[8:]), binary.LittleEndian.Uint32(raw[12:])
		if int(at+size) != len(runtime) {
			t.Errorf("the signature ends at %d, the runtime at %d", at+size, len(runtime))
		}
		sig := exe[at : at+size]
		cd := sig[binary.BigEndian.Uint32(sig[16:]):] // of the first blob
		hashes, n, limit := binary.BigEndian.Uint32(cd[16:]), int(binary.BigEndian.Uint32(cd[28:])), int(binary.BigEndian.Uint32(cd[32:]))
		if limit != int(at) || n != (limit+4095)/4096 {
			t.Errorf("%d hashes for %d bytes", n, limit)
		}
		for page := range n {
			sum := sha256.Sum256(exe[page*4096 : min((page+1)*4096, limit)])
			if !bytes.Equal(sum[:], cd[int(hashes)+page*32:][:32]) {
				t.Errorf("the hash of page %d does not fit", page)
			}
		}
		return
	}
	t.Error("no signature")
}

// machO is the smallest file with a signature: two pages with a slot in the second,
// then the signature.
func machO(change func(load, super, directory []byte)) []byte {
	little, big := binary.LittleEndian, binary.BigEndian
	exe := make([]byte, 8192)
	little.PutUint32(exe, machMagic)
	little.PutUint32(exe[16:], 1)
	load := exe[machHeader:]
	copy(exe[5000:], slot[:])
	directory := make([]byte, 44+2*32)
	for i, v := range map[int]uint32{0: directoryMagic, 4: uint32(len(directory)), 16: 44, 28: 2, 32: 8192} {
		big.PutUint32(directory[i:], v)
	}
	directory[36], directory[37], directory[39] = 32, hashSHA256, 12
	super := make([]byte, 20)
	for i, v := range []uint32{signatureMagic, uint32(20 + len(directory)), 1, 0, 20} {
		big.PutUint32(super[4*i:], v)
	}
	for i, v := range []uint32{loadSignature, 16, 8192, uint32(20 + len(directory))} {
		little.PutUint32(load[4*i:], v)
	}
	change(load, super, directory)
	return append(append(exe, super...), directory...)
}

func TestResign(t *testing.T) {
	exe := machO(func(_, _, _ []byte) {})
	var w bytes.Buffer
	if err := Write(&w, exe, []byte("the program")); err != nil {
		t.Fatal(err)
	}
	built := w.Bytes()
	sum := sha256.Sum256(built[4096:8192])
	if at := 8192 + 20 + 44; !bytes.Equal(built[at+32:at+64], sum[:]) || !bytes.Equal(built[at:at+32], make([]byte, 32)) {
		t.Error("not the hash of the page that was changed, or not only that")
	}
}

func TestResignRefusesWhatItWouldBreak(t *testing.T) {
	put := binary.BigEndian.PutUint32
	for name, change := range map[string]func(load, super, directory []byte){
		"hashes of another kind":        func(_, _, d []byte) { d[37] = 1 },
		"pages of no size":              func(_, _, d []byte) { d[39] = 0 },
		"too few hashes":                func(_, _, d []byte) { put(d[28:], 1) },
		"hashes behind the end":         func(_, _, d []byte) { put(d[16:], 1<<31) },
		"more code than there is":       func(_, _, d []byte) { put(d[32:], 1<<31) },
		"directory longer than allowed": func(_, _, d []byte) { put(d[4:], 1<<20) },
		"directory too short":           func(_, _, d []byte) { put(d[4:], 40) },
		"no signature where it belongs": func(_, s, _ []byte) { put(s, 7) },
		"too many blobs":                func(_, s, _ []byte) { put(s[8:], 1<<30) },
		"blob outside":                  func(_, s, _ []byte) { put(s[16:], 1<<30) },
		"signed with a certificate":     func(_, s, _ []byte) { put(s[12:], certificateSlot) },
		"load command outside":          func(l, _, _ []byte) { binary.LittleEndian.PutUint32(l[8:], 1<<30) },
		"load command of no size":       func(l, _, _ []byte) { binary.LittleEndian.PutUint32(l[4:], 0) },
		"load command too short":        func(l, _, _ []byte) { binary.LittleEndian.PutUint32(l[4:], 12) },
	} {
		if err := Write(&bytes.Buffer{}, machO(change), []byte("the program")); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}
