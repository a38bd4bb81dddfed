package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

func TestOverTime(t *testing.T) {
	// [T=3, batch=1, n=2]
	x := []float64{1, 5, 4, 5, 2, 0}
	for name, c := range map[string]struct {
		f    graphtest.Fn
		y, d []float64 // output, and gradient of the sum of outputs
	}{
		"last": {graph.LastStep, []float64{2, 0}, []float64{0, 0, 0, 0, 1, 1}},
		"max":  {graph.MaxOverTime, []float64{4, 5}, []float64{0, 1, 1, 0, 0, 0}},
		"mean": {graph.MeanOverTime, []float64{7. / 3, 10. / 3}, []float64{1. / 3, 1. / 3, 1. / 3, 1. / 3, 1. / 3, 1. / 3}},
		"sum":  {graph.SumOverTime, []float64{7, 10}, []float64{1, 1, 1, 1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
				g := G.NewGraph()
				in := graphtest.Node(g, dt, "x", []int{3, 1, 2}, x)
				y, err := c.f(in)
				require.NoError(t, err)
				require.Equal(t, tensor.Shape{1, 2}, y.Shape())
				grads, values := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y}, [][]float64{{1, 1}}), []*G.Node{in}, []*G.Node{y})
				graphtest.Close(t, "y", c.y, values[0], 1e-6)
				graphtest.Close(t, "gradient", c.d, grads[0], 1e-6)
			}
			shape := tensor.Shape{5, 3, 4}
			graphtest.CheckGrad(t, c.f, shape, graphtest.Random(60, 1))
		})
	}
	g := G.NewGraph()
	_, err := graph.MaxOverTime(graphtest.Node(g, tensor.Float32, "flat", []int{4}, x[:4]))
	require.EqualError(t, err, "graph: max over time: x has shape [4], want [T batch …]")
	_, err = graph.MaxOverTime(nil)
	require.Error(t, err)
}

func TestRate(t *testing.T) {
	g := G.NewGraph()
	z := graphtest.Node(g, tensor.Float32, "z", []int{2, 2, 3}, []float64{1, 0, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1})
	w := graphtest.Node(g, tensor.Float32, "w", []int{2}, []float64{1, 0}) // the second sample is padding
	r, err := graph.Rate(z, w)
	require.NoError(t, err)
	require.InDelta(t, 2./6, graphtest.Eval(t, r)[0][0], 1e-6)
	_, err = graph.Rate(z, z)
	require.ErrorContains(t, err, "z has shape [2 2 3] and the weights [2 2 3], want [T batch …] and [batch]")
}
