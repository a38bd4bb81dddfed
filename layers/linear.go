package layers

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Linear is a linear map of the last axis, y = x W + b, from [T, batch, in] to
// [T, batch, Out]. It follows the spikes: where few elements of x are not zero
// it costs as much as they do.
type Linear struct {
	Out    int  // width of the output
	NoBias bool // leave out b
	Init   Init // of W; nil means LeCun's normal. b starts at 0
}

// Apply adds W, called "linear.w", and b, called "linear.b".
func (l Linear) Apply(b *Build, x *G.Node) (*G.Node, error) {
	shape := x.Shape()
	if len(shape) < 2 {
		return nil, fmt.Errorf("layers: linear %s: x has shape %v, want [T batch in]", b.Path(), []int(shape))
	}
	if l.Out < 1 {
		return nil, fmt.Errorf("layers: linear %s: width of the output is %d, want at least 1", b.Path(), l.Out)
	}
	init := l.Init
	if init == nil {
		init = Scaled{Gain: 1}
	}
	w, err := b.Weight(x, "linear.w", init, shape[len(shape)-1], l.Out)
	if err != nil {
		return nil, err
	}
	var bias *G.Node
	if !l.NoBias {
		if bias, err = b.Weight(x, "linear.b", Constant(0), l.Out); err != nil {
			return nil, err
		}
	}
	y, err := graph.Linear(x, w, bias)
	if err != nil {
		return nil, fmt.Errorf("layers: linear %s: %w", b.Path(), err)
	}
	return y, nil
}
