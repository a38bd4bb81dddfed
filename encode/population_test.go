package encode_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
)

// A neuron answers with 1 to the value that it prefers.
func TestPopulationPeaks(t *testing.T) {
	x := []float64{0, 0.5, 1, 1.5, 2}
	y, err := encode.Population(graphtest.Node(G.NewGraph(), tensor.Float32, "x", []int{5}, x), encode.PopulationParams{Features: 5})
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{5, 5}, y.Shape())
	got := graphtest.Eval(t, y)[0]
	for i := range x {
		require.Equal(t, 1.0, got[i*5+i])
		for k := range x {
			d := x[i] - x[k]
			require.InDelta(t, math.Exp(-d*d), got[i*5+k], 1e-6) // the scale is 2
		}
	}
}

func TestPopulationGradient(t *testing.T) {
	for name, p := range map[string]encode.PopulationParams{
		"one":   {Features: 1, Scale: 2},
		"many":  {Features: 6, Scale: 1.5},
		"small": {Features: 3, Scale: 0.1},
		"triangle": {Features: 4, Scale: 3, Kernel: func(b *graph.Builder, d *G.Node) *G.Node {
			return b.Relu(b.Not(b.Scale(d, graph.Const(0.1))))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			graphtest.CheckGrad(t, func(x *G.Node) (*G.Node, error) { return encode.Population(x, p) },
				tensor.Shape{2, 4}, graphtest.Random(8, 1))
		})
	}
}

// A distance of one's own takes the place of the squared one.
func TestPopulationDistance(t *testing.T) {
	x := []float64{0, 0.3, 1.7, 2}
	for _, scale := range []float64{0, 1.5} {
		p := encode.PopulationParams{Features: 4, Scale: scale}
		eval := func() (y, d []float64) {
			n := graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{2, 2}, x)
			out, err := encode.Population(n, p)
			require.NoError(t, err)
			require.Equal(t, tensor.Shape{2, 2, 4}, out.Shape())
			ds, vs := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{out}, [][]float64{graphtest.Random(16, 1)}), []*G.Node{n}, []*G.Node{out})
			return vs[0], ds[0]
		}
		want, wantGrad := eval()
		p.Distance = func(b *graph.Builder, x, c *G.Node) *G.Node { return b.Square(b.Sub(x, c)) }
		got, grad := eval()
		graphtest.Close(t, "activities", want, got, 1e-12)
		graphtest.Close(t, "gradient", wantGrad, grad, 1e-12)
		p.Distance = func(b *graph.Builder, x, c *G.Node) *G.Node { return b.Abs(b.Sub(x, c)) }
		got, _ = eval()
		top := scale
		if top == 0 {
			top = 2 // the largest value
		}
		for i, v := range x {
			for k := range 4 {
				require.InDelta(t, math.Exp(-top*math.Abs(v-top*float64(k)/3)/2), got[i*4+k], 1e-12)
			}
		}
	}
	n := graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{2}, []float64{1, 2})
	for want, f := range map[string]func(b *graph.Builder, x, c *G.Node) *G.Node{
		"the distance is nil":                    func(*graph.Builder, *G.Node, *G.Node) *G.Node { return nil },
		"the distance has shape [2], want [2 3]": func(*graph.Builder, *G.Node, *G.Node) *G.Node { return n },
	} {
		_, err := encode.Population(n, encode.PopulationParams{Features: 3, Distance: f})
		require.EqualError(t, err, "encode: population: "+want)
	}
}

func TestRBFGradients(t *testing.T) {
	shape := tensor.Shape{2, 3}
	graphtest.CheckGrad(t, func(d *G.Node) (*G.Node, error) { return encode.GaussianRBF(d, 0.7) }, shape, graphtest.Random(6, 1))
	graphtest.CheckGrad(t, func(y *G.Node) (*G.Node, error) {
		return encode.SquaredDistance(graphtest.Node(y.Graph(), tensor.Float64, "c", []int{4, 2, 3}, graphtest.Random(24, 2)), y)
	}, shape, graphtest.Random(6, 1))
}

func TestPopulationErrors(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float32, "x", []int{2}, []float64{1, 2})
	y := graphtest.Node(g, tensor.Float32, "y", []int{3}, []float64{1, 2, 3})
	for _, c := range []struct {
		x    *G.Node
		p    encode.PopulationParams
		want string
	}{
		{nil, encode.PopulationParams{Features: 1}, "x is nil"},
		{x, encode.PopulationParams{}, "0 features, want at least 1"},
		{x, encode.PopulationParams{Features: 2, Scale: -1}, "the scale is -1, want a finite number above 0, or 0 for the largest value of x"},
		{x, encode.PopulationParams{Features: 2, Scale: math.NaN()}, "the scale is NaN, want a finite number above 0, or 0 for the largest value of x"},
	} {
		_, err := encode.Population(c.x, c.p)
		require.EqualError(t, err, "encode: population: "+c.want)
	}
	_, err := encode.GaussianRBF(x, 0)
	require.EqualError(t, err, "encode: Gaussian: σ is 0, want a finite number above 0")
	_, err = encode.GaussianRBF(nil, 1)
	require.EqualError(t, err, "encode: Gaussian: d is nil")
	_, err = encode.SquaredDistance(x, y)
	require.EqualError(t, err, "encode: squared distance: parameter y has shape [3], which does not broadcast to [2]")
	_, err = encode.SquaredDistance(x, nil)
	require.EqualError(t, err, "encode: squared distance: y is nil")
	_, err = encode.SquaredDistance(nil, x)
	require.EqualError(t, err, "encode: squared distance: x is nil")
}

// A NaN is an error of the run.
func TestPopulationNaN(t *testing.T) {
	x := graphtest.Node(G.NewGraph(), tensor.Float32, "x", []int{2}, []float64{1, math.NaN()})
	y, err := encode.Population(x, encode.PopulationParams{Features: 2})
	require.NoError(t, err)
	m, err := machine.New(y)
	require.NoError(t, err)
	require.ErrorContains(t, m.Run(), "encode: distance to 2 centres up to 0: element 1 of x is NaN")
}
