package durable

import (
	"aro/pkg/store"
	"aro/pkg/store/record"
)

// A record is what one write did: the name of the repository and its effects. The
// payload of a frame of the log is records, each behind its length.
//
// Two kinds of effect of our own take a repository in or out (Configure … durable):
// adopted is followed by effects that build it up, abandoned by nothing.
const (
	adopted   = record.Own
	abandoned = record.Own + 1
)

func appendRecord(b []byte, name string, effects []store.Effect) []byte {
	return record.AppendEffects(record.AppendString(b, name), effects)
}
