package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/machine"
)

// pair is a state of two values, for steps of which one reads what the other was.
type pair struct{ A, C *G.Node }

type noParams struct{}

func (noParams) Rest(x *G.Node) (pair, error) {
	var b graph.Builder
	return pair{b.Fill(x, graph.Const(0)), b.Fill(x, graph.Const(0))}, b.Err()
}

type pairStep = graph.Step[pair, noParams]

// pairOf makes a step of what it computes.
func pairOf(f func(b *graph.Builder, x, a, c *G.Node) (z, nextA, nextC *G.Node)) pairStep {
	return func(x *G.Node, s pair, _ noParams) (*G.Node, pair, error) {
		b := graph.NewBuilder(x, &s)
		z, a, c := f(b, x, s.A, s.C)
		return z, pair{a, c}, b.Err()
	}
}

// A state may be read after its next value is known, be passed on to another, or
// nothing at all may happen to it.
var pairSteps = map[string]pairStep{
	"swap":       pairOf(func(_ *graph.Builder, x, a, c *G.Node) (_, _, _ *G.Node) { return x, c, a }),
	"delay line": pairOf(func(_ *graph.Builder, x, a, c *G.Node) (_, _, _ *G.Node) { return c, x, a }),
	"each of the other": pairOf(func(b *graph.Builder, x, a, c *G.Node) (_, _, _ *G.Node) {
		return x, b.Add(c, x), b.Add(a, c)
	}),
	"tanh of the other": pairOf(func(b *graph.Builder, x, a, c *G.Node) (_, _, _ *G.Node) {
		return x, b.Tanh(b.Add(c, x)), b.Tanh(b.Add(a, c))
	}),
	"a current that acts one step later": pairOf(func(b *graph.Builder, x, a, c *G.Node) (_, _, _ *G.Node) {
		return c, b.Scale(x, graph.Const(0.5)), b.Add(b.Scale(c, graph.Const(0.9)), a)
	}),
	"trace of a trace": pairOf(func(b *graph.Builder, x, a, c *G.Node) (_, _, _ *G.Node) {
		return c, b.Tanh(x), b.Add(b.Scale(c, graph.Const(0.9)), a)
	}),
	"rising edge": pairOf(func(b *graph.Builder, x, a, c *G.Node) (_, _, _ *G.Node) { return b.Sub(x, a), x, c }),
	"one stands for both": pairOf(func(b *graph.Builder, x, a, _ *G.Node) (_, _, _ *G.Node) {
		return b.Sub(x, a), x, a
	}),
	"held": pairOf(func(b *graph.Builder, x, a, c *G.Node) (_, _, _ *G.Node) { return b.Tanh(x), a, c }),
	"product of what was": pairOf(func(b *graph.Builder, x, a, c *G.Node) (_, _, _ *G.Node) {
		return b.Tanh(a), b.Tanh(b.Add(c, x)), b.Mul(a, c)
	}),
	// A sine has no machine code, so these steps fall into stretches.
	"both of one, a sine beside": sineBeside(func(b *graph.Builder, a, _ *G.Node) (_, _ *G.Node) {
		return b.Tanh(a), b.Tanh(a)
	}),
	"one halved, a sine beside": sineBeside(func(b *graph.Builder, a, _ *G.Node) (_, _ *G.Node) {
		return b.Tanh(a), b.Scale(a, graph.Const(0.5))
	}),
	"swap, a sine beside": sineBeside(func(_ *graph.Builder, a, c *G.Node) (_, _ *G.Node) { return c, a }),
	"tanh of the other, a sine beside": sineBeside(func(b *graph.Builder, a, c *G.Node) (_, _ *G.Node) {
		return b.Tanh(c), b.Tanh(a)
	}),
	// No gradient flows through these.
	"detached": pairOf(func(b *graph.Builder, x, a, c *G.Node) (_, _, _ *G.Node) {
		return b.Above(b.Add(a, x), 0.5), b.Detach(b.Add(a, x)), b.Detach(c)
	}),
	"constant": pairOf(func(b *graph.Builder, x, _, _ *G.Node) (_, _, _ *G.Node) {
		one := b.Fill(x, graph.Const(1))
		return one, one, b.Fill(x, graph.Const(2))
	}),
}

func sineBeside(f func(b *graph.Builder, a, c *G.Node) (nextA, nextC *G.Node)) pairStep {
	return func(x *G.Node, s pair, _ noParams) (*G.Node, pair, error) {
		b := graph.NewBuilder(x, &s)
		y, err := G.Sin(x)
		if err != nil {
			return nil, s, err
		}
		a, c := f(b, s.A, s.C)
		return b.Mul(x, y), pair{a, c}, b.Err()
	}
}

// A step assigns all its states at once, and its gradients are those of its
// unrolling, however many states are kept.
func TestStatesAreAssignedAtOnce(t *testing.T) {
	long.Test(t)
	for name, step := range pairSteps {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			for _, steps := range []int{1, 2, 3, 7} {
				for _, every := range []int{0, 1, 2, 3, 8} {
					what := fmt.Sprintf("%s, %v, T = %d, Checkpoint(%d)", name, dt, steps, every)
					want := liftPair(t, dt, steps, func(xs *G.Node, s *pair) (*graph.Run[pair], error) {
						return graph.Unroll(step, xs, s, noParams{})
					})
					got := liftPair(t, dt, steps, func(xs *G.Node, s *pair) (*graph.Run[pair], error) {
						return graph.Scan(step, xs, s, noParams{}, graph.ScanOptions{KeepEvery: every})
					})
					within := 1e-12
					if dt == tensor.Float32 {
						within = 1e-5
					}
					for i := range want {
						require.InDeltaSlice(t, want[i], got[i], within, "%s: result %d", what, i)
					}
				}
			}
		}
	}
}

// liftPair returns outputs, final states, and the gradients of input and initial
// states.
func liftPair(t *testing.T, dt tensor.Dtype, steps int, f func(xs *G.Node, s *pair) (*graph.Run[pair], error)) [][]float64 {
	t.Helper()
	g := G.NewGraph()
	shape := []int{1, 5}
	xs := graphtest.Node(g, dt, "xs", append([]int{steps}, shape...), graphtest.Random(5*steps, 1))
	s := &pair{graphtest.Node(g, dt, "a", shape, graphtest.Random(5, 2)), graphtest.Node(g, dt, "c", shape, graphtest.Random(5, 3))}
	r, err := f(xs, s)
	require.NoError(t, err)
	final, err := r.Final()
	require.NoError(t, err)
	outs := G.Nodes{r.Out, final.A, final.C}
	loss := graphtest.Loss(t, outs, [][]float64{graphtest.Random(5*steps, 4), graphtest.Random(5, 5), graphtest.Random(5, 6)})
	grads, _, err := graph.Grad(loss, xs, s.A, s.C)
	require.NoError(t, err)
	m, err := machine.New(append(outs, grads...)...)
	require.NoError(t, err)
	var all [][]float64
	for range 2 { // memory is kept from run to run
		require.NoError(t, m.Run())
	}
	for i := range 6 {
		all = append(all, graphtest.Floats(m.Value(i)))
	}
	return all
}

// wide holds matrices that lead through many neurons and back.
type wide struct{ Up, Down *G.Node }

func (wide) Rest(x *G.Node) (leakyState, error) { return leaky{}.Rest(x) }

// wideStep has more lanes forward than backward: no gradient flows through the
// many neurons.
func wideStep(x *G.Node, s leakyState, p wide) (*G.Node, leakyState, error) {
	b := graph.NewBuilder(x, &s)
	v := b.Detach(b.MatMul(b.Tanh(b.MatMul(s.V, p.Up)), p.Down))
	return b.Mul(s.V, x), leakyState{b.Add(v, b.Scale(s.V, graph.Const(0.5)))}, b.Err()
}

// The states between two kept ones are computed on the blocks of the gradient.
func TestWideForwardNarrowBackward(t *testing.T) {
	shape := []int{7, 40, 5}
	results := func(lift func(xs *G.Node, p wide) (*graph.Run[leakyState], error)) [][]float64 {
		g := G.NewGraph()
		xs := graphtest.Node(g, tensor.Float64, "xs", shape, graphtest.Random(7*40*5, 1))
		p := wide{
			graphtest.Node(g, tensor.Float64, "up", []int{5, 200}, graphtest.Random(1000, 2)),
			graphtest.Node(g, tensor.Float64, "down", []int{200, 5}, graphtest.Random(1000, 3)),
		}
		r, err := lift(xs, p)
		require.NoError(t, err)
		loss := graphtest.Loss(t, G.Nodes{r.Out}, [][]float64{graphtest.Random(7*40*5, 4)})
		grads, values := graphtest.Grads(t, loss, G.Nodes{xs}, G.Nodes{r.Out})
		return append(grads, values...)
	}
	want := results(func(xs *G.Node, p wide) (*graph.Run[leakyState], error) { return graph.Unroll(wideStep, xs, nil, p) })
	got := results(func(xs *G.Node, p wide) (*graph.Run[leakyState], error) {
		return graph.Scan(wideStep, xs, nil, p, graph.ScanOptions{KeepEvery: 3})
	})
	for i := range want {
		graphtest.Close(t, "result", want[i], got[i], 1e-12)
	}
}

// The output of two delays in a row is the input of two steps before.
func TestDelayLine(t *testing.T) {
	g := G.NewGraph()
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{5, 1, 1}, []float64{1, 2, 3, 4, 5})
	r, err := graph.Scan(pairSteps["delay line"], xs, nil, noParams{})
	require.NoError(t, err)
	require.Equal(t, []float64{0, 0, 1, 2, 3}, graphtest.Eval(t, r.Out)[0])
}

// What no gradient reaches has one of zeros, and is named.
func TestGradThroughScanWithoutGradient(t *testing.T) {
	g := G.NewGraph()
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{3, 1, 2}, graphtest.Random(6, 1))
	s := &pair{graphtest.Node(g, tensor.Float64, "a", []int{1, 2}, []float64{1, 2}), graphtest.Node(g, tensor.Float64, "c", []int{1, 2}, []float64{3, 4})}
	step := pairOf(func(b *graph.Builder, x, a, c *G.Node) (_, _, _ *G.Node) {
		return b.Add(a, b.Detach(x)), b.Scale(a, graph.Const(0.5)), c
	})
	r, err := graph.Scan(step, xs, s, noParams{})
	require.NoError(t, err)
	loss, err := G.Sum(r.Out)
	require.NoError(t, err)
	grads, unused, err := graph.Grad(loss, xs, s.A, s.C)
	require.NoError(t, err)
	require.Equal(t, []int{0, 2}, unused)
	values := graphtest.Eval(t, grads...)
	require.Equal(t, make([]float64, 6), values[0])
	require.Equal(t, []float64{1.75, 1.75}, values[1]) // 1 + ½ + ¼
	require.Equal(t, []float64{0, 0}, values[2])
}

// A trace may be asked for when the scan has run already.
func TestTraceAfterARun(t *testing.T) {
	g := G.NewGraph()
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{3, 1, 2}, []float64{1, 2, 3, 4, 5, 6})
	r, err := graph.Scan(pairSteps["delay line"], xs, nil, noParams{})
	require.NoError(t, err)
	run := func(n *G.Node) any {
		m, err := machine.New(n)
		require.NoError(t, err)
		require.NoError(t, m.Run())
		return m.Value(0).Data()
	}
	require.Equal(t, []float64{0, 0, 0, 0, 1, 2}, run(r.Out))
	trace, err := r.Trace("C")
	require.NoError(t, err)
	require.Equal(t, []float64{0, 0, 1, 2, 3, 4}, run(trace))
	require.Equal(t, []float64{0, 0, 0, 0, 1, 2}, run(r.Out))
}

// No gradient flows into a state whose next value does not depend on it, whatever
// flows into its final value. Here its node is another state's, too.
func TestNoGradientThroughAConstant(t *testing.T) {
	g := G.NewGraph()
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{3, 1, 2}, []float64{1, 2, 3, 4, 5, 6})
	a := graphtest.Node(g, tensor.Float64, "a", []int{1, 2}, []float64{7, 8})
	r, err := graph.Scan(pairOf(func(b *graph.Builder, x, _, c *G.Node) (_, _, _ *G.Node) {
		return x, b.Fill(x, graph.Const(2)), b.Scale(c, graph.Const(0.5))
	}), xs, &pair{a, a}, noParams{})
	require.NoError(t, err)
	final, err := r.Final()
	require.NoError(t, err)
	var b graph.Builder
	loss := b.Add(b.Reduce(final.A, nil), b.Reduce(final.C, nil))
	require.NoError(t, b.Err())
	grads, _ := graphtest.Grads(t, loss, []*G.Node{a}, nil)
	require.Equal(t, []float64{0.125, 0.125}, grads[0])
}
