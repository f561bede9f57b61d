package main

import (
	"slices"
	"strconv"
	"testing"

	"aro/pkg/vm/value"
)

// The list verbs over a hundred thousand records, each beside a loop that one
// would write by hand over structs, and over pointers to structs, which is how
// records that arrived one by one lie in memory. Metrics are per element.

const rows = 100_000

type order struct {
	ID       int64
	Customer string
	Amount   int64
	Status   string
	Year     string
	Price    float64
}

var (
	statuses = []string{"completed", "pending", "cancelled", "open"}
	years    = []string{"2023", "2024", "2025"}
)

func orders() []order {
	list := make([]order, rows)
	for i := range list {
		list[i] = order{int64(i), "customer " + strconv.Itoa(i%997), int64(i * 7919 % 1000), statuses[i*31%4], years[i%3], float64(i%1000) / 4}
	}
	return list
}

func records(list []order) value.Value {
	shape := value.ShapeOf("id", "customer", "amount", "status", "year", "price")
	out := make([]value.Value, len(list))
	for i, o := range list {
		out[i] = value.OfRecord(value.BuildRecord(shape, []value.Value{value.OfInt(o.ID), value.OfString(o.Customer), value.OfInt(o.Amount),
			value.OfString(o.Status), value.OfString(o.Year), value.OfFloat(o.Price)}))
	}
	return value.MapOf("orders", value.OfList(out))
}

var (
	keptRows     []order
	keptPointers []*order
	keptText     []string
	keptSum      float64
)

var listCases = []struct {
	name, statement string
	loop            func([]order)
	pointers        func([]*order) // nil: as loop
}{
	{"filter number", "Filter the <x> from the <orders> where <amount> > 500.", func(list []order) {
		var out []order
		for i := range list {
			if list[i].Amount > 500 {
				out = append(out, list[i])
			}
		}
		keptRows = out
	}, func(list []*order) {
		var out []*order
		for _, o := range list {
			if o.Amount > 500 {
				out = append(out, o)
			}
		}
		keptPointers = out
	}},
	{"filter text", `Filter the <x> from the <orders> where <status> is "completed".`, func(list []order) {
		var out []order
		for i := range list {
			if list[i].Status == "completed" {
				out = append(out, list[i])
			}
		}
		keptRows = out
	}, nil},
	{"filter both", `Filter the <x> from the <orders> where <status> is "completed" and <amount> > 500 and <year> = "2024".`, func(list []order) {
		var out []order
		for i := range list {
			if o := &list[i]; o.Status == "completed" && o.Amount > 500 && o.Year == "2024" {
				out = append(out, *o)
			}
		}
		keptRows = out
	}, func(list []*order) {
		var out []*order
		for _, o := range list {
			if o.Status == "completed" && o.Amount > 500 && o.Year == "2024" {
				out = append(out, o)
			}
		}
		keptPointers = out
	}},
	{"filter in", `Filter the <x> from the <orders> where <status> in ["open", "pending"].`, func(list []order) {
		var out []order
		wanted := []string{"open", "pending"}
		for i := range list {
			if slices.Contains(wanted, list[i].Status) {
				out = append(out, list[i])
			}
		}
		keptRows = out
	}, nil},
	{"map", "Map the <x: customer> from the <orders>.", func(list []order) {
		var out []string
		for i := range list {
			out = append(out, list[i].Customer)
		}
		keptText = out
	}, nil},
	{"reduce sum", "Reduce the <x> from the <orders> with sum(<price>).", func(list []order) {
		sum := 0.0
		for i := range list {
			sum += list[i].Price
		}
		keptSum = sum
	}, func(list []*order) {
		sum := 0.0
		for _, o := range list {
			sum += o.Price
		}
		keptSum = sum
	}},
	{"reduce max", "Reduce the <x> from the <orders> with max(<amount>).", func(list []order) {
		var m int64
		for i := range list {
			m = max(m, list[i].Amount)
		}
		keptSum = float64(m)
	}, func(list []*order) {
		var m int64
		for _, o := range list {
			m = max(m, o.Amount)
		}
		keptSum = float64(m)
	}},
	{"group", `Group the <x> from the <orders> by "customer".`, func(list []order) {
		groups := map[string][]order{}
		for i := range list {
			groups[list[i].Customer] = append(groups[list[i].Customer], list[i])
		}
		keptSum = float64(len(groups))
	}, nil},
	{"sort", `Sort the <x: amount> for the <orders>.`, func(list []order) {
		out := slices.Clone(list)
		slices.SortStableFunc(out, func(a, b order) int { return int(a.Amount - b.Amount) })
		keptRows = out
	}, nil},
}

// BenchmarkLists is each verb as `aro` and its loops as `go` and `pointers`.
func BenchmarkLists(b *testing.B) {
	list := orders()
	event := records(list)
	pointers := make([]*order, len(list))
	for i := range list {
		o := list[i]
		pointers[i] = &o
	}
	for _, c := range listCases {
		b.Run(c.name+"/aro", func(b *testing.B) {
			h := start(b, "(On List: List Handler) {\n Extract the <orders> from the <event: orders>.\n "+c.statement+"\n}")
			invoke(b, h, "On List", event, rows)
		})
		b.Run(c.name+"/go", func(b *testing.B) {
			b.ReportAllocs()
			begun := cpuTime()
			for b.Loop() {
				c.loop(list)
			}
			reportCPU(b, begun, rows)
		})
		if c.pointers == nil {
			continue
		}
		b.Run(c.name+"/pointers", func(b *testing.B) {
			b.ReportAllocs()
			begun := cpuTime()
			for b.Loop() {
				c.pointers(pointers)
			}
			reportCPU(b, begun, rows)
		})
	}
}
