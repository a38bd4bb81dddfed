package train_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/presets"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// A patient is a network for the Yin-Yang points, healthy as it is.
type patient struct {
	first   layers.Init  // of the weights before the hidden layer; nil draws with a gain of 4
	spike   graph.Func   // nil means SuperSpike{10}
	neurons layers.Layer // in the place of the hidden ones
	learn   []string     // parameters that are learnt, one value for each neuron
	detach  bool         // let no gradient through the reset
	read    layers.Layer // nil means MaxOverTime
	segment int          // of the model
	window  int
	steps   int          // 0 means 30
	data    data.Dataset // nil means 150 points
	enc     encode.Encoder
	dtype   tensor.Dtype
	change  func(m *train.Model)
}

// hidden is the number of hidden neurons of a patient.
const hidden = 40

// peaked returns exponential neurons whose spikes are cut at a peak.
func peaked(peak float64) layers.Layer {
	p := neurons.DefaultLIFExParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	p.VPeak = graph.Const(peak)
	return layers.Lift(neurons.LIFExStep, p)
}

func (p patient) model(t testing.TB) *train.Model {
	t.Helper()
	lif := neurons.DefaultLIFParams()
	lif.Spike = surrogate.SuperSpike{Alpha: 10}
	if p.spike != nil {
		lif.Spike = p.spike
	}
	lif.DetachReset = p.detach
	var first layers.Init = layers.Scaled{Gain: 4}
	if p.first != nil {
		first = p.first
	}
	spiking := layers.Lift(neurons.LIFStep, lif, layers.LearnEach(p.learn...))
	if p.neurons != nil {
		spiking = p.neurons
	}
	var read layers.Layer = layers.MaxOverTime
	if p.read != nil {
		read = p.read
	}
	if p.steps == 0 {
		p.steps = 30
	}
	m := newModel(t, train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: hidden, Init: first}, layers.Named("hidden", spiking),
			layers.Linear{Out: 3}, layers.Named("readout", li()), read,
		},
		Shape: []int{4}, Steps: p.steps, Batch: 50, Seed: 3, Dtype: p.dtype, Segment: p.segment, Window: p.window,
	})
	if p.change != nil {
		p.change(m)
	}
	return m
}

func (p patient) samples(t testing.TB) data.Dataset {
	if p.data != nil {
		return p.data
	}
	return yinyang(t, 150)
}

// each sets the elements of the named parameter.
func each(name string, f func(i int, was float64) float64) func(*train.Model) {
	return func(m *train.Model) {
		for _, p := range m.Params() {
			if p.Name() != name {
				continue
			}
			switch x := p.Value().Data().(type) {
			case []float32:
				for i := range x {
					x[i] = float32(f(i, float64(x[i])))
				}
			case []float64:
				for i := range x {
					x[i] = f(i, x[i])
				}
			}
		}
	}
}

// odd draws weights that drive every neuron, but never those with odd numbers.
type odd struct{}

func (odd) Draw(r *rand.Rand, shape []int, w []float64) error {
	for i := range w {
		w[i] = 0.1 + 0.4*r.Float64()
		if i%shape[len(shape)-1]%2 == 1 {
			w[i] = -1
		}
	}
	return nil
}

func odds() []int {
	var is []int
	for i := 1; i < hidden; i += 2 {
		is = append(is, i)
	}
	return is
}

// sawParams are those of a membrane without synapse whose leak is far too fast for
// its time step: v ← v + leak (x − v).
type sawParams struct{ Leak float64 }

type sawState struct{ V *G.Node }

func (sawParams) Rest(x *G.Node) (sawState, error) {
	var b graph.Builder
	return sawState{b.Fill(x, graph.Const(0))}, b.Err()
}

func saw(x *G.Node, s sawState, p sawParams) (*G.Node, sawState, error) {
	b := graph.NewBuilder(x, &s)
	v := b.Add(s.V, b.Scale(b.Sub(x, s.V), graph.Const(p.Leak)))
	return v, sawState{v}, b.Err()
}

var (
	zeros = encode.Func(func(dst, x []float32, steps int, _ *rand.Rand) error {
		clear(dst)
		return nil
	})
	// late presents a sample in the last steps only.
	late = encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
		clear(dst)
		for t := steps - 8; t < steps; t++ {
			copy(dst[t*len(x):], x)
		}
		return nil
	})
)

func constantLabels(t testing.TB, label, other int) data.Dataset {
	d := list{shape: []int{4}}
	for i := range 400 {
		x := make([]float32, 4)
		_, err := yinyang(t, 400).Sample(i, x)
		require.NoError(t, err)
		d.x, d.labels = append(d.x, x), append(d.labels, label)
	}
	d.labels[399] = other
	return d
}

// Every finding is found in a network that has it, and not in the same network
// without it.
func TestDiagnose(t *testing.T) {
	long.Test(t)
	saws := func(leak float64) layers.Layer { return layers.Lift(saw, sawParams{leak}) }
	slow := []string{"TauMemInv"}
	for name, c := range map[string]struct {
		sick, healthy patient
		want          diagnose.Finding // without what it says; Value is compared if it is not NaN
		says          string
	}{
		"zero input": {patient{enc: zeros}, patient{},
			diagnose.Finding{Kind: diagnose.ZeroInput}, "All inputs of 150 samples are zero."},
		"constant labels": {patient{data: constantLabels(t, 2, 2)}, patient{data: constantLabels(t, 2, 1)},
			diagnose.Finding{Kind: diagnose.ConstantLabels, Value: 2}, "All samples have the label 2."},
		"silent": {patient{first: layers.Scaled{Gain: 0.01}}, patient{first: layers.Scaled{Gain: 1}},
			diagnose.Finding{Kind: diagnose.SilentLayer, Layer: "hidden", Limit: 0.02}, "hidden: none of 40 neurons spikes in 150 samples: the highest voltage is 0.0"},
		"silent without input": {patient{first: layers.Constant(0)}, patient{},
			diagnose.Finding{Kind: diagnose.SilentLayer, Layer: "hidden", Limit: 0.02}, "hidden: none of 40 neurons spikes in 150 samples: no current reaches them."},
		"always spiking": {patient{first: layers.Constant(20)}, patient{first: layers.Constant(0.2)},
			diagnose.Finding{Kind: diagnose.SaturatedLayer, Layer: "hidden", Neurons: numbers(hidden), Value: 1, Limit: 0.5}, "hidden: 40 of 40 neurons spike at more than 80 % of the steps: 0, 1, 2, 3, 4, 5, 6, 7, … (40 in all)."},
		"driven": {patient{first: layers.Scaled{Gain: 400}}, patient{first: layers.Scaled{Gain: 4}},
			diagnose.Finding{Kind: diagnose.SaturatedLayer, Layer: "hidden", Value: math.NaN(), Limit: 5}, "away from a threshold that lies 1 above reset"},
		"driven over a peak": {patient{neurons: peaked(3), first: layers.Scaled{Gain: 2000}}, patient{neurons: peaked(3)},
			diagnose.Finding{Kind: diagnose.SaturatedLayer, Layer: "hidden", Value: math.NaN(), Limit: 5}, "away from a threshold that lies 3 above reset"},
		"dead": {patient{first: odd{}, spike: surrogate.Triangle{Alpha: 0.3}}, patient{first: odd{}},
			diagnose.Finding{Kind: diagnose.DeadNeurons, Layer: "hidden", Neurons: odds(), Value: 0.5, Limit: 1. / 3}, "hidden: 20 of 40 neurons never spike in 150 samples, and get no gradient that could change it: 1, 3, 5, 7, 9, 11, 13, 15, … (20 in all)."},
		"negative time constant": {patient{learn: slow, change: each("hidden.TauMemInv", put(-5, 3, 7))}, patient{learn: slow},
			diagnose.Finding{Kind: diagnose.TimeConstant, Layer: "hidden", Neurons: []int{3, 7}, Value: -5}, "hidden: TauMemInv of the neurons 3, 7 is -5 /s, so a voltage or current grows where it should decay."},
		"overshoot": {patient{learn: slow, change: each("hidden.TauMemInv", put(1500, 3))}, patient{learn: slow, change: each("hidden.TauMemInv", put(1000, 3))},
			diagnose.Finding{Kind: diagnose.TimeConstant, Layer: "hidden", Neurons: []int{3}, Value: 1.5, Limit: 1}, "hidden: TauMemInv of the neurons 3 is 1500 /s, 1.5 times 1/dt: the decay overshoots at every step."},
		"unstable by its time constant": {patient{learn: slow, change: each("hidden.TauMemInv", put(2500, 3))}, patient{learn: slow},
			diagnose.Finding{Kind: diagnose.Unstable, Layer: "hidden", Neurons: []int{3}, Value: 2.5, Limit: 2}, "hidden: TauMemInv of the neurons 3 is 2500 /s, 2.5 times 1/dt: beyond 2 Euler's method is unstable."},
		"unstable": {patient{neurons: saws(3)}, patient{neurons: saws(0.5)},
			diagnose.Finding{Kind: diagnose.Unstable, Layer: "hidden", Value: math.NaN(), Limit: math.NaN()}, "it turns round at every step, so Euler's method is unstable."},
		"grown": {patient{neurons: saws(-2)}, patient{neurons: saws(0.5)},
			diagnose.Finding{Kind: diagnose.Unstable, Layer: "hidden", Value: math.NaN(), Limit: math.NaN()}, "it grows without bound."},
		"not finite": {patient{neurons: saws(-1e5), steps: 70}, patient{neurons: saws(0.5)},
			diagnose.Finding{Kind: diagnose.Unstable, Layer: "hidden", Value: math.Inf(1), Limit: math.NaN()}, "hidden: a voltage is not a finite number in the end"},
		"narrow": {patient{spike: surrogate.SuperSpike{Alpha: 1e4}}, patient{spike: surrogate.SuperSpike{Alpha: 100}},
			diagnose.Finding{Kind: diagnose.NarrowSurrogate, Layer: "hidden", Value: math.NaN(), Limit: 1e-3}, "hidden: voltages are near enough to the threshold for a slope of SuperSpike in only "},
		"no slope": {patient{spike: surrogate.Heaviside{}}, patient{spike: surrogate.Arctan{Alpha: 2}},
			diagnose.Finding{Kind: diagnose.NarrowSurrogate, Layer: "hidden", Limit: 1e-3}, "hidden: Heaviside has no slope at any of the voltages seen, so no gradient passes."},
		"wide": {patient{spike: surrogate.SuperSpike{Alpha: 0.1}}, patient{spike: surrogate.SuperSpike{Alpha: 1}},
			diagnose.Finding{Kind: diagnose.WideSurrogate, Layer: "hidden", Value: math.NaN(), Limit: 0.6}, "hidden: SuperSpike has more than half its largest slope in "},
		"vanishing": {patient{spike: scaled{surrogate.SuperSpike{Alpha: 10}, 1e-7}}, patient{spike: scaled{surrogate.SuperSpike{Alpha: 10}, 0.3}},
			diagnose.Finding{Kind: diagnose.VanishingGradient, Layer: "hidden", Value: math.NaN(), Limit: 1e-6}, "training hardly changes what comes before."},
		"exploding": {patient{spike: scaled{surrogate.SuperSpike{Alpha: 10}, 1e6}, detach: true}, patient{detach: true},
			diagnose.Finding{Kind: diagnose.ExplodingGradient, Layer: "hidden", Value: math.NaN(), Limit: 1e4}, "hidden: the gradient of its currents, times the currents, is "},
		"exploding in time": {patient{spike: surrogate.SuperSpike{Alpha: 0.1}}, patient{},
			diagnose.Finding{Kind: diagnose.ExplodingInTime, Layer: "hidden", Value: math.NaN(), Limit: 1e4}, "hidden: the gradient grows on its way back in time, from "},
		"vanishing in time": {patient{steps: 240, read: layers.Last}, patient{steps: 240, read: layers.MeanOverTime},
			diagnose.Finding{Kind: diagnose.VanishingInTime, Layer: "readout", Value: math.NaN(), Limit: 1e-6}, "the loss does not see what happens there."},
	} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(fmt.Sprint(name, dt), func(t *testing.T) {
				c.sick.dtype, c.healthy.dtype = dt, dt
				m := c.sick.model(t)
				before, nodes := m.Weights(), m.Nodes()
				fs, err := train.Diagnose(background, m, c.sick.samples(t), c.sick.enc)
				require.NoError(t, err)
				require.Equal(t, before, m.Weights())
				require.Equal(t, nodes, m.Nodes())
				i := slices.IndexFunc(fs, func(f diagnose.Finding) bool { return f.Kind == c.want.Kind && f.Layer == c.want.Layer })
				require.GreaterOrEqual(t, i, 0, "%v", fs)
				f := fs[i]
				require.Contains(t, f.Message, c.says)
				require.NotEmpty(t, f.Cure)
				require.Contains(t, f.String(), f.Kind.String()+": "+f.Message+" "+f.Cure)
				require.Equal(t, c.want.Neurons, f.Neurons)
				for _, v := range [][2]float64{{c.want.Value, f.Value}, {c.want.Limit, f.Limit}} {
					if !math.IsNaN(v[0]) && v[0] != v[1] {
						require.InDelta(t, v[0], v[1], 1e-9)
					}
				}
				if dt == tensor.Float32 {
					again, err := train.Diagnose(background, m, c.sick.samples(t), c.sick.enc)
					require.NoError(t, err)
					require.Equal(t, fs, again)
				}

				fs, err = train.Diagnose(background, c.healthy.model(t), c.healthy.samples(t), c.healthy.enc)
				require.NoError(t, err)
				require.Empty(t, fs)
			})
		}
	}
}

// put returns v for the elements in some.
func put(v float64, some ...int) func(int, float64) float64 {
	return func(i int, was float64) float64 {
		if slices.Contains(some, i) {
			return v
		}
		return was
	}
}

func numbers(n int) []int {
	var is []int
	for i := range n {
		is = append(is, i)
	}
	return is
}

// scaled is a surrogate with a slope that is too large or too small as a whole.
type scaled struct {
	surrogate.SuperSpike
	by float64
}

func (s scaled) Deriv(x float64) float64 { return s.by * s.SuperSpike.Deriv(x) }

func (s scaled) Slope(b *graph.Builder, x *G.Node) *G.Node {
	return b.Scale(s.SuperSpike.Slope(b, x), graph.Const(s.by))
}

// Networks of all kinds are healthy.
func TestDiagnoseFindsNothing(t *testing.T) {
	lif := neurons.DefaultLIFParams()
	lif.Spike = surrogate.SuperSpike{Alpha: 10}
	lsnn := neurons.DefaultLSNNParams()
	lsnn.Spike = surrogate.Triangle{Alpha: 0.3}
	adex, izhikevich, coba := neurons.DefaultAdExParams(), presets.TonicSpiking.Params(), neurons.DefaultCobaLIFParams()
	bio := presets.BioLIF()
	bio.Spike, bio.DetachReset = surrogate.SuperSpike{Alpha: 1}, true
	adex.Spike, izhikevich.Spike, coba.Spike = surrogate.SuperSpike{Alpha: 10}, surrogate.SuperSpike{Alpha: 0.1}, surrogate.SuperSpike{Alpha: 1}
	izhikevich.DetachReset, coba.DetachReset = true, true // or its gradient explodes, with voltages in mV
	for name, p := range map[string]patient{
		"late input":   {enc: late, steps: 300, read: layers.Last},
		"segments":     {segment: 10},
		"window":       {window: 10},
		"lengths":      {window: 10, data: shortened{yinyang(t, 150)}},
		"one sample":   {data: constantLabels(t, 1, 1).(list).first(1)},
		"rare label":   {data: constantLabels(t, 1, 2)},
		"refractory":   {neurons: layers.Lift(wrap.Refractory(neurons.LIFStep), wrap.RefractoryParams[neurons.LIFState, neurons.LIFParams]{Inner: lif, RhoReset: graph.Const(3)})},
		"recurrent":    {neurons: layers.Recurrent(neurons.LIFStep, lif)},
		"adaptive":     {neurons: layers.Lift(neurons.LSNNStep, lsnn)},
		"event-based":  {neurons: layers.Lift(neurons.LIFAdjointStep, neurons.DefaultLIFParams())},
		"gaussian":     {spike: surrogate.Gaussian{Sigma: 0.5}},
		"arctan":       {spike: surrogate.Arctan{Alpha: 2}},
		"fast sigmoid": {spike: surrogate.SuperSpike{Alpha: 100}},
		"no neurons":   {},
		"adex":         {neurons: layers.Lift(neurons.AdExStep, adex)},
		"izhikevich":   {neurons: layers.Lift(neurons.IzhikevichStep, izhikevich), first: between{5, 12}, steps: 100},
		"conductances": {neurons: layers.Lift(neurons.CobaLIFStep, coba), first: between{0.01, 0.1}, steps: 100},
		"millivolts":   {neurons: layers.Lift(neurons.LIFStep, bio), first: between{0.5, 3}, steps: 100},
		"exponential":  {neurons: layers.Lift(neurons.LIFExStep, neurons.DefaultLIFExParams())},
		"no synapses":  {neurons: layers.Lift(neurons.LIFBoxStep, neurons.DefaultLIFBoxParams()), first: layers.Scaled{Gain: 8}},
	} {
		t.Run(name, func(t *testing.T) {
			m := p.model(t)
			if name == "no neurons" {
				m = newModel(t, train.Network{Net: layers.Sequential{layers.Linear{Out: 3}, layers.Last}, Shape: []int{4}, Steps: 3, Batch: 50})
			}
			fs, err := train.Diagnose(background, m, p.samples(t), p.enc)
			require.NoError(t, err)
			require.Empty(t, fs)
		})
	}
}

// A network with batch norm is judged by what training sees, the batch's own statistics:
// before the running ones are there, and behind. A gain of 0 makes it silent all the same.
func TestDiagnoseOfBatchNorm(t *testing.T) {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	m := newModel(t, train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 0.01}}, layers.Named("norm", layers.BatchNorm{Scale: 0.5, Momentum: 0.5}), layers.Named("hidden", layers.Lift(neurons.LIFStep, p)),
			layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 30, Batch: 50, Seed: 3,
	})
	d := yinyang(t, 150)
	v, err := m.Evaluate(background, d, nil)
	require.NoError(t, err)
	require.Zero(t, v.Rates[0].Value, "in evaluation nothing spikes before the training")
	find := func() []diagnose.Finding {
		before := m.Weights()
		fs, err := train.Diagnose(background, m, d, nil)
		require.NoError(t, err)
		require.Equal(t, before, m.Weights(), "running statistics too")
		return fs
	}
	require.Empty(t, find())
	r, err := (&train.Trainer{Model: m, Data: d, Epochs: 20, Optimiser: &optim.SGD{LearningRate: 1e-9}, Doctor: true}).Run(background)
	require.NoError(t, err)
	require.Empty(t, r.Findings)
	v, err = m.Evaluate(background, d, nil)
	require.NoError(t, err)
	require.Positive(t, v.Rates[0].Value)
	require.Empty(t, find())
	each("norm.w", func(int, float64) float64 { return 0 })(m)
	each("norm.b", func(int, float64) float64 { return 0 })(m)
	fs := find()
	require.NotEmpty(t, fs)
	require.Equal(t, "hidden: none of 40 neurons spikes in 150 samples: no current reaches them.", fs[0].Message)
}

// between draws weights from a uniform distribution.
type between struct{ lo, hi float64 }

func (u between) Draw(r *rand.Rand, _ []int, w []float64) error {
	for i := range w {
		w[i] = u.lo + (u.hi-u.lo)*r.Float64()
	}
	return nil
}

// shortened are samples of which some are shorter than others.
type shortened struct{ data.Dataset }

func (shortened) Steps(i int) int { return 15 + i%16 }

func (l list) first(n int) list { return list{shape: l.shape, x: l.x[:n], labels: l.labels[:n]} }

// The errors say what is missing, and a cancelled context ends it.
func TestDiagnoseErrors(t *testing.T) {
	m := patient{}.model(t)
	var none context.Context
	_, err := train.Diagnose(none, m, yinyang(t, 5), nil)
	require.EqualError(t, err, "train: diagnose: the context is nil")
	_, err = train.Diagnose(background, nil, yinyang(t, 5), nil)
	require.EqualError(t, err, "train: diagnose: the model is nil or was not made by Network.Compile")
	_, err = train.Diagnose(background, m, nil, nil)
	require.EqualError(t, err, "train: diagnose: the data set is nil")
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, err = train.Diagnose(ctx, m, yinyang(t, 5), nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "silent layer", diagnose.SilentLayer.String())
}

// What is measured of a layer is what simulated neurons do.
func TestDiagnoseMeasures(t *testing.T) {
	// One current of 0.9 into neurons with weights 0.5, 1, …: the third spikes often.
	const steps, n = 20, 4
	lif := neurons.DefaultLIFParams()
	lif.Spike = surrogate.SuperSpike{Alpha: 1e4}
	m := newModel(t, train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: n, Init: rising{}, NoBias: true}, layers.Named("hidden", layers.Lift(neurons.LIFStep, lif)),
			layers.Linear{Out: 3}, layers.Named("readout", li()), layers.MaxOverTime,
		},
		Shape: []int{1}, Steps: steps, Batch: 2, Dtype: tensor.Float64,
	})
	fs, err := train.Diagnose(background, m, list{shape: []int{1}, x: [][]float32{{0.9}, {0.9}}, labels: []int{0, 1}}, nil)
	require.NoError(t, err)
	near, away := 0, []float64{}
	for k := range n {
		v, i := 0.0, 0.0
		for range steps {
			i += 0.5 * float64(k+1) * float64(float32(0.9))
			v += 0.1 * (i - v)
			i -= 0.2 * i
			x := v - 1
			away = append(away, math.Abs(x))
			if lif.Spike.Deriv(x) > 0.1 {
				near++
			}
			if x > 0 {
				v = 0
			}
		}
	}
	slices.Sort(away)
	require.Len(t, fs, 1)
	require.Equal(t, diagnose.NarrowSurrogate, fs[0].Kind)
	require.Equal(t, float64(near)/(steps*n), fs[0].Value)
	// The median is known up to the bin it is in, a quarter of an octave.
	var median float64
	_, err = fmt.Sscanf(fs[0].Message[strings.Index(fs[0].Message, "typically ")+10:], "%g away", &median)
	require.NoError(t, err)
	require.InDelta(t, away[steps*n/2-1], median, away[steps*n/2-1]*0.15)
}

// rising draws the weights 0.5, 1, 1.5, …
type rising struct{}

func (rising) Draw(_ *rand.Rand, _ []int, w []float64) error {
	for i := range w {
		w[i] = 0.5 * float64(i+1)
	}
	return nil
}

// The gradient in time is that of the loss: the response of a leaky integrator to
// a pulse, read at the end, run backwards.
func TestDiagnoseGradientInTime(t *testing.T) {
	const steps = 250
	m := newModel(t, train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 3}, layers.Named("readout", li()), layers.Last},
		Shape: []int{4}, Steps: steps, Batch: 10, Dtype: tensor.Float64,
	})
	fs, err := train.Diagnose(background, m, yinyang(t, 10), nil)
	require.NoError(t, err)
	require.Len(t, fs, 1)
	require.Equal(t, diagnose.VanishingInTime, fs[0].Kind)
	response := make([]float64, steps)
	v, i := 0.0, 1.0
	for k := range response {
		v += 0.1 * (i - v)
		i -= 0.2 * i
		response[steps-1-k] = v
	}
	early := 0.0
	for _, r := range response[:steps/4] {
		early += r * r / (steps / 4)
	}
	require.InEpsilon(t, math.Sqrt(early)/slices.Max(response), fs[0].Value, 1e-9)
}

// A training with a Doctor is the same training, and tells what it finds once.
func TestDoctor(t *testing.T) {
	long.Test(t)
	many := yinyang(t, 500)
	for name, c := range map[string]struct {
		patient
		rate   float64
		epochs int
		want   diagnose.Kind // the last, of as many as there are
		some   bool
		says   string
		cure   string
	}{
		"healthy":      {patient{data: many}, 5e-3, 12, 0, false, "", ""},
		"silent":       {patient{first: layers.Constant(0)}, 5e-3, 3, diagnose.SilentLayer, true, "no current reaches them", "Look at the layer before"},
		"rate is low":  {patient{data: many}, 1e-9, 12, diagnose.LossStuck, true, "is what guessing by the frequencies of the labels gives. The last step changed the weights by ", "Raise the learning rate to about 1e-02."},
		"rate is high": {patient{data: many}, 1000, 12, diagnose.LossStuck, true, "They have grown to ", "Lower the learning rate to about 3e-02"},
		"no relation":  {patient{data: unrelated(t, 2000)}, 1e-2, 3, diagnose.LossStuck, true, "In 120 batches the loss has not come below 1.099, where 1.098 is ", "The learning rate seems right."},
	} {
		t.Run(name, func(t *testing.T) {
			fit := func(doctor bool) ([]*tensor.Dense, train.Result, []diagnose.Finding) {
				var told []diagnose.Finding
				m := c.model(t)
				tr := train.Trainer{
					Model: m, Data: c.samples(t), Epochs: c.epochs, Seed: 5, Optimiser: &optim.Adam{LearningRate: c.rate},
					Doctor: doctor, OnFinding: func(f diagnose.Finding) { told = append(told, f) },
				}
				r, err := tr.Run(background)
				require.NoError(t, err)
				return m.Weights(), r, told
			}
			w, r, told := fit(true)
			require.Equal(t, told, r.Findings)
			require.Equal(t, c.some, len(told) > 0, "%v", told)
			if c.some {
				f := told[len(told)-1]
				require.Equal(t, c.want, f.Kind, "%v", told)
				require.Contains(t, f.Message, c.says)
				require.Contains(t, f.Cure, c.cure)
				seen := map[string]bool{}
				for _, f := range told {
					key := fmt.Sprint(f.Kind, f.Layer)
					require.False(t, seen[key], "%v is told twice", f)
					seen[key] = true
				}
			}
			plain, p, told := fit(false)
			require.Equal(t, plain, w)
			require.Empty(t, told)
			require.Empty(t, p.Findings)
		})
	}
}

// unrelated is points whose labels say nothing about them.
func unrelated(t *testing.T, n int) data.Dataset {
	d := list{shape: []int{4}}
	r := rand.New(rand.NewPCG(1, 2))
	points := yinyang(t, n)
	for i := range n {
		x := make([]float32, 4)
		_, err := points.Sample(i, x)
		require.NoError(t, err)
		d.x, d.labels = append(d.x, x), append(d.labels, r.IntN(3))
	}
	return d
}

// Where the epoch has one batch, its step is measured as any other.
func TestDoctorOneBatch(t *testing.T) {
	c := patient{data: yinyang(t, 20)}
	tr := train.Trainer{
		Model: c.model(t), Data: c.data, Epochs: 100, Optimiser: &optim.Adam{LearningRate: 1e-9},
		Doctor: true, OnFinding: func(diagnose.Finding) {},
	}
	r, err := tr.Run(background)
	require.NoError(t, err)
	require.NotEmpty(t, r.Findings)
	f := r.Findings[len(r.Findings)-1]
	require.Equal(t, diagnose.LossStuck, f.Kind)
	require.Equal(t, 100, f.Epoch)
	require.Contains(t, f.Cure, "Raise the learning rate to about 1e-0")
}

// A doctor judges a training that was interrupted as one that ran through, and
// tells again what lasts.
func TestDoctorResumed(t *testing.T) {
	long.Test(t)
	c := patient{data: unrelated(t, 1000)}
	trainer := func(dir string, o ...train.Observer) *train.Trainer {
		return &train.Trainer{
			Model: c.model(t), Data: c.data, Epochs: 5, Optimiser: &optim.Adam{LearningRate: 1e-9}, Seed: 2, Observers: o,
			Checkpoints: &train.Checkpoints{Dir: dir}, Doctor: true, OnFinding: func(diagnose.Finding) {},
		}
	}
	var whole diary
	_, err := trainer(t.TempDir(), &whole).Run(background)
	require.NoError(t, err)
	require.Len(t, whole.found, 6)
	require.Equal(t, "0 []", whole.found[0])
	require.Contains(t, whole.found[5], "5 [loss does not fall: In 100 batches ")

	for _, stop := range []int{0, 1, 30, 79, 80, 85, 98, 99} { // batches of 20 an epoch
		dir := t.TempDir()
		var first, second diary
		ctx, cancel := context.WithCancel(background)
		tr, left := trainer(dir, &first), stop
		tr.OnBatch = func(train.Batch) {
			if left--; left == 0 {
				cancel()
			}
		}
		if stop == 0 {
			cancel()
		}
		_, err := tr.Run(ctx)
		cancel()
		require.ErrorIs(t, err, context.Canceled)
		tr = trainer(dir, &second)
		if tr.Resume, _, err = train.LatestCheckpoint(dir); stop > 0 {
			require.NoError(t, err)
		}
		r, err := tr.Run(background)
		require.NoError(t, err)
		require.Equal(t, whole.found, slices.Concat(first.found, second.found), "stopped after %d batches", stop)
		require.Len(t, r.Findings, 1)
	}
}

// The loss of a training that goes on from another one is not held against where
// that had brought it; and what is found is written to the log where nobody listens.
func TestDoctorGoesOn(t *testing.T) {
	d := regression{list{shape: []int{1}}}
	for i := range 16 {
		d.x, d.targets = append(d.x, []float32{float32(i) / 16}), append(d.targets, []float32{float32(i) / 8})
	}
	m := newModel(t, train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 1, Init: layers.Constant(0.1)}, layers.Named("readout", li()), layers.MeanOverTime},
		Shape: []int{1}, Steps: 20, Batch: 4, Loss: loss.MeanSquared{}, Dtype: tensor.Float64,
	})
	tr := train.Trainer{Model: m, Data: d, Epochs: 200, Optimiser: &optim.Adam{LearningRate: 0.02}, Doctor: true}
	for range 2 {
		r, err := tr.Run(background)
		require.NoError(t, err)
		require.Empty(t, r.Findings)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	before := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = before }()
	sick := patient{first: layers.Constant(0)}
	r, err := (&train.Trainer{Model: sick.model(t), Data: sick.samples(t), Epochs: 2, Doctor: true}).Run(background)
	require.NoError(t, err)
	require.Len(t, r.Findings, 1)
	require.NoError(t, file.Close())
	printed, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Equal(t, "train: doctor, after 0 epochs: "+r.Findings[0].String()+"\n", string(printed))

	ctx, cancel := context.WithCancel(background)
	cancel()
	tr.Epochs = 1
	_, err = tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
}
