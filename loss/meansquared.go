package loss

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// MeanSquared is the mean squared error against targets of the shape of the
// outputs, which are [batch, …] after a readout or [T, batch, …] without one.
type MeanSquared struct {
	Sequence bool // outputs and targets are sequences
}

// OverTime returns m.Sequence.
func (m MeanSquared) OverTime() bool { return m.Sequence }

// Target returns the shape of the outputs.
func (m MeanSquared) Target(out tensor.Shape) ([]int, error) {
	switch {
	case m.Sequence && len(out) < 3:
		return nil, fmt.Errorf("mean squared error: outputs have shape %v, want [T batch …]", []int(out))
	case len(out) < 2:
		return nil, fmt.Errorf("mean squared error: outputs have shape %v, want [batch …]", []int(out))
	}
	return out, nil
}

// Cost returns the mean over samples, outputs and, of a sequence, time.
func (m MeanSquared) Cost(out, target, weight *G.Node) (*G.Node, error) {
	b := graph.NewBuilder(out, nil)
	cost := b.Square(b.Sub(out, target))
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("mean squared error: %w", err)
	}
	if _, err := m.Target(out.Shape()); err != nil {
		return nil, err
	}
	axes := axesOf(m.Sequence)
	return weighted("mean squared error", cost, weight, axes, 1/float64(out.Shape()[axes:].TotalSize()))
}
