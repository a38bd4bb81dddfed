package segments

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/machine"
)

// A Span is some of the values of a machine, one after the other.
type Span struct{ From, N int }

// Nodes are to be a machine's.
type Nodes []*G.Node

// Add adds nodes, and returns where they are.
func (l *Nodes) Add(nodes ...*G.Node) Span {
	at := Span{len(*l), len(nodes)}
	*l = append(*l, nodes...)
	return at
}

// In returns the values of a machine that the span has.
func (s Span) In(m *machine.Machine) []G.Value {
	vs := make([]G.Value, s.N)
	for i := range vs {
		vs[i] = m.Value(s.From + i)
	}
	return vs
}
