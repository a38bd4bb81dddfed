package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
)

// The second channel repeats the first after the lag of the class, and both fire at one rate for all lags, from
// the first step on: one channel alone tells nothing.
func TestSamples(t *testing.T) {
	lags := tasks[1]
	d, err := samples(lags, 2000, 1)
	require.NoError(t, err)
	fires := make([][2]float64, len(lags)) // per class and channel
	early := make([][2]float64, len(lags)) // in the first steps, before the shortest lag is over
	for i := range d.Len() {
		es, label, err := d.(data.Spiking).Events(i, nil)
		require.NoError(t, err)
		at := map[data.Event]bool{}
		for _, e := range es {
			at[data.Event{Step: e.Step, Index: e.Index}] = true
			fires[label][e.Index]++
			if e.Step < lags[0] {
				early[label][e.Index]++
			}
		}
		require.Len(t, at, len(es))
		for e := range at {
			if e.Index == 0 && e.Step+lags[label] < steps {
				require.True(t, at[data.Event{Step: e.Step + lags[label], Index: 1}])
			}
		}
	}
	for k := range lags { // 500 samples: 75,000 draws, of which 4,500 ± 65 spike, and 4,000, 240 ± 15
		for c := range 2 {
			require.InDelta(t, rate*500*steps, fires[k][c], 5*65)
			require.InDelta(t, rate*500*float64(lags[0]), early[k][c], 5*15)
		}
	}
}

// Delays are those that evaluation has: rounded, and cut off at the ends.
func TestApart(t *testing.T) {
	r := result{at: make([]float32, 2*hidden), weights: make([]float32, 2*hidden)}
	r.at[0], r.at[hidden] = 7.6, -3
	r.weights[0], r.weights[hidden] = 1, 2
	r.at[1], r.at[hidden+1] = 40, 1.4
	r.weights[1], r.weights[hidden+1] = 0.1, 0.1
	r.at[2], r.weights[2] = 9, 1 // the second channel does not excite it
	require.Equal(t, []int{8, longest - 1}, r.apart())
}
