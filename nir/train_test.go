package nir_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/nir"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// recurrent returns a network of recurrent neurons between two maps.
func recurrent(seed uint64) *nir.Graph {
	const in, n, out = 6, 16, 2
	r := rand.New(rand.NewPCG(13, seed))
	_, a := draw(r, "CubaLIF", n)
	_, b := draw(r, "LI", out)
	g := chain([]int64{in}, []int64{out},
		node("Affine", params{"weight": f4(uniform(r, n*in, -0.5, 1), n, in), "bias": f4(uniform(r, n, 0, 0.1), n)}), a,
		node("Delay", params{"delay": f8([]float64{0, 1e-3, 0, 0, 2e-3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, n)}),
		node("Linear", params{"weight": f4(uniform(r, n*out, -1, 1), out, n)}), b)
	g.Nodes["rec"] = node("Linear", params{"weight": f4(uniform(r, n*n, -0.3, 0.3), n, n)})
	g.Edges = append(g.Edges, nir.Edge{From: "n1", To: "rec"}, nir.Edge{From: "rec", To: "n1"})
	return g
}

// An imported network is trained: it learns to tell two patterns apart, in segments too,
// and its weights go into a file and out of it.
func TestTrained(t *testing.T) {
	const steps, samples = 12, 64
	n, err := nir.Import(recurrent(1), 1e-3, nir.Options{})
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(1, 1))
	x, labels := make([]float32, samples*6), make([]int, samples)
	for i := range labels {
		labels[i] = i % 2
		for k := range 6 {
			if (k < 3) == (labels[i] == 0) {
				x[i*6+k] = 0.5 + r.Float32()
			} else {
				x[i*6+k] = 0.3 * r.Float32()
			}
		}
	}
	d, err := data.New([]int{6}, x, labels)
	require.NoError(t, err)
	net := train.Network{Net: layers.Sequential{layers.Named("net", n), layers.MeanOverTime}, Shape: []int{6}, Steps: steps, Batch: 16, Segment: 4}
	m, err := net.Compile()
	require.NoError(t, err)
	before, err := m.Evaluate(context.Background(), d, nil)
	require.NoError(t, err)
	var names []string
	for _, p := range m.Params() {
		names = append(names, p.Name())
	}
	require.Subset(t, names, []string{"net.n0.linear.w", "net.n0.linear.b", "net.rec.linear.w", "net.n3.linear.w"})
	_, err = (&train.Trainer{Model: m, Data: d, Optimiser: &optim.Adam{LearningRate: 5e-3}, Epochs: 12}).Run(context.Background())
	require.NoError(t, err)
	after, err := m.Evaluate(context.Background(), d, nil)
	require.NoError(t, err)
	require.Less(t, after.Loss, before.Loss/1.5)
	require.Greater(t, after.Accuracy, 0.95)

	path := filepath.Join(t.TempDir(), "weights.safetensors")
	require.NoError(t, m.SaveWeights(path))
	whole := net
	whole.Segment, whole.Batch = 0, 4
	o, err := whole.Compile()
	require.NoError(t, err)
	require.NoError(t, o.LoadWeights(path))
	want, err := m.Predict(context.Background(), d, nil)
	require.NoError(t, err)
	got, err := o.Predict(context.Background(), d, nil)
	require.NoError(t, err)
	require.Equal(t, want.Data(), got.Data())
}

// Step by step a network gives what it gives on whole sequences: loops, delays and
// neurons carry what they need.
func TestStepwise(t *testing.T) {
	const steps = 40
	n, err := nir.Import(recurrent(2), 1e-3, nir.Options{})
	require.NoError(t, err)
	m, err := train.Network{Net: layers.Sequential{n, layers.Last}, Shape: []int{6}, Steps: steps, Batch: 1, Dtype: tensor.Float32}.Compile()
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(2, 2))
	x := make([]float32, steps*6)
	for i := range x {
		x[i] = r.Float32()
	}
	s, err := m.Rest(1)
	require.NoError(t, err)
	whole := make([]float64, len(x))
	for i := range x {
		whole[i] = float64(x[i])
	}
	want, err := n.Run(whole)
	require.NoError(t, err)
	for k := range steps {
		y, err := m.Step(s, x[k*6:(k+1)*6])
		require.NoError(t, err)
		for i, v := range y.Data().([]float32) {
			require.InDelta(t, want[2*k+i], float64(v), 1e-5, "step %d", k)
		}
	}
}
