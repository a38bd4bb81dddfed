package train_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/online"
	"github.com/spikegrad/spikegrad/train"
)

// volleys are sequences of 100 steps of 100 inputs that fire at 5 %, with one target a step.
type volleys struct{ n int }

func (d volleys) Len() int     { return d.n }
func (d volleys) Shape() []int { return []int{100, 100} }
func (d volleys) Sample(i int, x []float32) (int, error) {
	for j, v := range graphtest.Sparse(len(x), 0.05, true, uint64(i%4)) {
		x[j] = float32(v)
	}
	return 0, nil
}
func (d volleys) Target(i int, y []float32) error { y[i%len(y)] = 1; return nil }

// BenchmarkLearning takes the time of batches of 16 sequences, learnt by e-prop and by backpropagation through time.
func BenchmarkLearning(b *testing.B) {
	hard := neurons.DefaultLIFParams()
	soft := hard
	soft.ResetMethod, soft.DetachReset = neurons.ResetSubtract, true
	for _, c := range []struct {
		name string
		l    layers.Layer
	}{
		{"soft", layers.Lift(neurons.LIFStep, soft)}, {"hard", layers.Lift(neurons.LIFStep, hard)},
		{"recurrent", layers.Recurrent(neurons.LIFStep, hard)},
	} {
		for name, l := range map[string]train.Learning{"bptt": nil, "eprop": online.EProp{}} {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				m, err := train.Network{
					Net:   layers.Sequential{layers.Linear{Out: 100, Init: layers.Scaled{Gain: 8}}, c.l, layers.Linear{Out: 1}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams())},
					Shape: []int{100}, Steps: 100, Batch: 16, Loss: loss.MeanSquared{Sequence: true}, Seed: 1,
				}.Compile()
				require.NoError(b, err)
				learn := func(batches int) {
					_, err := (&train.Trainer{Model: m, Data: volleys{16 * batches}, Epochs: 1, Learning: l}).Run(context.Background())
					require.NoError(b, err)
				}
				for b.Loop() {
					learn(20) // one is little beside what a Trainer begins with
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*20*100)/1e3, "µs/step")
			})
		}
	}
}
