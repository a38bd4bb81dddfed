package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The bars are where the targets say that they move: the pixels of a line ahead of the others by the
// speed.
func TestBars(t *testing.T) {
	d := bars(1, true).test
	x, y := make([]float32, steps*side*side), make([]float32, 2)
	on := 0.0
	for i := range d.Len() {
		label, err := d.Sample(i, x)
		require.NoError(t, err)
		require.NoError(t, d.Target(i, y))
		require.Equal(t, float32(label), y[0])
		require.True(t, y[1] >= 0.3 && y[1] <= 1)
		for _, v := range x {
			on += float64(v) / float64(d.Len()*steps)
		}
	}
	require.InDelta(t, 0.9*side+0.01*side*(side-1), on, 0.1)
}
