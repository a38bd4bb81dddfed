package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/long"
)

// The signal has mean 0 and variance 1, the target the variance that errors are divided by, and after ten minutes the
// other sign.
func TestPlant(t *testing.T) {
	p := newPlant(3)
	var n, mean, square, y2 float64
	var before float64
	for range turn {
		u, y := p.next()
		n, mean, square, y2 = n+1, mean+u, square+u*u, y2+y*y
		require.Equal(t, p.y, y)
	}
	require.InDelta(t, 0, mean/n, 0.06) // 600,000 steps are some 3,000 independent ones
	require.InDelta(t, 1, square/n, 0.1)
	require.InDelta(t, variance, y2/n, 0.1*variance)
	before = p.y
	u, y := p.next()
	require.InDelta(t, -(before + (u-before)/memory), y, 1e-12)
}

// The network learns to follow the plant, and again when that has changed.
func TestFollow(t *testing.T) {
	long.Test(t)
	l, err := newLearner(1, 1e-4)
	require.NoError(t, err)
	p := newPlant(1)
	after := func(skip, steps int) float64 {
		if skip > 0 {
			_, err := follow(context.Background(), l, p, skip)
			require.NoError(t, err)
		}
		e, err := follow(context.Background(), l, p, steps)
		require.NoError(t, err)
		return e
	}
	require.Less(t, after(minute, minute), 0.2)
	var changed float64
	for k := range 5 { // the plant changes: what was right has the wrong sign, an error of 4
		p.t = (k + 1) * turn
		changed += after(0, second/10) / 5
		require.Less(t, after(5*second, 5*second), 0.4, "change %d", k)
	}
	require.Greater(t, changed, 0.4)
}

func TestArguments(t *testing.T) {
	require.ErrorContains(t, run(context.Background(), 0, 1, 1e-3, t.TempDir()), "0 minutes")
	require.ErrorContains(t, run(context.Background(), 1, 1, -1, t.TempDir()), "rate of -1")
	ctx, stop := context.WithCancel(context.Background())
	stop()
	require.NoError(t, run(ctx, 1, 1, 1e-3, t.TempDir()))
}
