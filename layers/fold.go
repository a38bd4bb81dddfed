package layers

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/flat"
)

// Fold returns a network that gives in evaluation what net gives with these weights and
// buffers, up to rounding, with each BatchNorm that comes straight behind a linear map or a
// convolution in a Sequential melted into that one's weights and bias:
//
//	W ← W a,  b ← (b − μ) a + β,  a = γ Scale/√(σ² + ε)
//
// So are those of a SelfAttention, and one behind a max pool behind such a layer, if no a is
// negative. The network is Given the weights. In the place of a BatchNorm is Identity, so that
// names stay. One behind another layer, or with values for each time step, is left as it
// is; if there is none to fold, that is an error. shape is that of a sample at one time
// step; values are all weights and buffers of net, by name: train.Model.Tensors.
func Fold(net Layer, shape []int, values map[string]*tensor.Dense) (Layer, error) {
	f := &folder{values: map[string]*tensor.Dense{}, outs: map[string]*G.Node{}, shared: map[*shared]*shared{}}
	for name, v := range values {
		f.values[name] = v
	}
	if err := f.build(net, shape); err != nil {
		return nil, fmt.Errorf("layers: fold: %w", err)
	}
	net = f.fold(nil, net)
	switch {
	case f.err != nil:
		return nil, fmt.Errorf("layers: fold: %w", f.err)
	case f.folded == 0:
		return nil, errors.New("layers: fold: there is no BatchNorm straight behind a linear map or a convolution")
	}
	return Given(f.values, net), nil
}

type folder struct {
	values map[string]*tensor.Dense
	outs   map[string]*G.Node // of layers, by name
	shared map[*shared]*shared
	folded int
	err    error
}

// build finds out which shapes the layers have, and that the values are theirs.
func (f *folder) build(net Layer, shape []int) error {
	var dt tensor.Dtype
	for name, v := range f.values {
		if v == nil || v.Dtype() != tensor.Float32 && v.Dtype() != tensor.Float64 {
			return fmt.Errorf("%s is nil or not of float32 or float64", name)
		}
		dt = v.Dtype()
	}
	if dt == (tensor.Dtype{}) || len(shape) == 0 || slices.Min(shape) < 1 {
		return fmt.Errorf("there are %d weights, and a sample has shape %v; want all of the network, and axes of at least 1", len(f.values), shape)
	}
	x, err := graph.Input(G.NewGraph(), "x", tensor.New(tensor.Of(dt), tensor.WithShape(append([]int{1, 1}, shape...)...)))
	if err != nil {
		return err
	}
	b := NewBuild(0)
	b.Carry = &Carry{}
	if _, err := Given(f.values, net).Apply(b, x); err != nil {
		return err
	}
	for _, n := range slices.Concat(b.Params, b.Fixed) {
		if f.values[n.Name()] == nil {
			return fmt.Errorf("the value of %s is missing", n.Name())
		}
	}
	for _, l := range b.finished {
		f.outs[l.name] = l.out
	}
	return nil
}

// fold returns l, which has this path, folded.
func (f *folder) fold(path []string, l Layer) Layer {
	all := func(ls []Layer) []Layer {
		ls = slices.Clone(ls)
		for i := range ls {
			n := numbered(i, ls[i])
			ls[i] = named{f.fold(append(slices.Clip(path), n.name), n.Layer), n.name}
		}
		return ls
	}
	at := func(name string, l Layer) Layer {
		if l == nil {
			return nil
		}
		return f.fold(append(slices.Clip(path), name), l)
	}
	switch l := l.(type) {
	case Sequential:
		ls := Sequential(all(l))
		for i := 1; i < len(ls); i++ {
			f.pair(path, ls, i)
		}
		return ls
	case Concat:
		return Concat(all(l))
	case Sum:
		return Sum(all(l))
	case Heads:
		return Heads(all(l))
	case Residual:
		l.Body, l.Shortcut = at("body", l.Body), at("shortcut", l.Shortcut)
		return l
	case SelfAttention:
		if l.NoNorm {
			return l
		}
		return f.attention(path, l)
	case named:
		return named{at(l.name, l.Layer), l.name}
	case Quantise:
		if l.Layer != nil {
			l.Layer = f.fold(path, l.Layer)
		}
		return l
	case *shared:
		if f.shared[l] == nil {
			f.shared[l] = &shared{name: l.name, layer: f.fold([]string{l.name}, l.layer)}
		}
		return f.shared[l]
	}
	return l
}

// A melting is a linear map, into which a normalisation behind it can be melted.
type melting interface {
	// melt returns the layer with a bias, the names of its weights and its bias, and to which
	// output channel a weight of a shape belongs; or nil, as it makes y, if it cannot be.
	melt(y *G.Node) (with Layer, weights, bias string, channel func(shape tensor.Shape, i int) int)
}

// along is the place on an axis, as melt returns it.
func along(axis int) func(tensor.Shape, int) int {
	return func(s tensor.Shape, i int) int { return i / s[axis+1:].TotalSize() % s[axis] }
}

// pair folds layer i into the one before it, if they are such.
func (f *folder) pair(path []string, ls Sequential, i int) {
	after := ls[i].(named)
	norm, ok := after.Layer.(BatchNorm)
	if !ok || norm.PerStep > 0 || norm.StepGain > 0 || f.err != nil {
		return
	}
	n := f.affine(append(slices.Clip(path), after.name), norm)
	at := i - 1
	for ; at > 0; at-- { // y ↦ a y + b may as well come before a maximum where a is not negative
		if pool, ok := ls[at].(named).Layer.(Pool); !ok || !pool.Max || slices.Min(n.by) < 0 {
			break
		}
	}
	before := ls[at].(named)
	linear, ok := before.Layer.(melting)
	name := append(slices.Clip(path), before.name)
	if y := f.outs[nameIn(name, "")]; !ok || y == nil {
		return
	} else if with, weights, bias, channel := linear.melt(y); with != nil {
		f.err = f.melt(nameIn(name, weights), nameIn(name, bias), channel, n)
		ls[at], ls[i] = named{with, before.name}, named{Identity, after.name}
	}
}

// attention folds what normalises the maps of a self-attention at a path.
func (f *folder) attention(path []string, a SelfAttention) Layer {
	for _, part := range []string{"q", "k", "v", "out"} {
		at := append(slices.Clip(path), part)
		n := f.affine(append(slices.Clip(at), "norm"), BatchNorm{})
		conv := append(slices.Clip(at), "conv")
		if err := f.melt(nameIn(conv, "conv.w"), nameIn(conv, "conv.b"), along(0), n); f.err == nil {
			f.err = err
		}
	}
	a.NoNorm = true
	return a
}

// An affine is what a normalisation is in evaluation: of each channel y = by (x − mean) + shift.
type affine struct {
	by, mean, shift []float64
	names           []string // of its values
}

// affine returns what the normalisation at a path is.
func (f *folder) affine(at []string, n BatchNorm) (a affine) {
	read := func(name string) []float64 {
		name = nameIn(at, name)
		v := f.values[name]
		if v == nil {
			return nil
		}
		a.names = append(a.names, name)
		return flat.Float64s(v)
	}
	gain, variance := read("norm.w"), read("norm.var")
	a.shift, a.mean = read("norm.b"), read("norm.mean")
	if a.shift == nil {
		a.shift = make([]float64, len(a.mean))
	}
	for c, v := range variance {
		a.by = append(a.by, cmp.Or(n.Scale, 1)/math.Sqrt(v+cmp.Or(n.Eps, 1e-5)))
		if gain != nil {
			a.by[c] *= gain[c]
		}
	}
	return a
}

// melt changes the weights and the bias of a map so that it does what a normalisation does
// behind it, and takes away what that has.
func (f *folder) melt(weights, bias string, channel func(tensor.Shape, int) int, n affine) error {
	w, out := f.values[weights], len(n.mean)
	b := make([]float64, out)
	if v := f.values[bias]; v != nil {
		b = slices.Clone(flat.Float64s(v))
	}
	ws := slices.Clone(flat.Float64s(w))
	if len(b) != out || channel(w.Shape(), len(ws)-1) >= out {
		return fmt.Errorf("%s of shape %v has not the outputs that the normalisation behind it has channels: %d", weights, []int(w.Shape()), out)
	}
	for c := range b {
		b[c] = (b[c]-n.mean[c])*n.by[c] + n.shift[c]
	}
	for i := range ws {
		ws[i] *= n.by[channel(w.Shape(), i)]
	}
	for _, name := range n.names {
		delete(f.values, name)
	}
	f.values[weights], f.values[bias] = denseOf(w.Dtype(), w.Shape(), ws), denseOf(w.Dtype(), []int{out}, b)
	f.folded++
	return nil
}

// nameIn is Build.Name for a path.
func nameIn(path []string, name string) string {
	b := Build{path: path}
	if name == "" {
		return b.Path()
	}
	return b.Name(name)
}
