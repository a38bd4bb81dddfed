package layers

import (
	"errors"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
)

// Quantise rounds the weights of the maps and convolutions in Layer, and those by which
// neurons are connected among themselves, to so many bits, with a scale for each channel of
// the output; connect.Quantise has the equation. What is learnt are the weights before
// rounding, whose gradient is that of the rounded ones, straight through: a network trained so
// (quantisation-aware training) gives with rounded weights what it gave in training. Biases,
// norms and parameters of neurons are not rounded.
//
// Names are those that Layer has without it, so that the weights of a network trained without
// rounding are where this one starts from, and the other way round. A layer of one's own
// rounds weights by Build.Quantised. Package export/c writes the rounded weights with
// Options.Bits of as many.
//
// B. Jacob et al., CVPR (2018), 2704, whose scales are of whole layers.
type Quantise struct {
	Bits  int // 2 to 8
	Layer Layer
}

// Apply adds Layer.
func (q Quantise) Apply(b *Build, x *G.Node) (*G.Node, error) {
	switch {
	case b == nil:
		return nil, errors.New("layers: quantise: the Build is nil, want one made by NewBuild")
	case q.Layer == nil:
		return nil, b.errorf("quantise", "the layer is nil")
	case q.Bits < 2 || q.Bits > 8:
		return nil, b.errorf("quantise", "to %d bits, want 2 to 8", q.Bits)
	case b.bits != 0:
		return nil, b.errorf("quantise", "it stands in another one")
	}
	b.bits = q.Bits
	defer func() { b.bits = 0 }()
	return q.Layer.Apply(b, x)
}

// Quantised returns weights as a Quantise around the present layer rounds them, w itself if
// there is none. Weights of one channel are those with the same places on these axes.
func (b *Build) Quantised(w *G.Node, axes ...int) (*G.Node, error) {
	if b == nil || b.bits == 0 {
		return w, nil
	}
	y, err := connect.Quantise(w, b.bits, axes...)
	if err != nil {
		return nil, b.errorf("quantise", "%w", err)
	}
	return y, nil
}

// quantisedGroups is Quantised for kernels [groups·in, out, …] of a transposed convolution, whose
// channels are groups · out.
func (b *Build) quantisedGroups(w *G.Node, groups int) (*G.Node, error) {
	if b.bits == 0 {
		return w, nil
	}
	s := w.Shape()
	y, err := graph.Reshape(w, append([]int{groups, s[0] / groups}, s[1:]...)...)
	if err == nil {
		y, err = b.Quantised(y, 0, 2)
	}
	if err == nil {
		y, err = graph.Reshape(y, s...)
	}
	return y, err
}

// quantisedSparse is Quantised for the weights of connections.
func (b *Build) quantisedSparse(w, to *G.Node, out int) (*G.Node, error) {
	if b.bits == 0 {
		return w, nil
	}
	y, err := connect.QuantiseSparse(w, to, out, b.bits)
	if err != nil {
		return nil, b.errorf("quantise", "%w", err)
	}
	return y, nil
}

// melt is that of Layer: what a normalisation multiplies a channel by, its scale is multiplied
// by as well.
func (q Quantise) melt(y *G.Node) (Layer, string, string, func(tensor.Shape, int) int) {
	m, ok := q.Layer.(melting)
	if !ok {
		return nil, "", "", nil
	}
	with, weights, bias, channel := m.melt(y)
	if with == nil {
		return nil, "", "", nil
	}
	return Quantise{q.Bits, with}, weights, bias, channel
}
