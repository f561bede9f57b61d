package main

import (
	"fmt"
	"testing"

	"aro/pkg/host"
	"aro/pkg/vm"
	"aro/pkg/vm/value"
)

// Reduce as a program meets it: over a list that was not reduced before, of which no
// numbers are kept; over one that was; and over what a filter has just made. Each
// beside the loops of BenchmarkLists, over structs and over pointers to them.

// worlds is how many lists are reduced in turn: more than numbers are kept of, so
// that each is met as if for the first time. They share their records.
const worlds = 16

func BenchmarkReduceFirst(b *testing.B) {
	list := orders()
	event := records(list)
	pointers := make([]*order, len(list))
	for i := range list {
		o := list[i]
		pointers[i] = &o
	}
	fresh := make([]value.Value, worlds)
	for i := range fresh {
		all, _ := event.Property("orders")
		fresh[i] = value.MapOf("orders", value.OfList(append([]value.Value(nil), all.List()...)))
	}
	const handler = "(On List: List Handler) {\n Extract the <orders> from the <event: orders>.\n %s\n}"
	aro := func(name, statements string, events []value.Value) {
		b.Run(name+"/aro", func(b *testing.B) {
			h := start(b, fmt.Sprintf(handler, statements))
			set := h.Named("On List")
			b.ReportAllocs()
			begun := cpuTime()
			for i := 0; b.Loop(); i++ {
				e := h.Invoke(set, &host.Payload{Event: events[i%len(events)]})
				if e.State() != vm.Done {
					b.Fatal(e.Err())
				}
				e.Release()
			}
			reportCPU(b, begun, rows)
		})
	}
	loop := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			begun := cpuTime()
			for b.Loop() {
				f()
			}
			reportCPU(b, begun, rows)
		})
	}
	const sum = "Reduce the <x> from the <orders> with sum(<price>)."
	aro("first", sum, fresh)
	aro("again", sum, []value.Value{event})
	loop("first/go", func() {
		sum := 0.0
		for i := range list {
			sum += list[i].Price
		}
		keptSum = sum
	})
	loop("first/pointers", func() {
		sum := 0.0
		for _, o := range pointers {
			sum += o.Price
		}
		keptSum = sum
	})
	aro("filtered", "Filter the <some> from the <orders> where <amount> > 500.\n Reduce the <x> from the <some> with sum(<price>).", []value.Value{event})
	loop("filtered/go", func() {
		var some []order
		for i := range list {
			if list[i].Amount > 500 {
				some = append(some, list[i])
			}
		}
		sum := 0.0
		for i := range some {
			sum += some[i].Price
		}
		keptSum = sum
	})
	loop("filtered/pointers", func() {
		var some []*order
		for _, o := range pointers {
			if o.Amount > 500 {
				some = append(some, o)
			}
		}
		sum := 0.0
		for _, o := range some {
			sum += o.Price
		}
		keptSum = sum
	})
}
