package randstep

import (
	"fmt"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// inputs are the inputs of the graph of a case.
type inputs struct {
	c                  *Case
	g                  *G.ExprGraph
	r                  *rand.Rand
	xs                 *G.Node
	states             []*G.Node
	params             []graph.Param
	w, u, which, count *G.Node

	wrt   []*G.Node // nodes whose gradients are asked for
	names []string
}

// inputs makes the inputs, with the same numbers each time.
func (c *Case) inputs() (*inputs, error) {
	in := &inputs{c: c, g: G.NewGraph(), r: rand.New(rand.NewPCG(c.data, 11))}
	in.xs = in.add("x", append(tensor.Shape{c.steps}, c.shape...), in.from(-1, 1), true)
	for i, s := range c.states {
		if c.given && s.like < i {
			in.states = append(in.states, in.states[s.like])
		} else if c.given {
			in.states = append(in.states, in.add(fmt.Sprintf("s%d", i), s.shape, in.from(-1.5, 1.5), true))
		}
	}
	var b graph.Builder
	for i, p := range c.params {
		if p.like < i {
			in.params = append(in.params, in.params[p.like])
			continue
		}
		name, number := fmt.Sprintf("p%d", i), in.from(p.lo, p.hi)
		switch {
		case p.constraint != nil:
			in.params = append(in.params, graph.LearnIn(in.add(name, p.shape, number, p.learnt), *p.constraint))
		case p.each():
			values := make([]float64, p.shape[0])
			for j := range values {
				values[j] = number()
			}
			in.params = append(in.params, b.Each(in.xs, name, values...))
		default:
			in.params = append(in.params, graph.Learn(in.add(name, p.shape, number, p.learnt)))
		}
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	n := c.shape[len(c.shape)-1]
	batch := tensor.Shape{c.shape[0]}
	if c.w {
		in.w = in.add("w", tensor.Shape{n, n}, in.from(-1/float64(n), 1/float64(n)), true)
	}
	if c.u {
		in.u = in.add("u", tensor.Shape{n, n}, in.from(-1/float64(n), 1/float64(n)), true)
	}
	if c.which {
		in.which = in.add("which", batch, func() float64 { return float64(in.r.IntN(2)) }, false)
	}
	if c.count {
		in.count = in.add("count", batch, func() float64 { return float64(1 + in.r.IntN(4)) }, false)
	}
	if !c.behind {
		return in, nil
	}
	// A machine may put the gradient of an output into its memory.
	before, err := graph.Scan(func(x *G.Node, s s0, p params[s0]) (*G.Node, s0, error) {
		b := graph.NewBuilder(x, nil)
		return b.Neg(x), s, b.Err()
	}, in.xs, nil, params[s0]{c: &Case{}})
	if err != nil {
		return nil, err
	}
	in.xs = before.Out
	return in, nil
}

// from returns a source of numbers in a range; in an extreme case many are outside of
// it.
func (in *inputs) from(lo, hi float64) func() float64 {
	return func() float64 {
		x := lo + (hi-lo)*in.r.Float64()
		if in.c.mode == Extreme && in.r.IntN(3) == 0 {
			x = extremes[in.r.IntN(len(extremes))]
		}
		return x
	}
}

// extremes are numbers at and near the limits of both precisions.
var extremes = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.5, math.Inf(1), math.Inf(-1), math.NaN(), 1e-40, -1e-40, 1e-45, 3e38, -3e38,
	5e-324, 1e-310, 1e308, -1e308, 88.5, -88.5, 709.5, -745, 20, 1e10, -1e10, 1 + 1e-7, -0.37, math.NaN(),
}

// add adds an input.
func (in *inputs) add(name string, shape tensor.Shape, number func() float64, learnt bool) *G.Node {
	n := in.c.input(in.g, name, shape, number)
	if learnt {
		in.wrt, in.names = append(in.wrt, n), append(in.names, "gradient of "+name)
	}
	return n
}

func (c *Case) input(g *G.ExprGraph, name string, shape tensor.Shape, number func() float64) *G.Node {
	x := make([]float64, shape.TotalSize())
	y := make([]float32, len(x))
	for i := range x {
		x[i] = number()
		y[i] = float32(x[i])
	}
	var data any = x
	if c.dt == tensor.Float32 {
		data = y
	}
	if len(shape) > 0 {
		return G.NewTensor(g, c.dt, len(shape), G.WithName(name), G.WithShape(shape...),
			G.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))))
	}
	data = x[0]
	if c.dt == tensor.Float32 {
		data = y[0]
	}
	return G.NewScalar(g, c.dt, G.WithName(name), G.WithValue(data))
}
