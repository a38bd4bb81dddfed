package layers

import (
	"cmp"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
)

// GroupNorm normalises groups of channels of [T, batch, c, …], each sample at each time
// step by itself, over the channels of a group and their places; connect.GroupNorm has the
// equation. One group is layer norm with a gain for each channel, as many as there are
// channels are instance norm.
//
// Y. Wu and K. He, ECCV (2018), 3.
type GroupNorm struct {
	Groups int     // a number that divides the channels
	Eps    float64 // added to the variance; 0 means 1e-5
	NoGain bool    // leave out the learnt factor
	NoBias bool    // and the learnt shift
}

// Apply adds the gain "norm.w" and the bias "norm.b", [c].
func (n GroupNorm) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("group norm", x, "[T batch c …]", 3, math.MaxInt); err != nil {
		return nil, err
	}
	gain, bias, err := b.affine(x, n.NoGain, n.NoBias, []int{x.Shape()[2]})
	if err != nil {
		return nil, err
	}
	y, err := connect.GroupNorm(x, gain, bias, n.Groups, cmp.Or(n.Eps, 1e-5))
	if err != nil {
		return nil, b.errorf("group norm", "%w", err)
	}
	return y, nil
}

// LayerNorm normalises each sample at each time step over its last axes, with a gain and a
// bias for each element of these; connect.LayerNorm has the equation.
//
// J. L. Ba, J. R. Kiros and G. E. Hinton, arXiv:1607.06450 (2016).
type LayerNorm struct {
	Axes   int     // how many axes; 0 means all behind the batch
	Eps    float64 // added to the variance; 0 means 1e-5
	NoGain bool    // leave out the learnt factor
	NoBias bool    // and the learnt shift
}

// Apply adds the gain "norm.w" and the bias "norm.b", of the shape of those axes.
func (n LayerNorm) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("layer norm", x, "[T batch …]", 3, math.MaxInt); err != nil {
		return nil, err
	}
	axes := cmp.Or(n.Axes, x.Dims()-2)
	if axes < 1 || axes > x.Dims()-2 {
		return nil, b.errorf("layer norm", "over %d axes of shape %v, want 1 to %d", n.Axes, []int(x.Shape()), x.Dims()-2)
	}
	gain, bias, err := b.affine(x, n.NoGain, n.NoBias, x.Shape()[x.Dims()-axes:])
	if err != nil {
		return nil, err
	}
	y, err := connect.LayerNorm(x, gain, bias, cmp.Or(n.Eps, 1e-5))
	if err != nil {
		return nil, b.errorf("layer norm", "%w", err)
	}
	return y, nil
}
