package nir_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/nir"
)

// ports returns a network with two inputs, of two elements and of an image, and two outputs:
// neurons that both go into, and the image as it came.
func ports(w, v []float64, lif *nir.Node) *nir.Graph {
	g := &nir.Graph{Nodes: map[string]*nir.Node{
		"left": node("Input", params{"shape": list(2)}), "right": node("Input", params{"shape": list(1, 2, 2)}),
		"flat": node("Flatten", params{"input_type": list(1, 2, 2), "start_dim": i8(0), "end_dim": i8(-1)}),
		"w":    node("Linear", params{"weight": f8(w, 3, 2)}), "v": node("Linear", params{"weight": f8(v, 3, 4)}), "lif": lif,
		"spikes": node("Output", params{"shape": list(3)}), "image": node("Output", params{"shape": list(1, 2, 2)}),
	}}
	for _, e := range [][2]string{{"left", "w"}, {"right", "flat"}, {"flat", "v"}, {"w", "lif"}, {"v", "lif"}, {"lif", "spikes"}, {"right", "image"}} {
		g.Edges = append(g.Edges, nir.Edge{From: e[0], To: e[1]})
	}
	return g
}

// Several inputs and outputs are side by side, in the order of their names: the network is that
// of one input with the matrices side by side.
func TestPorts(t *testing.T) {
	const steps = 60
	r := rand.New(rand.NewPCG(51, 52))
	w, v := uniform(r, 6, -1, 2), uniform(r, 12, -1, 2)
	_, lif := draw(r, "LIF", 3)
	var both []float64
	for i := range 3 {
		both = append(append(both, w[2*i:2*i+2]...), v[4*i:4*i+4]...)
	}
	x := uniform(r, 6*steps, 0, 1)
	want := run(t, chain([]int64{6}, []int64{3}, node("Linear", params{"weight": f8(both, 3, 6)}), lif), 1e-3, x, nir.Options{})
	g := ports(w, v, lif)
	got := run(t, g, 1e-3, x, nir.Options{})
	require.Len(t, got, 7*steps)
	for k := range steps {
		require.Equal(t, x[6*k+2:6*k+6], got[7*k:7*k+4]) // the image, which is before the spikes
		require.Equal(t, want[3*k:3*k+3], got[7*k+4:7*k+7])
	}
	require.Greater(t, slices.Max(want), 0.0)

	n := back(t, g, 1e-3, nir.Options{})
	require.Equal(t, nir.Shape{In: []int{6}, Out: []int{7}}, n.Shape())
	require.Contains(t, n.Report().String(), "right: input: its [1 2 2] are elements 2 to 5 of the input, which is that of 2 nodes side by side\n")
	require.Contains(t, n.Report().String(), "spikes: output: its [3] are elements 4 to 6 of the output, which is that of 2 nodes side by side\n")
	y, values := eval(t, layers.Layer(n), x, 1, steps, 1, 6)
	require.Equal(t, got, y)
	for i, whole := range []layers.Layer{n, layers.Sequential{layers.Named("all", n)}} {
		if i > 0 {
			_, values = eval(t, whole, x, 1, steps, 1, 6)
		}
		h, err := nir.Export(whole, []int{6}, values, nir.ExportOptions{})
		require.NoError(t, err)
		require.Len(t, h.Nodes, 8)
		if i == 0 {
			require.Equal(t, written(t, g), written(t, h))
		}
		y, _ = eval(t, layers.Layer(back(t, h, 1e-3, nir.Options{})), x, 3, steps, 1, 6)
		require.Equal(t, got, y)
	}
	for want, net := range map[string]layers.Layer{
		"it has several inputs, and is not where the network begins":                                            layers.Sequential{layers.Linear{Out: 6}, n},
		"it has several outputs, and is not where the network ends":                                             layers.Sequential{n, layers.Linear{Out: 2}},
		"the input goes into a network with several inputs and into another layer, which the format cannot say": layers.Heads{n, layers.Linear{Out: 2}},
	} {
		_, err := nir.Export(net, []int{6}, nil, nir.ExportOptions{})
		require.ErrorContains(t, err, want)
	}
	g.Edges = append(g.Edges, nir.Edge{From: "spikes", To: "left"}, nir.Edge{From: "image", To: "right"})
	_, err := nir.Import(g, 1e-3, nir.Options{})
	require.ErrorContains(t, err, "edge from")
}

// Heads are outputs of a file.
func TestHeadsExported(t *testing.T) {
	box := neurons.DefaultLIFBoxParams()
	one, two := layers.Linear{Out: 2}, layers.Sequential{layers.Linear{Out: 3}, layers.Lift(neurons.LIFBoxStep, box)}
	net := layers.Sequential{layers.Linear{Out: 4}, layers.Heads{layers.Named("one", one), layers.Named("two", two)}}
	x := uniform(rand.New(rand.NewPCG(53, 54)), 40*5, 0, 8)
	_, values := eval(t, layers.Layer(net), x, 7, 40, 1, 5)
	g, err := nir.Export(net, []int{5}, values, nir.ExportOptions{})
	require.NoError(t, err)
	require.Equal(t, "Output", g.Nodes["output.one"].Type)
	got, _ := eval(t, layers.Layer(back(t, g, 1e-3, nir.Options{})), x, 8, 40, 1, 5)
	// Each head by itself, with the same names and so the same weights.
	first, _ := eval(t, layers.Layer(layers.Sequential{layers.Linear{Out: 4}, layers.Sequential{layers.Named("one", one)}}), x, 7, 40, 1, 5)
	second, _ := eval(t, layers.Layer(layers.Sequential{layers.Linear{Out: 4}, layers.Sequential{layers.Named("two", two)}}), x, 7, 40, 1, 5)
	for k := range 40 {
		require.Equal(t, first[2*k:2*k+2], got[5*k:5*k+2])
		require.Equal(t, second[3*k:3*k+3], got[5*k+2:5*k+5])
	}
	_, err = nir.Export(layers.Sequential{layers.Linear{Out: 4}, layers.Heads{layers.Named("one", one), layers.Named("two", layers.Sequential{layers.Linear{Out: 2}, layers.Last})}}, []int{5}, nil, nir.ExportOptions{})
	require.ErrorContains(t, err, "1.two.1, last: the format has no readouts")
}
