package graphtest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Fn builds a node from an input.
type Fn func(x *G.Node) (*G.Node, error)

// CheckGrad compares, in float64, the gradient of a random weighted sum of f(x)
// with a central difference along one random direction.
func CheckGrad(t testing.TB, f Fn, shape tensor.Shape, x []float64) {
	t.Helper()
	var weights []float64
	value := func(x []float64, grad bool) (float64, []float64) {
		g := G.NewGraph()
		in := Node(g, tensor.Float64, "x", shape, x)
		y, err := f(in)
		require.NoError(t, err)
		if weights == nil {
			weights = Random(y.Shape().TotalSize(), 1001)
		}
		loss := Loss(t, []*G.Node{y}, [][]float64{weights})
		if !grad {
			return Eval(t, loss)[0][0], nil
		}
		ds, vs := Grads(t, loss, []*G.Node{in}, []*G.Node{loss})
		return vs[0][0], ds[0]
	}
	_, d := value(x, true)
	CheckDirection(t, func(x []float64) float64 { v, _ := value(x, false); return v }, x, d, 1e-6)
}

// CheckDirection compares the gradient d of f at x with a central difference
// along one random direction, within tol of the larger of 1 and the slope.
func CheckDirection(t testing.TB, f func(x []float64) float64, x, d []float64, tol float64) {
	t.Helper()
	const h = 1e-5
	dir := Random(len(x), 1002)
	var slope float64
	up, down := make([]float64, len(x)), make([]float64, len(x))
	for i, v := range dir {
		slope += v * d[i]
		up[i], down[i] = x[i]+h*v, x[i]-h*v
	}
	numeric := (f(up) - f(down)) / (2 * h)
	require.InDelta(t, numeric, slope, tol*math.Max(1, math.Abs(numeric)))
}
