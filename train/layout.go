package train

import (
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/machine"
)

// A layout says which of the values of a machine are what.
type layout struct {
	terms  span // the loss, and each penalty
	out    span // the outputs
	grads  span // by the parameters
	lambda span // by the states that enter a segment
	states span // that leave it
	exam   span // what an exam asks for
	next   span // what the batch makes of the buffers
	rates  span // of the layers that spike; in training the last, which the machine has where they are watched
}

// A span is some of the values of a machine, one after the other.
type span struct{ from, n int }

// A list of nodes is to be a machine's.
type list []*G.Node

// add adds nodes to the list, and returns where they are.
func (l *list) add(nodes ...*G.Node) span {
	at := span{len(*l), len(nodes)}
	*l = append(*l, nodes...)
	return at
}

// in returns the values of a machine that the span has.
func (s span) in(m *machine.Machine) []G.Value {
	vs := make([]G.Value, s.n)
	for i := range vs {
		vs[i] = m.Value(s.from + i)
	}
	return vs
}

// watch says whether firing rates are to be computed in training. They change no
// bit of anything else.
func (m *Model) watch(rates bool) (err error) {
	if rates == m.watched {
		return nil
	}
	nodes := slices.Clone(m.fitNodes)
	if rates {
		nodes = append(nodes, m.rates...)
	}
	if m.fit, err = machine.New(nodes...); err == nil {
		m.watched = rates
	}
	return err
}
