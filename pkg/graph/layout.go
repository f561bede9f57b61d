package graph

import (
	"cmp"
	"math"
	"slices"
)

// The layout is that of Sugiyama: columns from cause to effect, an order within
// each column with few crossings, and places that keep edges straight. An edge
// over several columns gets a stand-in in each of those between, so that it has a
// way of its own. Parts of the graph that nothing joins are laid out for
// themselves and packed.

const (
	nodeHeight = 40.0
	nodeGap    = 14.0
	bendHeight = 8.0 // of a stand-in
	columnGap  = 70.0
	partGap    = 26.0
	charWidth  = 7.0
	nodeLeast  = 110.0
	nodeMost   = 250.0
)

// box is a node, or a stand-in for an edge, that has its place.
type box struct {
	node       int // in Graph.Nodes, -1 for a stand-in
	rank       int
	x, y, w, h float64 // left, middle, …
	in, out    []*link
}

// link joins two boxes of neighbouring columns.
type link struct {
	edge     int // in Graph.Edges
	from, to *box
	y1, y2   float64 // where it leaves and arrives
}

// layout is a part of the graph with all places.
type layout struct {
	columns       [][]*box
	ways          []way
	width, height float64
}

// way is the line of an edge, from column to column. A turned one closes a circle:
// it is drawn against the columns.
type way struct {
	edge   int
	links  []*link
	turned bool
}

// layOut places all parts of a graph.
func layOut(g *Graph) (parts []*layout) {
	index := make(map[string]int, len(g.Nodes))
	for i := range g.Nodes {
		index[g.Nodes[i].ID] = i
	}
	for _, nodes := range components(g, index) {
		parts = append(parts, layOutPart(g, index, nodes))
	}
	return parts
}

// components lists the nodes of each connected part, in order.
func components(g *Graph, index map[string]int) [][]int {
	of := make([]int, len(g.Nodes)) // union-find
	for i := range of {
		of[i] = i
	}
	find := func(i int) int {
		for of[i] != i {
			of[i] = of[of[i]]
			i = of[i]
		}
		return i
	}
	for _, e := range g.Edges {
		a, b := find(index[e.From]), find(index[e.To])
		of[max(a, b)] = min(a, b)
	}
	var parts [][]int
	at := map[int]int{}
	for i := range g.Nodes {
		root := find(i)
		k, ok := at[root]
		if !ok {
			k = len(parts)
			at[root] = k
			parts = append(parts, nil)
		}
		parts[k] = append(parts[k], i)
	}
	return parts
}

func layOutPart(g *Graph, index map[string]int, nodes []int) *layout {
	boxes := make(map[int]*box, len(nodes))
	for _, n := range nodes {
		boxes[n] = &box{node: n, w: nodeWidth(&g.Nodes[n]), h: nodeHeight}
	}
	l := &layout{}
	l.rank(g, index, nodes, boxes)
	l.order()
	l.place()
	return l
}

// order arranges each column: sweeps forth and back put each box at the mean of
// its neighbours, and the arrangement with the fewest crossings stays.
func (l *layout) order() {
	best, least := l.snapshot(), l.crossings()
	for sweep := 0; sweep < 24 && least > 0; sweep++ {
		if sweep%2 == 0 {
			for _, c := range l.columns[1:] {
				byMean(c, func(b *box) ([]*link, bool) { return b.in, true })
			}
		} else {
			for _, c := range slices.Backward(l.columns[:len(l.columns)-1]) {
				byMean(c, func(b *box) ([]*link, bool) { return b.out, false })
			}
		}
		l.number()
		if n := l.crossings(); n < least {
			best, least = l.snapshot(), n
		}
	}
	l.columns = best
	l.number()
}

// number stores each box's place in its column in y.
func (l *layout) number() {
	for _, c := range l.columns {
		for i, b := range c {
			b.y = float64(i)
		}
	}
}

func (l *layout) snapshot() [][]*box {
	out := make([][]*box, len(l.columns))
	for i, c := range l.columns {
		out[i] = slices.Clone(c)
	}
	return out
}

// byMean sorts a column by the mean of the neighbours on one side; boxes without
// any stay where they are.
func byMean(column []*box, side func(*box) (links []*link, from bool)) {
	mean := make(map[*box]float64, len(column))
	for i, b := range column {
		links, from := side(b)
		sum := 0.0
		for _, k := range links {
			if from {
				sum += k.from.y
			} else {
				sum += k.to.y
			}
		}
		mean[b] = float64(i)
		if len(links) > 0 {
			mean[b] = sum / float64(len(links))
		}
	}
	slices.SortStableFunc(column, func(a, b *box) int { return cmp.Compare(mean[a], mean[b]) })
	for i, b := range column {
		b.y = float64(i)
	}
}

// crossings counts the pairs of links that cross, counting inversions.
func (l *layout) crossings() (n int) {
	for _, c := range l.columns[:len(l.columns)-1] {
		var ends []float64
		for _, b := range c {
			from := len(ends)
			for _, k := range b.out {
				ends = append(ends, k.to.y)
			}
			slices.Sort(ends[from:])
		}
		sorted := make([]float64, 0, len(ends))
		for _, y := range ends {
			at, _ := slices.BinarySearchFunc(sorted, y, func(a, b float64) int {
				if a <= b {
					return -1
				}
				return 1
			})
			n += len(sorted) - at
			sorted = slices.Insert(sorted, at, y)
		}
	}
	return n
}

// place turns the order into coordinates. Each sweep moves the boxes of a column
// as near as their order allows to the mean of their neighbours.
func (l *layout) place() {
	for _, c := range l.columns {
		y := 0.0
		for _, b := range c {
			b.y = y + b.h/2
			y += b.h + nodeGap
		}
	}
	for sweep := range 16 {
		forth := sweep%2 == 0
		for i := range l.columns {
			if forth {
				settle(l.columns[i])
			} else {
				settle(l.columns[len(l.columns)-1-i])
			}
		}
	}
	top, bottom := math.Inf(1), math.Inf(-1)
	x := 0.0
	for _, c := range l.columns {
		wide := 0.0
		for _, b := range c {
			if b.node >= 0 {
				wide = max(wide, b.w)
			}
			top, bottom = min(top, b.y-b.h/2), max(bottom, b.y+b.h/2)
		}
		for _, b := range c {
			b.x, b.w = x, wide
		}
		x += wide + columnGap
	}
	for _, c := range l.columns {
		for _, b := range c {
			b.y -= top
		}
	}
	l.width, l.height = x-columnGap, bottom-top
	for _, c := range l.columns {
		for _, b := range c {
			b.ports()
		}
	}
}

// settle moves a column to where its boxes want to be: the least sum of squares
// that keeps order and distance, by pooling those that press against each other.
func settle(column []*box) {
	type pool struct {
		first int
		sum   float64 // of the wishes of its boxes, each less its offset
		n     float64
	}
	offset, off := make([]float64, len(column)), 0.0
	var pools []pool
	for i, b := range column {
		if i > 0 {
			off += column[i-1].h/2 + nodeGap + b.h/2
		}
		offset[i] = off
		wish, weight := b.y, 0.1
		if n := len(b.in) + len(b.out); n > 0 {
			sum := 0.0
			for _, k := range b.in {
				sum += k.from.y
			}
			for _, k := range b.out {
				sum += k.to.y
			}
			wish, weight = sum/float64(n), 1
			if b.node < 0 {
				weight = 3 // long edges run straight
			}
		}
		pools = append(pools, pool{i, (wish - off) * weight, weight})
		for len(pools) > 1 {
			a, z := pools[len(pools)-2], pools[len(pools)-1]
			if a.sum/a.n <= z.sum/z.n {
				break
			}
			pools = append(pools[:len(pools)-2], pool{a.first, a.sum + z.sum, a.n + z.n})
		}
	}
	for k, p := range pools {
		end := len(column)
		if k+1 < len(pools) {
			end = pools[k+1].first
		}
		for i := p.first; i < end; i++ {
			column[i].y = p.sum/p.n + offset[i]
		}
	}
}

// ports spreads the links over the sides of a box, in the order of where they go.
func (b *box) ports() {
	if b.node < 0 {
		for _, k := range b.in {
			k.y2 = b.y
		}
		for _, k := range b.out {
			k.y1 = b.y
		}
		return
	}
	slices.SortStableFunc(b.in, func(x, y *link) int { return cmp.Or(cmp.Compare(x.from.y, y.from.y), cmp.Compare(x.edge, y.edge)) })
	slices.SortStableFunc(b.out, func(x, y *link) int { return cmp.Or(cmp.Compare(x.to.y, y.to.y), cmp.Compare(x.edge, y.edge)) })
	spread := func(i, n int) float64 {
		step := min(9, (b.h-12)/float64(max(n-1, 1)))
		return b.y + (float64(i)-float64(n-1)/2)*step
	}
	for i, k := range b.in {
		k.y2 = spread(i, len(b.in))
	}
	for i, k := range b.out {
		k.y1 = spread(i, len(b.out))
	}
}
