package nir

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
)

// A weight is an array of a vertex, as this library has it.
type weight struct {
	name   string // as layers call it, "linear.w"
	of     string // the array in the node
	shape  []int
	values []float64
	fixed  bool // not learnt
}

// list returns the weights of a vertex.
func (v *vertex) list() (ws []weight, err error) {
	add := func(name, of string, turned bool, shape ...int) {
		a := v.node.Params[of]
		fs, e := a.Floats()
		if e != nil && err == nil {
			err = fmt.Errorf("%s: %w", of, e)
		}
		if turned && err == nil {
			fs = transposed(fs, a.Shape[0], a.Shape[1])
		}
		ws = append(ws, weight{name, of, shape, fs, false})
	}
	w := v.node.Params["weight"].Shape
	switch v.node.Type {
	case "Linear", "Affine":
		add("linear.w", "weight", true, w[1], w[0])
		if v.node.Type == "Affine" {
			add("linear.b", "bias", false, w[0])
		}
	case "Conv2d":
		add("conv.w", "weight", false, w...)
		add("conv.b", "bias", false, w[0])
	case "Conv1d":
		add("conv.w", "weight", false, w[0], w[1], 1, w[2])
		add("conv.b", "bias", false, w[0])
		ss, e := v.node.slides()
		if e != nil {
			return nil, e
		}
		if p, l := ss[0].pad, v.In[1]; p > 0 {
			ws = append(ws, weight{name: "pad", shape: []int{l, l + 2*p}, values: shifted(l, l+2*p, p), fixed: true})
		}
	case "Scale":
		add("scale", "scale", false, v.In...)
	case "Threshold":
		add("threshold", "threshold", false, v.In...)
		ws[0].fixed = true
	}
	return ws, err
}

// transposed turns a matrix [rows cols] over.
func transposed(x []float64, rows, cols int) []float64 {
	out := make([]float64, len(x))
	for i := range rows {
		for j := range cols {
			out[j*rows+i] = x[i*cols+j]
		}
	}
	return out
}

// shifted returns a matrix that puts n elements among m, from place at on.
func shifted(n, m, at int) []float64 {
	w := make([]float64, n*m)
	for i := range n {
		w[i*m+at+i] = 1
	}
	return w
}

// compute adds what a vertex without a state makes of x, [T, batch, …] or, in a step,
// [batch, …].
func (v *vertex) compute(x *G.Node, ws []*G.Node, step bool) (*G.Node, error) {
	var b graph.Builder
	lead := x.Dims() - len(v.In)
	if lead < 1 || !slices.Equal([]int(x.Shape()[lead:]), v.In) {
		return nil, fmt.Errorf("x has shape %v, want %v at its end", []int(x.Shape()), v.In)
	}
	front := slices.Clone(x.Shape()[:lead])
	y := x
	var err error
	switch v.node.Type {
	case "Input", "Output":
	case "Linear", "Affine":
		if step && x.Dims() == 2 {
			y = b.MatMul(x, ws[0])
			if len(ws) > 1 {
				y = b.Shift(y, graph.Learn(ws[1]))
			}
			break
		}
		y, err = connect.Linear(x, ws[0], append(ws, nil)[1])
	case "Conv2d", "Conv1d":
		y, err = v.convolve(&b, x, ws, front)
	case "SumPool2d", "AvgPool2d":
		ss, e := v.node.window()
		if e != nil {
			return nil, e
		}
		if y, err = connect.AvgPool(x, ss[0].kernel, ss[0].stride); err == nil && v.node.Type == "SumPool2d" {
			y = b.Scale(y, graph.Const(float64(ss[0].kernel*ss[0].kernel)))
		}
	case "Flatten":
		y = b.Reshape(x, append(front, v.Out...)...)
	case "Scale":
		y = b.Mul(x, b.Expand(ws[0], x.Shape()))
	case "Threshold":
		y = b.Spike(neurons.DefaultFiring().Spike, x, graph.Learn(ws[0]))
	default:
		err = fmt.Errorf("nodes of type %s cannot be here", v.node.Type)
	}
	if err != nil {
		return nil, err
	}
	return y, b.Err()
}

// convolve adds a convolution; that along one axis is one of images with one row.
func (v *vertex) convolve(b *graph.Builder, x *G.Node, ws []*G.Node, front []int) (*G.Node, error) {
	ss, err := v.node.slides()
	if err != nil {
		return nil, err
	}
	how := connect.Conv{Stride: ss[0].stride, Pad: ss[0].pad, Dilation: ss[0].dilation}
	if len(ss) == 1 {
		if how.Pad > 0 {
			if x, err = connect.Linear(x, ws[2], nil); err != nil {
				return nil, err
			}
			how.Pad = 0
		}
		x = b.Reshape(x, append(slices.Clone(front), v.In[0], 1, x.Shape()[x.Dims()-1])...)
		if b.Err() != nil {
			return nil, b.Err()
		}
	}
	y, err := connect.Conv2D(x, ws[0], ws[1], how)
	if err == nil && len(ss) == 1 {
		y = b.Reshape(y, append(slices.Clone(front), v.Out...)...)
	}
	return y, err
}
