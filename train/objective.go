package train

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/readout"
)

// targetShape returns the shape of the targets, and checks it and that of the
// outputs. Where the outputs are sequences, the targets are, too, or the labels of samples.
func (m *Model) targetShape() ([]int, error) {
	lead, want := []int{m.net.Batch}, "[batch …]"
	if m.sequences() {
		lead, want = []int{m.cut.steps, m.net.Batch}, "[T batch …]"
	}
	leads := func(s []int) bool { return len(s) >= len(lead) && slices.Equal(s[:len(lead)], lead) }
	out := m.out.Shape()
	if !leads(out) {
		hint := "is a readout missing?"
		if m.sequences() {
			hint = "is there a readout too many?"
		}
		return nil, fmt.Errorf("outputs have shape %v, want %s with a batch of %d; %s", []int(out), want, m.net.Batch, hint)
	}
	var shape []int
	err := guard.Call("Target", "loss", m.net.Loss, func() (err error) { shape, err = m.net.Loss.Target(out.Clone()); return err })
	labels := m.sequences() && len(shape) == 1 && shape[0] == m.net.Batch && len(out) == 3
	if err == nil && !labels && (!leads(shape) || slices.Min(shape) < 1) {
		err = fmt.Errorf("targets have shape %v, want %s with a batch of %d", shape, want, m.net.Batch)
	}
	return shape, err
}

// askLoss asks the loss whether it is one of sequences, and whether it must see them whole.
func (m *Model) askLoss() error {
	if _, whole := m.net.Loss.(interface{ Whole() }); whole && m.cut.carries {
		return fmt.Errorf("%T reads whole sequences, and the network goes through them in parts; leave out Segment and Window", m.net.Loss)
	}
	s, ok := m.net.Loss.(interface{ OverTime() bool })
	if !ok {
		return nil
	}
	return guard.Call("OverTime", "loss", m.net.Loss, func() error { m.overTime = s.OverTime(); return nil })
}

// sequences reports whether the outputs are sequences [T, batch, …].
func (m *Model) sequences() bool { return m.overTime }

// classifies reports whether the targets are labels of classes, [batch], and each class has an
// output, after a readout or at every time step.
func (m *Model) classifies() bool {
	axes := 2
	if m.sequences() {
		axes = 3
	}
	return m.y.Dims() == 1 && m.out.Dims() == axes
}

// cost returns the loss and the penalties, and the scalar to differentiate: their
// sum, or in a segment what carry says.
func (m *Model) cost() (terms G.Nodes, total *G.Node, err error) {
	weight := m.w
	if m.sequences() {
		weight = m.stepWeights()
	}
	// What does not count does not reach the loss, even if it is infinite.
	var b graph.Builder
	out := readout.Where(&b, weight, m.out)
	if err := b.Err(); err != nil {
		return nil, nil, err
	}
	var loss *G.Node
	err = guard.Call("Cost", "loss", m.net.Loss, func() (err error) { loss, err = m.net.Loss.Cost(out, m.y, weight); return err })
	if err != nil {
		return nil, nil, err
	}
	m.termNames, terms = []string{"loss"}, G.Nodes{loss}
	for _, p := range m.build.Penalties {
		m.termNames, terms = append(m.termNames, p.Name), append(terms, p.Node)
	}
	for i, t := range terms {
		switch {
		case m.carry == nil:
		case i == 0 && m.sequences():
			t = b.Mul(t, m.carry.counts)
		default:
			t = b.Mul(t, m.carry.last)
		}
		if i == 0 {
			total = t
		} else {
			total = b.Add(total, t)
		}
	}
	if m.carry != nil {
		passed, err := m.carry.join(&b, m)
		if err != nil {
			return nil, nil, err
		}
		if passed != nil {
			total = b.Add(total, passed)
		}
	}
	return terms, total, b.Err()
}
