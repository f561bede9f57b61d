package bytecode

import "encoding/binary"

// In a file, reference 0 is the empty string and reference i+1 the i-th string
// of the table. The table is
//
//	count u32 · count × end offset u32 · text
//
// End offsets have a fixed size so that opening a file costs nothing per string.

// stringBuilder collects strings in order of first use.
type stringBuilder struct {
	refs map[string]uint64 // looked up, never iterated: output must be reproducible
	ends []byte
	text []byte
}

func newStringBuilder() *stringBuilder {
	return &stringBuilder{refs: map[string]uint64{"": 0}}
}

func (b *stringBuilder) ref(s string) uint64 {
	if r, ok := b.refs[s]; ok {
		return r
	}
	r := uint64(len(b.refs))
	b.refs[s] = r
	b.text = append(b.text, s...)
	b.ends = binary.LittleEndian.AppendUint32(b.ends, uint32(len(b.text)))
	return r
}

func (b *stringBuilder) section() []byte {
	out := make([]byte, 0, 4+len(b.ends)+len(b.text))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(b.ends)/4))
	out = append(out, b.ends...)
	return append(out, b.text...)
}

// stringTable resolves references. All strings alias text.
type stringTable struct {
	ends []byte
	text string
}

// openStrings checks the whole table, so that get needs no error text.
func openStrings(section []byte) (*stringTable, bool) {
	if len(section) < 4 {
		return nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(section))
	if 4*n > uint64(len(section)-4) {
		return nil, false
	}
	ends, text := section[4:4+4*n], section[4+4*n:]
	last := uint32(0)
	for i := 0; i < len(ends); i += 4 {
		end := binary.LittleEndian.Uint32(ends[i:])
		if end < last {
			return nil, false
		}
		last = end
	}
	if uint64(last) != uint64(len(text)) {
		return nil, false
	}
	return &stringTable{ends: ends, text: string(text)}, true
}

func (t *stringTable) get(ref uint64) (string, bool) {
	if ref == 0 {
		return "", true
	}
	if ref > uint64(len(t.ends)/4) {
		return "", false
	}
	i := int(ref-1) * 4
	lo, hi := uint32(0), binary.LittleEndian.Uint32(t.ends[i:])
	if i > 0 {
		lo = binary.LittleEndian.Uint32(t.ends[i-4:])
	}
	if lo > hi || uint64(hi) > uint64(len(t.text)) {
		return "", false // only when the caller changed the file's bytes after opening it
	}
	return t.text[lo:hi], true
}
