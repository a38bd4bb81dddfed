package connect_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/ranks"
	"github.com/spikegrad/spikegrad/machine"
)

// parted computes the loss Σ w Σ (y dy) + (Σ w x)² of a part of a batch [2 batch 3], y being x normalised and w
// the weight 1/batch of a sample, and its gradients by x and the gain.
func parted(t testing.TB, of *connect.Ranks, x, dy []float64, samples int) (values [][]float64, err error) {
	g := G.NewGraph()
	input := func(name string, v []float64, shape ...int) *G.Node {
		n, err := graph.Input(g, name, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v)))
		require.NoError(t, err)
		return n
	}
	size := len(x) / 6
	weights := make([]float64, size)
	for i := range samples {
		weights[i] = 1 / float64(samples)
	}
	X, D, w := input("x", x, 2, size, 3), input("dy", dy, 2, size, 3), input("w", weights, size)
	gain := input("gain", []float64{1, 2, 0.5}, 3)
	normed, err := connect.BatchNorm(X, connect.Norm{
		Gain: gain, Bias: input("bias", make([]float64, 3), 3), Mean: input("mean", make([]float64, 3), 3), Var: input("var", []float64{1, 1, 1}, 3),
		Training: input("training", []float64{1}, 1), Weight: w, Eps: 1e-5, Scale: 1, Momentum: 0.1, Ranks: of,
	})
	require.NoError(t, err)
	var b graph.Builder
	each := b.Expand(b.Reshape(w, 1, size, 1), X.Shape())
	mean := b.Reduce(b.Mul(each, X), []int{3})
	if of != nil {
		mean, err = connect.MeanOverRanks(mean, of)
		require.NoError(t, err)
	}
	loss := b.Add(b.Reduce(b.Mul(each, b.Mul(normed.Y, D)), nil), b.Reduce(b.Square(mean), nil))
	require.NoError(t, b.Err())
	grads, _, err := graph.Grad(loss, X, gain)
	require.NoError(t, err)
	m, err := machine.New(slices.Concat(G.Nodes{normed.Mean, normed.Var, normed.Values}, grads)...)
	require.NoError(t, err)
	if err = m.Run(); err == nil {
		for i := range 5 {
			values = append(values, slices.Clone(graphtest.Floats(m.Value(i))))
		}
	}
	return values, err
}

// Three ranks with two samples, one and none, of which the last two have a place that does not count, compute what
// one does with three: the running statistics are the same, gradients by the inputs are those of the whole,
// divided by the share of the rank, and gradients of the gain have them as their mean.
func TestRanks(t *testing.T) {
	const in = 2 * 3 // time steps and channels
	x, dy := graphtest.Random(3*in, 1), graphtest.Random(3*in, 2)
	want, err := parted(t, nil, x, dy, 3)
	require.NoError(t, err)
	samples := []int{2, 1, 0}
	pick := func(v []float64, from, n int) []float64 { // of [2, 3, 3] to [2, 2, 3]
		part := make([]float64, 2*in)
		for step := range 2 {
			for s := range n {
				copy(part[(step*2+s)*3:][:3], v[(step*3+from+s)*3:][:3])
			}
		}
		return part
	}
	got, errs := make([][][]float64, 3), make([]error, 3)
	var all sync.WaitGroup
	for i, r := range ranks.New(3) {
		all.Go(func() {
			of := new(connect.Ranks)
			of.Begin(float64(samples[i])/3, r.Gather)
			from := []int{0, 2, 3}[i]
			got[i], errs[i] = parted(t, of, pick(x, from, samples[i]), pick(dy, from, samples[i]), samples[i])
		})
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	gain := make([]float64, 3)
	for i, g := range got {
		for k := range 3 {
			require.InDeltaSlice(t, want[k], g[k], 1e-14, "rank %d", i)
		}
		share := float64(samples[i]) / 3
		for k := range gain {
			gain[k] += share * g[4][k]
		}
		if share > 0 {
			whole := pick(want[3], []int{0, 2}[i], samples[i])
			for k := range whole {
				require.InDelta(t, whole[k], share*g[3][k], 1e-13, "rank %d", i)
			}
		}
	}
	require.InDeltaSlice(t, want[4], gain, 1e-14)
}

// Ranks that are at different operations do not add them up, and the error of one that does not come ends the others'.
func TestRanksApart(t *testing.T) {
	of := new(connect.Ranks)
	gone := errors.New("gone")
	of.Begin(1, func([]byte) ([][]byte, error) { return nil, gone })
	_, err := parted(t, of, graphtest.Random(6, 1), graphtest.Random(6, 2), 1)
	require.ErrorIs(t, err, gone)
	of.Begin(0.5, func(mine []byte) ([][]byte, error) {
		other := slices.Clone(mine)
		other[4]++ // has gathered once more
		return [][]byte{mine, other}, nil
	})
	_, err = parted(t, of, graphtest.Random(6, 1), graphtest.Random(6, 2), 1)
	require.ErrorContains(t, err, "rank 1 is at another operation, want one network and one order of it on all")
	of.End()
	alone, err := parted(t, of, graphtest.Random(6, 1), graphtest.Random(6, 2), 1)
	require.NoError(t, err)
	want, err := parted(t, nil, graphtest.Random(6, 1), graphtest.Random(6, 2), 1)
	require.NoError(t, err)
	require.Equal(t, want, alone)
	_, err = connect.MeanOverRanks(nil, of)
	require.EqualError(t, err, "connect: mean over ranks: operand 0 is nil")
}
