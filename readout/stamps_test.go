package readout_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/readout"
)

// The largest stamp is minus the time of the first spike, on top of the steps that
// have gone before; the gradient goes to spikes alone.
func TestSpikeStamps(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		g := G.NewGraph()
		z := graphtest.Node(g, dt, "z", []int{3, 2, 2}, []float64{
			0, 1, 0, 0,
			2, 1, 0, 0,
			0, 0, 0, -1,
		})
		before := graphtest.Node(g, dt, "before", []int{2}, []float64{10, 20})
		y, err := readout.SpikeStamps(z, before)
		require.NoError(t, err)
		latest, err := readout.MaxOverTime(y)
		require.NoError(t, err)
		up := graphtest.Node(g, dt, "up", []int{2, 2}, []float64{1, 2, 3, 4})
		cost := G.Must(G.Sum(G.Must(G.HadamardProd(G.Must(graph.Reshape(latest, 2, 2)), up))))
		grads, values := graphtest.Grads(t, cost, []*G.Node{z}, []*G.Node{latest})
		require.Equal(t, -11., values[0][0])
		require.Equal(t, -10., values[0][1])
		require.Less(t, values[0][2], -1e30, "no spike")
		require.Equal(t, -22., values[0][3])
		require.Equal(t, []float64{0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4}, grads[0])
	}
	g := G.NewGraph()
	_, err := readout.SpikeStamps(nil, nil)
	require.EqualError(t, err, "readout: spike stamps: operand 0 is nil")
	z := graphtest.Node(g, tensor.Float64, "z", []int{3, 2}, make([]float64, 6))
	_, err = readout.SpikeStamps(z, z)
	require.EqualError(t, err, "readout: spike stamps: the steps before have shape [3 2] of float64, want [2] of float64")
}
