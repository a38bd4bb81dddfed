package exact_test

import (
	"context"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/exact"
	"github.com/spikegrad/spikegrad/optim"
)

func encode(x []float32) []exact.Spike {
	spikes := []exact.Spike{{Time: 0.020, Neuron: len(x)}}
	for i, v := range x {
		spikes = append(spikes, exact.Spike{Time: 0.010 + 0.030*float64(v), Neuron: i})
	}
	return spikes
}

func yinYang(t *testing.T, n int) data.Dataset {
	d, err := data.NewYinYang(n, 42)
	require.NoError(t, err)
	return d
}

func model(t *testing.T, out exact.Layer) *exact.Model {
	out.N = 3
	m, err := exact.Network{Inputs: 5, Duration: 0.060, Layers: []exact.Layer{{N: 30, Mean: 1.5, Deviation: 0.78}, out}}.Compile(1)
	require.NoError(t, err)
	return m
}

// The gradient of a loss is that of finite differences, by one weight of each layer.
func TestLossGradients(t *testing.T) {
	ctx := context.Background()
	d := yinYang(t, 12)
	var samples [][]exact.Spike
	var classes []int
	x := make([]float32, 4)
	for i := range d.Len() {
		class, err := d.Sample(i, x)
		require.NoError(t, err)
		samples, classes = append(samples, encode(x)), append(classes, class)
	}
	for name, c := range map[string]struct {
		loss exact.Loss
		out  exact.Layer
	}{
		"first spike": {exact.FirstSpike{Tau: 2e-3, Early: 0.01}, exact.Layer{Mean: 0.5, Deviation: 0.1}},
		"voltage":     {exact.Voltage{Scale: 3}, exact.Layer{Readout: true, Deviation: 0.1}},
		"of spiking":  {exact.Voltage{}, exact.Layer{Mean: 0.5, Deviation: 0.1, LearnTau: true}},
	} {
		m := model(t, c.out)
		before, err := m.Learn(ctx, samples, classes, c.loss)
		require.NoError(t, err)
		for _, p := range m.Params() {
			g, err := p.Grad()
			require.NoError(t, err)
			grad, v := g.Data().([]float64), p.Value().Data().([]float64)
			for i := 0; i < len(v); i += 1 + len(v)/5 {
				const eps = 1e-6
				at := v[i]
				v[i] = at + eps
				up, err := m.Evaluate(ctx, samples, classes, c.loss)
				require.NoError(t, err)
				v[i] = at - eps
				down, err := m.Evaluate(ctx, samples, classes, c.loss)
				require.NoError(t, err)
				v[i] = at
				if up.Spikes[1] == before.Spikes[1] && down.Spikes[1] == before.Spikes[1] {
					require.InDelta(t, (up.Cost-down.Cost)/(2*eps), grad[i], 1e-6, "%s: %s", name, p.Name())
				}
			}
		}
	}
}

// A training learns, gives the same bits whatever GOMAXPROCS is, and stops when it is told to.
func TestTrainer(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want []float64
	for _, procs := range []int{1, 3} {
		runtime.GOMAXPROCS(procs)
		m := model(t, exact.Layer{Mean: 0.93, Deviation: 0.1})
		tr := exact.Trainer{Model: m, Data: yinYang(t, 600), Validation: yinYang(t, 50), Encode: encode, Epochs: 8, Wake: 0.05, Seed: 3}
		h, err := tr.Run(context.Background())
		require.NoError(t, err)
		require.Len(t, h, 8)
		t.Log(h[7].Train.Accuracy(), h[7].Train.Cost, h[0].Train.Cost)
		require.Greater(t, h[7].Train.Accuracy(), 0.65)
		require.Less(t, h[7].Train.Cost, h[0].Train.Cost)
		require.Equal(t, 600, h[7].Train.Samples)
		require.Equal(t, 50, h[7].Validation.Samples)
		var got []float64
		for _, p := range m.Params() {
			got = append(got, p.Value().Data().([]float64)...)
		}
		if want == nil {
			want = got
		}
		require.Equal(t, want, got)

		// The best epoch on the validation set is kept.
		tr.KeepBest, tr.Epochs, tr.Optimiser = true, 3, &optim.Adam{LearningRate: 0.3}
		h, err = tr.Run(context.Background())
		require.NoError(t, err)
		v, err := tr.Evaluate(context.Background(), tr.Validation)
		require.NoError(t, err)
		for _, e := range h {
			require.LessOrEqual(t, e.Validation.Right, v.Right)
		}
		tr.KeepBest = false

		ctx, cancel := context.WithCancel(context.Background())
		tr.OnEpoch = func(exact.Epoch) error { cancel(); return nil }
		h, err = tr.Run(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Len(t, h, 1)
	}
}

// A batch may be smaller than the sums that a gradient goes into, as the last one of an epoch: cost and gradient are the
// means of those of its samples, one by one.
func TestSmallBatches(t *testing.T) {
	ctx := context.Background()
	d, m := yinYang(t, 9), model(t, exact.Layer{Mean: 0.93, Deviation: 0.1})
	var samples [][]exact.Spike
	var classes []int
	var cost, grad float64
	x := make([]float32, 4)
	for i := range d.Len() {
		class, err := d.Sample(i, x)
		require.NoError(t, err)
		samples, classes = append(samples, encode(x)), append(classes, class)
		one, err := m.Learn(ctx, samples[i:], classes[i:], exact.FirstSpike{})
		require.NoError(t, err)
		g, err := m.Params()[0].Grad()
		require.NoError(t, err)
		cost, grad = cost+one.Cost, grad+g.Data().([]float64)[3]
		all, err := m.Learn(ctx, samples, classes, exact.FirstSpike{})
		require.NoError(t, err)
		require.Equal(t, i+1, all.Samples)
		require.Len(t, all.Spikes, 2)
		require.InDelta(t, cost/float64(i+1), all.Cost, 1e-12)
		require.InDelta(t, grad/float64(i+1), g.Data().([]float64)[3], 1e-12)
	}
	tr := exact.Trainer{Model: m, Data: yinYang(t, 35), Validation: d, Encode: encode, Epochs: 1}
	h, err := tr.Run(ctx)
	require.NoError(t, err)
	require.Equal(t, 35, h[0].Train.Samples)
	require.Equal(t, 9, h[0].Validation.Samples)
}

// Neurons that are silent have no gradient; Wake brings them back.
func TestWake(t *testing.T) {
	m := model(t, exact.Layer{Mean: 0.93, Deviation: 0.1})
	for i := range floats(m, "0.w") {
		floats(m, "0.w")[i] = 0.1
	}
	tr := exact.Trainer{Model: m, Data: yinYang(t, 320), Encode: encode, Epochs: 1}
	h, err := tr.Run(context.Background())
	require.NoError(t, err)
	require.Equal(t, 320, h[0].Train.Mute)
	require.Equal(t, 0.1, floats(m, "0.w")[7], "no gradient")
	tr.Wake, tr.Epochs = 0.2, 3
	h, err = tr.Run(context.Background())
	require.NoError(t, err)
	t.Log(h[2].Train.Mute, h[2].Train.Cost)
	require.Less(t, h[2].Train.Mute, h[1].Train.Mute)
	require.Less(t, h[2].Train.Mute, 160)
	require.Less(t, h[2].Train.Cost, h[0].Train.Cost)
}

func TestErrors(t *testing.T) {
	for want, n := range map[string]exact.Network{
		"exact: 0 inputs, 1 layers and a duration of 1 s, want at least one of each": {Duration: 1, Layers: []exact.Layer{{N: 1}}},
		"exact: layer 0: it has 0 neurons, want at least 1":                          {Inputs: 1, Duration: 1, Layers: []exact.Layer{{}}},
		"exact: layer 0: TauMem is -1, want a positive number":                       {Inputs: 1, Duration: 1, Layers: []exact.Layer{{N: 1, TauMem: -1}}},
		"exact: layer 0: Mean is NaN, want a finite number":                          {Inputs: 1, Duration: 1, Layers: []exact.Layer{{N: 1, Mean: math.NaN()}}},
		"exact: layer 0: MaxDelay is NaN, want at least 0":                           {Inputs: 1, Duration: 1, Layers: []exact.Layer{{N: 1, MaxDelay: math.NaN()}}},
		"exact: layer 0: a readout does not fire, so it must be the last layer":      {Inputs: 1, Duration: 1, Layers: []exact.Layer{{N: 1, Readout: true}, {N: 1}}},
		"exact: layer 0: a readout does not fire, so it has no recurrence":           {Inputs: 1, Duration: 1, Layers: []exact.Layer{{N: 1, Readout: true, Recurrent: true}}},
	} {
		_, err := n.Compile(1)
		require.EqualError(t, err, want)
	}
	m := one(t, 5, exact.Layer{})
	_, err := m.Run([]exact.Spike{{Time: 2}})
	require.EqualError(t, err, "exact: spike 0 of the input is of neuron 0 at 2 s, want one of 1 and times of 0 to 1 s")
	_, err = m.Run([]exact.Spike{{Neuron: 1}})
	require.ErrorContains(t, err, "is of neuron 1 at 0 s")
	set(m, "0.w", math.NaN())
	_, err = m.Run(nil)
	require.EqualError(t, err, "exact: element 0 of 0.w is NaN")
	set(m, "0.w", 1e300)
	_, err = m.Run([]exact.Spike{{}})
	require.ErrorContains(t, err, "exact: layer 0: neuron 0 fires more than 16384 times before")
	set(m, "0.w", 50)
	r, err := m.Run([]exact.Spike{{}})
	require.NoError(t, err)
	_, err = r.Backward(exact.Gradient{Times: [][]float64{{1}, nil}})
	require.ErrorContains(t, err, "want at most 1, 1 and 1")
	_, err = r.Backward(exact.Gradient{Times: [][]float64{{1}}})
	require.ErrorContains(t, err, "of 1 spikes of layer 0, which has")
	_, err = m.Learn(context.Background(), nil, nil, exact.FirstSpike{})
	require.ErrorContains(t, err, "0 samples and 0 classes")
	_, err = m.Learn(context.Background(), [][]exact.Spike{nil}, []int{7}, exact.FirstSpike{})
	require.EqualError(t, err, "sample 0 of the batch: exact: class 7 of 1 output neurons")
	_, err = (&exact.Trainer{}).Run(context.Background())
	require.ErrorContains(t, err, "exact: trainer: want a context, a Model, Data with samples, Encode")
	_, _, _, err = exact.FirstSpike{}.Cost(func() *exact.Run {
		r, err := one(t, 1, exact.Layer{Readout: true}).Run(nil)
		require.NoError(t, err)
		return r
	}(), 0)
	require.EqualError(t, err, "exact: the last layer is a readout and does not fire: use Voltage")
}

// What has no meaning is refused, and what was not made is no panic.
func TestNonsense(t *testing.T) {
	ctx, x := context.Background(), [][]exact.Spike{{{}}}
	m := one(t, 5, exact.Layer{LearnTau: true})
	for want, loss := range map[string]exact.Loss{
		"exact: the context or the loss is nil":                                                            nil,
		"sample 0 of the batch: exact: Tau of FirstSpike is NaN, want a finite number of at least 0":       exact.FirstSpike{Tau: math.NaN()},
		"sample 0 of the batch: exact: Reach of FirstSpike is -1, want a finite number of at least 0":      exact.FirstSpike{Reach: -1},
		"sample 0 of the batch: exact: EarlyTau of FirstSpike is +Inf, want a finite number of at least 0": exact.FirstSpike{EarlyTau: math.Inf(1)},
		"sample 0 of the batch: exact: the loss is +Inf, want a finite number":                             exact.FirstSpike{Early: 1, EarlyTau: 1e-9},
		"sample 0 of the batch: exact: Scale of Voltage is NaN, want a finite number":                      exact.Voltage{Scale: math.NaN()},
	} {
		_, err := m.Learn(ctx, x, []int{0}, loss)
		require.EqualError(t, err, want)
	}
	r, err := m.Run(x[0])
	require.NoError(t, err)
	require.Nil(t, r.Spikes(1))
	require.Nil(t, r.Spikes(-2))
	require.Nil(t, r.First(-1))
	floats(m, "0.logtau")[0] = 1000
	_, err = m.Run(x[0])
	require.EqualError(t, err, "exact: layer 0: time constants are +Inf and 0.005000000000000002 s, want 1e-100 to 1e+100")
	_, err = (&exact.Model{}).Run(nil)
	require.EqualError(t, err, "exact: the model is nil or was not made by Network.Compile")
	none := &exact.Run{}
	_, err = none.Backward(exact.Gradient{})
	require.EqualError(t, err, "exact: the Run was not made by Model.Run")
	for _, loss := range []exact.Loss{exact.FirstSpike{}, exact.Voltage{}} {
		_, _, _, err = loss.Cost(none, 0)
		require.Error(t, err)
	}
	require.Nil(t, none.Integral())
	require.Nil(t, none.Peak())
}
