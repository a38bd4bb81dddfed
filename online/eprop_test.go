package online_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/online"
)

// A task is a network, and what it learns of: the squared error of its outputs.
type task struct {
	net              layers.Layer
	dt               tensor.Dtype
	steps, batch, in int
	x, y             []float64
}

func newTask(dt tensor.Dtype, net ...layers.Layer) task {
	k := task{net: layers.Sequential(net), dt: dt, steps: 12, batch: 3, in: 5}
	k.x = graphtest.Sparse(k.steps*k.batch*k.in, 0.5, true, 1)
	k.y = graphtest.Random(k.steps*k.batch*8, 2)
	return k
}

func (k task) target(g *G.ExprGraph, shape tensor.Shape) *G.Node {
	return graphtest.Node(g, k.dt, "y", shape, k.y[:shape.TotalSize()])
}

// cost adds the squared error.
func (k task) cost(t *testing.T, b *layers.Build, out, y *G.Node) *G.Node {
	var g graph.Builder
	e := g.Square(g.Sub(out, y))
	c := g.Reduce(e, nil)
	for _, p := range b.Penalties {
		c = g.Add(c, p.Node)
	}
	require.NoError(t, g.Err())
	return c
}

// backpropagated returns the gradients by backpropagation through time, by name.
func (k task) backpropagated(t *testing.T) map[string][]float64 {
	g := G.NewGraph()
	b := layers.NewBuild(7)
	x := graphtest.Node(g, k.dt, "x", []int{k.steps, k.batch, k.in}, k.x)
	out, err := k.net.Apply(b, x)
	require.NoError(t, err)
	y := k.target(g, out.Shape())
	ds, _, err := graph.Grad(k.cost(t, b, out, y), b.Params...)
	require.NoError(t, err)
	m, err := machine.New(ds...)
	require.NoError(t, err)
	require.NoError(t, m.Run())
	all := map[string][]float64{}
	for i, p := range b.Params {
		all[p.Name()] = graphtest.Floats(m.Value(i))
	}
	return all
}

// weights returns those that the network starts with, by name.
func (k task) weights(t *testing.T) map[string][]float64 {
	b := layers.NewBuild(7)
	_, err := k.net.Apply(b, graphtest.Node(G.NewGraph(), k.dt, "x", []int{k.steps, k.batch, k.in}, k.x))
	require.NoError(t, err)
	all := map[string][]float64{}
	for _, p := range b.Params {
		all[p.Name()] = graphtest.Floats(p.Value())
	}
	return all
}

// learnt returns the sums of the gradients of windows of so many steps.
func (k task) learnt(t *testing.T, e online.EProp, window int) map[string][]float64 {
	g := G.NewGraph()
	b := layers.NewBuild(7)
	starts := graphtest.Node(g, k.dt, "starts", []int{k.batch}, make([]float64, k.batch))
	b.Carry = &layers.Carry{Starts: starts}
	gradients, err := e.Prepare(b)
	require.NoError(t, err)
	x := graphtest.Node(g, k.dt, "x", []int{window, k.batch, k.in}, k.x[:window*k.batch*k.in])
	out, err := k.net.Apply(b, x)
	require.NoError(t, err)
	y := k.target(g, out.Shape())
	ds, err := gradients(out, k.cost(t, b, out, y))
	require.NoError(t, err)
	nodes := ds
	for _, s := range b.Carry.States {
		nodes = append(nodes, s.Out)
	}
	m, err := machine.New(nodes...)
	require.NoError(t, err)
	all := map[string][]float64{}
	for at := 0; at < k.steps; at += window {
		first := make([]float64, k.batch)
		for i := range first {
			if at == 0 {
				first[i] = 1
			}
		}
		flat.Set(starts.Value(), first)
		flat.Set(x.Value(), k.x[at*k.batch*k.in:][:window*k.batch*k.in])
		flat.Set(y.Value(), k.y[at*y.Shape()[1:].TotalSize():][:y.Shape().TotalSize()])
		require.NoError(t, m.Run())
		for i, p := range b.Params {
			d := graphtest.Floats(m.Value(i))
			if at == 0 {
				all[p.Name()] = make([]float64, len(d))
			}
			for j, v := range d {
				all[p.Name()][j] += v
			}
		}
		for i, s := range b.Carry.States {
			require.NoError(t, flat.Copy(s.In.Value().(*tensor.Dense), m.Value(len(ds)+i)))
		}
	}
	return all
}
