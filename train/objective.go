package train

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/readout"
)

// targetShape returns the shape of the targets of a head, and checks it and that of the outputs.
// Where the outputs are sequences, the targets are, too, or the labels of samples.
func (m *Model) targetShape(h *head) ([]int, error) {
	lead, want := []int{m.net.Batch}, "[batch …]"
	if h.overTime {
		lead, want = []int{m.cut.Steps, m.net.Batch}, "[T batch …]"
	}
	leads := func(s []int) bool { return len(s) >= len(lead) && slices.Equal(s[:len(lead)], lead) }
	out := h.out.Shape()
	if !leads(out) {
		hint := "is a readout missing?"
		if h.overTime {
			hint = "is there a readout too many?"
		}
		return nil, fmt.Errorf("outputs have shape %v, want %s with a batch of %d; %s", []int(out), want, m.net.Batch, hint)
	}
	var shape []int
	err := guard.Call("Target", "loss", h.Loss, func() (err error) { shape, err = h.Loss.Target(out.Clone()); return err })
	labels := h.overTime && len(shape) == 1 && shape[0] == m.net.Batch && len(out) == 3
	if err == nil && !labels && (!leads(shape) || slices.Min(shape) < 1) {
		err = fmt.Errorf("targets have shape %v, want %s with a batch of %d", shape, want, m.net.Batch)
	}
	return shape, err
}

// sequences reports whether the outputs are sequences [T, batch, …].
func (m *Model) sequences() bool { return m.heads[0].overTime }

// classifies reports whether the network has one output, and its targets are labels of classes.
func (m *Model) classifies() bool { return len(m.net.Heads) == 0 && m.heads[0].labels() }

// cost returns the loss, those of heads, and the penalties, and the scalar to differentiate: the
// sum of the first and the last, or in a segment what carry says.
func (m *Model) cost() (terms G.Nodes, total *G.Node, err error) {
	var b graph.Builder
	m.termNames = []string{"loss"}
	terms = G.Nodes{nil}
	for _, h := range m.heads {
		l, err := m.costOf(h)
		if err != nil {
			return nil, nil, err
		}
		if len(m.net.Heads) > 0 {
			m.termNames, terms = append(m.termNames, h.name("loss")), append(terms, l)
			l = b.Scale(l, graph.Const(h.Weight))
		}
		if terms[0] == nil {
			terms[0] = l
		} else {
			terms[0] = b.Add(terms[0], l)
		}
	}
	m.lossTerms = len(terms)
	for _, p := range m.build.Penalties {
		m.termNames, terms = append(m.termNames, p.Name), append(terms, p.Node)
	}
	for i, t := range terms {
		switch {
		case i > 0 && i < m.lossTerms: // is part of the first
			continue
		case m.carry == nil:
		case i == 0 && m.sequences():
			t = b.Mul(t, m.carry.Counts)
		default:
			t = b.Mul(t, m.carry.Last)
		}
		if i == 0 {
			total = t
		} else {
			total = b.Add(total, t)
		}
	}
	if m.carry != nil && m.learning == nil {
		passed, err := m.carry.Join(&b, m.build.Carry.States, m.cut.Reach)
		if err != nil {
			return nil, nil, err
		}
		if passed != nil {
			total = b.Add(total, passed)
		}
	}
	return terms, total, b.Err()
}

// costOf returns the loss of a head.
func (m *Model) costOf(h *head) (l *G.Node, err error) {
	weight := m.w
	if h.overTime {
		weight = m.stepWeights()
	}
	// What does not count does not reach the loss, even if it is infinite.
	var b graph.Builder
	out := readout.Where(&b, weight, h.out)
	if err := b.Err(); err != nil {
		return nil, err
	}
	err = guard.Call("Cost", "loss", h.Loss, func() (err error) { l, err = h.Loss.Cost(out, h.y, weight); return err })
	if err != nil && h.Output != "" {
		err = fmt.Errorf("head %s: %w", h.Output, err)
	}
	return l, err
}
