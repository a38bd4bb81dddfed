package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/long"
)

// quick returns options for a run of a few seconds: larger changes of the weights
// need less time.
func quick(t *testing.T) options {
	return options{seed: 1, synapses: 1000, seconds: 120, rate: 20, volleys: 100, aPlus: 0.01, out: t.TempDir()}
}

// Weights that were spread evenly gather at both bounds, and the rate of the neuron
// falls to where fluctuations make it fire.
func TestCompetition(t *testing.T) {
	long.Test(t)
	c, err := compete(context.Background(), quick(t), func(float64) {})
	require.NoError(t, err)
	low, middle, high := near(c.before)
	require.InDelta(t, 0.1, low, 0.03)
	require.InDelta(t, 0.2, middle, 0.04)
	require.InDelta(t, 0.1, high, 0.03)
	require.Greater(t, c.rate[0], 100.0)

	low, middle, high = near(c.after)
	require.Greater(t, low, 0.35)
	require.Less(t, middle, 0.13)
	// Per width, more weights are at the upper bound than in the middle.
	require.Greater(t, high/0.1, 1.3*middle/0.2)
	require.Less(t, c.rate[len(c.rate)-1], 40.0)
	require.Greater(t, c.irregularity(), 0.6)
	for _, w := range c.after {
		require.True(t, w >= 0 && w <= 1)
	}
}

// The response to a volley that repeats comes earlier: the first inputs grow to the
// upper bound, the last ones vanish.
func TestLatency(t *testing.T) {
	long.Test(t)
	r, err := shorten(context.Background(), quick(t), func() {})
	require.NoError(t, err)
	require.Less(t, r.after.latency, r.before.latency-10)
	for i, w := range r.weights {
		switch {
		case r.latency[i] < onset-2*spread:
			require.Greater(t, w, float32(0.95))
		case r.latency[i] > onset+spread:
			require.Less(t, w, float32(0.05))
		}
	}
}

func TestRun(t *testing.T) {
	long.Test(t)
	o := quick(t)
	o.seconds, o.volleys = 2, 4
	require.NoError(t, run(context.Background(), o))
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, run(stopped, o))
	for _, c := range []struct {
		change func(o *options)
		want   string
	}{
		{func(o *options) { o.synapses = 0 }, "0 synapses, want at least 1"},
		{func(o *options) { o.seconds = 0 }, "0 seconds, want at least 1"},
		{func(o *options) { o.volleys = -1 }, "-1 volleys, want at least 1"},
		{func(o *options) { o.aPlus = 2 }, "a change of 2 by one pair of spikes, want 0 to 1"},
		{func(o *options) { o.rate = 0 }, "inputs of 0 Hz, want above 0, up to 1000"},
	} {
		bad := o
		c.change(&bad)
		require.EqualError(t, run(context.Background(), bad), c.want)
	}
}
