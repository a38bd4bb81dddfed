package machine_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
)

// On a Machine arithmetic is that of IEEE 754, in the first run and in later ones,
// of tensors and of scalars.
func TestMachineArithmetic(t *testing.T) {
	x := []float64{-1, 0, math.Copysign(0, -1), 1, -2, math.Inf(1), math.NaN(), 3}
	y := []float64{0, 0, 0, math.Copysign(0, -1), 1, math.Inf(1), 1, math.NaN()}
	var nought float64
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		g := G.NewGraph()
		shape := []int{len(x)}
		a, b := graphtest.Node(g, dt, "a", shape, x), graphtest.Node(g, dt, "b", shape, y)
		zero, one := graphtest.Node(g, dt, "zero", nil, []float64{0}), graphtest.Node(g, dt, "one", nil, []float64{1})
		type row struct {
			node *G.Node
			want func(a, b float64) float64
		}
		rows := []row{
			{G.Must(G.HadamardDiv(a, b)), func(a, b float64) float64 { return a / b }},
			{G.Must(G.HadamardProd(a, b)), func(a, b float64) float64 { return a * b }},
			{G.Must(G.Add(a, b)), func(a, b float64) float64 { return a + b }},
			{G.Must(G.Sub(a, b)), func(a, b float64) float64 { return a - b }},
			{G.Must(G.HadamardDiv(a, zero)), func(a, _ float64) float64 { return a / nought }},
			{G.Must(G.HadamardDiv(one, b)), func(_, b float64) float64 { return 1 / b }},
			{G.Must(G.Sub(a, one)), func(a, _ float64) float64 { return a - 1 }},
			{G.Must(G.Sub(one, b)), func(_, b float64) float64 { return 1 - b }},
			{G.Must(G.HadamardProd(zero, b)), func(_, b float64) float64 { return 0 * b }},
			{G.Must(G.Add(one, b)), func(_, b float64) float64 { return 1 + b }},
		}
		var nodes G.Nodes
		for _, r := range rows {
			nodes = append(nodes, r.node)
		}
		m, err := machine.New(append(nodes, G.Must(G.HadamardDiv(one, zero)))...)
		require.NoError(t, err)
		for run := range 3 {
			require.NoError(t, m.Run())
			for i, r := range rows {
				got := graphtest.Floats(m.Value(i))
				for j := range x {
					same(t, r.want(x[j], y[j]), got[j], fmt.Sprintf("%v, run %d: %v of %v and %v", dt, run, r.node.Op(), x[j], y[j]))
				}
			}
			require.Equal(t, []float64{math.Inf(1)}, graphtest.Floats(m.Value(len(rows))))
		}
	}
}

// same asserts the same number, with its sign.
func same(t *testing.T, want, got float64, what string) {
	t.Helper()
	if math.IsNaN(want) {
		require.True(t, math.IsNaN(got), "%s: got %v, want NaN", what, got)
		return
	}
	require.Equal(t, math.Float64bits(want), math.Float64bits(got), "%s: got %v, want %v", what, got, want)
}
