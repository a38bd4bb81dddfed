package layers_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
)

func TestDropout(t *testing.T) {
	const p, n = 0.3, 20000
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		ones := make([]float64, 2*n)
		for i := range ones {
			ones[i] = 1
		}
		x := input(dt, 2, 4, n/4)
		require.NoError(t, setFloats(x, ones))
		b := layers.NewBuild(1)
		y, err := layers.Dropout{P: p}.Apply(b, x)
		require.NoError(t, err)
		mask := b.Masks[0]
		require.Equal(t, 1.0, mask.Rest)

		// Off at first, and in evaluation.
		require.Equal(t, ones, graphtest.Eval(t, y)[0])
		require.NoError(t, mask.Draw(rand.New(rand.NewPCG(1, 1))))
		out := graphtest.Eval(t, y)[0]
		require.Equal(t, out[:n], out[n:], "the mask changes over time")
		dropped := 0
		for _, v := range out[:n] {
			if v == 0 {
				dropped++
				continue
			}
			require.InDelta(t, 1/(1-p), v, 1e-6)
		}
		// The number is binomial: four standard deviations of √(n p (1−p)) ≈ 65.
		require.InDelta(t, p*n, dropped, 4*65)

		require.NoError(t, mask.Draw(rand.New(rand.NewPCG(1, 1))))
		require.Equal(t, out, graphtest.Eval(t, y)[0], "the same seed")
		require.NoError(t, mask.Draw(rand.New(rand.NewPCG(2, 1))))
		require.NotEqual(t, out, graphtest.Eval(t, y)[0], "another seed")
		require.NoError(t, mask.Draw(nil))
		require.Equal(t, ones, graphtest.Eval(t, y)[0])
	}
	require.EqualError(t, layers.Mask{}.Draw(nil), "layers: mask: the node is nil")
	require.EqualError(t, layers.Mask{Node: input(tensor.Float32, 1, 1)}.Draw(rand.New(rand.NewPCG(1, 1))), "layers: mask: the function that draws is nil")
}
