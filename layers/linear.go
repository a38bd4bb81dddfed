package layers

import (
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
)

// Linear is a linear map of the last axis, y = x W + b, from [T, batch, in] to
// [T, batch, Out]. It follows the spikes: where few elements of x are not zero
// it costs as much as they do. With a Pattern it has those connections alone, and costs as
// much as they do.
type Linear struct {
	Out     int     // width of the output
	NoBias  bool    // leave out b
	Init    Init    // of W; nil means LeCun's normal. b starts at 0
	Pattern Pattern // which inputs are connected to which outputs; nil means all
	Noise   float64 // standard deviation of noise on W in training, drawn for each batch
}

// Apply adds W, called "linear.w" [in, Out], and b, called "linear.b" [Out]. With a Pattern W
// is [connections], with "linear.w.from" and "linear.w.to" beside it, which are not learnt.
func (l Linear) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("linear", x, "[T batch in]", 2, math.MaxInt); err != nil {
		return nil, err
	}
	if l.Out < 1 {
		return nil, b.errorf("linear", "width of the output is %d, want at least 1", l.Out)
	}
	in := x.Shape()[x.Dims()-1]
	var w, from, to *G.Node
	var err error
	if l.Pattern == nil {
		w, err = b.Weight(x, "linear.w", orLeCun(l.Init), in, l.Out)
	} else {
		w, from, to, err = b.connections(x, "linear.w", l.Pattern, l.Init, in, l.Out)
	}
	if err != nil {
		return nil, err
	}
	if l.Pattern == nil {
		w, err = b.Quantised(w, 1)
	} else {
		w, err = b.quantisedSparse(w, to, l.Out)
	}
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
	var y *G.Node
	if l.Pattern == nil {
		y, err = connect.Linear(x, w, bias)
	} else {
		y, err = connect.Sparse(x, w, from, to, bias, l.Out)
	}
	if err != nil {
		return nil, b.errorf("linear", "%w", err)
	}
	return y, nil
}

func (l Linear) melt(y *G.Node) (Layer, string, string, func(tensor.Shape, int) int) {
	if l.Pattern != nil || y.Dims() != 3 {
		return nil, "", "", nil // no matrix, or channels are not those of the map
	}
	l.NoBias = false
	return l, "linear.w", "linear.b", along(1)
}
