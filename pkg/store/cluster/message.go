package cluster

import (
	"encoding/binary"
	"time"

	"aro/pkg/store"
	"aro/pkg/store/record"
)

// A message of a log is a part of an entry; most entries have one part. All numbers
// are unsigned varints.
//
//	version   1
//	kind      see below
//	node      who wrote it, a string
//	number    of the entry, counted by the node
//	part, parts
//	after     sequence of the message of the repository before this one
//	body      of this part
//
// The bodies of all parts together are
//
//	entryWrite, entryEnd, entryTurn  effects
//	entryAdopt                       nothing
//	entryState                       next age, largest number, time to live, places of
//	                                 removed rows, then effects that put the rows
const formatVersion = 1

type entryKind byte

const (
	entryWrite entryKind = iota // a change
	entryTurn                   // a change that begins a turn
	entryEnd                    // what was written within the turn, and its end
	entryAdopt                  // the turn of a node that died goes on at this one
	entryState                  // all rows: what is in front of it may be forgotten
	entryKinds
)

// header is what a message says about itself.
type header struct {
	kind        entryKind
	node        string
	number      uint64
	part, parts uint64
	after       uint64
}

func (h *header) append(b []byte) []byte {
	b = append(b, formatVersion, byte(h.kind))
	b = record.AppendString(b, h.node)
	for _, n := range [...]uint64{h.number, h.part, h.parts, h.after} {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// readHeader returns the header and the body; false for what this version did not write.
func readHeader(data []byte) (h header, body []byte, ok bool) {
	d := record.Decoder{Rest: data}
	if d.Byte() != formatVersion {
		return h, nil, false
	}
	h = header{kind: entryKind(d.Byte()), node: d.String(), number: d.Uint(), part: d.Uint(), parts: d.Uint(), after: d.Uint()}
	return h, d.Rest, !d.Bad && h.kind < entryKinds && h.part < h.parts
}

// readEffects reads the body of a change.
func readEffects(body []byte) ([]store.Effect, error) {
	d := record.Decoder{Rest: body}
	n := d.Count()
	effects := make([]store.Effect, 0, min(n, 1024))
	for range n {
		effects = append(effects, d.Effect())
		if d.Bad {
			break
		}
	}
	if d.Bad || len(d.Rest) > 0 {
		return nil, record.ErrForm
	}
	return effects, nil
}

func appendState(b []byte, s *store.State) []byte {
	b = binary.AppendUvarint(b, s.Next)
	b = binary.AppendUvarint(b, uint64(max(s.Limits.MaxSize, 0)))
	b = binary.AppendVarint(b, int64(s.Limits.TTL))
	b = binary.AppendUvarint(b, uint64(len(s.Past)))
	for _, p := range s.Past {
		b = binary.AppendUvarint(record.AppendValue(b, p.ID), p.Age)
	}
	effects := make([]store.Effect, len(s.Rows))
	for i, row := range s.Rows {
		effects[i] = store.Effect{Kind: store.Put, Age: s.Ages[i], Row: row, Time: s.Times[i]}
	}
	return record.AppendEffects(b, effects)
}

func readState(body []byte) (s store.State, err error) {
	d := record.Decoder{Rest: body}
	s.Next = d.Uint()
	s.Limits = store.Limits{MaxSize: int(d.Uint()), TTL: time.Duration(d.Int())}
	for range d.Count() {
		s.Past = append(s.Past, store.Departed{ID: d.Value(), Age: d.Uint()})
	}
	effects, err := readEffects(d.Rest)
	if d.Bad || err != nil {
		return s, record.ErrForm
	}
	for i := range effects {
		s.Rows = append(s.Rows, effects[i].Row)
		s.Ages = append(s.Ages, effects[i].Age)
		s.Times = append(s.Times, effects[i].Time)
	}
	return s, nil
}
