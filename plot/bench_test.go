package plot_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/plot"
)

// A raster of a million spikes, as PNG and SVG on the disk.
func BenchmarkRaster(b *testing.B) {
	const T, n = 5000, 1000
	spikes := make([]float32, T*n)
	r := rand.New(rand.NewPCG(1, 1))
	for range 1_000_000 {
		i := r.IntN(len(spikes))
		for spikes[i] == 1 {
			i = (i + 1) % len(spikes)
		}
		spikes[i] = 1
	}
	dir := b.TempDir()
	for b.Loop() {
		fig, err := plot.Raster("Many", 1e-3, plot.Layer[float32]{Name: "hidden", N: n, Spikes: spikes})
		require.NoError(b, err)
		require.NoError(b, plot.Save(dir, "raster", fig))
	}
}
