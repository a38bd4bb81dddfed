package train_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/online"
	"github.com/spikegrad/spikegrad/train"
)

// volleys are sequences of so many steps of 100 inputs that fire at 5 %, with one target a step. They are drawn once, so that
// a benchmark has no time of it.
type volleys struct {
	n, steps int
	x        [4][]float32
}

func newVolleys(n, steps int) *volleys {
	d := &volleys{n: n, steps: steps}
	for i := range d.x {
		for _, v := range graphtest.Sparse(100*steps, 0.05, true, uint64(i)) {
			d.x[i] = append(d.x[i], float32(v))
		}
	}
	return d
}

func (d *volleys) Len() int     { return d.n }
func (d *volleys) Shape() []int { return []int{d.steps, 100} }
func (d *volleys) Sample(i int, x []float32) (int, error) {
	copy(x, d.x[i%4])
	return 0, nil
}
func (d *volleys) Target(i int, y []float32) error { y[i%len(y)] = 1; return nil }

// BenchmarkLearning takes the time of batches of 16 sequences, learnt by e-prop and by backpropagation through time: of 100
// steps, which are one window of e-prop, and of 1000, for which its traces go from window to window.
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
		for _, steps := range []int{100, 1000} {
			for _, rule := range []string{"bptt", "eprop"} {
				b.Run(fmt.Sprintf("%s/%d/%s", c.name, steps, rule), func(b *testing.B) {
					m, err := train.Network{
						Net:   layers.Sequential{layers.Linear{Out: 100, Init: layers.Scaled{Gain: 8}}, c.l, layers.Linear{Out: 1}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams())},
						Shape: []int{100}, Steps: steps, Batch: 16, Loss: loss.MeanSquared{Sequence: true}, Seed: 1,
					}.Compile()
					require.NoError(b, err)
					var l train.Learning
					if rule == "eprop" {
						l = online.EProp{}
					}
					batches := 10_000 / steps // one is little beside what a Trainer begins with
					d := newVolleys(16*batches, steps)
					for b.Loop() {
						_, err := (&train.Trainer{Model: m, Data: d, Epochs: 1, Learning: l}).Run(context.Background())
						require.NoError(b, err)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batches*steps)/1e3, "µs/step")
				})
			}
		}
	}
}

// BenchmarkLive takes the time of a step of a learner of one stream: 100 inputs that fire at 5 %, 100 neurons, a leaky readout, and
// weights that change with each.
func BenchmarkLive(b *testing.B) {
	m, err := train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 100, Init: layers.Scaled{Gain: 8}}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()), layers.Linear{Out: 1}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams())},
		Shape: []int{100}, Steps: 1, Batch: 1, Loss: loss.MeanSquared{Sequence: true}, Seed: 1,
	}.Compile()
	require.NoError(b, err)
	l, err := (&train.Trainer{Model: m, Learning: online.EProp{Every: 1}}).Live()
	require.NoError(b, err)
	const steps = 1000
	x, k := newVolleys(1, steps).x[0], 0
	b.ReportAllocs()
	for b.Loop() {
		_, _, err := l.Step(x[100*(k%steps):][:100], []float32{1})
		require.NoError(b, err)
		k++
	}
}
