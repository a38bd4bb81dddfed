package train_test

import (
	"fmt"
	"math"
	"math/rand/v2"
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
	"github.com/spikegrad/spikegrad/train"
)

// cutShort is a data set of sequences that end early, with something behind the end of each:
// among the values, the events and, where targets are sequences, the targets.
type cutShort struct {
	data.Dataset
	steps  int
	ends   []int
	behind float32
}

func (e cutShort) Steps(i int) int { return e.ends[i] }

func (e cutShort) spoil(i int, x []float32) {
	for j := len(x) / e.steps * e.ends[i]; j < len(x); j++ {
		x[j] = e.behind
	}
}

func (e cutShort) Sample(i int, x []float32) (int, error) {
	label, err := e.Dataset.Sample(i, x)
	e.spoil(i, x)
	return label, err
}

// shortTargets are such sequences whose targets are such, too.
type shortTargets struct{ cutShort }

func (e shortTargets) Target(i int, y []float32) error {
	err := e.Dataset.(data.Targeter).Target(i, y)
	e.spoil(i, y)
	return err
}

// shortEvents are such sequences that come as events.
type shortEvents struct{ cutShort }

func (e shortEvents) Events(i int, dst []data.Event) ([]data.Event, int, error) {
	x := make([]float32, tensor.Shape(e.Shape()).TotalSize())
	label, err := e.Sample(i, x)
	n := len(x) / e.steps
	for j, v := range x {
		if v != 0 {
			dst = append(dst, data.Event{Step: j / n, Index: j % n, Value: v})
		}
	}
	if e.behind != 0 {
		dst = append(dst, data.Event{Step: e.steps + 3, Index: -1, Value: e.behind})
	}
	return dst, label, err
}

// doubled is a loss over sequences of one's own: Σ w (2 out − target)⁴.
type doubled struct{ loss.MeanSquared }

func (doubled) OverTime() bool { return true }
func (doubled) Cost(out, target, weight *G.Node) (*G.Node, error) {
	var b graph.Builder
	e := b.Square(b.Square(b.Sub(b.Add(out, out), target)))
	c := b.Reduce(b.Mul(e, b.Expand(b.Reshape(weight, append(weight.Shape().Clone(), 1)...), e.Shape())), nil)
	return c, b.Err()
}

// What lies behind the end of a sample does not change a bit of anything, whatever it is:
// of losses, metrics, gradients after each stride, outputs, recordings, costs and diagnoses.
func TestBehindTheEnd(t *testing.T) {
	const steps, in = 12, 4
	ends := []int{12, 5, 1, 7, 11}
	body := func(readout ...layers.Layer) layers.Layer {
		return append(layers.Sequential{layers.Linear{Out: 10, Init: layers.Scaled{Gain: 8}}, layers.Named("hidden", lif()), layers.Linear{Out: 3}, li()}, readout...)
	}
	regularised := layers.Sequential{layers.Linear{Out: 10, Init: layers.Scaled{Gain: 8}},
		layers.Named("hidden", lif(layers.Regularise(layers.Rate{Upper: 0.01, Weight: 5}, layers.Voltage{Upper: 0.3, Weight: 2}))), layers.Linear{Out: 3}, layers.MaxOverTime}
	doubling := encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
		if err := encode.Sequences(2).Encode(dst, x, steps, r); err != nil {
			return err
		}
		for i := range dst {
			dst[i] *= 2
		}
		return nil
	})
	for name, c := range map[string]struct {
		net    layers.Layer
		loss   loss.Loss
		enc    encode.Encoder
		spikes bool
	}{
		"last":             {net: body(layers.Last)},
		"max":              {net: body(layers.MaxOverTime), enc: encode.Sequences(2)},
		"mean, own":        {net: body(layers.MeanOverTime), enc: doubling},
		"sum, count":       {net: body(layers.SumOverTime), loss: loss.SpikeCount{Right: 2}},
		"penalties":        {net: regularised},
		"normalised":       {net: append(layers.Sequential{layers.BatchNorm{StepGain: 4}}, body(layers.Last).(layers.Sequential)...)},
		"delayed":          {net: append(layers.Sequential{layers.DelayedLinear{Out: in, Delay: layers.Delay{Max: 4, Over: 100}}, layers.Delay{Max: 4, Interpolate: true}, layers.RecurrentThrough(layers.BackLate{Delay: layers.Delay{Max: 3, Interpolate: true}}, neurons.LIFStep, neurons.DefaultLIFParams())}, body(layers.Last).(layers.Sequential)...)},
		"lists":            {net: body(layers.Last), spikes: true},
		"sequences":        {net: body(), loss: loss.MeanSquared{Sequence: true}},
		"sequences, lists": {net: body(), loss: loss.MeanSquared{Sequence: true}, spikes: true},
		"own loss":         {net: body(), loss: doubled{}},
		"label each step":  {net: body(), loss: loss.TET{Lambda: 0.3, Level: 1}},
		"first spike":      {net: body(lif(), layers.FirstSpike{Latest: 12}), loss: loss.FirstSpike{Alpha: 0.1}},
	} {
		for mode, cut := range map[string]train.Network{"whole": {}, "segments": {Segment: 5}, "windows": {Window: 6, Stride: 3}} {
			for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
				if dt == tensor.Float64 && mode != "windows" {
					continue
				}
				see := func(behind float32) string {
					of := cutShort{answers(len(ends), steps, []int{in}), steps, ends, behind}
					var d data.Dataset = of
					out := tensor.Shape{steps, 2, 3}
					if s, ok := c.loss.(interface{ OverTime() bool }); !ok || !s.OverTime() {
						out = out[1:]
					}
					target := []int{2}
					if c.loss != nil {
						var err error
						target, err = c.loss.Target(out)
						require.NoError(t, err)
					}
					if len(target) == 1 { // labels
						of.Dataset = currents(len(ends), steps, in)
						d = of
					} else {
						d = shortTargets{of}
					}
					if c.spikes && c.loss == nil {
						d = shortEvents{of}
					}
					m := cut
					m.Net, m.Loss, m.Shape, m.Steps, m.Batch, m.Seed, m.Dtype, m.SpikeInput = c.net, c.loss, []int{in}, steps, 2, 3, dt, c.spikes
					model := newModel(t, m)
					var seen []any
					keep := func(x any, err error) {
						require.NoError(t, err, "%s, %s, %v behind", name, mode, behind)
						seen = append(seen, fmt.Sprintf("%+v", x))
					}
					v, err := model.Evaluate(background, d, c.enc)
					keep(v, err)
					y, err := model.Predict(background, d, c.enc)
					keep(elements(y), err)
					rs, err := model.Record(background, d, c.enc, []int{0, 1, 4})
					keep(rs, err)
					cost, err := model.Cost(background, d, c.enc)
					keep(cost, err)
					if mode == "whole" {
						found, err := train.Diagnose(background, model, d, c.enc)
						keep(found, err)
					}
					s := &stepped{SGD: optim.SGD{LearningRate: 1e-5}}
					r, err := (&train.Trainer{Model: model, Data: d, Encoder: c.enc, Optimiser: s, Epochs: 1}).Run(background)
					for i := range r.History {
						r.History[i].Duration = 0
					}
					keep(r, err)
					keep(s.grads, nil)
					keep(bits(model), nil)
					return fmt.Sprint(seen)
				}
				want := see(0)
				for _, behind := range []float32{-1e30, float32(math.NaN())} {
					require.Equal(t, want, see(behind), "%s, %s, %v: %v", name, mode, dt, behind)
				}
			}
		}
	}
}

// Before its end a sample is read, and what is not finite there is an error.
func TestBeforeTheEnd(t *testing.T) {
	d := cutShort{currents(2, 6, 4), 6, []int{6, 3}, float32(math.NaN())}
	m := newModel(t, train.Network{Net: small(), Shape: []int{4}, Steps: 6, Batch: 2})
	_, err := m.Evaluate(background, d, nil)
	require.NoError(t, err)
	late := cutShort{d, 6, []int{6, 4}, 0}
	late.Dataset = d.Dataset.(list)
	late.Dataset.(list).x[1][3*4] = float32(math.Inf(-1))
	_, err = m.Evaluate(background, late, nil)
	require.EqualError(t, err, "train: evaluate: sample 1: value 12 is -Inf, want a finite number")
	late.ends = []int{6, 3}
	_, err = m.Evaluate(background, late, nil)
	require.NoError(t, err)
}

// A network whose outputs are infinite where a sample has ended has the loss of what came
// before: y = 1/x is so on the zeros that it is shown.
func TestInfiniteBehindTheEnd(t *testing.T) {
	inverse := layers.Func(func(x *G.Node) (*G.Node, error) {
		var b graph.Builder
		return b.Div(b.Constant(x, 1, x.Shape()...), x), b.Err()
	})
	all := regression{list{shape: []int{4, 1}, x: [][]float32{{1, 2, 4, 8}, {2, 4, 0, 0}}, targets: [][]float32{{0, 0, 0, 0}, {0, 0, 0, 0}}}}
	d := shortTargets{cutShort{all, 4, []int{4, 2}, float32(math.NaN())}}
	want := ((1+1./4+1./16+1./64)/4 + (1./4+1./16)/2) / 2
	for _, segment := range []int{0, 1, 3} {
		for _, batch := range []int{1, 2, 3} { // of three places one is padding, zeros too
			m := newModel(t, train.Network{Net: inverse, Shape: []int{1}, Steps: 4, Batch: batch, Segment: segment,
				Loss: loss.MeanSquared{Sequence: true}, Dtype: tensor.Float64})
			v, err := m.Evaluate(background, d, nil)
			require.NoError(t, err)
			require.InEpsilon(t, want, v.Loss, 1e-15)
		}
	}
}
