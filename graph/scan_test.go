package graph_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/surrogate"
)

// leaky is a small model for the tests: v ← decay·v + x, a spike above th, and
// reset by subtraction.
type leaky struct {
	Decay, Th graph.Param
	W         *G.Node // mixes neurons, if there
	Spare     graph.Param
}

type leakyState struct{ V *G.Node }

func (p leaky) Rest(x *G.Node) (leakyState, error) {
	var b graph.Builder
	return leakyState{b.Fill(x, graph.Const(0))}, b.Err()
}

func leakyStep(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
	b := graph.NewBuilder(x, &s)
	v := b.Add(b.Scale(s.V, p.Decay), x)
	z := b.Spike(surrogate.SuperSpike{Alpha: 10}, v, p.Th)
	return z, leakyState{b.Sub(v, b.Scale(z, p.Th))}, b.Err()
}

// plainStep is leakyStep in Gorgonia's own functions, which know no surrogate:
// the output is a sigmoid. Decay must be a scalar node.
func plainStep(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
	v, err := G.HadamardProd(s.V, p.Decay.Node())
	if err != nil {
		return nil, s, err
	}
	if v, err = G.Add(v, x); err != nil {
		return nil, s, err
	}
	z, err := G.Sigmoid(v)
	return z, leakyState{v}, err
}

// meanStep subtracts the mean over neurons and samples, which is no element-wise
// operation, and mixes neurons by Gorgonia's own matrix product.
func meanStep(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
	v, err := G.Mul(s.V, p.W)
	if err != nil {
		return nil, s, err
	}
	m, err := G.Mean(v)
	if err != nil {
		return nil, s, err
	}
	if v, err = G.Sub(v, m); err != nil {
		return nil, s, err
	}
	if v, err = G.Add(v, x); err != nil {
		return nil, s, err
	}
	z, err := G.Tanh(v)
	return z, leakyState{z}, err
}

// dearStep takes more exponentials than a scan keeps, of a state, of a product and
// of one another.
func dearStep(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
	b := graph.NewBuilder(x, &s)
	v := b.Exp(b.Neg(b.Exp(b.MatMul(s.V, p.W))))
	for range 4 {
		v = b.Exp(b.Neg(b.Add(v, x)))
	}
	v = b.Sub(b.Exp(b.Neg(b.Mul(s.V, s.V))), b.Scale(v, p.Decay))
	return b.Tanh(v), leakyState{v}, b.Err()
}

type lifter func(xs *G.Node, s *leakyState, p leaky) (*graph.Run[leakyState], error)

func scanned(step graph.Step[leakyState, leaky], opts ...graph.ScanOptions) lifter {
	return func(xs *G.Node, s *leakyState, p leaky) (*graph.Run[leakyState], error) {
		return graph.Scan(step, xs, s, p, opts...)
	}
}

func unrolled(step graph.Step[leakyState, leaky]) lifter {
	return func(xs *G.Node, s *leakyState, p leaky) (*graph.Run[leakyState], error) {
		return graph.Unroll(step, xs, s, p)
	}
}

// lift runs a model forward and backward, and returns outputs, final state,
// trace, and the gradients of input, state, decay and weights.
func lift(t *testing.T, dt tensor.Dtype, shape []int, f lifter) [][]float64 {
	t.Helper()
	g := G.NewGraph()
	n := shape[len(shape)-1]
	size := tensor.Shape(shape).TotalSize()
	xs := graphtest.Node(g, dt, "xs", shape, graphtest.Random(size, 1))
	v0 := graphtest.Node(g, dt, "v0", shape[1:], graphtest.Random(size/shape[0], 2))
	decay := graphtest.Node(g, dt, "decay", nil, []float64{0.8})
	w := graphtest.Node(g, dt, "w", []int{n, n}, graphtest.Random(n*n, 3))
	r, err := f(xs, &leakyState{v0}, leaky{Decay: graph.Learn(decay), Th: graph.Const(1), W: w})
	require.NoError(t, err)
	final, err := r.Final()
	require.NoError(t, err)
	trace, err := r.Trace("V")
	require.NoError(t, err)
	outs := []*G.Node{r.Out, final.V, trace}
	weights := [][]float64{graphtest.Random(size, 4), graphtest.Random(size/shape[0], 5), graphtest.Random(size, 6)}
	grads, values := graphtest.Grads(t, graphtest.Loss(t, outs, weights), []*G.Node{xs, v0, decay, w}, outs)
	return append(values, grads...)
}

// A scan is its unrolling for steps with Gorgonia's own functions too, and for
// operations of which the lowering knows nothing.
func TestScanIsUnroll(t *testing.T) {
	for name, step := range map[string]graph.Step[leakyState, leaky]{
		"builder": leakyStep, "gorgonia": plainStep, "unknown operations": meanStep, "exponentials": dearStep,
	} {
		for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-5} {
			for _, every := range []int{1, 3, 100} {
				t.Run(fmt.Sprintf("%s/%v/every %d", name, dt, every), func(t *testing.T) {
					shape := []int{8, 3, 4}
					want := lift(t, dt, shape, unrolled(step))
					got := lift(t, dt, shape, scanned(step, graph.ScanOptions{KeepEvery: every}))
					for i, part := range []string{"out", "final", "trace", "dx", "dv0", "ddecay", "dw"} {
						graphtest.Close(t, part, want[i], got[i], tol)
					}
				})
			}
		}
	}
}

func TestScanSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want [][]float64
	for _, n := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(n)
		got := lift(t, tensor.Float32, []int{6, 40, 200}, scanned(leakyStep))
		if want == nil {
			want = got
		}
		require.Equal(t, want, got, "GOMAXPROCS=%d", n)
	}
}

// The number of nodes does not depend on the number of time steps.
func TestScanNodes(t *testing.T) {
	count := func(steps int) int {
		g := G.NewGraph()
		x := G.NewTensor(g, tensor.Float32, 3, G.WithName("x"), G.WithShape(steps, 2, 3))
		w := graphtest.Node(g, tensor.Float32, "w", []int{3, 3}, graphtest.Random(9, 1))
		y := x
		for range 3 {
			var err error
			y, err = connect.Linear(y, w, nil)
			require.NoError(t, err)
			r, err := graph.Scan(leakyStep, y, nil, leaky{Decay: graph.Const(0.9), Th: graph.Const(1)})
			require.NoError(t, err)
			y = r.Out
		}
		loss, err := G.Sum(y)
		require.NoError(t, err)
		_, _, err = graph.Grad(loss, w)
		require.NoError(t, err)
		return len(g.AllNodes())
	}
	require.Equal(t, count(10), count(1000))
}

// A parameter on which nothing depends has a gradient of zeros, and is named.
func TestScanUnused(t *testing.T) {
	g := G.NewGraph()
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{3, 1, 2}, graphtest.Random(6, 1))
	spare := graphtest.Node(g, tensor.Float64, "spare", []int{2}, []float64{1, 2})
	r, err := graph.Scan(leakyStep, xs, nil, leaky{Decay: graph.Const(0.9), Th: graph.Const(1), Spare: graph.Learn(spare)})
	require.NoError(t, err)
	require.Equal(t, []string{"spare"}, r.Unused)
	grads, _ := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{r.Out}, [][]float64{graphtest.Random(6, 2)}), []*G.Node{spare, xs}, nil)
	require.Equal(t, []float64{0, 0}, grads[0])
	require.NotEqual(t, make([]float64, 6), grads[1])
}

// What cannot be lifted is refused when the graph is built.
func TestLiftErrors(t *testing.T) {
	g, other := G.NewGraph(), G.NewGraph()
	xs := graphtest.Node(g, tensor.Float32, "xs", []int{5, 2, 3}, graphtest.Random(30, 1))
	double := graphtest.Node(g, tensor.Float64, "double", []int{2, 3}, graphtest.Random(6, 1))
	narrow := graphtest.Node(g, tensor.Float32, "narrow", []int{2, 4}, graphtest.Random(8, 1))
	scalar := graphtest.Node(g, tensor.Float32, "scalar", nil, []float64{1})
	foreign := graphtest.Node(other, tensor.Float32, "foreign", []int{3}, graphtest.Random(3, 1))
	wide := graphtest.Node(g, tensor.Float32, "wide", []int{7}, graphtest.Random(7, 1))
	flat := graphtest.Node(g, tensor.Float32, "flat", []int{5}, graphtest.Random(5, 1))
	p := leaky{Decay: graph.Const(0.9), Th: graph.Const(1)}
	for name, c := range map[string]struct {
		step graph.Step[leakyState, leaky]
		xs   *G.Node
		s    *leakyState
		p    leaky
		want string
	}{
		"nil step":       {nil, xs, nil, p, "the step is nil"},
		"nil input":      {leakyStep, nil, nil, p, "xs is nil"},
		"rank":           {leakyStep, flat, nil, p, "xs has shape [5], want [T batch …] with no axis of length 0"},
		"state missing":  {leakyStep, xs, &leakyState{}, p, "state V is nil"},
		"state shape":    {leakyStep, xs, &leakyState{narrow}, p, "x has shape [2 3], state V has [2 4]"},
		"scalar state":   {leakyStep, xs, &leakyState{scalar}, p, "state V is a scalar, want at least one axis (of length 1)"},
		"state type":     {leakyStep, xs, &leakyState{double}, p, "xs has elements of type float32, state V of float64"},
		"other graph":    {leakyStep, xs, nil, leaky{Decay: graph.Learn(foreign)}, "parameter Decay is of another graph than xs"},
		"parameter size": {leakyStep, xs, nil, leaky{Decay: graph.Learn(wide), Th: graph.Const(1)}, "has shape [7], which does not broadcast to [2 3]"},
		"own error": {func(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
			return nil, s, errors.New("no such luck")
		}, xs, nil, p, "no such luck"},
		"no output": {func(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
			return nil, s, nil
		}, xs, nil, p, "the step returned no output"},
		"no state": {func(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
			return x, leakyState{}, nil
		}, xs, nil, p, "the step returned no state V"},
		"shape changed": {func(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
			var b graph.Builder
			v := b.Reduce(s.V, []int{2, 1})
			return x, leakyState{v}, b.Err()
		}, xs, nil, p, "the step changed the shape of state V from [2 3] to [2 1]"},
		"captured node": {func(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
			var b graph.Builder
			return b.Add(x, narrow), s, b.Err()
		}, xs, nil, p, "what a step uses must come in through its input, state or parameters"},
		"input made": {func(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
			var b graph.Builder
			return b.Scale(x, b.Each(x, "k", 1, 2, 3)), s, b.Err()
		}, xs, nil, p, "the step makes an input, k; what it uses must come in through its input, state or parameters"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := graph.Scan(c.step, c.xs, c.s, c.p)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "graph: scan: ")
			if name == "captured node" || name == "input made" {
				return // an unrolling is in the same graph, where it is a difference of shapes, or a name that is taken
			}
			_, err = graph.Unroll(c.step, c.xs, c.s, c.p)
			require.ErrorContains(t, err, c.want)
		})
	}
}

type gain struct{ K graph.Param }

func (gain) Rest(*G.Node) (struct{}, error) { return struct{}{}, nil }

// A step without a state is a map of every time step.
func TestScanStateless(t *testing.T) {
	step := func(x *G.Node, s struct{}, p gain) (*G.Node, struct{}, error) {
		b := graph.NewBuilder(x, nil)
		return b.Scale(b.Square(x), p.K), s, b.Err()
	}
	g := G.NewGraph()
	x := []float64{1, 2, 3, 4}
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{2, 1, 2}, x)
	k := graphtest.Node(g, tensor.Float64, "k", []int{1}, []float64{3})
	r, err := graph.Scan(step, xs, nil, gain{K: graph.Learn(k)})
	require.NoError(t, err)
	loss := graphtest.Loss(t, []*G.Node{r.Out}, [][]float64{{1, 1, 1, 1}})
	grads, values := graphtest.Grads(t, loss, []*G.Node{xs, k}, []*G.Node{r.Out})
	require.Equal(t, []float64{3, 12, 27, 48}, values[0])
	require.Equal(t, []float64{6, 12, 18, 24}, grads[0])
	require.Equal(t, []float64{30}, grads[1])
}

// driftStep has a parameter whose gradient is a carried gradient itself.
func driftStep(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
	b := graph.NewBuilder(x, &s)
	return b.Add(s.V, x), leakyState{b.Shift(s.V, p.Decay)}, b.Err()
}

func TestScanIsUnrollOfDrift(t *testing.T) {
	want := lift(t, tensor.Float64, []int{6, 2, 3}, unrolled(driftStep))
	got := lift(t, tensor.Float64, []int{6, 2, 3}, scanned(driftStep))
	for i := range want {
		graphtest.Close(t, "result", want[i], got[i], 1e-12)
	}
}
