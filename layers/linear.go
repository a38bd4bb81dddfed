package layers

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
)

// Linear is a linear map of the last axis, y = x W + b, from [T, batch, in] to
// [T, batch, Out]. It follows the spikes: where few elements of x are not zero
// it costs as much as they do.
type Linear struct {
	Out    int     // width of the output
	NoBias bool    // leave out b
	Init   Init    // of W; nil means LeCun's normal. b starts at 0
	Noise  float64 // standard deviation of noise on W in training, drawn for each batch
}

// Apply adds W, called "linear.w" [in, Out], and b, called "linear.b" [Out].
func (l Linear) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("linear", x, "[T batch in]", 2, math.MaxInt); err != nil {
		return nil, err
	}
	if l.Out < 1 {
		return nil, b.errorf("linear", "width of the output is %d, want at least 1", l.Out)
	}
	w, err := b.Weight(x, "linear.w", orLeCun(l.Init), x.Shape()[x.Dims()-1], l.Out)
	if err != nil {
		return nil, err
	}
	if w, err = b.noisy("linear.noise", w, l.Noise); err != nil {
		return nil, err
	}
	var bias *G.Node
	if !l.NoBias {
		if bias, err = b.Weight(x, "linear.b", Constant(0), l.Out); err != nil {
			return nil, err
		}
	}
	y, err := connect.Linear(x, w, bias)
	if err != nil {
		return nil, b.errorf("linear", "%w", err)
	}
	return y, nil
}
