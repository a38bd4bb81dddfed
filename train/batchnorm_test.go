package train_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// normalised returns a network from 4 values to 3 classes with each kind of batch norm.
func normalised() layers.Layer {
	return layers.Sequential{
		layers.Linear{Out: 12, Init: layers.Scaled{Gain: 4}}, layers.BatchNorm{Scale: 0.5}, layers.Named("hidden", lif()),
		layers.Linear{Out: 8}, layers.BatchNorm{StepGain: 6}, lif(),
		layers.Linear{Out: 3}, layers.BatchNorm{PerStep: 6, NoBias: true}, li(), layers.MaxOverTime,
	}
}

// fitted returns a trained model of the network.
func fitted(t testing.TB, n train.Network, d data.Dataset) *train.Model {
	m := newModel(t, n)
	_, err := (&train.Trainer{Model: m, Data: d, Epochs: 3, Optimiser: &optim.Adam{LearningRate: 0.02}}).Run(background)
	require.NoError(t, err)
	return m
}

// After a training, a sample gives the same in any batch, in one that is padded, step by
// step, from a replica, and from another model with the weights from a file; folded up to
// rounding.
func TestBatchNormInEvaluation(t *testing.T) {
	const steps = 6
	d := currents(7, steps, 4).(list) // a batch of 4, and one of 3 with padding
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		n := train.Network{Net: normalised(), Shape: []int{4}, Steps: steps, Batch: 4, Seed: 3, Dtype: dt}
		m := fitted(t, n, d)
		want, err := m.Predict(background, d, nil)
		require.NoError(t, err)
		all := graphtest.Floats(want)

		one, err := data.Subset(d, 5, 6)
		require.NoError(t, err)
		alone, err := m.Predict(background, one, nil)
		require.NoError(t, err)
		require.Equal(t, all[15:18], graphtest.Floats(alone))

		s, err := m.Rest(1)
		require.NoError(t, err)
		var out *tensor.Dense
		for k := range steps {
			out, err = m.Step(s, d.x[5][4*k:4*k+4])
			require.NoError(t, err)
		}
		require.Equal(t, all[15:18], graphtest.Floats(out))
		_, err = m.Step(s, d.x[5][:4])
		require.ErrorContains(t, err, "time step 6, and there are statistics of 6")
		_, err = m.Rest(1)
		require.NoError(t, err, "behind a sequence that has ended")

		r, err := m.Replica()
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "w.safetensors")
		require.NoError(t, m.SaveWeights(path))
		loaded := newModel(t, n)
		require.NoError(t, loaded.LoadWeights(path))
		cut := n
		cut.Segment = 2
		segments := newModel(t, cut)
		require.NoError(t, segments.LoadWeights(path))
		require.Contains(t, segments.Warnings()[0], "1: batch norm takes its statistics from one segment at a time")
		for _, o := range []*train.Model{r, loaded, segments} {
			y, err := o.Predict(background, d, nil)
			require.NoError(t, err)
			require.Equal(t, all, graphtest.Floats(y))
		}
		folded := n
		folded.Net, err = layers.Fold(n.Net, n.Shape, m.Tensors())
		require.NoError(t, err)
		y, err := newModel(t, folded).Predict(background, d, nil)
		require.NoError(t, err)
		graphtest.Close(t, "folded", all, graphtest.Floats(y), 1e-5)
	}
}

// What pads a batch is in no statistic: with three samples in a batch of four, the running
// statistics are those of a batch of three. A batch moves them by as much in segments.
func TestBatchNormOfPadding(t *testing.T) {
	d := currents(3, 6, 4)
	moved := func(batch, segment int) map[string]*tensor.Dense {
		n := train.Network{Net: layers.Sequential{layers.BatchNorm{}, layers.Linear{Out: 3}, layers.MeanOverTime}, Shape: []int{4}, Steps: 6, Batch: batch, Segment: segment, Dtype: tensor.Float64}
		return fitted(t, n, d).Tensors()
	}
	want, padded, cut := moved(3, 0), moved(5, 0), moved(3, 2)
	for _, name := range []string{"0.norm.mean", "0.norm.var", "1.linear.w"} {
		graphtest.Close(t, name, graphtest.Floats(want[name]), graphtest.Floats(padded[name]), 1e-12)
	}
	// A mean of means of parts of one length is the mean of the whole.
	graphtest.Close(t, "segments", graphtest.Floats(want["0.norm.mean"]), graphtest.Floats(cut["0.norm.mean"]), 1e-12)
	require.NotEqual(t, graphtest.Floats(want["0.norm.var"]), graphtest.Floats(cut["0.norm.var"]))
}

// Trainings give the same bits whatever the number of processors, in windows too.
func TestBatchNormTrainsAlike(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, cut := range []train.Network{{}, {Segment: 2}, {Window: 4, Stride: 2}} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			var seen []string
			for _, procs := range []int{1, 2, 3} {
				runtime.GOMAXPROCS(procs)
				n := cut
				n.Net, n.Shape, n.Steps, n.Batch, n.Dtype = normalised(), []int{4}, 6, 4, dt
				m := fitted(t, n, currents(7, 6, 4))
				var text []string
				for name, v := range m.Tensors() {
					text = append(text, fmt.Sprint(name, graphtest.Floats(v)))
				}
				slices.Sort(text)
				seen = append(seen, fmt.Sprint(text))
			}
			require.Equal(t, seen[0], seen[1])
			require.Equal(t, seen[0], seen[2])
		}
	}
}
