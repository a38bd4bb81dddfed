package nir

import (
	"fmt"
	"slices"
)

// A vertex is a node of a network without graphs in it.
type vertex struct {
	name string
	node *Node
	Shape
	from, to []int // by number, in their order
	sum      []int // of what comes in, as a note has it; see terms
	cell     cell  // of neurons
	steps    []int // of a delay
}

// flat returns a network without the graphs in it: what is in a graph is called by its
// name and the name of the graph, "lif1.w_rec".
func (g *Graph) flat() (*Graph, error) {
	out := &Graph{Nodes: map[string]*Node{}, Metadata: g.Metadata}
	return out, g.into(out, "", 0)
}

func (g *Graph) into(out *Graph, prefix string, depth int) error {
	if depth > mostDeep {
		return fmt.Errorf("%s: graphs stand one in the other more than %d times", prefix, mostDeep)
	}
	ends := map[string]Edge{} // of a graph, where edges to it go and where those from it begin
	for _, name := range g.names() {
		n := g.Nodes[name]
		if n.Graph == nil {
			if out.Nodes[prefix+name] != nil {
				return fmt.Errorf("two nodes are called %s, one of them in a graph", prefix+name)
			}
			out.Nodes[prefix+name] = n
			continue
		}
		in, err := n.Graph.port("Input")
		if err != nil {
			return fmt.Errorf("graph %s: %w", prefix+name, err)
		}
		to, err := n.Graph.port("Output")
		if err != nil {
			return fmt.Errorf("graph %s: %w", prefix+name, err)
		}
		ends[name] = Edge{prefix + name + "." + to, prefix + name + "." + in}
		if err := n.Graph.into(out, prefix+name+".", depth+1); err != nil {
			return err
		}
	}
	for _, e := range g.edges() {
		f := Edge{prefix + e.From, prefix + e.To}
		if in, ok := ends[e.From]; ok {
			f.From = in.From
		}
		if in, ok := ends[e.To]; ok {
			f.To = in.To
		}
		out.Edges = append(out.Edges, f)
	}
	return nil
}

// vertices returns the nodes of a flat network in the order of their names, with what is
// before and behind each.
func (g *Graph) vertices() ([]*vertex, error) {
	shapes, err := g.shapes("", 0)
	if err != nil {
		return nil, err
	}
	var vs []*vertex
	at := map[string]int{}
	for i, name := range g.names() {
		at[name] = i
		vs = append(vs, &vertex{name: name, node: g.Nodes[name], Shape: shapes[name]})
	}
	for _, e := range g.edges() {
		from, to := at[e.From], at[e.To]
		vs[from].to = append(vs[from].to, to)
		vs[to].from = append(vs[to].from, from)
	}
	for _, v := range vs {
		v.sum = summed(v.node, at)
	}
	return vs, nil
}

// ends returns the vertices where a network begins and those where it ends, in the order of
// their names: which nothing goes into, and which nothing comes out of.
func ends(vs []*vertex) (in, out []int, err error) {
	for i, v := range vs {
		if v.In == nil || v.Out == nil {
			return nil, nil, fmt.Errorf("node %s: its shape does not follow from the nodes before it", v.name)
		}
		if len(v.from) == 0 {
			in = append(in, i)
		}
		if len(v.to) == 0 {
			out = append(out, i)
		}
	}
	if len(in) == 0 || len(out) == 0 {
		return nil, nil, fmt.Errorf("the network begins at %d nodes and ends at %d, want at least one: all others are in loops", len(in), len(out))
	}
	return in, out, nil
}

// components returns the strongly connected components in an order in which each comes
// after those that it needs: single vertices, and loops. Vertices of a loop are in the
// order of their distance from where the loop is entered, then of their names. R. Tarjan,
// SIAM J. Comput. 1 (1972), 146.
func components(vs []*vertex) [][]int {
	index, low := make([]int, len(vs)), make([]int, len(vs))
	on := make([]bool, len(vs))
	var stack []int
	var cs [][]int
	n := 0
	type frame struct{ v, next int }
	for root := range vs {
		if index[root] != 0 {
			continue
		}
		calls := []frame{{root, 0}} // not the goroutine's stack: a chain may be long
		for len(calls) > 0 {
			f := &calls[len(calls)-1]
			v := f.v
			if index[v] == 0 {
				n++
				index[v], low[v] = n, n
				stack, on[v] = append(stack, v), true
			}
			if f.next < len(vs[v].from) {
				w := vs[v].from[f.next]
				f.next++
				if index[w] == 0 {
					calls = append(calls, frame{w, 0})
				} else if on[w] {
					low[v] = min(low[v], index[w])
				}
				continue
			}
			if low[v] == index[v] {
				i := slices.Index(stack, v)
				c := slices.Clone(stack[i:])
				for _, w := range c {
					on[w] = false
				}
				stack = stack[:i]
				cs = append(cs, byDistance(vs, c))
			}
			calls = calls[:len(calls)-1]
			if len(calls) > 0 {
				up := calls[len(calls)-1].v
				low[up] = min(low[up], low[v])
			}
		}
	}
	return cs
}

// byDistance sorts the vertices of a loop.
func byDistance(vs []*vertex, c []int) []int {
	slices.Sort(c)
	inside := func(v int) bool { _, ok := slices.BinarySearch(c, v); return ok }
	far := map[int]int{}
	var queue []int
	for _, v := range c {
		if slices.ContainsFunc(vs[v].from, func(u int) bool { return !inside(u) }) {
			far[v] = 0
			queue = append(queue, v)
		}
	}
	for len(queue) > 0 {
		v := queue[0]
		queue = queue[1:]
		for _, w := range vs[v].to {
			if _, seen := far[w]; inside(w) && !seen {
				far[w] = far[v] + 1
				queue = append(queue, w)
			}
		}
	}
	sorted := slices.Clone(c)
	slices.SortStableFunc(sorted, func(a, b int) int { return far[a] - far[b] })
	return sorted
}
