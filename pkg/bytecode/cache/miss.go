package cache

import "fmt"

// Reason says why there is nothing to read.
type Reason uint8

// The reasons for a miss.
const (
	Absent   Reason = iota // never written, or cleaned
	Disabled               // there is no cache directory
	Foreign                // the directory could have been written by others
	Stale                  // written by another version of the format
	Damaged                // not what was written, or another entry's content
	Unreadable
)

var reasons = [...]string{"not in the cache", "no cache directory", "cache directory ignored", "entry is stale", "entry is damaged",
	"entry cannot be read"}

// String returns the reason in words.
func (r Reason) String() string { return reasons[r] }

// Miss is the error of a failed look-up. It is for people who ask why: what to do
// is always to compile.
type Miss struct {
	Reason Reason
	Err    error // details or nil
}

// Error returns the reason and its details.
func (m *Miss) Error() string {
	if m.Err == nil {
		return m.Reason.String()
	}
	return fmt.Sprintf("%s: %v", m.Reason, m.Err)
}

// Unwrap returns m.Err.
func (m *Miss) Unwrap() error { return m.Err }
