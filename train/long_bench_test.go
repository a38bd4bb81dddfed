package train

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/optim"
)

// BenchmarkLong times a training step of the network of the workload ff on long
// sequences, whole and in segments of 100 steps: drawing the spikes, forward, backward
// and Adam. It reports the memory that model and batch hold. T=500/batch=32 is the size of
// the workload long.
func BenchmarkLong(b *testing.B) {
	for _, steps := range []int{100, 200, 500, 1000, 2000, 5000, 10_000} {
		for _, segment := range []int{0, 100} {
			b.Run(fmt.Sprintf("T=%d/segment=%d", steps, segment), func(b *testing.B) { benchLong(b, steps, 8, segment) })
		}
	}
	for _, segment := range []int{0, 250, 100} {
		b.Run(fmt.Sprintf("T=500/batch=32/segment=%d", segment), func(b *testing.B) { benchLong(b, 500, 32, segment) })
	}
}

func benchLong(b *testing.B, steps, batch, segment int) {
	w := feedForward(100, batch)
	calibrated := w.model(b, w.steps, w.batch)
	w.calibrate(b, calibrated)
	weights := calibrated.Weights()
	before := live()
	m, err := Network{Net: w.net, Shape: w.shape, Steps: steps, Batch: batch, Seed: 22, Segment: segment}.Compile()
	require.NoError(b, err)
	require.NoError(b, m.SetWeights(weights))
	require.True(b, m.use.Enter())
	from, err := feed.New(m.inputs(), ones(batch), randomSpikes(w.rate))
	require.NoError(b, err)
	opt, samples := &optim.Adam{LearningRate: 1e-6}, make([]int, batch)
	for i := range samples {
		samples[i] = i
	}
	step := func() {
		require.NoError(b, from.Load(samples, rand.New(rand.NewPCG(1, 2))))
		_, err := m.learn(from, 0, func() error { return opt.Step(m.valueGrads()) })
		require.NoError(b, err)
	}
	step()
	held := live() - before
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(held)/1e6, "MB")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*steps*batch*w.neurons), "ns/neuron-step")
	runtime.KeepAlive(from)
}

// live returns the bytes that are in use.
func live() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// ones is a data set of so many samples of ones.
type ones int

func (n ones) Len() int   { return int(n) }
func (ones) Shape() []int { return []int{784} }
func (ones) Sample(i int, x []float32) (int, error) {
	for j := range x {
		x[j] = 1
	}
	return i % 10, nil
}

// randomSpikes draws spikes for samples of ones.
func randomSpikes(rate float64) encode.Encoder {
	return encode.Stationary(encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
		return encode.Poisson(dst, x, steps, encode.PoissonParams{FMax: 1e3 * rate, Dt: 1e-3}, r)
	}))
}
