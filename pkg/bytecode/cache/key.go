package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// Key names an entry: a hash of everything that its content depends on.
type Key [sha256.Size]byte

// String returns the key in hexadecimal.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Hasher makes a key. Every part is hashed behind its length, so that no two
// lists of parts look alike to the hash. Content is always hashed: at 1 GB/s and
// more, trusting modification times would save nothing but surprises.
type Hasher struct {
	hash hash.Hash
}

// NewHasher begins a key with what the compiler contributes: two compilers, or
// two sets of options, never read each other's entries.
func NewHasher(formatVersion int, buildID string, options ...string) *Hasher {
	h := &Hasher{sha256.New()}
	h.part("aro bytecode")
	h.length(formatVersion)
	h.part(buildID)
	h.length(len(options))
	for _, o := range options {
		h.part(o)
	}
	return h
}

// Add adds an input: a source file, the contract, a list of templates. Order
// matters.
func (h *Hasher) Add(path string, content []byte) {
	h.part(path)
	h.length(len(content))
	h.hash.Write(content)
}

// Key returns the key of what has been added so far.
func (h *Hasher) Key() (k Key) {
	h.hash.Sum(k[:0])
	return k
}

func (h *Hasher) part(s string) {
	h.length(len(s))
	h.hash.Write([]byte(s))
}

func (h *Hasher) length(n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	h.hash.Write(b[:])
}
