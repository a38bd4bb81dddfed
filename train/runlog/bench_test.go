package runlog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

// BenchmarkFolder trains the network of examples/yinyang, 100 batches an epoch,
// with more and more written down.
func BenchmarkFolder(b *testing.B) {
	const epochs = 10
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	for _, c := range []struct {
		name string
		f    *runlog.Folder
	}{
		{"nothing", nil},
		{"log", &runlog.Folder{NoEvents: true, NoReport: true}},
		{"events", &runlog.Folder{NoReport: true}},
		{"report", &runlog.Folder{}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				m, err := train.Network{
					Net: layers.Sequential{
						layers.Linear{Out: 200, Init: layers.Scaled{Gain: 4}}, layers.Lift(neurons.LIFStep, p),
						layers.Linear{Out: 3}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
					},
					Shape: []int{4}, Steps: 30, Batch: 50, Seed: 1,
				}.Compile()
				require.NoError(b, err)
				t := train.Trainer{Model: m, Data: yinyang(b, 5000, 42), Validation: yinyang(b, 1000, 41), Epochs: epochs, ClipNorm: 1}
				if c.f != nil {
					c.f.Dir = b.TempDir()
					t.Observers = []train.Observer{c.f}
				}
				b.StartTimer()
				_, err = t.Run(background)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*epochs*100), "µs/batch")
		})
	}
}
