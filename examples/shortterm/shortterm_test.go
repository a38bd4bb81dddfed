package main

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The stationary response is that of theory, and above the limiting frequency it
// falls as 1/f if the synapse depresses.
func TestStationary(t *testing.T) {
	fs := frequencies(12)
	for _, s := range synapses() {
		t.Run(s.name, func(t *testing.T) {
			got, err := s.sweep(fs)
			require.NoError(t, err)
			for i, f := range fs {
				require.InEpsilon(t, s.stationary(f), got[i], 0.005, "at %v Hz", f)
				if s.tauFac == 0 && f > 20*s.limit() {
					require.InEpsilon(t, 1/(f*s.tauRec), got[i], s.limit()/f, "at %v Hz", f)
				}
			}
		})
	}
}

// A facilitating synapse responds most strongly at 1/√(U τ_f τ_rec).
func TestBestFrequency(t *testing.T) {
	s := synapses()[1]
	best := s.best()
	require.InDelta(t, 22, best, 1)
	require.Greater(t, s.stationary(best), s.stationary(best/2))
	require.Greater(t, s.stationary(best), s.stationary(best*2))
}

// Each spike of a train gets less from a depressing synapse and more from a
// facilitating one, and a pause brings both back.
func TestTrain(t *testing.T) {
	times := regular(start, 20, spikes)
	times = append(times, times[spikes-1]+recovery)
	for i, s := range synapses() {
		r, err := s.transmit(train(2, times...), 1)
		require.NoError(t, err)
		var y []float64
		for _, x := range times {
			y = append(y, r.y[steps(x)])
		}
		require.InDelta(t, s.u, y[0], 1e-12)
		sign := []float64{-1, 1}[i]
		for k := 1; k < spikes; k++ {
			require.Positive(t, sign*(y[k]-y[k-1]), "%s, spike %d", s.name, k)
		}
		require.Negative(t, sign*(y[spikes]-y[spikes-1]))
	}
	// Without facilitation what is there recovers as 1 − (1 − x) exp(−t/τ_rec).
	s := synapses()[0]
	r, err := s.transmit(train(1, 0.1, 0.6), 1)
	require.NoError(t, err)
	require.InDelta(t, s.u*(1-s.u*math.Exp(-0.5/s.tauRec)), r.y[steps(0.6)], 1e-4)
}

func TestRun(t *testing.T) {
	require.NoError(t, run(context.Background(), 1, 30, t.TempDir()))
	require.EqualError(t, run(context.Background(), 1, 0.5, t.TempDir()), "a rate of 0.5 Hz, want 1 to 200")
}
