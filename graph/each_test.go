package graph_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

func TestLog(t *testing.T) {
	ln := func(x *G.Node) (*G.Node, error) {
		var b graph.Builder
		return b.Log(x), b.Err()
	}
	graphtest.CheckGrad(t, ln, tensor.Shape{2, 3}, []float64{0.1, 0.5, 1, math.E, 10, 1e3})
	x := graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{4}, []float64{0.25, 1, math.E, 1e3})
	y, err := ln(x)
	require.NoError(t, err)
	cost, err := G.Sum(y)
	require.NoError(t, err)
	grads, _, err := graph.Grad(cost, x)
	require.NoError(t, err)
	vs := graphtest.Eval(t, y, grads[0])
	require.InDeltaSlice(t, []float64{-2 * math.Ln2, 0, 1, 3 * math.Ln10}, vs[0], 1e-14)
	require.InDeltaSlice(t, []float64{4, 1, 1 / math.E, 1e-3}, vs[1], 1e-14)
}

// Every neuron has a decay and a state to start from of its own: v_t = v_0 decay^t,
// scanned and unrolled, in each sample of a batch.
func TestEach(t *testing.T) {
	decay, start := []float64{0.5, 0.25, 1}, []float64{2, -4, 3}
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, f := range []func(*G.Node, *leakyState, leaky) (*graph.Run[leakyState], error){
			func(x *G.Node, s *leakyState, p leaky) (*graph.Run[leakyState], error) {
				return graph.Scan(driftOnly, x, s, p)
			},
			func(x *G.Node, s *leakyState, p leaky) (*graph.Run[leakyState], error) {
				return graph.Unroll(driftOnly, x, s, p)
			},
		} {
			xs := graphtest.Node(G.NewGraph(), dt, "xs", []int{3, 2, 3}, make([]float64, 18))
			var b graph.Builder
			p := leaky{Decay: b.Each(xs, "decay", decay...)}
			s, err := graph.Rest[leakyState](xs, p)
			require.NoError(t, err)
			s.V = b.Fill(s.V, b.Each(xs, "start", start...))
			require.NoError(t, b.Err())
			run, err := f(xs, &s, p)
			require.NoError(t, err)
			got := graphtest.Eval(t, run.Out)[0]
			for i, v := range got {
				n, k := i%3, i/6
				require.Equal(t, start[n]*math.Pow(decay[n], float64(k+1)), v, "step %d, neuron %d", k, n)
			}
		}
	}

	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{1, 2}, []float64{1, 2})
	whole := G.NewVector(g, tensor.Int, G.WithName("whole"), G.WithShape(2))
	for want, f := range map[string]func(b *graph.Builder){
		"each: 0 values for p and elements of type float64, want at least one, and float32 or float64": func(b *graph.Builder) { b.Each(x, "p") },
		"each: 1 values for p and elements of type int, want at least one, and float32 or float64":     func(b *graph.Builder) { b.Each(whole, "p", 1) },
		"graph: the graph has a node called x already":                                                 func(b *graph.Builder) { b.Each(x, "x", 1) },
		"each: operand 0 is nil": func(b *graph.Builder) { b.Each(nil, "p", 1) },
	} {
		var b graph.Builder
		f(&b)
		require.EqualError(t, b.Err(), want)
	}
}
