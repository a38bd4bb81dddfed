package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/long"
)

// All surrogates have the height that they should, are even and fall off on the
// scale of 1/β.
func TestShapes(t *testing.T) {
	for _, sh := range shapes {
		for _, beta := range []float64{1, 10, 100} {
			s := scaled{slope: sh.of(beta), height: 3}
			require.InDelta(t, 3, s.Deriv(0), 1e-12, sh.name)
			require.Equal(t, s.Deriv(0.5/beta), s.Deriv(-0.5/beta), sh.name)
			require.InDelta(t, 3*sh.of(1).Deriv(0.5), s.Deriv(0.5/beta), 1e-9, sh.name)
			require.Less(t, s.Deriv(10/beta), 0.03, sh.name)
			require.Equal(t, 1.0, s.Eval(1e-9), sh.name)
		}
	}
	var _ graph.Sloper = scaled{}
}

// What is tried, and that what was reached comes where it belongs.
func TestSweep(t *testing.T) {
	long.Test(t)
	s := sweep{options: options{seed: 1, seeds: 2, epochs: 1}, reached: map[cell]*point{}}
	require.Len(t, s.cells(), 36)
	seen := map[cell]bool{}
	for _, c := range s.cells() {
		require.False(t, seen[c])
		seen[c] = true
	}
	require.NoError(t, s.generate())
	require.Len(t, s.train, 2)
	require.Equal(t, learnt, s.train[0].Len())
	require.Equal(t, judged, s.test[1].Len())
	require.Equal(t, 10, data.Classes(s.test[0]))
	accuracy, broken, err := s.one(context.Background(), cell{0, 10, 1}, 0)
	require.NoError(t, err)
	require.False(t, broken)
	require.Greater(t, accuracy, 0.2) // by chance 0.1
	_, broken, err = s.one(context.Background(), cell{0, 10, 1e4}, 0)
	require.NoError(t, err)
	require.True(t, broken)
}

func TestRunStopped(t *testing.T) {
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, run(stopped, options{seed: 1, seeds: 1, epochs: 1, out: t.TempDir()}))
	require.EqualError(t, run(stopped, options{seed: 1, epochs: 1}), "1 epochs and 0 seeds asked for, want at least 1 of both")
}
