package data

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Two waves in one coordinate, one in another:
//
//	(0.5 sin(2π (0.25 + 0.5)) + 0.2 sin(2π (0.75 + 1/3))) · 0.8 sin(2π/12)
//	= (−0.5 + 0.2 sin 30°) · 0.4 = −0.16
func TestRandmanFunc(t *testing.T) {
	f := randmanFunc{
		{{amplitude: 0.5, frequency: 0.5, phase: 0.5}, {amplitude: 0.2, frequency: 1.5, phase: 1. / 3}},
		{{amplitude: 0.8, frequency: 0, phase: 1. / 12}},
	}
	require.InDelta(t, -0.16, f.at([]float64{0.5, 0.9}), 1e-12)

	// The k-th wave has an amplitude of at most 1/k^α, and a frequency of at most k.
	p := RandmanParams{Dim: 3, Alpha: 2}
	for _, waves := range newRandmanFunc(rand.New(rand.NewPCG(1, 2)), p) {
		require.Len(t, waves, 31) // 1/31² > 1/1000 > 1/32²
		for i, w := range waves {
			k := float64(i + 1)
			require.True(t, 0 <= w.amplitude && w.amplitude < math.Pow(k, -2))
			require.True(t, 0 <= w.frequency && w.frequency < k)
			require.True(t, 0 <= w.phase && w.phase < 1)
		}
	}
	require.Equal(t, 10, RandmanParams{Alpha: 3}.waves())
	require.Equal(t, 1000, RandmanParams{Alpha: 1}.waves())
}
