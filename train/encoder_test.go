package train_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/train"
)

// overheard is a SegmentEncoder that keeps what it wrote.
type overheard struct {
	encode.SegmentEncoder
	t     *testing.T
	wrote map[int][]float32 // by the first time step
	calls int
}

func (o *overheard) EncodeSegment(dst, x []float32, from, steps, total int, r *rand.Rand) error {
	err := o.SegmentEncoder.EncodeSegment(dst, x, from, steps, total, r)
	o.calls++
	if was, ok := o.wrote[from]; ok {
		require.Equal(o.t, was, dst)
	}
	o.wrote[from] = slices.Clone(dst)
	return err
}

// An encoder that draws segments by themselves draws each the same forward and
// backward, and others in every batch; the gradient is that of what it drew.
func TestStationary(t *testing.T) {
	const steps, segment = 20, 6
	random := encode.Stationary(encode.Func(func(dst, _ []float32, _ int, r *rand.Rand) error {
		for i := range dst {
			dst[i] = float32(r.NormFloat64() + 1)
		}
		return nil
	}))
	m := train.Network{Net: small(), Shape: []int{4}, Steps: steps, Batch: 2, Seed: 3, Dtype: tensor.Float64, Segment: segment}
	var before *overheard
	for seed := range uint64(2) {
		o := &overheard{random, t, map[int][]float32{}, 0}
		s := &spy{}
		_, err := (&train.Trainer{Model: newModel(t, m), Data: currents(2, 4), Encoder: o, Optimiser: s, Epochs: 1, Seed: seed}).Run(background)
		require.NoError(t, err)
		require.Len(t, o.wrote, 4)
		require.GreaterOrEqual(t, o.calls, 7) // all forward, and all but the last again
		require.NotEqual(t, o.wrote[0], o.wrote[6])
		if before != nil {
			require.NotEqual(t, before.wrote, o.wrote)
		}
		before = o

		// The same spikes, as samples that are sequences.
		d := list{shape: []int{steps, 4}, labels: []int{0, 1}}
		for b := range 2 {
			var x []float32
			for from := 0; from < steps; from += segment {
				for k := range min(segment, steps-from) {
					x = append(x, o.wrote[from][(k*2+b)*4:(k*2+b+1)*4]...)
				}
			}
			d.x = append(d.x, x)
		}
		// The order of the two samples is that of the training.
		order := orderOf(2, seed, 0)
		d.x[0], d.x[1] = d.x[slices.Index(order, 0)], d.x[slices.Index(order, 1)]
		whole := m
		whole.Segment = 0
		closeTo(t, gradientsOf(t, newModel(t, whole), d), s.grads, 1e-14)
	}
}

// The encoders that draw nothing give a network in segments what they give it whole.
func TestFixedEncodersInSegments(t *testing.T) {
	for name, d := range map[string]data.Dataset{"repeat": currents(3, 4), "sequences": currents(3, 20, 4)} {
		// Dropout: the encoder must not take numbers from the masks.
		net := layers.Sequential{layers.Linear{Out: 16, Init: layers.Scaled{Gain: 4}}, lif(), layers.Dropout{P: 0.5}, layers.Linear{Out: 3}, li(), layers.MaxOverTime}
		m := train.Network{Net: net, Shape: []int{4}, Steps: 20, Batch: 4, Seed: 3, Dtype: tensor.Float64}
		whole := newModel(t, m)
		m.Segment = 6
		cut := newModel(t, m)
		closeTo(t, gradientsOf(t, whole, d), gradientsOf(t, cut, d), 1e-14)
		want, err := whole.Predict(background, d, nil)
		require.NoError(t, err)
		got, err := cut.Predict(background, d, nil)
		require.NoError(t, err)
		require.Equal(t, graphtest.Floats(want), graphtest.Floats(got), name)
	}
}

// orderOf is data.Order of so few that there is no error.
func orderOf(n int, seed uint64, epoch int) []int {
	idx, err := data.Order(n, seed, epoch)
	if err != nil {
		panic(err)
	}
	return idx
}
