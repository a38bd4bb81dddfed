package layers_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// Patterns have the connections that they promise, the same for a seed, and a linear map has
// the outputs of its connections.
func TestPatterns(t *testing.T) {
	const in, out = 60, 50
	only := make(layers.Only, in*out)
	only[3*out+7], only[5] = true, true
	for name, p := range map[string]layers.Pattern{"only": only, "chance": layers.Chance(0.2), "all": layers.Chance(1), "fan-in": layers.FanIn(4)} {
		build := func(seed uint64) (*layers.Build, []float64) {
			x := input(tensor.Float64, 2, 3, in)
			b := layers.NewBuild(seed)
			y, err := layers.Linear{Out: out, Pattern: p}.Apply(b, x)
			require.NoError(t, err)
			return b, graphtest.Eval(t, y)[0]
		}
		b, y := build(1)
		_, again := build(1)
		require.Equal(t, y, again, name)
		require.Equal(t, []string{"linear.w", "linear.b"}, names(b.Params))
		require.Equal(t, []string{"linear.w.from", "linear.w.to"}, names(b.Fixed))
		w, from, to := graphtest.Floats(b.Params[0].Value()), graphtest.Floats(b.Fixed[0].Value()), graphtest.Floats(b.Fixed[1].Value())
		want := make([]float64, len(y))
		x := graphtest.Random(2*3*in, 1)
		fan := map[float64]int{}
		for k := range w {
			fan[to[k]]++
			for r := range 6 {
				want[r*out+int(to[k])] += w[k] * x[r*in+int(from[k])]
			}
		}
		graphtest.Close(t, name, want, y, 1e-12)
		switch name {
		case "only":
			require.Equal(t, [][]float64{{0, 3}, {5, 7}}, [][]float64{from, to})
		case "chance": // binomial, within five standard deviations
			require.InDelta(t, in*out*0.2, len(w), 5*math.Sqrt(in*out*0.2*0.8))
			other, _ := build(2)
			require.NotEqual(t, from, graphtest.Floats(other.Fixed[0].Value()))
		case "all":
			require.Len(t, w, in*out)
		case "fan-in":
			require.Len(t, fan, out)
			var squares float64
			for j := range fan {
				require.Equal(t, 4, fan[j])
			}
			for _, v := range w {
				squares += v * v
			}
			// LeCun's variance, 1/4: χ² of 200 weights, within five standard deviations.
			require.InDelta(t, 200./4, squares, 5*math.Sqrt(400)/4)
		}
	}
	x := input(tensor.Float32, 2, 3, 4)
	for want, p := range map[string]layers.Pattern{
		"layers: pattern: the pattern has 3 elements, want 8: 4 inputs times 2 outputs":                               make(layers.Only, 3),
		"layers: pattern: Only(0 of 8) connects none of 4 inputs with any of 2 outputs, want one connection at least": make(layers.Only, 8),
		"layers: pattern: the probability of a connection is 0, want above 0 and at most 1":                           layers.Chance(0),
		"layers: pattern: an output has 5 inputs, want 1 to 4":                                                        layers.FanIn(5),
	} {
		_, err := layers.Linear{Out: 2, Pattern: p}.Apply(layers.NewBuild(1), x)
		require.EqualError(t, err, want)
	}
}

// The connections of a network that is given values are those of the values, whatever is
// drawn by the seed, so that Fold and others need none.
func TestGivenConnections(t *testing.T) {
	net := layers.Sequential{
		layers.Linear{Out: 7, Pattern: layers.Chance(0.4)}, layers.RecurrentThrough(layers.BackSparse{Pattern: layers.Chance(0.3)}, neurons.LIFStep, neurons.DefaultLIFParams()),
		layers.Linear{Out: 5}, layers.BatchNorm{},
	}
	apply := func(seed uint64, l layers.Layer) (map[string]*tensor.Dense, []float64) {
		x := input(tensor.Float64, 20, 2, 6)
		b := layers.NewBuild(seed)
		y, err := l.Apply(b, x)
		require.NoError(t, err)
		values := map[string]*tensor.Dense{}
		for _, n := range slices.Concat(b.Params, b.Fixed) {
			values[n.Name()] = n.Value().(*tensor.Dense)
		}
		return values, graphtest.Eval(t, y)[0]
	}
	values, want := apply(3, net)
	others, _ := apply(4, net)
	for _, name := range []string{"0.linear.w.from", "1.recurrent.w.from"} {
		require.NotEqual(t, values[name].Shape(), others[name].Shape(), "seed 4 draws as many connections")
	}
	_, got := apply(4, layers.Given(values, net))
	require.Equal(t, want, got)
	folded, err := layers.Fold(net, []int{6}, values)
	require.NoError(t, err)
	_, got = apply(4, folded)
	graphtest.Close(t, "folded", want, got, 1e-12)

	half := maps.Clone(values)
	half["0.linear.w.to"] = tensor.New(tensor.WithShape(1), tensor.WithBacking([]float64{0.5}))
	_, err = layers.Given(half, net).Apply(layers.NewBuild(4), input(tensor.Float64, 20, 2, 6))
	require.EqualError(t, err, "layers: pattern 0: 0.linear.w.to is given a connection at 0.5, want whole numbers")
	half["0.linear.w.to"] = tensor.New(tensor.WithShape(1), tensor.WithBacking([]float64{1}))
	_, err = layers.Given(half, net).Apply(layers.NewBuild(4), input(tensor.Float64, 20, 2, 6))
	require.ErrorContains(t, err, "connections from inputs and 1 to outputs, want the same number")
}
