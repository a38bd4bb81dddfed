package encode_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// What passes is everything up to and with the element that lifts the sum
// above 0: a negative one does not close the way.
func TestSpikeLatency(t *testing.T) {
	x := graphtest.Node(G.NewGraph(), tensor.Float32, "x", []int{5, 3}, []float64{
		0, 1, -1,
		0, 1, 1,
		2, 0, 3,
		0, 1, 1,
		5, 1, 1,
	})
	y, err := encode.SpikeLatency(x)
	require.NoError(t, err)
	require.Equal(t, []float64{
		0, 1, -1,
		0, 0, 1,
		2, 0, 3,
		0, 0, 0,
		0, 0, 0,
	}, graphtest.Eval(t, y)[0])
}

func TestSpikeLatencyGradient(t *testing.T) {
	graphtest.CheckGrad(t, encode.SpikeLatency, tensor.Shape{7, 2, 3}, graphtest.Random(42, 1))
}

func TestSpikeLatencyErrors(t *testing.T) {
	_, err := encode.SpikeLatency(nil)
	require.EqualError(t, err, "encode: spike latency: graph: scan: xs is nil")
	x := graphtest.Node(G.NewGraph(), tensor.Float32, "x", []int{5}, make([]float64, 5))
	_, err = encode.SpikeLatency(x)
	require.EqualError(t, err, "encode: spike latency: graph: scan: xs has shape [5], want [T batch …] with no axis of length 0")
}
