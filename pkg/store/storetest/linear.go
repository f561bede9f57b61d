package storetest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"aro/pkg/store"
	"aro/pkg/vm/value"
)

// operation is what a client did to the row of one id, and what came of it.
type operation struct {
	do       string // store, swap, delete, find
	id       int
	from, to int // swap stores to if the row has from
}

// outcome is the number of the row before it, 0 when there was none; of swap, whether it
// stored.
type outcome struct {
	was     int
	swapped bool
}

// linearModel is one row: its number, 0 for none.
var linearModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byID := map[int][]porcupine.Operation{}
		for _, o := range history {
			id := o.Input.(operation).id
			byID[id] = append(byID[id], o)
		}
		var out [][]porcupine.Operation
		for _, list := range byID {
			out = append(out, list)
		}
		return out
	},
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		s, in, out := state.(int), input.(operation), output.(outcome)
		switch in.do {
		case "store":
			return out.was == s, in.to
		case "delete":
			return out.was == s, 0
		case "find":
			return out.was == s, s
		}
		if s == in.from {
			return out.swapped, in.to
		}
		return !out.swapped, s
	},
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%v → %v", in, out) },
}

// RunLinearizable lets clients store, swap, delete and find a few rows at the same time
// and looks for an order of what they did that explains everything they saw. Clients are
// spread over the engines, which share their rows; with more than one they only write,
// because reading may give what was true a moment ago elsewhere. With store.Shared a swap is one write that compares and stores.
func RunLinearizable(t *testing.T, engines ...store.Engine) {
	const clients, each, ids = 8, 150, 5
	var mu sync.Mutex
	var history []porcupine.Operation
	began := time.Now()
	var wg sync.WaitGroup
	for c := range clients {
		e := engines[c%len(engines)]
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(c), uint64(time.Now().UnixNano())))
			for n := range each {
				in := operation{do: "store", id: random.IntN(ids), to: 1 + c*each + n}
				switch k := random.IntN(10); {
				case k < 3 && len(engines) == 1:
					in.do = "find"
				case k < 5:
					in.do = "delete"
				case k < 7:
					in.do = "swap"
				}
				call := time.Since(began).Nanoseconds()
				out, ok := operate(t, e, &in)
				back := time.Since(began).Nanoseconds()
				if !ok {
					continue
				}
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: c, Input: in, Call: call, Output: out, Return: back})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(history) < clients*each/2 {
		t.Fatalf("only %d operations", len(history))
	}
	if r := porcupine.CheckOperationsTimeout(linearModel, history, time.Minute); r != porcupine.Ok {
		t.Errorf("no order explains what %d operations saw: %s", len(history), r)
	}
}

// operate does an operation; false when an engine has no swap.
func operate(t *testing.T, e store.Engine, in *operation) (out outcome, ok bool) {
	const name = "thing-repository"
	r := e.Repository(name)
	old := func(changes []store.Change) int {
		for _, c := range changes {
			if n, ok := c.Old.Property("n"); ok {
				return int(n.Int())
			}
		}
		return 0
	}
	find := func(r store.Repository) int {
		for _, v := range r.Select(where("id", value.OfInt(int64(in.id)))) {
			n, _ := v.Property("n")
			return int(n.Int())
		}
		return 0
	}
	switch in.do {
	case "find":
		out.was = find(r)
	case "store":
		_, changes := r.Store(row("id", in.id, "n", in.to))
		out.was = old(changes)
	case "delete":
		out.was = old(r.Delete(where("id", value.OfInt(int64(in.id)))))
	default:
		shared, has := e.(store.Shared)
		if !has {
			return out, false
		}
		in.from = find(r)
		done := make(chan error, 1)
		shared.Write(name, func(w store.Repository) {
			if out.swapped = find(w) == in.from; out.swapped {
				w.Store(row("id", in.id, "n", in.to))
			}
		}, func(err error) { done <- err })
		if err := <-done; err != nil {
			t.Error(err)
			return out, false
		}
	}
	return out, true
}
