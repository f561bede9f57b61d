// Package bundle puts a compiled application into an executable: the runtime's
// own file with the program behind it.
//
//	+----------------------------+---------+
//	| the runtime, its slot full | program |
//	+----------------------------+---------+
//
// The slot is a variable of the runtime, 64 bytes long, that says where the
// program is and what its SHA-256 is. It is empty in `aro` itself, so a plain
// start looks at nothing on disk; and a built file that was cut off still knows
// that it was built, and says that it is damaged.
package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// slot is filled in in the file of a built application. The first 16 bytes mark
// it; offset, length and SHA-256 of the program follow. It is changed on disk
// only, so everybody may read it.
var slot = [64]byte{0x9e, 'a', 'r', 'o', '-', 'b', 'u', 'n', 'd', 'l', 'e', '-', 's', 'l', 'o', 't'}

const markLen = 16

// place is what the slot says.
type place struct {
	offset, length uint64
	sum            [32]byte
}

func readSlot(b []byte) place {
	p := place{offset: binary.LittleEndian.Uint64(b[markLen:]), length: binary.LittleEndian.Uint64(b[markLen+8:])}
	copy(p.sum[:], b[markLen+16:])
	return p
}

// mark returns the first bytes of the slot. They are not written down a second
// time, so that they occur once in the runtime.
func mark() []byte { return slot[:markLen] }

// Built reports whether the running executable is a built application.
func Built() bool { return readSlot(slot[:]).length != 0 }

// ErrDamaged is returned for a built file whose program is not what was built.
var ErrDamaged = errors.New("this file is damaged: the program in it was cut off or changed; build or copy it again")

// Own reads the program of the running executable, which must be Built.
func Own() ([]byte, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(exe)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readSlot(slot[:]).read(f)
}

func (p place) read(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := uint64(info.Size())
	if p.length == 0 || p.offset > size || p.length > size-p.offset {
		return nil, ErrDamaged
	}
	data := make([]byte, p.length)
	if _, err := f.ReadAt(data, int64(p.offset)); err != nil {
		return nil, ErrDamaged
	}
	if sha256.Sum256(data) != p.sum {
		return nil, ErrDamaged
	}
	return data, nil
}

// Read returns the program in a built file.
func Read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	exe, err := io.ReadAll(io.LimitReader(f, maxRuntime))
	if err != nil {
		return nil, err
	}
	at := bytes.Index(exe, mark())
	if at < 0 || at+len(slot) > len(exe) || readSlot(exe[at:]).length == 0 {
		return nil, fmt.Errorf("%s was not made by aro build", path)
	}
	return readSlot(exe[at:]).read(f)
}

// maxRuntime bounds what is read in search of the slot.
const maxRuntime = 256 << 20

// Runtime returns the bytes of an executable that can take a program: an aro, of
// this platform or another.
func Runtime(path string) ([]byte, error) {
	exe, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	at := bytes.Index(exe, mark())
	if at < 0 || at+len(slot) > len(exe) {
		return nil, fmt.Errorf("%s is no runtime: it is not an aro executable of this version", path)
	}
	if p := readSlot(exe[at:]); p.length != 0 {
		return nil, fmt.Errorf("%s is a built application itself", path)
	}
	return exe, nil
}

// Write writes runtime, with the program behind it. The same input gives the same
// bytes.
func Write(w io.Writer, runtime, program []byte) error {
	at := bytes.Index(runtime, mark())
	if at < 0 || at+len(slot) > len(runtime) {
		return errors.New("the runtime has no place for a program")
	}
	exe := bytes.Clone(runtime)
	full := exe[at : at+len(slot)]
	binary.LittleEndian.PutUint64(full[markLen:], uint64(len(runtime)))
	binary.LittleEndian.PutUint64(full[markLen+8:], uint64(len(program)))
	sum := sha256.Sum256(program)
	copy(full[markLen+16:], sum[:])
	if err := resign(exe, at, at+len(slot)); err != nil {
		return err
	}
	for _, part := range [][]byte{exe, program} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}
