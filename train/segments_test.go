package train_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// closeTo requires that the largest difference between gradients of one name is at
// most tol of the largest element.
func closeTo(t *testing.T, want, got map[string][]float64, tol float64) {
	t.Helper()
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)))
	for name, w := range want {
		var size, off float64
		for i := range w {
			size, off = max(size, math.Abs(w[i])), max(off, math.Abs(w[i]-got[name][i]))
		}
		require.Positive(t, size, "%s has no gradient", name)
		require.LessOrEqual(t, off, tol*size, "%s: the largest gradient is %v", name, size)
	}
}

// answers is a data set of sequences with random targets of 3 outputs at each step.
func answers(n, steps int, shape []int) data.Dataset {
	d := currents(n, append([]int{steps}, shape...)...).(list)
	r := regression{d}
	for i := range n {
		y := make([]float32, steps*3)
		for j, v := range graphtest.Random(len(y), uint64(50+i)) {
			y[j] = float32(v)
		}
		r.targets = append(r.targets, y)
	}
	return r
}

// longNet is a network with its loss, and a data set.
type longNet struct {
	shape []int
	net   layers.Layer
	loss  loss.Loss
	data  func(n, steps int, shape []int) data.Dataset
}

func longNets() map[string]longNet {
	nets := map[string]longNet{}
	sequences := func(n, steps int, shape []int) data.Dataset { return currents(n, append([]int{steps}, shape...)...) }
	for name, c := range sequenced() {
		if name == "normalised" || name == "attention" {
			continue // batch norm has the statistics of a segment
		}
		nets[name] = longNet{c.shape, c.net, nil, sequences}
	}
	both := layers.Regularise(layers.Rate{Lower: 0.01, Upper: 0.02, Weight: 3}, layers.Voltage{Lower: -0.1, Upper: 0.3, Weight: 0.1},
		layers.Rate{Upper: 0.01, Weight: 1, Layer: true})
	lif := layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), both)
	gain := layers.Scaled{Gain: 8}
	nets["regularised"] = longNet{[]int{4}, layers.Sequential{
		layers.Linear{Out: 20, Init: gain}, lif, layers.Linear{Out: 20, Init: gain}, lif, layers.Linear{Out: 3}, li(), layers.MaxOverTime,
	}, nil, sequences}
	nets["spike count"] = longNet{[]int{4}, layers.Sequential{
		layers.Linear{Out: 20, Init: gain}, lif, layers.Linear{Out: 3, Init: gain}, lif, layers.SpikeCount,
	}, loss.SpikeCount{Right: 4, Wrong: 1}, sequences}
	nets["over time"] = longNet{[]int{4}, layers.Sequential{
		layers.Linear{Out: 20, Init: gain}, layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams(), both), layers.Linear{Out: 3}, li(),
	}, loss.MeanSquared{Sequence: true}, answers}
	nets["label each step"] = longNet{[]int{4}, layers.Sequential{
		layers.Linear{Out: 20, Init: gain}, layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams(), both), layers.Linear{Out: 3}, li(),
	}, loss.TET{Lambda: 0.2, Level: 0.5}, sequences}
	if !long.Tests() {
		nets = map[string]longNet{"recurrent": nets["recurrent"], "regularised": nets["regularised"], "over time": nets["over time"]}
	}
	return nets
}

var tolerances = map[tensor.Dtype]float64{tensor.Float32: 2e-6, tensor.Float64: 1e-14}

// In segments a network has the loss, the outputs and the gradients that it has on
// the whole.
func TestSegmentsAreTheWhole(t *testing.T) {
	const steps, samples = 30, 3
	for name, c := range longNets() {
		for dt, tol := range tolerances {
			t.Run(fmt.Sprint(name, "/", dt), func(t *testing.T) {
				d := c.data(samples, steps, c.shape)
				m := train.Network{Net: c.net, Shape: c.shape, Steps: steps, Batch: 4, Seed: 3, Loss: c.loss, Dtype: dt}
				whole := newModel(t, m)
				grads := gradientsOf(t, whole, d)
				want, err := whole.Evaluate(background, d, nil)
				require.NoError(t, err)
				outputs, err := whole.Predict(background, d, nil)
				require.NoError(t, err)
				for _, segment := range []int{1, 7, 30} {
					m.Segment = segment
					cut := newModel(t, m)
					closeTo(t, grads, gradientsOf(t, cut, d), tol)
					got, err := cut.Evaluate(background, d, nil)
					require.NoError(t, err)
					require.InEpsilon(t, want.Loss, got.Loss, tol)
					require.Equal(t, want.Accuracy == want.Accuracy, got.Accuracy == got.Accuracy)
					for k, v := range want.Terms {
						require.InDelta(t, v, got.Terms[k], tol*math.Max(v, 1), k)
					}
					for k, r := range want.Rates {
						require.InEpsilon(t, r.Value, got.Rates[k].Value, tol)
					}
					y, err := cut.Predict(background, d, nil)
					require.NoError(t, err)
					require.Equal(t, graphtest.Floats(outputs), graphtest.Floats(y), "segments of %d", segment)
				}
			})
		}
	}
}

// What looks into a network sees the same in one that goes through segments.
func TestSegmentsAreSeenWhole(t *testing.T) {
	d := currents(3, 20, 4)
	m := train.Network{Net: small(), Shape: []int{4}, Steps: 20, Batch: 4, Seed: 3}
	whole := newModel(t, m)
	m.Segment = 6
	cut := newModel(t, m)
	want, err := whole.Cost(background, d, nil)
	require.NoError(t, err)
	got, err := cut.Cost(background, d, nil)
	require.NoError(t, err)
	require.Equal(t, want, got)
	seen, err := whole.Record(background, d, nil, []int{1, 2})
	require.NoError(t, err)
	again, err := cut.Record(background, d, nil, []int{1, 2})
	require.NoError(t, err)
	require.Equal(t, seen, again)
	some, err := cut.Record(background, d, nil, []int{2, 1, 2}) // in an order of its own
	require.NoError(t, err)
	require.Equal(t, []int{2, 1, 2}, some[0].Samples)
	for i, r := range some {
		require.Equal(t, again[i].Sample(1), r.Sample(0))
		require.Equal(t, again[i].Sample(0), r.Sample(1))
		require.Equal(t, again[i].Sample(1), r.Sample(2))
	}

	// Spikes that are drawn segment by segment are those that Evaluate draws.
	noise := encode.Stationary(encode.Func(func(dst, _ []float32, _ int, r *rand.Rand) error {
		for i := range dst {
			dst[i] = 20 * r.Float32()
		}
		return nil
	}))
	points := yinyang(t, 7)
	v, err := cut.Evaluate(background, points, noise)
	require.NoError(t, err)
	all, err := cut.Record(background, points, noise, []int{0, 1, 2, 3, 4, 5, 6}, layers.Probe{Layer: v.Rates[0].Layer})
	require.NoError(t, err)
	spikes := 0.0
	for _, z := range all[0].Values {
		spikes += z
	}
	require.Positive(t, spikes)
	require.InEpsilon(t, v.Rates[0].Value, spikes/float64(len(all[0].Values)), 1e-6)
	require.Len(t, all[0].Values, 7*20*all[0].N())

	found, err := train.Diagnose(background, whole, d, nil)
	require.NoError(t, err)
	same, err := train.Diagnose(background, cut, d, nil)
	require.NoError(t, err)
	require.Equal(t, found, same)
}

// varied is a data set of sequences of different lengths. Behind their length there
// is rubbish.
type varied struct {
	data.Dataset
	lengths []int
}

func (v varied) Steps(i int) int { return v.lengths[i] }
func (v varied) Sample(i int, x []float32) (int, error) {
	label, err := v.Dataset.Sample(i, x)
	n := len(x) / v.Shape()[0]
	for j := v.lengths[i] * n; j < len(x); j++ {
		x[j] = 1e3
	}
	return label, err
}
func (v varied) Target(i int, y []float32) error {
	err := v.Dataset.(data.Targeter).Target(i, y)
	n := len(y) / v.Shape()[0]
	for j := v.lengths[i] * n; j < len(y); j++ {
		y[j] = 1e3
	}
	return err
}

// alone is one sample of a data set, cut off.
type alone struct {
	data.Dataset
	i, steps int
}

func (a alone) Len() int     { return 1 }
func (a alone) Shape() []int { return append([]int{a.steps}, a.Dataset.Shape()[1:]...) }
func (a alone) Sample(_ int, x []float32) (int, error) {
	all := make([]float32, tensor.Shape(a.Dataset.Shape()).TotalSize())
	label, err := a.Dataset.Sample(a.i, all)
	copy(x, all)
	return label, err
}
func (a alone) Target(_ int, y []float32) error {
	all := make([]float32, len(y)/a.steps*a.Dataset.Shape()[0])
	err := a.Dataset.(data.Targeter).Target(a.i, all)
	copy(y, all)
	return err
}

// A batch of sequences of different lengths has the mean of the losses, gradients
// and rates that each of them has alone; padding changes nothing.
func TestLengthsAreThoseOfSamplesAlone(t *testing.T) {
	const steps = 20
	lengths := []int{20, 9, 1, 14}
	for name, c := range longNets() {
		if name == "regularised" || name == "spike count" || name == "over time" || name == "label each step" {
			// The bounds of a rate hold for the mean over the batch: see the test below.
			c.net = without(c.net)
		}
		if name == "convolutional" {
			continue // dropout draws a mask for each place in a batch
		}
		for dt, tol := range tolerances {
			t.Run(fmt.Sprint(name, "/", dt), func(t *testing.T) {
				d := c.data(len(lengths), steps, c.shape)
				m := train.Network{Net: c.net, Shape: c.shape, Steps: steps, Batch: 5, Seed: 3, Loss: c.loss, Dtype: dt}
				var loss, right float64
				var rates []float64
				grads := map[string][]float64{}
				for i, l := range lengths {
					one := m
					one.Steps, one.Batch = l, 1
					single := newModel(t, one)
					a := alone{d, i, l}
					v, err := single.Evaluate(background, a, nil)
					require.NoError(t, err)
					loss += v.Loss / float64(len(lengths))
					right += v.Accuracy / float64(len(lengths))
					for k, r := range v.Rates {
						if rates == nil {
							rates = make([]float64, len(v.Rates))
						}
						rates[k] += r.Value / float64(len(lengths))
					}
					for name, g := range gradientsOf(t, single, a) {
						if grads[name] == nil {
							grads[name] = make([]float64, len(g))
						}
						for j, x := range g {
							grads[name][j] += x / float64(len(lengths))
						}
					}
				}
				for _, segment := range []int{0, 7} {
					m.Segment = segment
					batch := newModel(t, m)
					v, err := batch.Evaluate(background, varied{d, lengths}, nil)
					require.NoError(t, err)
					require.InEpsilon(t, loss, v.Loss, 2*tol)
					if c.loss == nil {
						require.Equal(t, right, v.Accuracy)
					}
					for k, r := range v.Rates {
						require.InEpsilon(t, rates[k], r.Value, 2*tol)
					}
					closeTo(t, grads, gradientsOf(t, batch, varied{d, lengths}), 2*tol)
				}
			})
		}
	}
}

// A network that carries nothing from step to step learns a sequence in segments and
// windows as it does whole, one segment being enough to differentiate each step: with
// y = w x, b = 0 the gradient of the mean of (y − target)² by w is the mean of 2 (w x − target) x.
func TestSegmentsWithoutStates(t *testing.T) {
	const steps = 6
	d := regression{list{shape: []int{steps, 1}}}
	for i := range 3 {
		var x, y []float32
		for k := range steps {
			x, y = append(x, float32(i+k)/4), append(y, float32(k-i))
		}
		d.x, d.targets = append(d.x, x), append(d.targets, y)
	}
	for name, net := range map[string]layers.Layer{
		"linear": layers.Linear{Out: 1, NoBias: true, Init: layers.Constant(0.5)},
		"deep":   layers.Sequential{layers.Linear{Out: 4}, layers.Func(func(x *G.Node) (*G.Node, error) { return G.Tanh(x) }), layers.Linear{Out: 1}},
	} {
		m := train.Network{Net: net, Shape: []int{1}, Steps: steps, Batch: 3, Loss: loss.MeanSquared{Sequence: true}, Dtype: tensor.Float64, Seed: 2}
		whole := gradientsOf(t, newModel(t, m), d)
		if name == "linear" {
			want := 0.
			for i, x := range d.x {
				for k := range x {
					want += 2 * (0.5*float64(x[k]) - float64(d.targets[i][k])) * float64(x[k]) / (3 * steps)
				}
			}
			require.InEpsilon(t, want, whole["linear.w"][0], 1e-14)
		}
		for _, segment := range []int{1, 2, 4} {
			m.Segment = segment
			closeTo(t, whole, gradientsOf(t, newModel(t, m), d), 1e-14)
		}
		m.Segment = 0
		for _, window := range [][2]int{{6, 6}, {4, 2}, {2, 1}} {
			m.Window, m.Stride = window[0], window[1]
			s := &stepped{SGD: optim.SGD{LearningRate: 1e-300}}
			_, err := (&train.Trainer{Model: newModel(t, m), Data: d, Optimiser: s, Epochs: 1}).Run(background)
			require.NoError(t, err)
			require.Len(t, s.grads, steps/window[1])
			sum := map[string][]float64{}
			for _, g := range s.grads {
				for name, x := range g {
					sum[name] = append(sum[name], make([]float64, len(x)-len(sum[name]))...)
					for i, v := range x {
						sum[name][i] += v
					}
				}
			}
			closeTo(t, whole, sum, 1e-14)
		}
	}
}

// without returns the network of longNets without its regularisers.
func without(l layers.Layer) layers.Layer {
	net := slices.Clone(l.(layers.Sequential))
	for i, l := range net {
		switch fmt.Sprintf("%T", l) {
		case fmt.Sprintf("%T", lif()):
			net[i] = lif()
		case fmt.Sprintf("%T", layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams())):
			net[i] = layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams())
		}
	}
	return net
}

// Penalties of sequences of different lengths, from the penalties of each alone: a
// penalty on voltages is their mean, and of a rate without bounds between which it
// is free, R = Σ (r − c)², the mean over the batch comes first.
func TestPenaltiesOfLengths(t *testing.T) {
	const steps = 20
	lengths := []int{20, 9, 1, 14}
	d := currents(len(lengths), steps, 4)
	voltage := layers.Voltage{Lower: -0.1, Upper: 0.3, Weight: 0.1}
	m := train.Network{Net: small(layers.Regularise(voltage)), Shape: []int{4}, Steps: steps, Batch: 5, Seed: 3, Dtype: tensor.Float64}
	var want float64
	for i, l := range lengths {
		one := m
		one.Steps, one.Batch = l, 1
		v, err := newModel(t, one).Evaluate(background, alone{d, i, l}, nil)
		require.NoError(t, err)
		want += v.Terms["hidden.voltage"] / float64(len(lengths))
	}
	for _, segment := range []int{0, 7} {
		m.Segment = segment
		v, err := newModel(t, m).Evaluate(background, varied{d, lengths}, nil)
		require.NoError(t, err)
		require.InEpsilon(t, want, v.Terms["hidden.voltage"], 1e-14)
	}
	// A bound of the rate of the whole layer that it never reaches: (1 − r)².
	m.Net = small(layers.Regularise(layers.Rate{Lower: 1, Weight: 1, Layer: true}))
	for _, segment := range []int{0, 7} {
		m.Segment = segment
		v, err := newModel(t, m).Evaluate(background, varied{d, lengths}, nil)
		require.NoError(t, err)
		require.Positive(t, v.Rates[0].Value)
		require.InEpsilon(t, math.Pow(1-v.Rates[0].Value, 2), v.Terms["hidden.rate"], 1e-14)
	}
}

// stepped is an optimiser that keeps the gradients of every step that it takes.
type stepped struct {
	optim.SGD
	grads []map[string][]float64
}

func (s *stepped) Step(params []G.ValueGrad) error {
	var one spy
	if err := one.Step(params); err != nil {
		return err
	}
	s.grads = append(s.grads, one.grads)
	return s.SGD.Step(params)
}
