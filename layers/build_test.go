package layers_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
)

var nan, inf = math.NaN(), math.Inf(1)

// weights returns the elements of the weights that a layer draws, by name.
func weights(t *testing.T, seed uint64, dt tensor.Dtype, l layers.Layer) map[string][]float64 {
	t.Helper()
	b := layers.NewBuild(seed)
	_, err := l.Apply(b, input(dt, 2, 1, 30))
	require.NoError(t, err)
	w := map[string][]float64{}
	for _, p := range b.Params {
		w[p.Name()] = graphtest.Floats(p.Value())
	}
	return w
}

// Weights depend on the seed and on their name, and on nothing else.
func TestWeightsGoBySeedAndName(t *testing.T) {
	hidden, out := layers.Named("hidden", layers.Linear{Out: 20}), layers.Named("out", layers.Linear{Out: 20})
	one := weights(t, 1, tensor.Float32, layers.Sequential{hidden, out})
	require.Len(t, one, 4)
	require.Equal(t, one, weights(t, 1, tensor.Float32, layers.Sequential{hidden, out}))
	require.NotEqual(t, one["hidden.linear.w"], weights(t, 2, tensor.Float32, hidden)["hidden.linear.w"])
	require.NotEqual(t, one["hidden.linear.w"][:400], one["out.linear.w"][:400])

	// Layers before, between and behind change nothing.
	more := weights(t, 1, tensor.Float32, layers.Sequential{layers.Linear{Out: 30}, hidden, lif(), layers.Linear{Out: 20}, out, layers.Linear{Out: 5}})
	for name, w := range one {
		require.Equal(t, w, more[name], name)
	}

	// Those of float32 are those of float64, rounded.
	double := weights(t, 1, tensor.Float64, layers.Sequential{hidden, out})
	for name, w := range double {
		for i := range w {
			w[i] = float64(float32(w[i]))
		}
		require.Equal(t, w, one[name], name)
	}

	for _, n := range []int{1, 2, 5} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		require.Equal(t, one, weights(t, 1, tensor.Float32, layers.Sequential{hidden, out}))
	}
}

func TestNames(t *testing.T) {
	net := layers.Sequential{
		layers.Linear{Out: 4},
		layers.Named("block", layers.Sequential{
			layers.Linear{Out: 4, NoBias: true},
			layers.Named("cells", lif(layers.Learn("VTh"))),
		}),
		layers.Dropout{P: 0.1},
		lif(layers.Regularise(layers.Rate{Upper: 0.1, Weight: 1}, layers.Rate{Lower: 0.1, Weight: 1}, layers.Voltage{Upper: 1})),
	}
	b := layers.NewBuild(1)
	_, err := net.Apply(b, input(tensor.Float32, 3, 2, 4))
	require.NoError(t, err)
	require.Equal(t, []string{"0.linear.w", "0.linear.b", "block.0.linear.w", "block.cells.VTh"}, names(b.Params))
	require.Equal(t, []string{"block.cells", "3"}, []string{b.Activities[0].Name, b.Activities[1].Name})
	require.Equal(t, "2.dropout", b.Masks[0].Node.Name())
	var penalties []string
	for _, p := range b.Penalties {
		penalties = append(penalties, p.Name)
	}
	require.Equal(t, []string{"3.rate", "3.rate 2", "3.voltage"}, penalties)
	require.Empty(t, b.Path())
	require.Empty(t, b.Warnings)
}

// Gorgonia would make one node of two weights of one name and shape.
func TestDuplicateNames(t *testing.T) {
	const want = "layers: weight a.linear.w: the graph has a node of this name already; tell layers apart by Named"
	l := layers.Named("a", layers.Linear{Out: 4})
	_, err := layers.Sequential{l, l}.Apply(layers.NewBuild(1), input(tensor.Float32, 3, 2, 4))
	require.EqualError(t, err, want)

	// By two Builds, and of another shape.
	x := input(tensor.Float32, 3, 2, 4)
	_, err = l.Apply(layers.NewBuild(1), x)
	require.NoError(t, err)
	_, err = layers.Named("a", layers.Linear{Out: 2}).Apply(layers.NewBuild(1), x)
	require.EqualError(t, err, want)

	d := layers.Named("a", layers.Dropout{})
	_, err = layers.Sequential{d, d}.Apply(layers.NewBuild(1), input(tensor.Float32, 3, 2, 4))
	require.EqualError(t, err, "layers: mask a: graph: the graph has a node called a.dropout already")
}

// The mean over samples, with and without weights.
func TestBatchMean(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{2, 3}, []float64{1, 2, 3, 5, 7, 9})
	b := layers.NewBuild(1)
	plain, err := b.BatchMean(x)
	require.NoError(t, err)
	b.SampleWeight = graphtest.Node(g, tensor.Float64, "w", []int{2}, []float64{0.75, 0.25})
	weighted, err := b.BatchMean(x)
	require.NoError(t, err)
	got := graphtest.Eval(t, plain, weighted)
	require.Equal(t, []float64{3, 4.5, 6}, got[0])
	require.Equal(t, []float64{2, 3.25, 4.5}, got[1])

	b.SampleWeight = graphtest.Node(g, tensor.Float64, "w3", []int{3}, make([]float64, 3))
	_, err = b.BatchMean(x)
	require.ErrorContains(t, err, "layers: mean over the batch: reshape: ")
}
