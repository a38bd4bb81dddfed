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
		add("conv.w", "weight", false, w...)
		add("conv.b", "bias", false, w[0])
	case "Scale":
		add("scale", "scale", false, v.In...)
	case "Threshold":
		add("threshold", "threshold", false, v.In...)
		ws[0].fixed = true
	}
	return ws, err
}

// transposed turns a matrix [rows cols] over.
func transposed[F float32 | float64](x []F, rows, cols int) []F {
	out := make([]F, len(x))
	for i := range rows {
		for j := range cols {
			out[j*rows+i] = x[i*cols+j]
		}
	}
	return out
}

// size is how many elements a shape has, which Check has held to the data.
func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
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
		of := connect.PoolMean
		if v.node.Type == "SumPool2d" {
			of = connect.PoolSum
		}
		y, err = connect.Pool(x, of, ss[0].kernel, ss[1].kernel, moves(ss))
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

// moves returns how a window moves, as this library has it: settings that are the zero
// value's are 0, by which it knows the windows that it is quick at.
func moves(ss []sliding) connect.Conv {
	axis := func(s sliding) connect.Axis {
		a := connect.Axis{Stride: s.stride, Pad: s.pad}
		if s.dilation != 1 {
			a.Dilation = s.dilation
		}
		return a
	}
	down, across := axis(ss[0]), connect.Axis{} // of images one pixel wide
	if len(ss) > 1 {
		across = axis(ss[1])
	}
	c := connect.Conv{Stride: down.Stride, Pad: down.Pad, Dilation: down.Dilation}
	if across != down {
		c.Width = &across
	}
	return c
}

// convolution returns how the kernel of a node moves.
func (n *Node) convolution() (c connect.Conv, err error) {
	groups, err := n.axes("groups", 1)
	if err != nil {
		return c, err
	}
	ss, err := n.slides()
	if err != nil {
		return c, err
	}
	c = moves(ss)
	c.Groups = groups[0]
	return c, nil
}

// convolve adds a convolution; that along one axis is one of images one pixel wide.
func (v *vertex) convolve(b *graph.Builder, x *G.Node, ws []*G.Node, front []int) (*G.Node, error) {
	how, err := v.node.convolution()
	if err != nil {
		return nil, err
	}
	w := ws[0]
	line := v.node.Type == "Conv1d"
	if line {
		x = b.Reshape(x, append(slices.Clone(front), v.In[0], v.In[1], 1)...)
		w = b.Reshape(w, append(slices.Clone(w.Shape()), 1)...)
		if b.Err() != nil {
			return nil, b.Err()
		}
	}
	y, err := connect.Conv2D(x, w, ws[1], how)
	if err == nil && line {
		y = b.Reshape(y, append(slices.Clone(front), v.Out...)...)
	}
	return y, err
}
