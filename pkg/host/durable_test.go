package host_test

import (
	"bytes"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"aro/pkg/compile"
	"aro/pkg/host"
	"aro/pkg/store"
	"aro/pkg/store/durable"
	"aro/pkg/syntax"
)

// crowding is an engine in which it becomes crowded now and then.
type crowding struct {
	*durable.Engine
	asked, crowded, waited atomic.Int64
}

func (c *crowding) Crowded() bool {
	if c.asked.Add(1)%10 != 0 {
		return false
	}
	c.crowded.Add(1)
	return true
}

func (c *crowding) Sync(after, upTo uint64, done func(error)) (bool, error) {
	c.waited.Add(1)
	return c.Engine.Sync(after, upTo, done)
}

var _ store.Durable = (*crowding)(nil)

// TestCrowdedObserver: an observer whose writes gather faster than they reach the disk
// waits for them, whether or not what it writes to is observed, also while what it writes
// is kept together.
func TestCrowdedObserver(t *testing.T) {
	const src = `(Application-Start: Crowd) {
    Store { id: 1 } into the <cause-repository>.
    Log "${<plain-repository: count>} and ${<seen-repository: count>} rows" to the <console>.
    Return an <OK: status> for the <startup>.
}
(Fill Both: cause-repository Observer) {
    for <i> from 1 to 101 {
        Store { id: <i> } into the <plain-repository>.
        Store { id: <i> } into the <seen-repository>.
    }
}
(Look: seen-repository Observer) { Create the <nothing> with 1. }
`
	f := syntax.NewFile("main.aro", []byte(src))
	for _, d := range syntax.Parse(f) {
		t.Fatal(d)
	}
	prog, diags := compile.Compile([]*syntax.File{f}, compile.Options{Verbs: host.Signatures(host.Verbs())})
	if prog == nil {
		t.Fatal(diags)
	}
	e, err := durable.Open(t.TempDir(), durable.Options{Warn: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	engine := &crowding{Engine: e}
	var out bytes.Buffer
	signals := make(chan os.Signal)
	defer close(signals)
	host.New(prog, host.Config{Engine: engine, Root: t.TempDir(), Verbs: host.Verbs(), Stdout: &out, Stderr: &out}).Run(signals)
	if !strings.Contains(out.String(), "100 and 100 rows") {
		t.Error(out.String())
	}
	if asked, crowded, waited := engine.asked.Load(), engine.crowded.Load(), engine.waited.Load(); asked != 200 || crowded != 20 || waited != crowded+1 {
		t.Errorf("%d writes, %d when it was crowded, %d waits; each of those should wait, and the statement that caused them", asked, crowded, waited)
	}
}
