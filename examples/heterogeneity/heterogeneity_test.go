package main

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/train"
)

// Time constants have the mean that was asked for, and the standard deviation of a
// gamma distribution of shape 3, mean/√3; none is as short as a time step.
func TestGamma(t *testing.T) {
	const n, mean = 40000, 20e-3
	w := make([]float64, n)
	require.NoError(t, gamma{mean}.Draw(rand.New(rand.NewPCG(1, 2)), nil, w))
	var sum, square float64
	for _, v := range w {
		sum, square = sum+1/v, square+1/(v*v)
		require.LessOrEqual(t, v, 500.)
	}
	require.InDelta(t, mean, sum/n, 0.01*mean)
	require.InDelta(t, mean*mean/3, square/n-sum/n*sum/n, 0.03*mean*mean)
}

// Only the kinds that learn time constants have them among their parameters; they
// start from one value or from many.
func TestKinds(t *testing.T) {
	for i, names := range [][]string{
		{"0.linear.w", "0.linear.b", "2.linear.w", "2.linear.b"},
		{"0.linear.w", "0.linear.b", "2.linear.w", "2.linear.b"},
		{"0.linear.w", "0.linear.b", "hidden.TauMemInv", "hidden.TauSynInv", "2.linear.w", "2.linear.b"},
		{"0.linear.w", "0.linear.b", "hidden.TauMemInv", "hidden.TauSynInv", "2.linear.w", "2.linear.b"},
	} {
		m, err := newModel(kinds[i], 1)
		require.NoError(t, err)
		require.Equal(t, names, parameters(m))
		ts := taus(m, mem)
		if !kinds[i].learnt {
			require.Empty(t, ts)
			require.Empty(t, taus(m, syn))
			continue
		}
		require.Len(t, ts, hidden)
		require.Len(t, taus(m, syn), hidden)
		different := map[float64]bool{}
		for _, tau := range ts {
			different[tau] = true
			if !kinds[i].spread {
				require.InDelta(t, tauMem, tau, 1e-6)
			}
		}
		require.Equal(t, kinds[i].spread, len(different) > hidden/2)
	}
}

func parameters(m *train.Model) (names []string) {
	for _, p := range m.Params() {
		names = append(names, p.Name())
	}
	return names
}

func TestBelow(t *testing.T) {
	require.Equal(t, []float64{0, 0.25, 0.75, 1}, below([]float64{0.001, 0.002, 0.004, 0.01}, []float64{0.5, 1.5, 5, 50}))
}

func TestRunStopped(t *testing.T) {
	long.Test(t)
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, run(stopped, options{seed: 1, seeds: 1, epochs: 1, out: t.TempDir()}))
	require.EqualError(t, run(stopped, options{seeds: 1}), "0 epochs and 1 seeds asked for, want at least 1 of both")
}
