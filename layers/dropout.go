package layers

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Dropout sets elements to 0 with probability P during training and scales the
// others by 1/(1−P). One mask serves the whole sequence, as a mask that changed
// with time would average out. It is off in evaluation.
//
// N. Srivastava et al., JMLR 15 (2014), 1929.
type Dropout struct {
	P float64 // 0 ≤ P < 1
}

// Apply adds the mask, an input [batch, …] called "dropout".
func (d Dropout) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if !(d.P >= 0 && d.P < 1) {
		return nil, fmt.Errorf("layers: dropout %s: probability is %v, want 0 ≤ P < 1", b.Path(), d.P)
	}
	shape := x.Shape()
	if len(shape) < 3 {
		return nil, fmt.Errorf("layers: dropout %s: x has shape %v, want [T batch …]", b.Path(), []int(shape))
	}
	ones := make([]float64, shape[1:].TotalSize())
	for i := range ones {
		ones[i] = 1
	}
	mask, err := graph.Input(x.Graph(), b.Name("dropout"), denseOf(x.Dtype(), shape[1:], ones))
	if err != nil {
		return nil, err
	}
	b.Masks = append(b.Masks, Mask{Node: mask, P: d.P})
	var g graph.Builder
	y := g.Mul(x, g.Expand(mask, shape))
	if err := g.Err(); err != nil {
		return nil, fmt.Errorf("layers: dropout %s: %w", b.Path(), err)
	}
	return y, nil
}
