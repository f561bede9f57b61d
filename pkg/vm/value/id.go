package value

import (
	"crypto/rand"
	"sync"
)

// ids buffers random bytes: one read of the system's generator serves 64 ids.
var ids struct {
	sync.Mutex
	buf [1024]byte
	n   int
}

// NewUUID returns a random (version 4) UUID in lower case, from crypto/rand:
// row, connection and request ids must not be guessable.
func NewUUID() string { return uuid("0123456789abcdef") }

// NewRowID returns a UUID in upper case, the form that rows without an id get
// (02 §7.2).
func NewRowID() string { return uuid("0123456789ABCDEF") }

func uuid(digits string) string {
	var b [16]byte
	RandomBytes(b[:])
	b[6] = b[6]&0x0F | 0x40
	b[8] = b[8]&0x3F | 0x80
	var out [36]byte
	j := 0
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out[j] = '-'
			j++
		}
		out[j], out[j+1] = digits[c>>4], digits[c&15]
		j += 2
	}
	return string(out[:])
}

// RandomBytes fills b, at most 1024 bytes, from the buffered generator.
func RandomBytes(b []byte) {
	ids.Lock()
	defer ids.Unlock()
	if ids.n < len(b) {
		rand.Read(ids.buf[:]) // never fails: the runtime ends the process instead
		ids.n = len(ids.buf)
	}
	ids.n -= len(b)
	copy(b, ids.buf[ids.n:ids.n+len(b)])
	clear(ids.buf[ids.n : ids.n+len(b)])
}
