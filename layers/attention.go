package layers

import (
	"cmp"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
)

// SelfAttention is spiking self-attention: tokens [T, batch, c, n], n of them with c channels,
// look at each other at every time step. Queries, keys and values are spikes, which need no
// softmax: q·k is never negative. With maps of one token W, normalisations BN and neurons SN,
//
//	q, k, v = SN(BN(W x))
//	a = Scale Σ_m (q_n · k_m) v_m, for each head
//	y = SN(BN(W SN(a)))
//
// Products are taken in the order that is less work: that of keys and values first where there
// are more tokens than channels of a head. Images are tokens after layers.Tokens.
//
// Z. Zhou et al., ICLR (2023), Spikformer.
type SelfAttention struct {
	Neurons Layer   // SN, at five places with parameters of its own each
	Attend  Layer   // SN of a, if it is another: in the paper with half the threshold
	Heads   int     // a number that divides the channels; 0 means 1
	Scale   float64 // 0 means 1/8
	NoNorm  bool    // leave out BN: the maps have a bias in its place
}

// Apply adds the maps "q", "k", "v" and "out", each with "conv.w" and a BatchNorm "norm", or
// with "conv.b", and neurons.
func (a SelfAttention) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("self-attention", x, "[T batch c n]", 4, 4); err != nil {
		return nil, err
	}
	c, heads, scale := x.Shape()[2], cmp.Or(a.Heads, 1), cmp.Or(a.Scale, 0.125)
	switch {
	case a.Neurons == nil:
		return nil, b.errorf("self-attention", "the neurons are nil")
	case heads < 1 || c%heads != 0:
		return nil, b.errorf("self-attention", "%d heads of %d channels, want a number that divides them", heads, c)
	case !(scale > 0) || math.IsInf(scale, 1):
		return nil, b.errorf("self-attention", "the scale is %v, want a positive number", a.Scale)
	}
	part := func(name string, x *G.Node) (*G.Node, error) {
		norm := Layer(BatchNorm{})
		if a.NoNorm {
			norm = Identity
		}
		return Named(name, Sequential{
			Named("conv", Conv1D{Out: c, Kernel: 1, NoBias: !a.NoNorm}), Named("norm", norm), Named("neurons", a.Neurons),
		}).Apply(b, x)
	}
	var qkv [3]*G.Node
	for i, name := range []string{"q", "k", "v"} {
		var err error
		if qkv[i], err = part(name, x); err != nil {
			return nil, err
		}
		if !qkv[i].Shape().Eq(x.Shape()) {
			return nil, b.errorf("self-attention", "the neurons of %s make %v of %v, want the same shape", name, []int(qkv[i].Shape()), []int(x.Shape()))
		}
	}
	y, err := attend(qkv[0], qkv[1], qkv[2], heads, scale)
	if err != nil {
		return nil, b.errorf("self-attention", "%w", err)
	}
	attending := a.Attend
	if attending == nil {
		attending = a.Neurons
	}
	if y, err = Named("attend", attending).Apply(b, y); err != nil {
		return nil, err
	}
	return part("out", y)
}

// attend returns Scale Σ_m (q_n · k_m) v_m of [T, batch, c, n], in heads.
func attend(q, k, v *G.Node, heads int, scale float64) (*G.Node, error) {
	s := q.Shape()
	d, n := s[2]/heads, s[3]
	var b graph.Builder
	for _, x := range []**G.Node{&q, &k, &v} {
		*x = b.Reshape(*x, s[0]*s[1]*heads, d, n)
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	var y *G.Node
	var err error
	if n > d {
		kv, e := connect.Product(k, v, false, true) // [d, d]
		if e != nil {
			return nil, e
		}
		y, err = connect.Product(kv, q, true, false)
	} else {
		kq, e := connect.Product(k, q, true, false) // [n, n]
		if e != nil {
			return nil, e
		}
		y, err = connect.Product(v, kq, false, false)
	}
	if err != nil {
		return nil, err
	}
	y = b.Reshape(b.Scale(y, graph.Const(scale)), s...)
	return y, b.Err()
}

// Tokens is a layer that makes tokens [T, batch, c, h·w] of images [T, batch, c, h, w].
const Tokens tokens = 0

type tokens uint8

// String returns the name by which the layer goes in files.
func (tokens) String() string { return "Tokens" }

// Apply joins height and width.
func (tokens) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("tokens", x, "[T batch c h w]", 5, 5); err != nil {
		return nil, err
	}
	s := x.Shape()
	y, err := graph.Reshape(x, s[0], s[1], s[2], s[3]*s[4])
	if err != nil {
		return nil, b.errorf("tokens", "%w", err)
	}
	return y, nil
}
