package train_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/readout"
	"github.com/spikegrad/spikegrad/train"
)

// sequenced are networks that end in every readout and have every kind of layer
// that remembers.
func sequenced() map[string]struct {
	shape []int
	net   layers.Layer
} {
	spiking := func(opts ...layers.LiftOption) layers.Layer {
		return layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), opts...)
	}
	gain := layers.Scaled{Gain: 8}
	low := neurons.DefaultLIFBoxParams()
	low.VTh = graph.Const(0.02)
	lively := neurons.DefaultLIFParams() // behind several layers
	lively.VTh = graph.Const(0.1)
	// A hidden layer of 300 is wide enough that products follow the spikes.
	type network = struct {
		shape []int
		net   layers.Layer
	}
	nets := map[string]network{
		"recurrent": {[]int{4}, layers.Sequential{
			layers.Linear{Out: 20, Init: gain}, layers.Recurrent(neurons.LSNNStep, neurons.DefaultLSNNParams()),
			layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		}},
		"convolutional": {[]int{1, 8, 8}, layers.Sequential{
			layers.Conv2D{Out: 4, Kernel: 3, Init: gain}, spiking(), layers.Pool{Size: 2},
			layers.Flatten, layers.Dropout{P: 0.3}, layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		}},
		"learnt rest": {[]int{4}, layers.Sequential{
			layers.Linear{Out: 20, Init: gain}, spiking(layers.Learn("VLeak"), layers.LearnEach("TauMemInv")),
			layers.Linear{Out: 3}, li(), layers.Last,
		}},
		"normalised": {[]int{1, 8, 8}, layers.Sequential{
			layers.Conv2D{Out: 4, Kernel: 3, Init: gain}, layers.BatchNorm{PerStep: 100}, spiking(), layers.Pool{Size: 2},
			layers.GroupNorm{Groups: 2}, layers.LayerNorm{}, layers.Flatten, layers.Linear{Out: 3}, layers.BatchNorm{StepGain: 5}, li(), layers.MaxOverTime,
		}},
		"feedback": {[]int{2, 4, 4}, layers.Sequential{
			layers.RecurrentThrough(layers.BackConv2D{Kernel: 3}, neurons.LIFBoxStep, neurons.DefaultLIFBoxParams()), layers.Flatten,
			layers.Linear{Out: 20, Init: gain, Pattern: layers.FanIn(5)}, layers.RecurrentThrough(layers.BackSparse{Pattern: layers.Chance(0.2)}, neurons.LIFStep, neurons.DefaultLIFParams()),
			layers.Linear{Out: 6, Init: gain}, layers.RecurrentThrough(layers.BackOneToOne{}, neurons.QIFStep, neurons.DefaultQIFParams()),
			layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		}},
		"delayed": {[]int{4}, layers.Sequential{
			layers.DelayedLinear{Out: 20, Init: gain, Delay: layers.Delay{Max: 7, Interpolate: true}}, spiking(),
			layers.Delay{Max: 40, Over: 5}, layers.DelayedLinear{Out: 20, Init: gain, Delay: layers.Delay{Max: 3, Over: 5}}, spiking(),
			layers.Delay{Max: 2, Fixed: true}, layers.Linear{Out: 9, Init: gain},
			layers.RecurrentThrough(layers.BackLate{Delay: layers.Delay{Max: 4, Interpolate: true}}, neurons.LIFStep, lively),
			layers.Linear{Out: 9, Init: gain},
			layers.RecurrentThrough(layers.BackLate{Delay: layers.Delay{Max: 5, Over: 3}, Channels: true}, neurons.LIFStep, lively),
			layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		}},
		"attention": {[]int{4, 3, 3}, layers.Sequential{
			layers.Tokens, layers.SelfAttention{Neurons: layers.Lift(neurons.LIFBoxStep, low), Heads: 2, Scale: 1}, layers.Flatten,
			layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		}},
		"refractory": {[]int{4}, layers.Sequential{
			layers.Linear{Out: 20, Init: gain},
			layers.Lift(wrap.Refractory(neurons.LIFStep), wrap.RefractoryParams[neurons.LIFState, neurons.LIFParams]{
				Inner: neurons.DefaultLIFParams(), RhoReset: graph.Const(3),
			}),
			layers.Linear{Out: 3}, li(), layers.MeanOverTime,
		}},
	}
	nets["wide"] = network{[]int{10}, layers.Sequential{
		layers.Linear{Out: 300, Init: gain}, spiking(), layers.Linear{Out: 300, Init: gain}, spiking(), layers.Linear{Out: 3}, li(), layers.MaxOverTime,
	}}
	for name, readout := range map[string]layers.Layer{
		"last": layers.Last, "max": layers.MaxOverTime, "mean": layers.MeanOverTime, "sum": layers.SumOverTime,
	} {
		nets[name] = network{[]int{4}, layers.Sequential{
			layers.Linear{Out: 20, Init: gain}, spiking(), layers.Linear{Out: 3}, li(), readout,
		}}
	}
	return nets
}

// Step by step a network gives, to the last bit, what it gives on the whole
// sequence: for the end of it, and with a batch of two streams for each of them.
func TestStepIsTheWholeSequence(t *testing.T) {
	const steps = 30
	for name, c := range sequenced() {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(fmt.Sprint(name, "/", dt), func(t *testing.T) {
				m := newModel(t, train.Network{Net: c.net, Shape: c.shape, Steps: steps, Batch: 2, Seed: 3, Dtype: dt})
				d := currents(2, append([]int{steps}, c.shape...)...).(list)
				whole, err := m.Predict(background, d, nil)
				require.NoError(t, err)
				v, err := m.Evaluate(background, d, nil)
				require.NoError(t, err)
				for _, r := range v.Rates {
					require.Positive(t, r.Value, r.Layer)
				}
				n := tensor.Shape(c.shape).TotalSize()
				for i := range 2 {
					s, err := m.Rest(1)
					require.NoError(t, err)
					var y *tensor.Dense
					for k := range steps {
						y, err = m.Step(s, d.x[i][k*n:(k+1)*n])
						require.NoError(t, err)
					}
					require.Equal(t, graphtest.Floats(whole)[i*3:(i+1)*3], graphtest.Floats(y), "sample %d", i)
				}
				s, err := m.Rest(2)
				require.NoError(t, err)
				var y *tensor.Dense
				for k := range steps {
					y, err = m.Step(s, append(append([]float32{}, d.x[0][k*n:(k+1)*n]...), d.x[1][k*n:(k+1)*n]...))
					require.NoError(t, err)
				}
				require.Equal(t, graphtest.Floats(whole), graphtest.Floats(y))
			})
		}
	}
}

// States of one model are apart from one another, and go with the weights that the
// model has.
func TestStepStates(t *testing.T) {
	m := smallModel(t, 4)
	x := func(k int) []float32 { return []float32{float32(k), 1, 2, 1} }
	alone, err := m.Rest(1)
	require.NoError(t, err)
	var want [][]float64
	for k := range 12 {
		y, err := m.Step(alone, x(k))
		require.NoError(t, err)
		want = append(want, graphtest.Floats(y))
	}
	require.NotEqual(t, want[5], want[11])
	// Two interleaved, one behind the other.
	a, err := m.Rest(1)
	require.NoError(t, err)
	b, err := m.Rest(1)
	require.NoError(t, err)
	for k := range 12 {
		y, err := m.Step(a, x(k))
		require.NoError(t, err)
		require.Equal(t, want[k], graphtest.Floats(y))
		if k >= 5 {
			y, err := m.Step(b, x(k-5))
			require.NoError(t, err)
			require.Equal(t, want[k-5], graphtest.Floats(y))
		}
	}
	// A copy goes on from where it was made, and the original too.
	b, err = m.Rest(1)
	require.NoError(t, err)
	for k := range 6 {
		_, err := m.Step(b, x(k))
		require.NoError(t, err)
	}
	c := b.Clone()
	for _, s := range []*train.Carried{b, c} {
		for k := 6; k < 12; k++ {
			y, err := m.Step(s, x(k))
			require.NoError(t, err)
			require.Equal(t, want[k], graphtest.Floats(y))
		}
	}
	// Its parts can be read and set.
	require.Equal(t, []string{"hidden.V", "hidden.I", "readout.V", "readout.I", "4.max"}, b.Names())
	require.Equal(t, tensor.Shape{1, 3}, b.Tensor("4.max").Shape())
	require.Nil(t, b.Tensor("4.min"))
	rest, err := m.Rest(1)
	require.NoError(t, err)
	for _, n := range c.Names() {
		require.NoError(t, tensor.Copy(c.Tensor(n), rest.Tensor(n)))
	}
	y, err := m.Step(c, x(0))
	require.NoError(t, err)
	require.Equal(t, want[0], graphtest.Floats(y))
	// Other weights give other outputs.
	other := m.Weights()
	for _, w := range other {
		clear(w.Float32s())
	}
	require.NoError(t, m.SetWeights(other))
	rest, err = m.Rest(1)
	require.NoError(t, err)
	y, err = m.Step(rest, x(3))
	require.NoError(t, err)
	require.Equal(t, []float64{0, 0, 0}, graphtest.Floats(y))
}

func TestModelStepErrors(t *testing.T) {
	m := smallModel(t, 4)
	s, err := m.Rest(2)
	require.NoError(t, err)
	_, err = m.Step(s, make([]float32, 3))
	require.EqualError(t, err, "train: step: the input has 3 values, a time step of shape [2 4] has 8")
	_, err = m.Step(s, []float32{0, 0, 0, 0, 0, 0, 0, float32(math.NaN())})
	require.EqualError(t, err, "train: step: input: value 7 is NaN, want a finite number")
	_, err = m.Step(nil, make([]float32, 8))
	require.EqualError(t, err, "train: step: the state is nil, want one made by Rest")
	_, err = smallModel(t, 4).Step(s, make([]float32, 8))
	require.EqualError(t, err, "train: step: the state is of another model")
	_, err = m.Rest(0)
	require.EqualError(t, err, "train: rest: batch size is 0, want at least 1 and at most 536870912")
	whole := newModel(t, train.Network{Net: layers.Sequential{layers.Linear{Out: 3}, layers.Func(readout.MaxOverTime)}, Shape: []int{4}, Steps: 5, Batch: 2})
	_, err = whole.Rest(1)
	require.EqualError(t, err, "train: rest: network: layer 1: max over time reads whole sequences of one length; "+
		"use the readouts of package layers, and methods such as Build.SumOverTime in layers of your own")
}
