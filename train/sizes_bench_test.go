package train

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/cost"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// An images is what a convolutional workload is made of.
type images struct {
	layers  int // convolutions
	steps   int
	stride  int  // of every other convolution, in place of poolings behind each two
	groups  int  // of all but the first; −1: as many as channels, with a convolution of 1×1 behind it
	one     bool // every other convolution is 1×1
	norm    bool // batch norm before the neurons
	batch   int
	channel int // of the first two convolutions; twice as many after each halving, 4 times at most
}

// workload is a network on images of 3×32×32, which are halved behind each two
// convolutions until they are 8×8.
func (c images) workload() workload {
	lif := lift(neurons.LIFStep, neurons.DefaultLIFParams())
	w := workload{shape: []int{3, 32, 32}, classes: 10, steps: c.steps, batch: c.batch, rate: 0.5, fires: 0.1, neurons: 10}
	var net layers.Sequential
	size, out := 32, c.channel
	conv := func(kernel, stride, groups int) {
		if !c.norm { // what is normalised fires at a rate of its own
			w.hidden = append(w.hidden, []string{fmt.Sprintf("%d.conv.w", len(net))})
		}
		net = append(net, layers.Conv2D{Out: out, Kernel: kernel, NoBias: true, Conv: connect.Conv{Pad: kernel / 2, Stride: stride, Groups: groups}})
		if c.norm {
			net = append(net, layers.BatchNorm{Scale: 10})
		}
		net = append(net, lif)
		size /= stride
		w.neurons += out * size * size
	}
	for i := range c.layers {
		halve := i%2 == 1 && size > 8
		kernel, stride, groups := 3, 1, 1
		if halve && c.stride > 1 {
			stride = c.stride
		}
		if c.one && i%2 == 1 {
			kernel = 1
		}
		if i > 0 {
			groups = max(c.groups, 1)
		}
		if c.groups < 0 && i > 0 {
			to := out
			if i%2 == 0 {
				out = min(out, 4*c.channel)
			}
			conv(3, stride, out)
			out = to
			conv(1, 1, 1)
		} else {
			conv(kernel, stride, groups)
		}
		if halve {
			if c.stride <= 1 {
				net, size = append(net, layers.Pool{Size: 2}), size/2
			}
			if c.groups >= 0 {
				out = min(2*out, 4*c.channel)
			}
		}
	}
	w.net = append(net, layers.Flatten, linear(10), lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime)
	return w
}

// BenchmarkSizes times training steps over sizes of networks, and says what bounds them:
//
//   - dense-GFLOP: of the products that are dense whatever fires, the gradients of what
//     goes into each map but the first, and of maps whose inputs are no spikes
//   - follow-GB: rows of weights, and of their gradients, that spikes select
//   - memory-GB: what neurons read and write, 20 bytes a neuron and time step, and Adam, 28
//     a weight
//
// internal/sweep divides each by what the machine gives.
func BenchmarkSizes(b *testing.B) {
	for _, n := range []int{256, 512, 1024, 2048} {
		for _, batch := range []int{16, 64, 256} {
			b.Run(fmt.Sprintf("recurrent/n=%d,batch=%d", n, batch), wideRecurrent(n, 100, batch).bound)
		}
	}
	for _, steps := range []int{4, 25, 1000} {
		b.Run(fmt.Sprintf("recurrent/n=512,T=%d", steps), wideRecurrent(512, steps, 16).bound)
	}
	for _, c := range []struct {
		name string
		images
	}{
		{"layers=3", images{layers: 3}}, {"layers=6", images{layers: 6}}, {"layers=12", images{layers: 12}},
		{"stride=2", images{layers: 6, stride: 2}}, {"groups=4", images{layers: 6, groups: 4}},
		{"depthwise", images{layers: 6, groups: -1}}, {"1x1", images{layers: 6, one: true}},
		{"batch-norm", images{layers: 6, norm: true}}, {"T=4", images{layers: 6, steps: 4}}, {"T=100", images{layers: 6, steps: 100, batch: 2}},
	} {
		c.steps, c.batch, c.channel = cmp.Or(c.steps, 8), cmp.Or(c.batch, 16), 32
		b.Run("conv/"+c.name, c.workload().bound)
	}
}

// bound times training steps and reports what bounds them.
func (w workload) bound(b *testing.B) {
	w.bench(b)
	b.StopTimer()
	m := w.model(b, w.steps, w.batch)
	w.calibrate(b, m)
	c := w.cost(b, m)
	var dense, follow float64
	for i, p := range c.Maps {
		if i > 0 { // the gradient of the input of the first is not asked for
			dense += 2 * p.Dense
		}
		if p.Additions || p.Ops < p.Dense/2 {
			follow += 2 * 4 * p.Ops
		} else {
			dense += 4 * p.Dense
		}
	}
	weights := 0
	for _, p := range m.params {
		weights += p.value.DataSize()
	}
	each := float64(w.batch)
	b.ReportMetric(dense*each/1e9, "dense-GFLOP")
	b.ReportMetric(follow*each/1e9, "follow-GB")
	b.ReportMetric((20*float64(w.steps*w.neurons)*each+28*float64(weights))/1e9, "memory-GB")
}

// cost measures what the network does for a sample of random spikes.
func (w workload) cost(b *testing.B, m *Model) cost.Cost {
	n := 1
	for _, d := range w.shape {
		n *= d
	}
	x := make([]float32, w.batch*n)
	r := rand.New(rand.NewPCG(11, 55))
	for i := range x {
		x[i] = 1
	}
	labels := make([]int, w.batch)
	for i := range labels {
		labels[i] = r.IntN(w.classes)
	}
	d, err := data.New(w.shape, x, labels)
	require.NoError(b, err)
	c, err := m.Cost(context.Background(), d, encode.PoissonParams{FMax: 1000 * w.rate, Dt: 1e-3})
	require.NoError(b, err)
	return c
}
