package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/long"
)

// At any step an image of the batch is present by one of its rows, in their order,
// for 8 ms each; then there is the cue and nothing else.
func TestRows(t *testing.T) {
	const n = 3
	x := make([]float32, n*side*side)
	for i := range x {
		x[i] = float32(i + 1)
	}
	dst := make([]float32, steps*n*inputs)
	for i := range dst {
		dst[i] = -1
	}
	require.NoError(t, rows(dst, x, steps, nil))
	for step := range steps {
		for b := range n {
			in := dst[(step*n+b)*inputs:][:inputs]
			if row := step / 8; step < 28*8 {
				require.Equal(t, x[b*784+row*28:][:28], in[:side])
				require.Zero(t, in[side])
				continue
			}
			require.Equal(t, make([]float32, side), in[:side])
			require.Equal(t, float32(1), in[side])
		}
	}
}

// Both kinds have the same parameters to learn, and start from the same weights.
func TestKinds(t *testing.T) {
	plain, err := newModel(kinds[0], 1)
	require.NoError(t, err)
	adaptive, err := newModel(kinds[1], 1)
	require.NoError(t, err)
	a, b := plain.Params(), adaptive.Params()
	require.Len(t, a, 5)
	for i := range a {
		require.Equal(t, a[i].Name(), b[i].Name())
		require.Equal(t, a[i].Value().Data(), b[i].Value().Data())
	}
}

func TestOpen(t *testing.T) {
	learn, test, note, err := open("")
	require.NoError(t, err)
	require.Equal(t, 1000, learn.Len())
	require.Equal(t, 200, test.Len())
	require.Equal(t, "no -data: made-up images of bars take the place of digits", note)
	x := make([]float32, side*side)
	for i := range test.Len() {
		label, err := test.Sample(i, x)
		require.NoError(t, err)
		for k, v := range x {
			bar := k/side == 4+2*label || k/side == 5+2*label
			require.Equal(t, bar, v > 0.5)
		}
	}
	_, _, _, err = open("no-such-directory")
	require.Error(t, err)
}

func TestRunStopped(t *testing.T) {
	long.Test(t)
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, run(stopped, options{seed: 1, seeds: 1, epochs: 1, out: t.TempDir()}))
	require.EqualError(t, run(stopped, options{seeds: 1}), "0 epochs and 1 seeds asked for, want at least 1 of both")
}
