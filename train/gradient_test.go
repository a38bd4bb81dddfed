package train_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// smooth returns neurons that fire by the antiderivative of their slope: their
// network is differentiable, and its gradient has one right value.
func smooth() neurons.LIFParams {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.Smooth(surrogate.SuperSpike{Alpha: 2})
	return p
}

// currents returns samples of the shape given, with labels of 3 classes.
func currents(n int, shape ...int) data.Dataset {
	d := list{shape: shape}
	size := tensor.Shape(shape).TotalSize()
	x := graphtest.Random(n*size, 9)
	for i := range n {
		s := make([]float32, size)
		for j := range s {
			s[j] = float32(1 + x[i*size+j])
		}
		d.x, d.labels = append(d.x, s), append(d.labels, i%3)
	}
	return d
}

// Gradients of whole networks, as the optimiser gets them, against central
// differences of the loss with its penalties, in float64.
func TestNetworkGradients(t *testing.T) {
	both := layers.Regularise(layers.Rate{Lower: 0.01, Upper: 0.02, Weight: 3}, layers.Voltage{Lower: -0.1, Upper: 0.3, Weight: 0.1})
	lif := func(opts ...layers.LiftOption) layers.Layer { return layers.Lift(neurons.LIFStep, smooth(), opts...) }
	lsnn := neurons.DefaultLSNNParams()
	lsnn.LIFParams, lsnn.TauAdaptInv = smooth(), graph.Const(20)
	big := layers.Scaled{Gain: 5}
	vector, image := []int{4}, []int{2, 6, 6}
	for name, c := range map[string]struct {
		shape []int
		net   layers.Layer
		loss  loss.Loss
	}{
		"two hidden layers": {vector, layers.Sequential{
			layers.Linear{Out: 6, Init: big}, lif(both), layers.Linear{Out: 5, Init: big}, lif(both),
			layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		}, nil},
		"recurrent": {vector, layers.Sequential{
			layers.Linear{Out: 6, Init: big}, layers.Recurrent(neurons.LIFStep, smooth(), both, layers.RecurrentInit(big)),
			layers.Linear{Out: 3}, li(), layers.MeanOverTime,
		}, nil},
		"recurrent with adaptation": {vector, layers.Sequential{
			layers.Linear{Out: 6, Init: big}, layers.Recurrent(neurons.LSNNStep, lsnn, both, layers.Learn("Beta", "TauAdaptInv")),
			layers.Linear{Out: 3}, li(), layers.Last,
		}, nil},
		"learnt neurons": {vector, layers.Sequential{
			layers.Linear{Out: 6, Init: big}, lif(both, layers.Learn("TauSynInv", "VLeak"), layers.LearnEach("TauMemInv", "VTh", "VReset")),
			layers.Linear{Out: 3}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams(), layers.LearnEach("TauMemInv", "TauSynInv", "VLeak")),
			layers.MaxOverTime,
		}, nil},
		"constrained": {vector, layers.Sequential{
			layers.Linear{Out: 6, Init: big}, lif(both, layers.LearnEach("TauMemInv", "VTh"), layers.Learn("TauSynInv"),
				layers.Constrain(graph.Exp, "TauMemInv"), layers.Constrain(graph.Softplus, "VTh"), layers.Constrain(graph.Clip(100, 300), "TauSynInv")),
			layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		}, nil},
		"checkpointed": {vector, layers.Sequential{
			layers.Linear{Out: 6, Init: big}, layers.Recurrent(neurons.LIFStep, smooth(), both, layers.KeepEvery(4)),
			layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		}, nil},
		"convolution": {image, layers.Sequential{
			layers.Conv2D{Out: 3, Kernel: 3, Conv: connect.Conv{Pad: 1}}, lif(both, layers.Learn("TauMemInv")), layers.Pool{Size: 2},
			layers.Conv2D{Out: 4, Kernel: 2, Init: big}, lif(), layers.Pool{Size: 2, Max: true},
			layers.Flatten, layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		}, nil},
		"spike count": {vector, layers.Sequential{
			layers.Linear{Out: 6, Init: big}, lif(both), layers.Linear{Out: 3, Init: big}, lif(), layers.SpikeCount,
		}, loss.SpikeCount{Right: 3, Wrong: 1}},
		"squared distance": {vector, layers.Sequential{
			layers.Linear{Out: 6, Init: big}, lif(both), layers.Linear{Out: 2, Init: big}, li(),
		}, loss.MeanSquared{Sequence: true}},
	} {
		t.Run(name, func(t *testing.T) {
			// Three samples in batches of four: one is padding.
			d := currents(3, c.shape...)
			if _, ok := c.loss.(loss.MeanSquared); ok {
				r := regression{d.(list)}
				for i := range 3 {
					y := make([]float32, 10*2)
					for j, v := range graphtest.Random(20, uint64(i)) {
						y[j] = float32(v)
					}
					r.targets = append(r.targets, y)
				}
				d = r
			}
			m := newModel(t, train.Network{Net: c.net, Shape: c.shape, Steps: 10, Batch: 4, Seed: 3, Loss: c.loss, Dtype: tensor.Float64})
			total := func() float64 {
				v, err := m.Evaluate(background, d, nil)
				require.NoError(t, err)
				sum := v.Loss
				for _, name := range slices.Sorted(maps.Keys(v.Terms)) {
					require.Positive(t, v.Terms[name], "%s is not at work", name)
					sum += v.Terms[name]
				}
				require.Less(t, sum, 20., "too large for differences of 1e-5 to show")
				return sum
			}
			grads := gradientsOf(t, m, d)
			for k, p := range m.Params() {
				w := p.Value().Data().([]float64)
				checkSlope(t, p.Name(), total, w, grads[p.Name()], uint64(k))
			}
		})
	}
}

// checkSlope moves w along a random direction, each element in proportion to its
// size, and compares the slope of f with that of the gradient d.
func checkSlope(t *testing.T, name string, f func() float64, w, d []float64, seed uint64) {
	t.Helper()
	const h = 1e-5
	was := append([]float64(nil), w...)
	defer copy(w, was)
	dir := graphtest.Random(len(w), 100+seed)
	slope := 0.0
	for i := range dir {
		dir[i] *= 0.1 + math.Abs(was[i])
		slope += d[i] * dir[i]
	}
	at := func(h float64) float64 {
		for i := range w {
			w[i] = was[i] + h*dir[i]
		}
		return f()
	}
	numeric := (at(h) - at(-h)) / (2 * h)
	require.NotZero(t, slope, name)
	require.InDelta(t, numeric, slope, 1e-6*math.Max(1e-2, math.Abs(numeric)), name)
}
