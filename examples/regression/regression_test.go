package main

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Of a constant c, the running mean is c (1 − kᵗ⁺¹), and the power its square over
// 3/2 with the same factor.
func TestFollow(t *testing.T) {
	u := make([]float64, 200)
	for i := range u {
		u[i] = 3
	}
	for i, y := range follow(u) {
		risen := 1 - math.Pow(1-1./window, float64(i+1))
		require.InDelta(t, 3*risen, y[0], 1e-12)
		require.InDelta(t, 6*risen, y[1], 1e-12)
	}
}

// Signals have mean 0 and mean square 3/2, and sample and target agree with what
// they were made of.
func TestSignals(t *testing.T) {
	s := newSignals(400, 7)
	var sum, square float64
	x, y := make([]float32, steps), make([]float32, steps*targets)
	for i := range s.Len() {
		_, err := s.Sample(i, x)
		require.NoError(t, err)
		require.NoError(t, s.Target(i, y))
		require.InDelta(t, s.y[i][steps-1][1], y[steps*targets-1], 1e-6)
		for k, v := range x {
			require.InDelta(t, s.u[i][k], v, 1e-6)
			sum, square = sum+float64(v), square+float64(v)*float64(v)
		}
	}
	n := float64(s.Len() * steps)
	require.InDelta(t, 0, sum/n, 0.05)
	require.InDelta(t, 1.5, square/n, 0.1)
	require.Equal(t, s.u[:100], newSignals(100, 7).u)

	_, err := s.Sample(400, x)
	require.EqualError(t, err, "signal 400 asked for in a length of 400, want 0 to 399 in 400")
	require.EqualError(t, s.Target(0, x), "targets of signal 0 asked for in a length of 400, want 0 to 399 in 800")
}

// The error of the targets themselves is 0, that of their means is 1.
func TestErrors(t *testing.T) {
	s := newSignals(20, 3)
	var exact []float32
	var mean [targets]float64
	for _, y := range s.y {
		for _, v := range y {
			exact = append(exact, float32(v[0]), float32(v[1]))
			mean[0], mean[1] = mean[0]+v[0], mean[1]+v[1]
		}
	}
	e := s.errors(exact)
	require.InDelta(t, 0, e[0], 1e-9)
	require.InDelta(t, 0, e[1], 1e-9)
	n := float64(s.Len() * steps)
	var constant []float32
	for range s.Len() * steps {
		constant = append(constant, float32(mean[0]/n), float32(mean[1]/n))
	}
	e = s.errors(constant)
	require.InDelta(t, 1, e[0], 1e-6)
	require.InDelta(t, 1, e[1], 1e-6)
}

func TestRunStopped(t *testing.T) {
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, run(stopped, 1, 1, t.TempDir()))
}
