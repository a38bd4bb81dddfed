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
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
)

// Euler's method has a closed form between spikes: v after k steps is
// x (1 − (1 − dt/τ)^k). The first spike comes in the first step in which that is
// above the threshold, and others in intervals of the same length.
func TestConstantCurrentPeriod(t *testing.T) {
	const steps = 60
	x := []float64{0, -2, 0.99, 1.1, 1.5, 3, 11}
	z, err := encode.ConstantCurrentLIF(graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{1, len(x)}, x), steps, neurons.DefaultLIFBoxParams())
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{steps, 1, len(x)}, z.Shape())
	got := graphtest.Eval(t, z)[0]
	for i, v := range x {
		period := steps + 1
		if v > 1 {
			period = int(math.Ceil(math.Log(1-1/v) / math.Log(0.9)))
		}
		for s := range steps {
			want := 0.0
			if (s+1)%period == 0 {
				want = 1
			}
			require.Equal(t, want, got[s*len(x)+i], "x = %v in step %d", v, s)
		}
	}
}

// Neurons that fire by the antiderivative of the surrogate are differentiable.
func TestConstantCurrentGradient(t *testing.T) {
	p := neurons.DefaultLIFBoxParams()
	p.Spike = surrogate.Smooth(surrogate.Arctan{Alpha: 2})
	graphtest.CheckGrad(t, func(x *G.Node) (*G.Node, error) {
		return encode.ConstantCurrentLIF(x, 12, p)
	}, tensor.Shape{2, 3}, graphtest.Random(6, 1))
}

// The latency of a neuron is the first spike of its train.
func TestSpikeLatencyLIF(t *testing.T) {
	const steps, n = 30, 40
	x := graphtest.Random(n, 2)
	for i := range x {
		x[i] = 2 + 2*x[i]
	}
	g := G.NewGraph()
	in := graphtest.Node(g, tensor.Float64, "x", []int{n}, x)
	p := neurons.DefaultLIFBoxParams()
	all, err := encode.ConstantCurrentLIF(in, steps, p)
	require.NoError(t, err)
	first, err := encode.SpikeLatencyLIF(in, steps, p)
	require.NoError(t, err)
	vs := graphtest.Eval(t, all, first)
	spiking := 0
	for i, got := range times(t, vs[1], steps) {
		want := -1
		for s := range steps {
			if vs[0][s*n+i] == 1 {
				want = s
				spiking++
				break
			}
		}
		require.Equal(t, want, got)
	}
	require.Greater(t, spiking, n/2)
}

func TestCurrentErrors(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float32, "x", []int{2, 3}, make([]float64, 6))
	scalar := graphtest.Node(g, tensor.Float32, "s", nil, []float64{1})
	ints := G.NewVector(g, tensor.Int, G.WithShape(2), G.WithName("ints"))
	bad := neurons.DefaultLIFBoxParams()
	bad.Dt = -1
	other := neurons.DefaultLIFBoxParams()
	other.VLeak = graph.Learn(graphtest.Node(g, tensor.Float32, "leak", []int{4}, make([]float64, 4)))
	for _, c := range []struct {
		x     *G.Node
		steps int
		p     neurons.LIFBoxParams
		want  string
	}{
		{nil, 3, neurons.DefaultLIFBoxParams(), "x is nil"},
		{ints, 3, neurons.DefaultLIFBoxParams(), "x has elements of type int, want float32 or float64"},
		{scalar, 3, neurons.DefaultLIFBoxParams(), "x has shape [], want at least one axis and none of length 0"},
		{x, 0, neurons.DefaultLIFBoxParams(), "0 steps, want at least 1"},
		{x, -5, neurons.DefaultLIFBoxParams(), "-5 steps, want at least 1"},
		{x, 3, bad, "Dt is -1"},
		{x, 3, other, "leak has shape [4], which does not broadcast to [2 3]"},
	} {
		for name, f := range map[string]func(*G.Node, int, neurons.LIFBoxParams) (*G.Node, error){
			"encode: constant current: ":  encode.ConstantCurrentLIF,
			"encode: spike latency LIF: ": encode.SpikeLatencyLIF,
		} {
			_, err := f(c.x, c.steps, c.p)
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, c.want)
		}
	}
}
