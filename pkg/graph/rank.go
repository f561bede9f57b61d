package graph

import (
	"slices"
	"unicode/utf8"
)

// rank puts the boxes into columns: behind everything that leads to them. Edges
// that close a circle are turned, and those over several columns get stand-ins.
func (l *layout) rank(g *Graph, index map[string]int, nodes []int, boxes map[int]*box) {
	type arc struct {
		edge, from, to int
		turned, there  bool
	}
	out := map[int][]int{} // edges by their first node
	for i, e := range g.Edges {
		if from := index[e.From]; boxes[from] != nil {
			out[from] = append(out[from], i)
		}
	}
	// Depth first from where things begin: an edge into a node that is still being
	// visited closes a circle.
	const grey, black = 1, 2
	state := map[int]int{}
	var arcs []arc
	var topological []int
	var visit func(n int)
	visit = func(n int) {
		state[n] = grey
		for _, i := range out[n] {
			to := index[g.Edges[i].To]
			switch {
			case to == n:
				arcs = append(arcs, arc{edge: i, from: n, to: n})
				continue
			case state[to] == grey:
				arcs = append(arcs, arc{edge: i, from: to, to: n, turned: true})
				continue
			case state[to] == 0:
				visit(to)
			}
			arcs = append(arcs, arc{edge: i, from: n, to: to})
		}
		state[n] = black
		topological = append(topological, n)
	}
	called := map[int]bool{}
	for _, e := range g.Edges {
		called[index[e.To]] = true
	}
	for _, begin := range []bool{true, false} {
		for _, n := range nodes {
			if state[n] == 0 && called[n] != begin {
				visit(n)
			}
		}
	}
	slices.Reverse(topological)
	after := map[int][]int{}
	for _, a := range arcs {
		if a.from != a.to {
			after[a.from] = append(after[a.from], a.to)
		}
	}
	for _, n := range topological {
		for _, to := range after[n] {
			boxes[to].rank = max(boxes[to].rank, boxes[n].rank+1)
		}
	}
	// What begins something stands directly in front of it.
	before := map[int]bool{}
	for _, list := range after {
		for _, to := range list {
			before[to] = true
		}
	}
	for _, n := range nodes {
		if before[n] || len(after[n]) == 0 {
			continue
		}
		first := boxes[after[n][0]].rank
		for _, to := range after[n] {
			first = min(first, boxes[to].rank)
		}
		boxes[n].rank = first - 1
	}
	last := 0
	for _, n := range nodes {
		last = max(last, boxes[n].rank)
	}
	l.columns = make([][]*box, last+1)
	for _, n := range nodes {
		l.columns[boxes[n].rank] = append(l.columns[boxes[n].rank], boxes[n])
	}
	byEdge := make([]arc, len(g.Edges)) // ways in the order of the edges
	for _, a := range arcs {
		byEdge[a.edge] = a
		byEdge[a.edge].there = true
	}
	for _, a := range byEdge {
		if !a.there {
			continue // of another part
		}
		w := way{edge: a.edge, turned: a.turned}
		from := boxes[a.from]
		if a.from == a.to {
			continue // drawn as a mark of the node
		}
		for r := from.rank + 1; r <= boxes[a.to].rank; r++ {
			to := boxes[a.to]
			if r < to.rank {
				to = &box{node: -1, rank: r, h: bendHeight}
				l.columns[r] = append(l.columns[r], to)
			}
			k := &link{edge: a.edge, from: from, to: to}
			from.out, to.in = append(from.out, k), append(to.in, k)
			w.links = append(w.links, k)
			from = to
		}
		l.ways = append(l.ways, w)
	}
	l.number()
}

// nodeWidth is the width that a node's texts need.
func nodeWidth(n *Node) float64 {
	return min(max(float64(utf8.RuneCountInString(n.Name))*charWidth+34, float64(utf8.RuneCountInString(n.under()))*5.6+34, nodeLeast), nodeMost)
}

// under is the second line of a node.
func (n *Node) under() string {
	switch {
	case n.Kind == FeatureSet || n.Kind == Audience && n.Detail != "":
		return n.Detail
	case n.Detail != "":
		return string(n.Kind) + " · " + n.Detail
	}
	return string(n.Kind)
}
