package exact_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/exact"
)

// BenchmarkLearn learns from a batch of 32 points of Yin-Yang with 200 hidden neurons.
func BenchmarkLearn(b *testing.B) {
	d, err := data.NewYinYang(32, 42)
	require.NoError(b, err)
	m, err := exact.Network{Inputs: 5, Duration: 0.060, Layers: []exact.Layer{{N: 200, Mean: 1.5, Deviation: 0.78}, {N: 3, Mean: 0.93, Deviation: 0.1}}}.Compile(1)
	require.NoError(b, err)
	var samples [][]exact.Spike
	var classes []int
	x := make([]float32, 4)
	for i := range d.Len() {
		class, err := d.Sample(i, x)
		require.NoError(b, err)
		samples, classes = append(samples, encode(x)), append(classes, class)
	}
	b.ReportAllocs()
	events := 0
	for b.Loop() {
		t, err := m.Learn(context.Background(), samples, classes, exact.FirstSpike{})
		require.NoError(b, err)
		events = 32*200*5 + 4*t.Spikes[0] + t.Spikes[1]
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/event")
}
