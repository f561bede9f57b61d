package cluster

import (
	"context"
	"errors"
)

// Log is where the processes of a cluster meet: an ordered sequence of messages, in
// which each message belongs to a repository. All methods are safe for concurrent use.
type Log interface {
	// Append adds a message of a repository, if the last one of that repository has the
	// sequence after (0: there is none), and returns the sequence of the new one.
	// ErrConflict says that the last one is another one; after any other error nobody
	// knows whether the message was added.
	Append(ctx context.Context, repository string, after uint64, data []byte) (seq uint64, err error)
	// Watch delivers all messages there are, in order, and then those that come, until
	// Close. It returns when those that were there have been delivered.
	Watch(ctx context.Context, to Watcher) error
	// Trim forgets the messages of a repository in front of a sequence.
	Trim(repository string, before uint64) error
	// Beat tells all watchers that a node lives. It may get lost.
	Beat(node string)
	// MaxMessage is the size in bytes that a message may have.
	MaxMessage() int
	Close()
}

// Watcher is told what is in a log. It is called by one goroutine at a time; it must
// not keep data.
type Watcher interface {
	Message(repository string, seq uint64, data []byte)
	Beat(node string) // at any time, from any goroutine
}

// ErrConflict says that somebody else has appended first.
var ErrConflict = errors.New("another process was quicker")
