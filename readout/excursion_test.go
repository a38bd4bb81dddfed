package readout_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/readout"
)

// Against the definition, for any number of processors.
func TestExcursion(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const steps, n = 4, 5000
	inf := math.Inf(1)
	x, w := graphtest.Random(steps*n, 1), graphtest.Random(n, 2)
	for _, c := range [][2]float64{{-0.5, 0.7}, {-inf, 0.7}, {-0.5, inf}, {0.1, 0.1}, {-inf, inf}} {
		y, d := make([]float64, n), make([]float64, steps*n)
		for i, v := range x {
			up, down := math.Max(0, v-c[1]), math.Max(0, c[0]-v)
			y[i%n] += up*up + down*down
			d[i] = 2 * (up - down) * w[i%n]
		}
		for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-14, tensor.Float32: 1e-6} {
			for _, procs := range []int{1, 2, 3} {
				runtime.GOMAXPROCS(procs)
				in := graphtest.Node(G.NewGraph(), dt, "x", []int{steps, 2, n / 2}, x)
				e, err := readout.Excursion(in, c[0], c[1])
				require.NoError(t, err)
				require.Equal(t, tensor.Shape{2, n / 2}, e.Shape())
				grads, values := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{e}, [][]float64{w}), []*G.Node{in}, []*G.Node{e})
				graphtest.Close(t, "y", y, values[0], tol)
				graphtest.Close(t, "gradient", d, grads[0], tol)
			}
		}
	}
	f := func(x *G.Node) (*G.Node, error) { return readout.Excursion(x, -0.5, 0.7) }
	graphtest.CheckGrad(t, f, tensor.Shape{5, 3, 4}, graphtest.Random(60, 1))
}

func TestExcursionErrors(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float32, "x", []int{2, 3}, make([]float64, 6))
	for _, c := range []struct {
		x      *G.Node
		lo, hi float64
		want   string
	}{
		{nil, 0, 1, "readout: excursion: operand 0 is nil"},
		{graphtest.Node(g, tensor.Float32, "flat", []int{3}, make([]float64, 3)), 0, 1, "readout: excursion: x has shape [3], want [T batch …]"},
		{G.NewTensor(g, tensor.Int, 2, G.WithName("whole"), G.WithShape(3, 2)), 0, 1,
			"readout: excursion: x has elements of type int, want float32 or float64"},
		{x, 1, 0, "readout: excursion: bounds are 1 and 0, want lower ≤ upper"},
		{x, math.NaN(), 0, "readout: excursion: bounds are NaN and 0, want lower ≤ upper"},
		{x, math.Inf(1), math.Inf(1), "readout: excursion: bounds are +Inf and +Inf, want lower ≤ upper"},
	} {
		_, err := readout.Excursion(c.x, c.lo, c.hi)
		require.EqualError(t, err, c.want)
	}
}
