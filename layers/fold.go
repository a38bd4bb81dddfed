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
// buffers, up to rounding, with each BatchNorm that comes straight behind a Linear or a
// Conv2D in a Sequential melted into that one's weights and bias:
//
//	W ← W a,  b ← (b − μ) a + β,  a = γ Scale/√(σ² + ε)
//
// The network is Given the weights. In the place of a BatchNorm is Identity, so that
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
		return nil, errors.New("layers: fold: there is no BatchNorm straight behind a Linear or a Conv2D")
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
	case named:
		return named{at(l.name, l.Layer), l.name}
	case *shared:
		if f.shared[l] == nil {
			f.shared[l] = &shared{name: l.name, layer: f.fold([]string{l.name}, l.layer)}
		}
		return f.shared[l]
	}
	return l
}

// pair folds layer i into the one before it, if they are such.
func (f *folder) pair(path []string, ls Sequential, i int) {
	before, after := ls[i-1].(named), ls[i].(named)
	norm, ok := after.Layer.(BatchNorm)
	if !ok || norm.PerStep > 0 || norm.StepGain > 0 || f.err != nil {
		return
	}
	at, axis := append(slices.Clip(path), before.name), 0
	switch l := before.Layer.(type) {
	case Linear:
		if out := f.outs[nameIn(at, "")]; l.Pattern != nil || out == nil || out.Dims() != 3 {
			return // not a matrix, or channels are not those of the map
		}
		before.Layer, axis = func() Layer { l.NoBias = false; return l }(), 1
		f.err = f.melt(nameIn(at, "linear.w"), nameIn(at, "linear.b"), axis, append(slices.Clip(path), after.name), norm)
	case Conv2D:
		l.NoBias = false
		before.Layer = l
		f.err = f.melt(nameIn(at, "conv.w"), nameIn(at, "conv.b"), axis, append(slices.Clip(path), after.name), norm)
	default:
		return
	}
	f.folded++
	ls[i-1], ls[i] = before, named{Identity, after.name}
}

// melt changes weights, whose outputs are along the axis, and bias, and takes away what the
// normalisation at a path has.
func (f *folder) melt(weights, bias string, axis int, at []string, n BatchNorm) error {
	w := f.values[weights]
	out := w.Shape()[axis]
	read := func(name string, start float64) []float64 {
		v := f.values[name]
		delete(f.values, name)
		if v == nil {
			return slices.Repeat([]float64{start}, out)
		}
		return flat.Float64s(v)
	}
	gain, shift := read(nameIn(at, "norm.w"), 1), read(nameIn(at, "norm.b"), 0)
	mean, variance := read(nameIn(at, "norm.mean"), 0), read(nameIn(at, "norm.var"), 1)
	if len(mean) != out {
		return fmt.Errorf("%s has %d outputs, the normalisation behind it %d channels", weights, out, len(mean))
	}
	b := slices.Clone(read(bias, 0))
	ws := slices.Clone(flat.Float64s(w))
	inner := w.Shape()[axis+1:].TotalSize()
	for o := range out {
		a := gain[o] * cmp.Or(n.Scale, 1) / math.Sqrt(variance[o]+cmp.Or(n.Eps, 1e-5))
		b[o] = (b[o]-mean[o])*a + shift[o]
		for outer := 0; outer < len(ws); outer += out * inner {
			for j := range inner {
				ws[outer+o*inner+j] *= a
			}
		}
	}
	f.values[weights], f.values[bias] = denseOf(w.Dtype(), w.Shape(), ws), denseOf(w.Dtype(), []int{out}, b)
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
