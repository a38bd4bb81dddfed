package nir

import (
	"maps"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// What comes in by several edges adds up, and sums of three numbers round in one way or
// another by their order, which edges have not. It is that of the names, unless a note says
// otherwise: terms with plus behind two of them, a b + c + for (a + b) + c.
const (
	plus    = "" // which is no name
	plusAt  = -1
	plusOut = "+" // in a note
)

// inOrder returns terms one after the other: (a + b) + c.
func inOrder[T any](terms []T, plus T) (sum []T) {
	for i, t := range terms {
		if sum = append(sum, t); i > 0 {
			sum = append(sum, plus)
		}
	}
	return sum
}

// summed returns the order in a note, by the numbers of nodes; nil if there is none, or it is
// no sum of nodes that are there.
func summed(n *Node, at map[string]int) (sum []int) {
	a, _ := told(n.Metadata, "sum")
	names, _ := a.Data.([]string)
	height := 0
	for _, name := range names {
		i, ok := at[name]
		if height++; name == plusOut {
			i, ok = plusAt, height > 2
			height -= 2
		}
		if !ok {
			return nil
		}
		sum = append(sum, i)
	}
	if height != 1 {
		return nil
	}
	return sum
}

// terms returns the sum of what comes into a vertex from those that count.
func (v *vertex) terms(counts func(u int) bool) []int {
	var from []int
	for _, u := range v.from {
		if counts(u) {
			from = append(from, u)
		}
	}
	said := slices.DeleteFunc(slices.Clone(v.sum), func(u int) bool { return u == plusAt })
	slices.Sort(said)
	if slices.Equal(said, from) {
		return v.sum
	}
	return inOrder(from, plusAt)
}

// addUp adds up terms; nil if there are none.
func addUp(b *graph.Builder, terms []int, of func(u int) *G.Node) *G.Node {
	var stack []*G.Node
	for _, u := range terms {
		if n := len(stack); u == plusAt {
			stack = append(stack[:n-2], b.Add(stack[n-2], stack[n-1]))
		} else {
			stack = append(stack, of(u))
		}
	}
	if len(stack) == 0 {
		return nil
	}
	return stack[0]
}

// noteSum writes down in which order a node adds up the outputs of others, if it is not that
// of the names.
func noteSum(n *Node, terms []string) {
	names := slices.DeleteFunc(slices.Clone(terms), func(name string) bool { return name == plus })
	if slices.Sort(names); slices.Equal(terms, inOrder(names, plus)) || slices.Contains(names, plusOut) {
		return
	}
	said := slices.Clone(terms)
	for i, name := range said {
		if name == plus {
			said[i] = plusOut
		}
	}
	tell(&n.Metadata, "sum", Of(said, len(said)))
}

// withoutSum returns metadata without the order of a sum, in maps of their own.
func (m Metadata) withoutSum() Metadata {
	own, ok := m[producer].(Metadata)
	if !ok {
		return maps.Clone(m)
	}
	m, own = maps.Clone(m), maps.Clone(own)
	delete(own, "sum")
	if m[producer] = own; len(own) == 0 {
		delete(m, producer)
	}
	if len(m) == 0 {
		return nil
	}
	return m
}
