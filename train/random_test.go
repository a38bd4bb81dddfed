package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// twins are a random network twice: with layers of the library, and with definitions of them.
type twins struct {
	network, slow train.Network
	data          data.Dataset
	text          string
	layers        [2]layers.Sequential
}

// add adds a layer and its definition.
func (n *twins) add(name string, l, definition layers.Layer) {
	n.layers[0], n.layers[1] = append(n.layers[0], l), append(n.layers[1], definition)
	n.text += " " + name
}

func (n *twins) both(name string, l layers.Layer) { n.add(name, l, l) }

// readout draws what the output is.
func (n *twins) readout(r *rand.Rand) {
	read := r.IntN(3)
	n.both([]string{"last", "max", "mean"}[read], []layers.Layer{layers.Last, layers.MaxOverTime, layers.MeanOverTime}[read])
}

// complete draws samples: the last batch may be short, and each may have a length of its own. The definition sees whole sequences.
func (n *twins) complete(r *rand.Rand, shape []int, steps, segment, batch int) {
	samples := batch*(1+r.IntN(2)) + r.IntN(batch)
	n.data = currents(samples, append([]int{steps}, shape...)...)
	if r.IntN(2) == 0 {
		ends := make([]int, samples)
		for i := range ends {
			ends[i] = 1 + r.IntN(steps)
		}
		n.data = cutShort{n.data, steps, ends, 0}
		n.text += fmt.Sprint(" lengths ", ends)
	}
	n.network = train.Network{Net: n.layers[0], Shape: shape, Steps: steps, Batch: batch, Seed: r.Uint64(), Segment: segment, Dtype: tensor.Float64}
	n.slow = n.network
	n.slow.Net, n.slow.Segment = n.layers[1], 0
	n.text = fmt.Sprintf("%d steps of %v, segments of %d, %d samples in batches of %d:%s", steps, shape, segment, samples, batch, n.text)
}

// runs is how many networks are drawn: fewer where tests are to be short.
func runs(many, few uint64) uint64 {
	if long.Tests() {
		return many
	}
	return few
}

// trainAlike trains both: losses, weights, buffers, and what they say in evaluation, are the same.
func (n *twins) trainAlike(t *testing.T, seed uint64) {
	t.Log(n.text)
	fit := func(net train.Network) (*train.Model, train.Result, []float64) {
		m := newModel(t, net)
		r, err := (&train.Trainer{Model: m, Data: n.data, Epochs: 2, Seed: seed, Optimiser: &optim.SGD{LearningRate: 0.05}}).Run(background)
		require.NoError(t, err)
		y, err := m.Predict(background, n.data, nil)
		require.NoError(t, err)
		return m, r, graphtest.Floats(y)
	}
	slow, want, said := fit(n.slow)
	fast, got, says := fit(n.network)
	near := 1.
	if n.network.Dtype == tensor.Float32 { // of which a definition in float64 has no rounding
		near = 1e4
	}
	for i, e := range want.History {
		require.InEpsilon(t, e.Train.Loss, got.History[i].Train.Loss, 1e-9*near, "epoch %d", i)
	}
	values, have := slow.Tensors(), fast.Tensors()
	require.Len(t, have, len(values))
	for name, v := range values {
		require.Contains(t, have, name)
		graphtest.Close(t, name, graphtest.Floats(v), graphtest.Floats(have[name]), 1e-8*near)
	}
	graphtest.Close(t, "outputs", said, says, 1e-7*near)
}

// sameBits: the network gives step by step what it gives on the whole sequence, and a training
// that is interrupted and goes on ends with the same file: bit by bit, in both precisions.
func (n *twins) sameBits(t *testing.T, seed uint64, r *rand.Rand) {
	n.network.Dtype = []tensor.Dtype{tensor.Float32, tensor.Float64}[seed%2]
	t.Log(n.text)
	trainer := func(dir string) *train.Trainer {
		return &train.Trainer{Model: newModel(t, n.network), Data: n.data, Epochs: 3, Seed: seed, Optimiser: &optim.Adam{LearningRate: 0.02}, Checkpoints: &train.Checkpoints{Dir: dir, Every: 1}}
	}
	dir, again := t.TempDir(), t.TempDir()
	_, err := trainer(dir).Run(background)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(background)
	tr, left := trainer(again), 1+r.IntN(2)
	tr.OnBatch = func(train.Batch) {
		if left--; left == 0 {
			cancel()
		}
	}
	_, err = tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	tr = trainer(again)
	tr.Resume, _, err = train.LatestCheckpoint(again)
	require.NoError(t, err)
	_, err = tr.Run(background)
	require.NoError(t, err)
	require.Equal(t, read(t, dir, "final.safetensors"), read(t, again, "final.safetensors"))

	m := tr.Model
	whole, err := m.Predict(background, n.data, nil)
	require.NoError(t, err)
	size := tensor.Shape(n.network.Shape).TotalSize()
	x := make([]float32, n.network.Steps*size)
	for i := range n.data.Len() {
		_, err := n.data.Sample(i, x)
		require.NoError(t, err)
		steps := n.network.Steps
		if of, short := n.data.(cutShort); short {
			steps = of.ends[i]
		}
		s, err := m.Rest(1)
		require.NoError(t, err)
		var y *tensor.Dense
		for k := range steps {
			y, err = m.Step(s, x[k*size:(k+1)*size])
			require.NoError(t, err)
		}
		require.Equal(t, graphtest.Floats(whole)[3*i:3*i+3], graphtest.Floats(y), "sample %d", i)
	}
}
