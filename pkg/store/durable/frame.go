package durable

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"aro/pkg/vm/value"
)

// Every file is a header and frames, one behind the other. Numbers are little
// endian. A frame is what one write call wrote and one fsync made durable, so after a
// crash the last frame may be torn and no other.
//
//	header  magic(8) format(4) kind(4) salt(8) number(8) first(8) previous(8) chain(4) crc(4)
//	frame   magic(4) chain(4) first(8) length(8) crc(4)  payload(length)  sum(4)
//
// kind is 1 for a segment of the log and 2 for a snapshot. first is the position of
// the first record. previous and chain say how long the segment before this one is
// and which sum its last frame has: what is behind that was never acknowledged. The
// chain of a frame is the sum of the frame before it, of the first one the crc of the
// header. The checksums of frames begin with the salt, so that no row can hold bytes
// that look like a frame of this file.
const (
	fileMagic  = "AROdata\n"
	frameMagic = 0xA70F7A3E
	// FormatVersion is the version of files that this version writes.
	FormatVersion = 1

	headerSize      = 56
	frameHeaderSize = 28
	sumSize         = 4

	kindLog      = 1
	kindSnapshot = 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the beginning of a file.
type header struct {
	kind     uint32
	salt     uint64
	number   uint64
	first    uint64 // position of the first record
	previous uint64 // valid length of the segment before, 0 without one
	chain    uint32 // sum at its end
	crc      uint32
}

func newHeader(kind uint32, number, first uint64) header {
	var b [8]byte
	value.RandomBytes(b[:])
	return header{kind: kind, salt: binary.LittleEndian.Uint64(b[:]), number: number, first: first}
}

func (h *header) append(b []byte) []byte {
	at := len(b)
	b = append(b, fileMagic...)
	b = binary.LittleEndian.AppendUint32(b, FormatVersion)
	b = binary.LittleEndian.AppendUint32(b, h.kind)
	b = binary.LittleEndian.AppendUint64(b, h.salt)
	b = binary.LittleEndian.AppendUint64(b, h.number)
	b = binary.LittleEndian.AppendUint64(b, h.first)
	b = binary.LittleEndian.AppendUint64(b, h.previous)
	b = binary.LittleEndian.AppendUint32(b, h.chain)
	h.crc = crc32.Checksum(b[at:], castagnoli)
	return binary.LittleEndian.AppendUint32(b, h.crc)
}

var (
	errNotOurs = errors.New("it is not a file of a data folder")
	errHeader  = errors.New("its header is damaged")
	errTorn    = errors.New("it ends within a frame")
	errChange  = errors.New("its content has changed since it was written")
)

func parseHeader(b []byte) (h header, err error) {
	if len(b) < headerSize {
		return h, errTorn
	}
	b = b[:headerSize]
	if string(b[:8]) != fileMagic {
		return h, errNotOurs
	}
	le := binary.LittleEndian
	h = header{le.Uint32(b[12:]), le.Uint64(b[16:]), le.Uint64(b[24:]), le.Uint64(b[32:]), le.Uint64(b[40:]), le.Uint32(b[48:]), le.Uint32(b[52:])}
	if v := le.Uint32(b[8:]); v != FormatVersion && crc32.Checksum(b[:52], castagnoli) == h.crc {
		return h, fmt.Errorf("it has format %d, and this version reads format %d", v, FormatVersion)
	}
	if crc32.Checksum(b[:52], castagnoli) != h.crc {
		return h, errHeader
	}
	return h, nil
}

// seed is the checksum that those of the file's frames begin with.
func (h *header) seed() uint32 {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], h.salt)
	return crc32.Checksum(b[:], castagnoli)
}

// beginFrame appends room for the header of a frame; endFrame fills it in and
// returns the sum, which is the chain of the next frame.
func beginFrame(b []byte) []byte { return append(b, make([]byte, frameHeaderSize)...) }

func endFrame(b []byte, seed, chain uint32, first uint64) ([]byte, uint32) {
	le := binary.LittleEndian
	le.PutUint32(b[0:], frameMagic)
	le.PutUint32(b[4:], chain)
	le.PutUint64(b[8:], first)
	le.PutUint64(b[16:], uint64(len(b)-frameHeaderSize))
	le.PutUint32(b[24:], crc32.Update(seed, castagnoli, b[:24]))
	sum := crc32.Update(seed, castagnoli, b)
	return le.AppendUint32(b, sum), sum
}

// frameReader reads the frames of one file.
type frameReader struct {
	head   header
	r      *bufio.Reader
	seed   uint32
	chain  uint32
	offset int64 // behind the last good frame
	size   int64 // of the file
	buf    []byte
}

// newFrameReader reads the header of a file.
func newFrameReader(f file) (*frameReader, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	r := &frameReader{r: bufio.NewReaderSize(f, int(min(256<<10, size+1))), size: size}
	b := make([]byte, headerSize)
	n, err := io.ReadFull(r.r, b)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	if r.head, err = parseHeader(b[:n]); err != nil {
		return nil, err
	}
	r.seed, r.chain, r.offset = r.head.seed(), r.head.crc, headerSize
	return r, nil
}

// next returns the payload of the next frame, valid until the next call, and the
// position of its first record. At the end of the file it returns io.EOF, at a frame
// that is not whole errTorn or errChange; offset then is where that begins.
func (r *frameReader) next() (payload []byte, first uint64, err error) {
	var h [frameHeaderSize]byte
	n, err := io.ReadFull(r.r, h[:])
	if err == io.EOF {
		return nil, 0, io.EOF
	} else if err == io.ErrUnexpectedEOF {
		return nil, 0, errTorn
	} else if err != nil {
		return nil, 0, err
	}
	le := binary.LittleEndian
	if n < len(h) || le.Uint32(h[:]) != frameMagic || le.Uint32(h[24:]) != crc32.Update(r.seed, castagnoli, h[:24]) || le.Uint32(h[4:]) != r.chain {
		return nil, 0, errChange
	}
	length := le.Uint64(h[16:])
	if left := r.size - r.offset - frameHeaderSize - sumSize; left < 0 || length > uint64(left) {
		return nil, 0, errTorn
	}
	whole := int(length) + sumSize
	if cap(r.buf) < whole {
		r.buf = make([]byte, whole)
	}
	b := r.buf[:whole]
	if _, err := io.ReadFull(r.r, b); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = errTorn
		}
		return nil, 0, err
	}
	sum := crc32.Update(crc32.Update(r.seed, castagnoli, h[:]), castagnoli, b[:length])
	if sum != le.Uint32(b[length:]) {
		return nil, 0, errChange
	}
	r.chain = sum
	r.offset += frameHeaderSize + int64(whole)
	return b[:length], le.Uint64(h[8:]), nil
}

// another reports whether a frame of this file begins anywhere behind offset+1: then
// what is at offset is no torn end.
func (r *frameReader) another(f files, name string) (bool, error) {
	x, err := f.Open(name, false)
	if err != nil {
		return false, err
	}
	defer x.Close()
	if _, err := io.CopyN(io.Discard, x, r.offset+1); err != nil {
		return false, nil
	}
	in := bufio.NewReaderSize(x, int(min(256<<10, r.size+1)))
	magic := binary.LittleEndian.AppendUint32(nil, frameMagic)
	for {
		b, err := in.Peek(frameHeaderSize)
		if err != nil {
			return false, nil
		}
		if bytes.Equal(b[:4], magic) && binary.LittleEndian.Uint32(b[24:]) == crc32.Update(r.seed, castagnoli, b[:24]) {
			return true, nil
		}
		if i := bytes.IndexByte(b[1:], magic[0]); i >= 0 {
			in.Discard(1 + i)
		} else {
			in.Discard(len(b))
		}
	}
}
