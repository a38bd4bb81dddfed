package train_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/readout"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// byHand is a network of leaky integrate-and-fire neurons and leaky integrators,
// written down as nodes for every time step of a window.
type byHand struct {
	weights map[string]*tensor.Dense
	v, i    []float64 // of the hidden neurons
	rv, ri  []float64 // of the readout
}

// window unrolls the network over x [T][in] from the states that it has, which are
// inputs: nothing flows back through them. The loss is the mean squared error of the
// outputs of the last steps, as many as there are targets, against these. It
// returns the gradients, the loss, and the network with the states after each step.
func (h byHand) window(t *testing.T, x [][]float64, targets [][]float64, scale float64) (grads map[string][]float64, loss float64, after []byHand) {
	t.Helper()
	params := neurons.DefaultLIFParams() // those of lif
	params.Spike = surrogate.SuperSpike{Alpha: 10}
	g := G.NewGraph()
	var b graph.Builder
	ws := map[string]*G.Node{}
	names := []string{"0.linear.w", "0.linear.b", "2.linear.w", "2.linear.b"}
	for _, n := range names {
		ws[n] = G.NewTensor(g, tensor.Float64, h.weights[n].Dims(), G.WithName(n), G.WithShape(h.weights[n].Shape()...), G.WithValue(h.weights[n]))
	}
	state := func(name string, x []float64) *G.Node {
		return graphtest.Node(g, tensor.Float64, name, []int{1, len(x)}, x)
	}
	hidden := neurons.LIFState{V: state("v", h.v), I: state("i", h.i)}
	readout := neurons.LIState{V: state("rv", h.rv), I: state("ri", h.ri)}
	var cost *G.Node
	var left G.Nodes
	for k := range x {
		in := state(fmt.Sprint("x", k), x[k])
		current := b.Add(b.MatMul(in, ws["0.linear.w"]), b.Reshape(ws["0.linear.b"], 1, len(h.v)))
		z, s, err := neurons.LIFStep(current, hidden, params)
		require.NoError(t, err)
		current = b.Add(b.MatMul(z, ws["2.linear.w"]), b.Reshape(ws["2.linear.b"], 1, len(h.rv)))
		y, r, err := neurons.LIStep(current, readout, neurons.DefaultLIParams())
		require.NoError(t, err)
		hidden, readout = s, r
		left = append(left, s.V, s.I, r.V, r.I)
		if from := len(x) - len(targets); k >= from {
			e := b.Scale(b.Reduce(b.Square(b.Sub(y, state(fmt.Sprint("y", k), targets[k-from]))), nil), graph.Const(scale))
			if cost == nil {
				cost = e
			} else {
				cost = b.Add(cost, e)
			}
		}
	}
	require.NoError(t, b.Err())
	var wrt G.Nodes
	for _, n := range names {
		wrt = append(wrt, ws[n])
	}
	ds, vs := graphtest.Grads(t, cost, wrt, append(left, cost))
	grads = map[string][]float64{}
	for k, n := range names {
		grads[n] = ds[k]
	}
	for k := range x {
		after = append(after, byHand{h.weights, vs[4*k], vs[4*k+1], vs[4*k+2], vs[4*k+3]})
	}
	return grads, vs[len(left)][0], after
}

// Truncated backpropagation against a network unrolled by hand, window by window,
// from detached states, with updates between.
func TestTruncatedByHand(t *testing.T) {
	const steps, in, hidden, out = 12, 4, 10, 3
	net := layers.Sequential{layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 8}}, lif(), layers.Linear{Out: out}, li()}
	d := answers(1, steps, []int{in}).(regression)
	var x, y [][]float64
	for k := range steps {
		x, y = append(x, graphtest.Floats(graphtest.Tensor(tensor.Float64, []int{in}, wide(d.x[0][k*in:(k+1)*in])))), append(y, wide(d.targets[0][k*out:(k+1)*out]))
	}
	for _, c := range []struct{ window, stride, segment int }{
		{6, 0, 0}, {6, 3, 0}, {3, 3, 1}, {12, 4, 0}, {4, 2, 1}, {5, 5, 0}, {6, 4, 0}, {12, 12, 4}, {7, 3, 0}, {10, 10, 0}, {10, 8, 2},
	} {
		if !long.Tests() && c.window != 6 {
			continue
		}
		t.Run(fmt.Sprintf("window %d stride %d segment %d", c.window, c.stride, c.segment), func(t *testing.T) {
			m := newModel(t, train.Network{Net: net, Shape: []int{in}, Steps: steps, Batch: 1, Seed: 3, Dtype: tensor.Float64,
				Loss: loss.MeanSquared{Sequence: true}, Window: c.window, Stride: c.stride, Segment: c.segment})
			h := byHand{map[string]*tensor.Dense{}, make([]float64, hidden), make([]float64, hidden), make([]float64, out), make([]float64, out)}
			for k, w := range m.Weights() {
				h.weights[m.Params()[k].Name()] = w
			}
			s := &stepped{SGD: optim.SGD{LearningRate: 0.5}}
			var batch train.Batch
			_, err := (&train.Trainer{Model: m, Data: d, Optimiser: s, Epochs: 1, OnBatch: func(b train.Batch) { batch = b }}).Run(background)
			require.NoError(t, err)

			stride := c.stride
			if stride == 0 {
				stride = c.window
			}
			states := map[int]byHand{0: h}
			var want []map[string][]float64
			var total float64
			for from := 0; from < steps; from += stride {
				end := min(from+stride, steps)
				first := max(0, end-c.window) // also where the stride is the rest of the sample
				grads, loss, after := states[first].window(t, x[first:end], y[from:end], 1/float64(steps*out))
				for k, s := range after {
					states[first+1+k] = s
				}
				want, total = append(want, grads), total+loss
				for name, g := range grads {
					w := h.weights[name].Float64s()
					for k := range w {
						w[k] -= 0.5 * g[k]
					}
				}
			}
			require.Len(t, s.grads, len(want))
			for k := range want {
				closeTo(t, want[k], s.grads[k], 1e-12)
			}
			require.InEpsilon(t, total, batch.Loss, 1e-12)
			for k, p := range m.Params() {
				require.InDeltaSlice(t, h.weights[p.Name()].Float64s(), elements(p.Value()), 1e-12, "%d", k)
			}
		})
	}
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// A readout is judged at the end of each stride by what it has read so far.
func TestTruncatedReadout(t *testing.T) {
	const steps = 12
	d := currents(2, steps, 4)
	m := train.Network{Net: small(), Shape: []int{4}, Steps: steps, Batch: 2, Seed: 3, Dtype: tensor.Float64}
	// Without updates between, the loss of the first stride is that of a shorter sample.
	short := m
	short.Steps = 4
	first := gradientsOf(t, newModel(t, short), cutOff{d, 4})
	m.Window = 4
	s := &stepped{SGD: optim.SGD{LearningRate: 0.1}}
	_, err := (&train.Trainer{Model: newModel(t, m), Data: d, Optimiser: s, Epochs: 1}).Run(background)
	require.NoError(t, err)
	require.Len(t, s.grads, 3)
	closeTo(t, first, s.grads[0], 1e-14)
	// A window over all steps, looked at in the end, is no truncation.
	whole := gradientsOf(t, newModel(t, short), cutOff{d, 4})
	closeTo(t, whole, first, 0)
}

// cutOff are the first time steps of sequences.
type cutOff struct {
	data.Dataset
	steps int
}

func (c cutOff) Shape() []int { return append([]int{c.steps}, c.Dataset.Shape()[1:]...) }
func (c cutOff) Sample(i int, x []float32) (int, error) {
	all := make([]float32, tensor.Shape(c.Dataset.Shape()).TotalSize())
	label, err := c.Dataset.Sample(i, all)
	copy(x, all)
	return label, err
}

// cutUp is a data set of sequences cut into parts, which it holds in the order of
// the list parts.
type cutUp struct {
	sequences [][]float32 // [T, in] each
	steps, in int
	parts     [][2]int // sequence and part of each sample
	ends      []int    // steps of the last part of each sequence
	seen      *[]int   // samples asked for, in this order
}

func newCutUp(steps, in int, lengths ...int) cutUp {
	c := cutUp{steps: steps, in: in, seen: new([]int)}
	for s, n := range lengths {
		var x []float32
		for _, v := range graphtest.Random(n*in, uint64(70+s)) {
			x = append(x, float32(1+v))
		}
		c.sequences = append(c.sequences, x)
		c.ends = append(c.ends, (n-1)%steps+1)
		for p := range (n + steps - 1) / steps {
			c.parts = append(c.parts, [2]int{s, p})
		}
	}
	// The samples lie in an order in which nobody would want them.
	slices.Reverse(c.parts)
	return c
}

func (c cutUp) Len() int                 { return len(c.parts) }
func (c cutUp) Shape() []int             { return []int{c.steps, c.in} }
func (c cutUp) Part(i int) (s, part int) { return 100 + c.parts[i][0], c.parts[i][1] }
func (c cutUp) Steps(i int) int {
	s, p := c.parts[i][0], c.parts[i][1]
	return min(c.steps, len(c.sequences[s])/c.in-p*c.steps)
}
func (c cutUp) Sample(i int, x []float32) (int, error) {
	*c.seen = append(*c.seen, i)
	s, p := c.parts[i][0], c.parts[i][1]
	copy(x, c.sequences[s][p*c.steps*c.in:])
	return s % 3, nil
}

// A network goes through sequences that are cut into samples as if they were whole:
// in evaluation and in training, in shuffled order, with batches of parts of
// several sequences, and from rest where a new one begins.
func TestStatesAreCarriedAcrossBatches(t *testing.T) {
	const steps, in = 6, 4
	d := newCutUp(steps, in, 20, 6, 13, 33, 3, 12, 7)
	for _, window := range []struct{ window, stride int }{{6, 0}, {3, 0}, {2, 1}} {
		m := newModel(t, train.Network{Net: small(), Shape: []int{in}, Steps: steps, Batch: 3, Seed: 3, Dtype: tensor.Float64,
			Window: window.window, Stride: window.stride})
		// What the network gives at the end of each part, step by step.
		want := map[int][]float64{}
		for i, p := range d.parts {
			s, err := m.Rest(1)
			require.NoError(t, err)
			var y *tensor.Dense
			x := d.sequences[p[0]]
			for k := range min(len(x)/in, (p[1]+1)*steps) {
				y, err = m.Step(s, x[k*in:(k+1)*in])
				require.NoError(t, err)
			}
			want[i] = graphtest.Floats(y)
		}
		y, err := m.Predict(background, d, nil)
		require.NoError(t, err)
		for i := range d.parts {
			require.Equal(t, want[i], graphtest.Floats(y)[i*3:(i+1)*3], "part %v", d.parts[i])
		}
		// In training, by the loss of each batch. The optimiser changes nothing.
		var batches []train.Batch
		*d.seen = nil
		_, err = (&train.Trainer{Model: m, Data: d, Optimiser: &spy{}, Epochs: 3, Seed: 5, OnBatch: func(b train.Batch) {
			batches = append(batches, b)
		}}).Run(background)
		require.NoError(t, err)
		require.Len(t, *d.seen, 3*d.Len())
		require.NotEqual(t, (*d.seen)[:d.Len()], (*d.seen)[d.Len():2*d.Len()], "the order is the same in every epoch")
		at := 0
		for _, b := range batches {
			var sum float64
			for _, i := range (*d.seen)[at : at+b.Samples] {
				loss, _ := crossEntropy(want[i], d.parts[i][0]%3)
				sum += loss
			}
			require.InEpsilon(t, sum/float64(b.Samples), b.Loss, 1e-6)
			at += b.Samples
		}
		require.Equal(t, len(*d.seen), at)
	}
}

// The parts of a sequence come in their order, in different batches, in as many
// batches in every epoch.
func TestDeal(t *testing.T) {
	d := newCutUp(6, 4, 20, 6, 13, 33, 3, 12, 7)
	m := newModel(t, train.Network{Net: small(), Shape: []int{4}, Steps: 6, Batch: 3, Seed: 3, Window: 6})
	for seed := range uint64(20) {
		*d.seen = nil
		var batches [][]int
		_, err := (&train.Trainer{Model: m, Data: d, Optimiser: &spy{}, Epochs: 1, Seed: seed, OnBatch: func(b train.Batch) {
			require.Equal(t, 7, b.Batches) // 19 parts, 3 at a time
			batches = append(batches, (*d.seen)[len(*d.seen)-b.Samples:])
		}}).Run(background)
		require.NoError(t, err)
		next := map[int]int{}
		for _, b := range batches {
			in := map[int]bool{}
			for _, i := range b {
				s, p := d.Part(i)
				require.False(t, in[s], "two parts of sequence %d in one batch", s)
				require.Equal(t, next[s], p, "sequence %d", s)
				in[s] = true
				next[s]++
			}
		}
		require.Len(t, *d.seen, d.Len())
	}
}

// A training on parts of sequences that goes on from any of its checkpoints, in the
// midst of sequences, ends as one that ran through.
func TestResumeInSequences(t *testing.T) {
	d := newCutUp(6, 4, 20, 6, 13, 33, 3, 12, 7)
	trainer := func(dir string, batch int) *train.Trainer {
		m := newModel(t, train.Network{Net: small(), Shape: []int{4}, Steps: 6, Batch: batch, Seed: 3, Window: 3})
		return &train.Trainer{Model: m, Data: d, Epochs: 2, Seed: 5, Optimiser: &optim.Adam{LearningRate: 0.05}, Schedule: &halving{},
			Checkpoints: &train.Checkpoints{Dir: dir, EverySteps: 1, Keep: 1000}}
	}
	whole := trainer(t.TempDir(), 3)
	_, err := whole.Run(background)
	require.NoError(t, err)
	final := read(t, whole.Checkpoints.Dir, "final.safetensors")
	steps, err := filepath.Glob(filepath.Join(whole.Checkpoints.Dir, "step-*.safetensors"))
	require.NoError(t, err)
	require.Len(t, steps, 14)
	for _, path := range steps {
		tr := trainer(t.TempDir(), 3)
		tr.Resume = checkpoint(t, path)
		_, err := tr.Run(background)
		require.NoError(t, err)
		require.Equal(t, final, read(t, tr.Checkpoints.Dir, "final.safetensors"), path)
	}
	tr := trainer(t.TempDir(), 4)
	tr.Resume = checkpoint(t, steps[2])
	_, err = tr.Run(background)
	require.ErrorContains(t, err, "an epoch had 7 batches of 3, has 6 of 4: sequences go on from batch to batch, and would be torn")
}

func TestTruncatedErrors(t *testing.T) {
	for want, m := range map[string]train.Network{
		"train: Segment is -1, want 0 to 6 time steps":                                                 {Segment: -1},
		"train: Window is 7, want 0 to 6 time steps":                                                   {Window: 7},
		"train: Stride is 2 without a Window":                                                          {Stride: 2},
		"train: Stride is 4 and Window 3, want no stride longer than the window":                       {Window: 3, Stride: 4},
		"train: Segment is 2, want a divisor of the window of 3, the stride of 3 and the 6 time steps": {Window: 3, Segment: 2},
		"train: Segment is 4, want a divisor of the window of 4, the stride of 4 and the 6 time steps": {Window: 4, Segment: 4},
		"train: network: layer 1: max over time reads whole sequences of one length; use the readouts of package layers, and methods such as Build.SumOverTime in layers of your own": {Segment: 2, Net: layers.Sequential{layers.Linear{Out: 3}, layers.Func(readout.MaxOverTime)}},
	} {
		if m.Net == nil {
			m.Net = small()
		}
		m.Shape, m.Steps, m.Batch = []int{4}, 6, 2
		_, err := m.Compile()
		require.EqualError(t, err, want)
	}

	model := func(m train.Network) *train.Model {
		m.Net, m.Shape, m.Steps, m.Batch = small(), []int{4}, 6, 2
		return newModel(t, m)
	}
	require.Equal(t, []string{"the network goes through time in segments of 1, since a window of 5, a stride of 5 and 6 time steps have no larger common divisor: " +
		"a number of time steps that is a multiple of the stride takes less time"}, model(train.Network{Window: 5}).Warnings())
	require.Equal(t, []string{"the network goes through time in segments of 2, since a window of 4, a stride of 4 and 6 time steps have no larger common divisor: " +
		"a number of time steps that is a multiple of the stride takes less time"}, model(train.Network{Window: 4}).Warnings())
	for _, m := range []train.Network{{Window: 6, Stride: 3}, {Window: 4, Stride: 2}, {Window: 5, Segment: 1}, {Segment: 4}} {
		require.Empty(t, model(m).Warnings())
	}
	evaluate := func(m *train.Model, d data.Dataset) error {
		_, err := m.Evaluate(background, d, nil)
		return err
	}
	whole := newCutUp(6, 4, 12, 6)
	require.EqualError(t, evaluate(model(train.Network{}), whole),
		"train: evaluate: the samples are parts of longer sequences: the model must carry states from one to the next, so set its Window")
	require.EqualError(t, evaluate(model(train.Network{Segment: 4}), whole),
		"train: evaluate: samples of 6 time steps are gone through 4 at a time; to go on behind the end of one the latter must be a divisor")
	gap := whole
	gap.parts = [][2]int{{0, 0}, {0, 2}, {1, 0}}
	require.EqualError(t, evaluate(model(train.Network{Window: 6}), gap), "train: evaluate: sequence 100 has no part 1")
	twice := whole
	twice.parts = [][2]int{{0, 0}, {0, 0}}
	require.EqualError(t, evaluate(model(train.Network{Window: 6}), twice), "train: evaluate: samples 0 and 1 are both part 0 of sequence 100")
	far := whole
	far.parts = [][2]int{{0, 0}, {0, 9}}
	require.EqualError(t, evaluate(model(train.Network{Window: 6}), far),
		"train: evaluate: sample 1 is part 9 of sequence 100, want a part from 0 on, without a gap")
	short := varied{whole, []int{6, 6, 5}} // the first part of the first sequence
	require.EqualError(t, evaluate(model(train.Network{Window: 6}), continued{short, whole}),
		"train: evaluate: sample 2 has 5 time steps, and is not the end of its sequence; want 6")
	require.EqualError(t, evaluate(model(train.Network{}), varied{currents(2, 6, 4), []int{6, 0}}),
		"train: evaluate: sample 1: it has 0 time steps, want 1 to 6")
}

// continued is a data set with lengths and parts.
type continued struct {
	varied
	data.Continued
}
