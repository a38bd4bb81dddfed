package readout_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/readout"
)

func TestOverTime(t *testing.T) {
	// [T=3, batch=1, n=2]
	x := []float64{1, 5, 4, 5, 2, 0}
	for name, c := range map[string]struct {
		f    graphtest.Fn
		y, d []float64 // output, and gradient of the sum of outputs
	}{
		"last": {readout.LastStep, []float64{2, 0}, []float64{0, 0, 0, 0, 1, 1}},
		"max":  {readout.MaxOverTime, []float64{4, 5}, []float64{0, 1, 1, 0, 0, 0}},
		"mean": {readout.MeanOverTime, []float64{7. / 3, 10. / 3}, []float64{1. / 3, 1. / 3, 1. / 3, 1. / 3, 1. / 3, 1. / 3}},
		"sum":  {readout.SumOverTime, []float64{7, 10}, []float64{1, 1, 1, 1, 1, 1}},
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
	_, err := readout.MaxOverTime(graphtest.Node(g, tensor.Float32, "flat", []int{4}, x[:4]))
	require.EqualError(t, err, "readout: max over time: x has shape [4], want [T batch …]")
	_, err = readout.MaxOverTime(nil)
	require.EqualError(t, err, "readout: max over time: operand 0 is nil")
	_, err = readout.LastStep(G.NewTensor(g, tensor.Int, 2, G.WithName("whole"), G.WithShape(3, 2)))
	require.EqualError(t, err, "readout: last step: x has elements of type int, want float32 or float64")
}

// TestOverTimeLarge compares with plain loops where the work is divided, and for
// any number of processors.
func TestOverTimeLarge(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const steps, n = 4, 5000
	x, w := graphtest.Sparse(steps*n, 0.5, true, 1), graphtest.Random(n, 2)
	for name, c := range map[string]struct {
		f    graphtest.Fn
		read func(x []float64) (y float64, share []float64) // of one lane
	}{
		"last": {readout.LastStep, func(x []float64) (float64, []float64) { return x[3], []float64{0, 0, 0, 1} }},
		"sum":  {readout.SumOverTime, func(x []float64) (float64, []float64) { return x[0] + x[1] + x[2] + x[3], []float64{1, 1, 1, 1} }},
		"mean": {readout.MeanOverTime, func(x []float64) (float64, []float64) {
			return (x[0] + x[1] + x[2] + x[3]) / 4, []float64{0.25, 0.25, 0.25, 0.25}
		}},
		"max": {readout.MaxOverTime, func(x []float64) (float64, []float64) {
			m := slices.Max(x)
			share := make([]float64, len(x))
			share[slices.Index(x, m)] = 1
			return m, share
		}},
	} {
		y, d := make([]float64, n), make([]float64, steps*n)
		for i := range n {
			var share []float64
			y[i], share = c.read([]float64{x[i], x[n+i], x[2*n+i], x[3*n+i]})
			for t, s := range share {
				d[t*n+i] = s * w[i]
			}
		}
		for _, procs := range []int{1, 2} {
			runtime.GOMAXPROCS(procs)
			g := G.NewGraph()
			in := graphtest.Node(g, tensor.Float64, "x", []int{steps, 50, 100}, x)
			out, err := c.f(in)
			require.NoError(t, err)
			ds, ys := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{out}, [][]float64{w}), []*G.Node{in}, []*G.Node{out})
			require.Equal(t, y, ys[0], name)
			require.Equal(t, d, ds[0], name)
		}
	}
}

// A maximum over a NaN is NaN, and its gradient goes there.
func TestMaxOverTimeNaN(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{3, 2}, []float64{1, 1, math.NaN(), 3, 2, 3})
	y, err := readout.MaxOverTime(x)
	require.NoError(t, err)
	ds, ys := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y}, [][]float64{{5, 7}}), []*G.Node{x}, []*G.Node{y})
	require.True(t, math.IsNaN(ys[0][0]))
	require.Equal(t, 3.0, ys[0][1])
	require.Equal(t, []float64{0, 0, 5, 7, 0, 0}, ds[0])
}

func TestRate(t *testing.T) {
	g := G.NewGraph()
	z := graphtest.Node(g, tensor.Float32, "z", []int{2, 2, 3}, []float64{1, 0, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1})
	w := graphtest.Node(g, tensor.Float32, "w", []int{2}, []float64{1, 0}) // the second sample is padding
	r, err := readout.Rate(z, w)
	require.NoError(t, err)
	require.InDelta(t, 2./6, graphtest.Eval(t, r)[0][0], 1e-6)
	// Without further axes, and with values that are not spikes.
	v := graphtest.Node(g, tensor.Float64, "v", []int{2, 3}, []float64{1, 2, 4, 0, 0.5, -1})
	weight := graphtest.Node(g, tensor.Float64, "weight", []int{3}, []float64{0.25, 0.5, 0.25})
	r, err = readout.Rate(v, weight)
	require.NoError(t, err)
	require.Equal(t, 0.25*0.5+0.5*1.25+0.25*1.5, graphtest.Eval(t, r)[0][0])
	_, err = readout.Rate(v, w)
	require.EqualError(t, err, "readout: rate: z has shape [2 3] and the weights [2], want [T batch …] and [batch] or [T batch]")
	_, err = readout.Rate(nil, w)
	require.EqualError(t, err, "readout: rate: operand 0 is nil")
	_, err = readout.Rate(z, z)
	require.ErrorContains(t, err, "z has shape [2 2 3] and the weights [2 2 3], want [T batch …] and [batch] or [T batch]")
}

// Two neurons over three time steps: the largest value of each.
func ExampleMaxOverTime() {
	g := G.NewGraph()
	vs := graphtest.Node(g, tensor.Float32, "vs", []int{3, 1, 2}, []float64{0.1, 0.5, 0.4, 0.2, 0.3, 0.1})
	y, err := readout.MaxOverTime(vs)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := machine.New(y)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := m.Run(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Value(0).Data())
	// Output: [0.4 0.5]
}
