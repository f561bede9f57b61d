// Package store keeps the rows of repositories.
//
// Engine and Repository are what the verbs see; Memory is the first engine. The
// package knows values only: no verb, no coroutine and no socket. Observers are
// the caller's: every write returns its changes, and the caller delivers them
// after the write is complete, so no lock is ever held while user code runs.
package store

import (
	"time"

	"aro/pkg/vm/value"
)

// Engine opens repositories. All methods are safe for concurrent use.
type Engine interface {
	// Repository returns the repository of that name, made on first use. The
	// same name always returns the same repository.
	Repository(name string) Repository
	// Names lists the repositories opened so far, sorted.
	Names() []string
	// Close flushes and releases what the engine holds.
	Close() error
}

// Durable is an Engine whose rows outlive the process. A write is applied at once
// and has a position; it is durable when everything up to that position is.
type Durable interface {
	Engine
	// Position is that of the latest write of any repository.
	Position() uint64
	// Sync asks for the writes behind one position and up to another. already means
	// that their fate is known: err is nil when all of them are durable, and says why
	// one was taken back otherwise. Else done is called once it is known, on a goroutine
	// that must not be held up.
	Sync(after, upTo uint64, done func(error)) (already bool, err error)
	// Hold keeps the writes that come after it together until release is called: they
	// become durable at once or not at all, unless that takes longer than a moment, in
	// which others would wait, or they become too many. release may be called more than
	// once.
	Hold() (release func())
	// Crowded reports whether so much waits to be written that who has written should
	// call Sync before writing more, held or not.
	Crowded() bool
	// SetDurable takes a repository out, so that its rows end with the process and
	// those that were kept are forgotten, or in again with the rows that it has.
	SetDurable(repository string, on bool)
	// IsDurable reports whether a repository is kept.
	IsDurable(repository string) bool
	// Fresh reports whether nothing was ever stored in a repository.
	Fresh(repository string) bool
}

// Shared is an Engine whose rows other processes change, too. The methods of its
// repositories that write block until everybody has the change, and panic when they
// cannot; programs write with Write and Turn, which do not hold a thread up.
type Shared interface {
	Engine
	// Write makes a change. apply makes it on a draft that nobody sees; it is called
	// again when another process was quicker, so it must do nothing else. done is told
	// that everybody has the change and this process can read it, or why not: then
	// it may be made later nevertheless, if no answer came. done is called on a
	// goroutine that must not be held up.
	Write(repository string, apply func(Repository), done func(error))
	// Turn is a Write that keeps other writers of the repository out, wherever they
	// are, until the turn ends. Should this process die before that, another one that
	// has called Adopt goes on with the turn.
	Turn(repository string, apply func(Repository), done func(Turn, error))
	// Adopt says who goes on with the turn of a process that died: f gets the changes of
	// the Turn and must end it. It is called once, before anything is written.
	Adopt(f func(repository string, changes []Change, t Turn))
	// Follow says who is told of each change of a repository that another process makes,
	// in their order, when the rows are so; it must not hold the caller up. What was
	// changed while this process was cut off for long is not told. It is called at most
	// once for a repository.
	Follow(repository string, f func(changes []Change))
	// Process names this process among those that share; one that starts again is another
	// one.
	Process() string
	// Gone reports whether a process has not given a sign of life for so long that others
	// do its work. Who was away itself cannot tell, and takes nobody for gone.
	Gone(process string) bool
	// Behind is for how long this process has not heard what others changed: rows may be
	// that old. It is 0 while it hears them.
	Behind() time.Duration
}

// UnavailableError says that a change was not confirmed because others could not be
// reached. It may be made nevertheless.
type UnavailableError struct{ Err error }

func (e *UnavailableError) Error() string { return e.Err.Error() }

// Unwrap returns what was the matter.
func (e *UnavailableError) Unwrap() error { return e.Err }

// Turn is a repository that this process has for itself.
type Turn interface {
	// Repository is the repository within the turn. What is written to it is seen by this
	// process at once and by others when the turn has ended, all of it or nothing.
	Repository() Repository
	// End ends the turn; done is told as that of Write is. After an error nothing of what
	// was written within the turn is left.
	End(done func(error))
}

// Repository is a named, ordered collection of rows, oldest first. Rows are
// immutable values; maps among them have an id. Every method is atomic, and all
// are safe for concurrent use.
type Repository interface {
	Name() string
	// Count returns the number of rows.
	Count() int
	// Rows returns all rows at this moment, oldest first. The slice is a
	// snapshot that later writes never touch; it must not be written to. It costs
	// no copy.
	Rows() []value.Value
	// Index says that queries will ask for a field: where clauses are known when a
	// program is linked. An engine may ignore it.
	Index(field string)
	// Select returns the rows that match, oldest first.
	Select(q Query) []value.Value
	// Store inserts or replaces rows under the rules of 02 §7.2 and returns the
	// stored form of each, and what changed. The list of rows is not kept.
	Store(rows ...value.Value) (stored []value.Value, changes []Change)
	// Delete removes the rows that match and returns a change for each, oldest
	// first.
	Delete(q Query) []Change
	// Clear removes everything. It returns one change without a row, or none
	// when the repository was empty.
	Clear() []Change
	// SetLimits bounds the repository from now on. It returns an Evicted change
	// for each row that is beyond the bound already.
	SetLimits(l Limits) []Change
	// Limits returns what SetLimits set.
	Limits() Limits
}

// Events is the repository in which a host keeps events whose handlers have not ended.
// No program can name it, so lists of repositories for people leave it out.
const Events = "(events)"

// Finder is a Repository that can look up the row of an id without making a list for
// it. It may miss a row that Select would find.
type Finder interface {
	Find(id value.Value) (row value.Value, ok bool)
}

// Forgetter is an Engine, or a repository of one, that can do without what it remembers of
// removed rows (see maxPast), where none was removed for some time: a row that comes back
// later is new. Forget reports whether it has something left to forget later. Any goroutine
// may call it.
type Forgetter interface {
	Forget(after time.Duration) (later bool)
}

// Limits bound a repository (02 §7.6); zero means unbounded.
type Limits struct {
	// MaxSize is the largest number of rows. A row beyond it evicts the oldest
	// one, which Store reports behind the change that caused it. An evicted row is
	// forgotten: should it come back, it is a new row.
	MaxSize int
	// TTL hides rows that were stored longer ago, from Rows and Select. They
	// still count, and storing them again brings them back. Setting the clock of
	// the machine does not matter.
	TTL time.Duration
}

// Query selects rows. The zero Query selects every row.
type Query struct {
	// Field and Equal, when Field is not empty, demand that the field equals the
	// value in kind and content. An engine answers them from an index if it can.
	Field string
	Equal value.Value
	// Match, when not nil, decides about the rows that are left. It must not
	// call the repository.
	Match func(row value.Value) bool
}

// Kind says what a change did.
type Kind uint8

// The kinds of change.
const (
	Created Kind = iota
	Updated
	Deleted
	Cleared // everything, by Clear
	Evicted // by a limit: no change that observers see
)

var kindNames = [...]string{"created", "updated", "deleted", "deleted", "evicted"}

// String returns the word that observers see.
func (k Kind) String() string { return kindNames[k] }

// Change is one change of one row.
type Change struct {
	Kind     Kind
	ID       value.Value // of the row, unbound when it has none
	Old, New value.Value // unbound where they do not apply
	Time     time.Time
}

// FieldOf returns the field of a row that a query names; rows that are no maps
// answer to _value.
func FieldOf(row value.Value, field string) (value.Value, bool) {
	if rec := row.Record(); rec != nil {
		return rec.Get(field)
	}
	if field == "_value" {
		return row, true
	}
	return row.Property(field)
}
