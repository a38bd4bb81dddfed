package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

var background = context.Background()

// lif returns a layer of neurons whose gradient reaches further than that of the
// default ones.
func lif(opts ...layers.LiftOption) layers.Layer {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(neurons.LIFStep, p, opts...)
}

func li() layers.Layer { return layers.Lift(neurons.LIStep, neurons.DefaultLIParams()) }

// small returns a network from 4 values, constant over time, to 3 classes.
func small(opts ...layers.LiftOption) layers.Layer {
	return layers.Sequential{
		layers.Linear{Out: 16, Init: layers.Scaled{Gain: 4}},
		layers.Named("hidden", lif(opts...)),
		layers.Linear{Out: 3},
		layers.Named("readout", li()),
		layers.MaxOverTime,
	}
}

func newModel(t testing.TB, m train.Network) *train.Model {
	t.Helper()
	model, err := m.Compile()
	require.NoError(t, err)
	return model
}

// smallModel returns a model of small.
func smallModel(t testing.TB, batch int, opts ...layers.LiftOption) *train.Model {
	return newModel(t, train.Network{Net: small(opts...), Shape: []int{4}, Steps: 12, Batch: batch, Seed: 1})
}

// yinyang returns n samples.
func yinyang(t testing.TB, n int) data.Dataset {
	t.Helper()
	d, err := data.NewYinYang(n, 1)
	require.NoError(t, err)
	return d
}

// list is a data set that checks nothing. With targets it has no labels.
type list struct {
	shape   []int
	x       [][]float32
	labels  []int
	targets [][]float32
}

func (l list) Len() int     { return len(l.x) }
func (l list) Shape() []int { return l.shape }
func (l list) Sample(i int, x []float32) (int, error) {
	copy(x, l.x[i])
	if l.labels == nil {
		return 0, nil
	}
	return l.labels[i], nil
}

// regression is a list with targets.
type regression struct{ list }

func (r regression) Target(i int, y []float32) error {
	if len(y) != len(r.targets[i]) {
		return errors.New("a target of another size is asked for")
	}
	copy(y, r.targets[i])
	return nil
}

// spy is an optimiser that keeps the gradients and changes nothing.
type spy struct {
	optim.SGD
	grads map[string][]float64
}

func (s *spy) Step(params []G.ValueGrad) error {
	s.grads = map[string][]float64{}
	for _, p := range params {
		g, err := p.Grad()
		if err != nil {
			return err
		}
		s.grads[p.(G.Namer).Name()] = elements(g)
	}
	return nil
}

// gradientsOf returns the gradients of a model for a data set of one batch.
func gradientsOf(t testing.TB, m *train.Model, d data.Dataset) map[string][]float64 {
	t.Helper()
	s := &spy{}
	_, err := (&train.Trainer{Model: m, Data: d, Optimiser: s, Epochs: 1}).Run(background)
	require.NoError(t, err)
	return s.grads
}

func bits(m *train.Model) [][]float64 {
	var w [][]float64
	for _, p := range m.Params() {
		w = append(w, elements(p.Value()))
	}
	return w
}

func TestModel(t *testing.T) {
	m := smallModel(t, 5, layers.Learn("VTh"), layers.Regularise(layers.Rate{Upper: 0.1, Weight: 1}))
	var names []string
	for _, p := range m.Params() {
		names = append(names, p.Name())
	}
	require.Equal(t, []string{"0.linear.w", "0.linear.b", "hidden.VTh", "2.linear.w", "2.linear.b"}, names)
	_, err := m.Params()[0].Grad()
	require.EqualError(t, err, "train: 0.linear.w has no gradient yet")
	require.Empty(t, m.Warnings())
	require.Len(t, m.Layers(), 2)
	require.Equal(t, "hidden", m.Layers()[0].Name)

	d := yinyang(t, 12)
	v, err := m.Evaluate(background, d, nil)
	require.NoError(t, err)
	require.Equal(t, 12, v.Samples)
	require.Len(t, v.Rates, 1, "integrators have no rate")
	require.Equal(t, "hidden", v.Rates[0].Layer)
	require.Contains(t, v.Terms, "hidden.rate")

	out, err := m.Predict(background, d, nil)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{12, 3}, out.Shape())
	classes, err := m.Classes(background, d, nil)
	require.NoError(t, err)
	loss, right := 0.0, 0
	x := make([]float32, 4)
	for i := range 12 {
		label, err := d.Sample(i, x)
		require.NoError(t, err)
		row := elements(out)[3*i : 3*i+3]
		l, p := crossEntropy(row, label)
		loss += l / 12
		best := 0
		for c := range p {
			if p[c] > p[best] {
				best = c
			}
		}
		require.Equal(t, best, classes[i])
		if best == label {
			right++
		}
	}
	require.InDelta(t, loss, v.Loss, 1e-6)
	require.Equal(t, float64(right)/12, v.Accuracy)
}

// The last batch is filled up with samples that do not count: metrics and
// outputs are those of each sample alone.
func TestPaddingInMetrics(t *testing.T) {
	reg := layers.Regularise(layers.Voltage{Upper: 0.3, Weight: 2})
	d := yinyang(t, 6)
	net := small(reg)
	m := newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 12, Batch: 4, Seed: 1})
	one := newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 12, Batch: 1, Seed: 1})
	got, err := m.Evaluate(background, d, nil)
	require.NoError(t, err)
	var loss, right, rate, penalty float64
	for i := range 6 {
		s, err := data.Subset(d, i, i+1)
		require.NoError(t, err)
		v, err := one.Evaluate(background, s, nil)
		require.NoError(t, err)
		loss, right = loss+v.Loss/6, right+v.Accuracy/6
		rate, penalty = rate+v.Rates[0].Value/6, penalty+v.Terms["hidden.voltage"]/6
	}
	require.NotZero(t, rate)
	require.NotZero(t, penalty)
	require.InDelta(t, loss, got.Loss, 1e-6)
	require.InDelta(t, right, got.Accuracy, 1e-12)
	require.InDelta(t, rate, got.Rates[0].Value, 1e-7)
	require.InEpsilon(t, penalty, got.Terms["hidden.voltage"], 1e-6)
	all, err := m.Predict(background, d, nil)
	require.NoError(t, err)
	alone, err := one.Predict(background, d, nil)
	require.NoError(t, err)
	require.InDeltaSlice(t, elements(alone), elements(all), 1e-6)
}

// A short batch has the gradient of a full batch of the same samples, and where
// the loss is a mean over samples, the mean of their gradients.
func TestPaddingInGradients(t *testing.T) {
	two := yinyang(t, 2)
	for name, reg := range map[string]layers.Regulariser{
		"voltage": layers.Voltage{Upper: 0.3, Weight: 2},
		"rate":    layers.Rate{Upper: 0.01, Weight: 5},
	} {
		t.Run(name, func(t *testing.T) {
			padded := gradientsOf(t, smallModel(t, 5, layers.Regularise(reg)), two)
			full := gradientsOf(t, smallModel(t, 2, layers.Regularise(reg)), two)
			for name, g := range full {
				require.InDeltaSlice(t, g, padded[name], 1e-6, name)
			}
			if name == "rate" {
				return // its square is no mean over samples
			}
			mean := map[string][]float64{}
			for i := range 2 {
				s, err := data.Subset(two, i, i+1)
				require.NoError(t, err)
				for name, g := range gradientsOf(t, smallModel(t, 1, layers.Regularise(reg)), s) {
					if mean[name] == nil {
						mean[name] = make([]float64, len(g))
					}
					for j := range g {
						mean[name][j] += g[j] / 2
					}
				}
			}
			for name, g := range mean {
				require.InDeltaSlice(t, g, padded[name], 1e-6, name)
			}
		})
	}
}

// The weights of samples are as exact as the model: where each of them has the loss 1, so
// has a batch of any size.
func TestSampleWeights(t *testing.T) {
	net := layers.Sequential{layers.Linear{Out: 1, Init: layers.Constant(1)}, layers.Last}
	for dt, eps := range map[tensor.Dtype]float64{tensor.Float32: 0x1p-23, tensor.Float64: 0x1p-52} {
		for n := 1; n <= 9; n++ {
			d := regression{list{shape: []int{1}}}
			for range n {
				d.x, d.targets = append(d.x, []float32{1}), append(d.targets, []float32{0})
			}
			for batch := 1; batch <= n+1; batch++ {
				m := newModel(t, train.Network{Net: net, Shape: []int{1}, Steps: 1, Batch: batch, Loss: loss.MeanSquared{}, Dtype: dt})
				v, err := m.Evaluate(background, d, nil)
				require.NoError(t, err)
				require.InDelta(t, 1, v.Loss, 4*eps, "%v: %d samples in batches of %d", dt, n, batch)
			}
			m := newModel(t, train.Network{Net: net, Shape: []int{1}, Steps: 1, Batch: n, Loss: loss.MeanSquared{}, Dtype: dt})
			for name, g := range gradientsOf(t, m, d) { // that of (w + b)²
				require.InDeltaSlice(t, []float64{2}, g, 8*eps, name)
			}
		}
	}
}

// The graph does not grow with time.
func TestNodesDoNotDependOnTime(t *testing.T) {
	nodes := func(steps int) int {
		net := layers.Sequential{
			layers.Linear{Out: 3}, layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams(), layers.Regularise(layers.Voltage{Upper: 1})),
			layers.Linear{Out: 3}, lif(layers.LearnEach("TauMemInv"), layers.Regularise(layers.Rate{Upper: 0.1})),
			layers.Linear{Out: 2}, li(), layers.MaxOverTime,
		}
		return newModel(t, train.Network{Net: net, Shape: []int{2}, Steps: steps, Batch: 2}).Nodes()
	}
	n := nodes(10)
	t.Log(n, "nodes")
	require.Equal(t, n, nodes(1000))
}

func TestModelWarnings(t *testing.T) {
	p := neurons.DefaultLIFParams()
	p.ResetMethod = neurons.ResetSubtract
	net := layers.Sequential{
		layers.Linear{Out: 3},
		layers.Named("hidden", layers.Lift(neurons.LIFStep, p, layers.Learn("VReset"))),
		cut{},
		layers.Named("out", layers.Linear{Out: 3}),
		layers.SpikeCount,
	}
	m := newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 3, Batch: 2})
	require.Equal(t, []string{
		"the neurons do not depend on hidden.VReset: its gradient is zero",
		"the loss does not depend on 0.linear.w: its gradient is zero",
		"the loss does not depend on 0.linear.b: its gradient is zero",
		"the loss does not depend on hidden.VReset: its gradient is zero",
	}, m.Warnings())
	for name, g := range gradientsOf(t, m, yinyang(t, 2)) {
		if name != "out.linear.w" && name != "out.linear.b" {
			require.Equal(t, make([]float64, len(g)), g, name)
		}
	}
}

// hold lets no gradient through either, but by the steps of a scan.
type hold struct{}

type holdState struct{ V *G.Node }

func (hold) Rest(x *G.Node) (holdState, error) {
	var b graph.Builder
	return holdState{b.Fill(x, graph.Const(0))}, b.Err()
}

func holdStep(x *G.Node, s holdState, _ hold) (*G.Node, holdState, error) {
	b := graph.NewBuilder(x, &s)
	v := b.Add(s.V, x)
	return b.Above(v, 0.5), holdState{b.Detach(v)}, b.Err()
}

// A step through which no gradient flows leaves the weights before it as they are,
// and says so.
func TestModelWithoutGradient(t *testing.T) {
	net := layers.Sequential{layers.Linear{Out: 5}, layers.Lift(holdStep, hold{}), layers.Linear{Out: 3}, layers.Last}
	m := newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 6, Batch: 2})
	require.Equal(t, []string{
		"the loss does not depend on 0.linear.w: its gradient is zero",
		"the loss does not depend on 0.linear.b: its gradient is zero",
	}, m.Warnings())
	before := m.Weights()
	_, err := (&train.Trainer{Model: m, Data: yinyang(t, 10), Epochs: 1}).Run(background)
	require.NoError(t, err)
	for i, w := range m.Weights() {
		if i < 2 {
			require.Equal(t, before[i].Data(), w.Data())
		} else {
			require.NotEqual(t, before[i].Data(), w.Data())
		}
	}
}

// cut lets no gradient through.
type cut struct{}

func (cut) Apply(_ *layers.Build, x *G.Node) (*G.Node, error) {
	var g graph.Builder
	y := g.Detach(x)
	return y, g.Err()
}

// What each layer did with one sample, against the layers' own nodes.
func TestRecord(t *testing.T) {
	d := yinyang(t, 6)
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		net := layers.Sequential{
			layers.Linear{Out: 5, Init: layers.Scaled{Gain: 6}},
			layers.Named("hidden", layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams())),
			layers.Dropout{P: 0.5}, layers.Linear{Out: 3}, layers.Named("readout", li()), layers.Last,
		}
		m := newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 12, Batch: 4, Seed: 2, Dtype: dt})
		require.NoError(t, m.SetWeights(shifted(m.Weights())))
		before := m.Nodes()
		out, err := m.Predict(background, d, nil)
		require.NoError(t, err)
		samples := []int{0, 5, 1}
		rs, err := m.Record(background, d, nil, samples)
		require.NoError(t, err)
		require.Len(t, rs, 4)
		for k, r := range rs {
			layer, n := []string{"hidden", "readout"}[k%2], []int{5, 3}[k%2]
			require.Equal(t, []any{layer, []string{"", "V"}[k/2], k == 0, n, samples, 12, 12 * 3 * n},
				[]any{r.Layer, r.State, r.Spiking, r.N(), r.Samples, r.Steps, len(r.Values)})
		}
		require.Equal(t, rs[1].Values, rs[3].Values, "a leaky integrator puts out its voltage")
		for k, i := range samples {
			spikes := 0
			for j, z := range rs[0].Sample(k) {
				if z == 1 {
					spikes++
					require.Zero(t, rs[2].Sample(k)[j], "a spike resets")
				}
			}
			require.NotZero(t, spikes)
			for c := range 3 {
				require.InDelta(t, elements(out)[3*i+c], rs[1].Sample(k)[33+c], 1e-6)
			}
		}
		some, err := m.Record(background, d, nil, samples[1:], layers.Probe{Layer: "hidden", State: "V", Neurons: []int{4, 0}})
		require.NoError(t, err)
		require.Len(t, some, 1)
		require.Equal(t, []int{4, 0}, some[0].Neurons)
		for k := range 2 {
			for j, v := range some[0].Sample(k) {
				require.Equal(t, rs[2].Sample(k + 1)[j/2*5+[]int{4, 0}[j%2]], v)
			}
		}
		require.Equal(t, before, m.Nodes())
	}
}

// An encoder that draws at random gives the samples of a recording the sequences
// that they have in evaluation, alone or together.
func TestRecordEncoded(t *testing.T) {
	d := yinyang(t, 7)
	noise := encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
		for i := range dst {
			dst[i] = x[i%len(x)] * r.Float32()
		}
		return nil
	})
	net := layers.Sequential{layers.Dropout{P: 0.5}, layers.Linear{Out: 3}, layers.Named("readout", li()), layers.Last}
	m := newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 5, Batch: 3, Seed: 4})
	out, err := m.Predict(background, d, noise)
	require.NoError(t, err)
	for _, samples := range [][]int{{0, 1, 2, 3, 4, 5, 6}, {6, 2}, {4}} {
		rs, err := m.Record(background, d, noise, samples, layers.Probe{})
		require.NoError(t, err)
		for k, i := range samples {
			require.Equal(t, elements(out)[3*i:3*i+3], rs[0].Sample(k)[12:])
		}
	}
}

// shifted adds a little to all weights.
func shifted(ws []*tensor.Dense) []*tensor.Dense {
	for _, w := range ws {
		switch x := w.Data().(type) {
		case []float32:
			for i := range x {
				x[i] += 0.1
			}
		case []float64:
			for i := range x {
				x[i] += 0.1
			}
		}
	}
	return ws
}

func TestWeights(t *testing.T) {
	m, other := smallModel(t, 2), newModel(t, train.Network{Net: small(), Shape: []int{4}, Steps: 12, Batch: 2, Seed: 2})
	require.NotEqual(t, bits(m), bits(other))
	require.NoError(t, other.SetWeights(m.Weights()))
	require.Equal(t, bits(m), bits(other))
	was := bits(m)
	shifted(m.Weights())
	require.Equal(t, was, bits(m), "Weights gives no copy")

	for _, c := range []struct {
		change func(ws []*tensor.Dense) []*tensor.Dense
		want   string
	}{
		{func(ws []*tensor.Dense) []*tensor.Dense { return ws[:2] }, "train: set weights: got 2 tensors, the model has 4 parameters"},
		{func(ws []*tensor.Dense) []*tensor.Dense { ws[3] = nil; return ws }, "train: set weights: 2.linear.b: the tensor is nil"},
		{func(ws []*tensor.Dense) []*tensor.Dense { ws[3] = ws[2]; return ws },
			"train: set weights: 2.linear.b: the tensor is of float32 with shape (16, 3), want float32 and (3)"},
		{func(ws []*tensor.Dense) []*tensor.Dense {
			ws[3] = tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(3))
			return ws
		}, "train: set weights: 2.linear.b: the tensor is of float64 with shape (3), want float32 and (3)"},
		{func(ws []*tensor.Dense) []*tensor.Dense { ws[2].Float32s()[1] = float32(math.Inf(1)); return ws },
			"train: set weights: 2.linear.w: the tensor has an element that is NaN or infinite"},
		{func(ws []*tensor.Dense) []*tensor.Dense {
			w := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(3, 16))
			_ = w.T()
			ws[2] = w
			return ws
		}, "train: set weights: 2.linear.w: the tensor of shape (16, 3) has strides [1 16], want it contiguous and row-major"},
	} {
		require.EqualError(t, m.SetWeights(c.change(shifted(m.Weights()))), c.want)
		require.Equal(t, was, bits(m), "weights changed all the same")
	}
}

// Sequences come as [T, …] a sample and go in as [T, batch, …].
func TestSequences(t *testing.T) {
	dst := make([]float32, 12)
	x := []float32{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15} // 2 samples of 3 steps of 2 values
	require.NoError(t, encode.Sequences(2).Encode(dst, x, 3, nil))
	require.Equal(t, []float32{0, 1, 10, 11, 2, 3, 12, 13, 4, 5, 14, 15}, dst)
	require.EqualError(t, encode.Sequences(2).Encode(dst, x[:6], 3, nil), "2 samples have 6 values, 3 time steps of them have 12")
	for _, steps := range []int{0, -1, 5, math.MaxInt} {
		require.Error(t, encode.Sequences(2).Encode(dst, x, steps, nil))
	}
	require.Error(t, encode.Sequences(0).Encode(dst, x, 3, nil))

	require.NoError(t, encode.Repeat.Encode(dst, x[:4], 3, nil))
	require.Equal(t, []float32{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3}, dst)
	require.EqualError(t, encode.Repeat.Encode(dst, x[:5], 3, nil), "samples have 5 values, 3 time steps have 12")
	require.Error(t, encode.Repeat.Encode(dst, x, 0, nil))

	// A model that only reads out shows what it got. Samples that are sequences
	// need no encoder; constant ones are repeated.
	net := layers.Sequential{scale{}, layers.Last}
	m := newModel(t, train.Network{Net: net, Shape: []int{2}, Steps: 3, Batch: 2})
	d := list{shape: []int{3, 2}, x: [][]float32{x[:6], x[6:], x[:6]}, labels: []int{0, 1, 1}}
	for _, enc := range []encode.Encoder{nil, encode.Sequences(2)} {
		out, err := m.Predict(background, d, enc)
		require.NoError(t, err)
		require.Equal(t, []float64{4, 5, 14, 15, 4, 5}, elements(out))
		rs, err := newModel(t, train.Network{Net: layers.Sequential{li(), layers.Last}, Shape: []int{2}, Steps: 3, Batch: 2}).Record(background, d, enc, []int{1})
		require.NoError(t, err)
		require.Equal(t, 2, rs[0].N())
	}
	out, err := m.Predict(background, list{shape: []int{2}, x: [][]float32{x[:2]}, labels: []int{0}}, nil)
	require.NoError(t, err)
	require.Equal(t, []float64{0, 1}, elements(out))
}

// scale is a layer with one learnt factor, 1 to begin with.
type scale struct{ by layers.Init }

func (s scale) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	init := s.by
	if init == nil {
		init = layers.Constant(1)
	}
	w, err := b.Weight(x, "scale", init, 1)
	if err != nil {
		return nil, err
	}
	var g graph.Builder
	y := g.Mul(x, g.Expand(w, x.Shape()))
	return y, g.Err()
}

// The generator of an encoder depends on the seed, the epoch and the batch, so
// that an evaluation repeats.
func TestEncodersRepeat(t *testing.T) {
	noisy := encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
		for i := range dst {
			dst[i] = r.Float32()
		}
		return nil
	})
	m, d := smallModel(t, 2), yinyang(t, 5)
	one, err := m.Predict(background, d, noisy)
	require.NoError(t, err)
	two, err := m.Predict(background, d, noisy)
	require.NoError(t, err)
	require.Equal(t, elements(one), elements(two))
	require.NotEqual(t, elements(one)[:6], elements(one)[6:12], "batches alike")
	plain, err := m.Predict(background, d, nil)
	require.NoError(t, err)
	require.NotEqual(t, elements(one), elements(plain))
}

// Dropout is at work in training and off in evaluation.
func TestDropoutIsOffInEvaluation(t *testing.T) {
	d := list{shape: []int{50}, x: [][]float32{slices.Repeat([]float32{1}, 50)}}
	net := layers.Sequential{layers.Dropout{P: 0.5}, layers.Linear{Out: 3, Init: layers.Constant(1)}, layers.Last}
	m := newModel(t, train.Network{Net: net, Shape: []int{50}, Steps: 2, Batch: 1})
	off := func() {
		out, err := m.Predict(background, d, nil)
		require.NoError(t, err)
		require.Equal(t, []float64{50, 50, 50}, elements(out))
	}
	off()
	zeros := 0
	for _, g := range gradientsOf(t, m, d)["1.linear.w"] {
		if g == 0 {
			zeros++
		}
	}
	require.True(t, 3*10 < zeros && zeros < 3*40, "%d of 150 gradients are zero", zeros)
	off()
}

// elements returns the elements of v in float64.
func elements(v G.Value) []float64 {
	switch x := v.Data().(type) {
	case float64:
		return []float64{x}
	case float32:
		return []float64{float64(x)}
	case []float64:
		return append([]float64{}, x...)
	case []float32:
		y := make([]float64, len(x))
		for i := range x {
			y[i] = float64(x[i])
		}
		return y
	}
	panic(fmt.Sprintf("elements of %T", v))
}

// crossEntropy is the definition, with the largest logit taken off, and the
// softmax.
func crossEntropy(row []float64, label int) (loss float64, p []float64) {
	largest, sum := slices.Max(row), 0.0
	for _, x := range row {
		p = append(p, math.Exp(x-largest))
		sum += math.Exp(x - largest)
	}
	for c := range p {
		p[c] /= sum
	}
	return math.Log(sum) + largest - row[label], p
}
