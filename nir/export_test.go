package nir_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/nir"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// eval returns what a layer makes of a sequence, and the values of all that it has.
func eval[F float32 | float64](t *testing.T, l layers.Layer, x []F, seed uint64, shape ...int) ([]F, map[string]*tensor.Dense) {
	t.Helper()
	v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))
	xs := G.NewTensor(G.NewGraph(), v.Dtype(), len(shape), G.WithShape(shape...), G.WithName("x"), G.WithValue(v))
	b := layers.NewBuild(seed)
	y, err := l.Apply(b, xs)
	require.NoError(t, err)
	m, err := machine.New(y)
	require.NoError(t, err)
	require.NoError(t, m.Run())
	values := map[string]*tensor.Dense{}
	for _, ns := range []G.Nodes{b.Params, b.Fixed} {
		for _, n := range ns {
			values[n.Name()] = n.Value().(*tensor.Dense)
		}
	}
	return append([]F{}, m.Value(0).Data().([]F)...), values
}

// back writes a graph into a file, reads it and imports it.
func back(t *testing.T, g *nir.Graph, dt float64, o nir.Options) *nir.Network {
	t.Helper()
	b := written(t, g)
	h, err := nir.Read(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	n, err := nir.Import(h, dt, o)
	require.NoError(t, err)
	return n
}

// away holds a network to what it is after a way through a file: the same bits, in both
// precisions.
func away(t *testing.T, name string, net layers.Layer, dt float64, o nir.Options, eo nir.ExportOptions, shape ...int) {
	t.Helper()
	const steps, batch = 30, 3
	r := rand.New(rand.NewPCG(17, 18))
	full := append([]int{steps, batch}, shape...)
	n := tensor.Shape(full).TotalSize()
	x, short := uniform(r, n, 0, 1), make([]float32, n)
	for i := range x {
		short[i] = float32(x[i])
	}
	sum := float32(0)
	for seed := range uint64(3) {
		want, values := eval(t, net, short, seed, full...)
		g, err := nir.Export(net, shape, values, eo)
		require.NoError(t, err, name)
		got, _ := eval(t, layers.Layer(back(t, g, dt, o)), short, 99, full...)
		require.Equal(t, want, got, name)
		for _, v := range want {
			sum += max(v, -v)
		}

		want8, values8 := eval(t, net, x, seed, full...)
		g, err = nir.Export(net, shape, values8, eo)
		require.NoError(t, err, name)
		n := back(t, g, dt, o)
		got8, _ := eval(t, layers.Layer(n), x, 99, full...)
		require.Equal(t, want8, got8, name)

		// What was imported is exported again, as it was.
		_, values8 = eval(t, layers.Layer(n), x, 99, full...)
		h, err := nir.Export(n, shape, values8, nir.ExportOptions{})
		if eo.Metadata {
			continue // a readout at its end
		}
		require.NoError(t, err, name)
		require.Equal(t, written(t, g), written(t, h), name)
	}
	require.NotZero(t, sum, name)
}

// odd are numbers whose inverses round.
func odd(r *rand.Rand, lo, hi float64) graph.Param { return graph.Const(lo + (hi-lo)*r.Float64()) }

// Networks of this library come back from a file with the same bits.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 20))
	lif := neurons.DefaultLIFParams()
	lif.TauSynInv, lif.TauMemInv, lif.VLeak, lif.VTh, lif.VReset = odd(r, 100, 300), odd(r, 50, 200), odd(r, 0, 0.1), odd(r, 0.3, 0.6), odd(r, 0, 0.1)
	box := neurons.DefaultLIFBoxParams()
	box.TauMemInv, box.VTh, box.VReset = odd(r, 50, 200), odd(r, 0.1, 0.3), odd(r, 0, 0.05)
	li, libox, iaf := neurons.DefaultLIParams(), neurons.DefaultLIBoxParams(), neurons.DefaultIAFParams()
	li.TauSynInv, li.TauMemInv, libox.TauMemInv, iaf.VTh = odd(r, 100, 300), odd(r, 50, 200), odd(r, 50, 200), odd(r, 0.05, 0.1)
	for name, net := range map[string]layers.Layer{
		"lif":      layers.Sequential{layers.Linear{Out: 9}, layers.Lift(neurons.LIFStep, lif), layers.Linear{Out: 4, NoBias: true}, layers.Lift(neurons.LIStep, li)},
		"box":      layers.Sequential{layers.Named("in", layers.Linear{Out: 9}), layers.Named("hidden", layers.Lift(neurons.LIFBoxStep, box)), layers.Lift(neurons.LIBoxStep, libox)},
		"learnt":   layers.Sequential{layers.Linear{Out: 9}, layers.Lift(neurons.LIFStep, lif, layers.Learn("TauMemInv", "VTh"), layers.LearnEach("TauSynInv"), layers.Constrain(graph.Exp, "TauSynInv"))},
		"each":     layers.Sequential{layers.Linear{Out: 9}, layers.Lift(neurons.LIFBoxStep, box, layers.Each(layers.Values(uniform(r, 9, 40, 90)), "TauMemInv"))},
		"iaf":      layers.Sequential{layers.Linear{Out: 9}, layers.Lift(neurons.IAFStep, iaf), layers.Dropout{P: 0.5}, layers.Linear{Out: 2}, layers.Lift(neurons.IAFStep, iaf)},
		"back":     layers.Sequential{layers.Linear{Out: 9}, layers.Recurrent(neurons.LIFStep, lif), layers.Linear{Out: 3}},
		"back box": layers.Sequential{layers.Linear{Out: 9}, layers.Recurrent(neurons.LIFBoxStep, box), layers.Recurrent(neurons.IAFStep, iaf)},
		"few bits": layers.Sequential{layers.Quantise{Bits: 4, Layer: layers.Sequential{layers.Linear{Out: 9}, layers.Recurrent(neurons.LIFBoxStep, box)}}, layers.Named("one", layers.Quantise{Bits: 2, Layer: layers.Linear{Out: 3, Pattern: layers.Chance(0.5)}})},
		"delays":   layers.Sequential{layers.Delay{Max: 7, Over: 10}, layers.Linear{Out: 9}, layers.Lift(neurons.LIFStep, lif), layers.Named("late", layers.Delay{Max: 5, Fixed: true}), layers.Linear{Out: 3}},
		"residual": layers.Sequential{layers.Linear{Out: 9}, layers.Lift(neurons.LIFBoxStep, box), layers.Residual{Body: layers.Sequential{layers.Linear{Out: 9}, layers.Lift(neurons.LIFBoxStep, box)}}, layers.Linear{Out: 2}},
		"branches": layers.Sequential{layers.Sum{layers.Linear{Out: 9}, layers.Sequential{layers.Linear{Out: 5}, layers.Lift(neurons.LIFBoxStep, box), layers.Linear{Out: 9}}}, layers.Lift(neurons.LIFBoxStep, box)},
	} {
		eo := nir.ExportOptions{}
		if name == "iaf" {
			eo.Dt = 1e-3
		}
		away(t, name, net, 1e-3, nir.Options{}, eo, 6)
	}
	exact := lif
	exact.Integration = graph.Exponential
	away(t, "exact", layers.Sequential{layers.Linear{Out: 9}, layers.Lift(neurons.LIFStep, exact)}, 1e-3, nir.Options{Integration: graph.Exponential}, nir.ExportOptions{}, 6)
	away(t, "steps", layers.Sequential{layers.Linear{Out: 9}, layers.Lift(neurons.IAFStep, iaf)}, 1e-4, nir.Options{}, nir.ExportOptions{}, 6)
	away(t, "images", layers.Sequential{
		layers.Conv2D{Out: 4, Kernel: 3, Conv: connect.Conv{Stride: 2, Pad: 1}}, layers.Lift(neurons.LIFBoxStep, box),
		layers.Conv2D{Out: 5, Kernel: 3, NoBias: true, Conv: connect.Conv{Pad: 2, Dilation: 2}}, layers.Pool{Size: 2}, layers.Flatten, layers.Linear{Out: 3},
	}, 1e-3, nir.Options{}, nir.ExportOptions{}, 2, 9, 9)
	away(t, "delays of images", layers.Sequential{
		layers.Conv2D{Out: 4, Kernel: 2}, layers.Lift(neurons.LIFBoxStep, box), layers.Delay{Max: 12, Over: 3}, layers.Flatten, layers.Linear{Out: 3},
	}, 1e-3, nir.Options{}, nir.ExportOptions{}, 2, 4, 3)
	away(t, "groups", layers.Sequential{
		layers.Conv2D{Out: 4, Kernel: 3, Width: 2, Conv: connect.Conv{Stride: 2, Groups: 2, Width: &connect.Axis{Stride: 1, Pad: 1}}}, layers.Lift(neurons.LIFBoxStep, box),
		layers.Pool{Size: 2, Width: 3, Sum: true, Stride: 1, Pad: 1}, layers.Conv2D{Out: 3, Kernel: 3, Noise: 0.1, Conv: connect.Conv{Same: true}}, layers.Flatten,
		layers.Linear{Out: 3, Noise: 0.1},
	}, 1e-3, nir.Options{}, nir.ExportOptions{}, 2, 9, 9)
	away(t, "line", layers.Sequential{
		layers.Conv1D{Out: 4, Kernel: 3, Conv: connect.Conv{Stride: 2, Pad: 1, Groups: 2}}, layers.Lift(neurons.LIFBoxStep, box),
		layers.Conv1D{Out: 2, Kernel: 2, NoBias: true, Conv: connect.Conv{Dilation: 2}}, layers.Flatten,
	}, 1e-3, nir.Options{}, nir.ExportOptions{}, 2, 11)
	// With metadata, other resets and a readout too.
	soft := box
	soft.ResetMethod = neurons.ResetSubtract
	net := layers.Sequential{layers.Linear{Out: 9}, layers.Lift(neurons.LIFBoxStep, soft), layers.SpikeCount}
	away(t, "metadata", net, 1e-3, nir.Options{Metadata: true}, nir.ExportOptions{Metadata: true}, 6)
	g, err := nir.Export(net, []int{6}, nil, nir.ExportOptions{Metadata: true})
	require.NoError(t, err)
	n, err := nir.Import(g, 1e-3, nir.Options{})
	require.NoError(t, err)
	require.Contains(t, n.Report().String(), "1: metadata: they say reset_subtract, and were not asked for\n")
	require.Contains(t, n.Report().String(), `metadata name the readout "spike count", and were not asked for`)
}

// A map with a pattern is a matrix with zeros.
func TestPattern(t *testing.T) {
	net := layers.Sequential{layers.Linear{Out: 5, Pattern: layers.FanIn(2)}, layers.Linear{Out: 3, Pattern: layers.Chance(0.5), NoBias: true}}
	r := rand.New(rand.NewPCG(27, 28))
	x := uniform(r, 4*2*6, -1, 1)
	want, values := eval(t, layers.Layer(net), x, 3, 4, 2, 6)
	g, err := nir.Export(net, []int{6}, values, nir.ExportOptions{})
	require.NoError(t, err)
	w, err := g.Nodes["0"].Params["weight"].Floats()
	require.NoError(t, err)
	zeros := 0
	for _, v := range w {
		if v == 0 {
			zeros++
		}
	}
	require.Equal(t, 5*4, zeros)
	got, _ := eval(t, layers.Layer(back(t, g, 1e-3, nir.Options{})), x, 3, 4, 2, 6)
	require.InDeltaSlice(t, want, got, 1e-12)

	// Also where a normalisation is folded.
	net = append(net, layers.Linear{Out: 2}, layers.BatchNorm{})
	want, values = eval(t, layers.Layer(net), x, 3, 4, 2, 6)
	g, err = nir.Export(net, []int{6}, values, nir.ExportOptions{})
	require.NoError(t, err)
	got, _ = eval(t, layers.Layer(back(t, g, 1e-3, nir.Options{})), x, 5, 4, 2, 6)
	require.InDeltaSlice(t, want, got, 1e-12)
}

// Batch normalisation is folded into the map before it.
func TestFolded(t *testing.T) {
	net := layers.Sequential{layers.Conv2D{Out: 3, Kernel: 3}, layers.BatchNorm{}, layers.Lift(neurons.LIFBoxStep, neurons.DefaultLIFBoxParams()), layers.Flatten, layers.Linear{Out: 2}}
	r := rand.New(rand.NewPCG(21, 22))
	x := uniform(r, 10*2*25, 0, 3)
	_, values := eval(t, layers.Layer(net), x, 1, 10, 2, 1, 5, 5)
	for name, v := range values { // as if it had been trained
		if name == "1.norm.var" || name == "1.norm.mean" || name == "1.norm.w" {
			for i := range v.Data().([]float64) {
				v.Data().([]float64)[i] = 0.3 + r.Float64()
			}
		}
	}
	want, _ := eval(t, layers.Given(values, net), x, 1, 10, 2, 1, 5, 5)
	g, err := nir.Export(net, []int{1, 5, 5}, values, nir.ExportOptions{})
	require.NoError(t, err)
	require.Len(t, g.Nodes, 6)
	got, _ := eval(t, layers.Layer(back(t, g, 1e-3, nir.Options{})), x, 1, 10, 2, 1, 5, 5)
	require.InDeltaSlice(t, want, got, 1e-12)
}

// What the format cannot say is refused with the layer's name and the reason.
func TestExportRefuses(t *testing.T) {
	in := layers.Linear{Out: 4}
	soft := neurons.DefaultLIFParams()
	soft.ResetMethod = neurons.ResetSubtract
	chance := neurons.DefaultLIFParams()
	chance.Spike = surrogate.Logistic{K: 2}
	other := neurons.DefaultLIFParams()
	other.Dt = 1e-4
	lif := layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams())
	own := func(x *G.Node, s neurons.LIFState, p neurons.LIFParams) (*G.Node, neurons.LIFState, error) {
		return neurons.LIFStep(x, s, p)
	}
	for want, net := range map[string]layers.Layer{
		"nir: export: the network is nil":                                                                        nil,
		"nir: export: layer 1, LSNN{":                                                                            layers.Sequential{in, layers.Lift(neurons.LSNNStep, neurons.DefaultLSNNParams())},
		"the format has leaky and perfect integrators":                                                           layers.Sequential{in, layers.Lift(own, neurons.DefaultLIFParams())},
		"a spike moves the potential by the threshold (reset_subtract)":                                          layers.Sequential{in, layers.Named("soft", layers.Lift(neurons.LIFStep, soft))},
		"its spike function surrogate.Logistic is no step from 0 to 1":                                           layers.Sequential{in, layers.Lift(neurons.LIFStep, chance)},
		"nir: export: layer 0, Delay{Max: 3, Interpolate: true}: its delays lie between time steps":              layers.Sequential{layers.Delay{Max: 3, Interpolate: true}, in},
		"nir: export: layer 0, DelayedLinear{Out: 2, Delay: Delay{Max: 3, Over: 1}}: the format delays elements": layers.Sequential{layers.DelayedLinear{Out: 2, Delay: layers.Delay{Max: 3, Over: 1}}, lif},
		"nir: export: layer 2, max over time: the format has no readouts; export the network without":            layers.Sequential{in, lif, layers.MaxOverTime},
		"nir: export: layer 1, LayerNorm{":                                                                       layers.Sequential{in, layers.LayerNorm{}, lif},
		"its time step is 0.0001 s, that of others 0.001 s":                                                      layers.Sequential{in, lif, layers.Lift(neurons.LIFStep, other)},
		"nir: export: layer 1, BatchNorm":                                                                        layers.Sequential{lif, layers.BatchNorm{}, in},
		"1, Concat: what joins its parts is no node of the format":                                               layers.Sequential{in, layers.Concat{lif, layers.Linear{Out: 2}}, in},
		"is no node of the format":                                                                               layers.Sequential{in, layers.Residual{Body: lif, Join: layers.JoinAnd}},
		"0 is added to itself on the way to 2":                                                                   layers.Sequential{in, layers.Residual{Body: layers.Identity}, in},
		"a function is no node of the format":                                                                    layers.Sequential{in, layers.Func(func(x *G.Node) (*G.Node, error) { return G.Square(x) })},
		"a layer that stands alone has no name":                                                                  in,
	} {
		_, err := nir.Export(net, []int{4}, nil, nir.ExportOptions{})
		require.ErrorContains(t, err, want)
	}
	_, err := nir.Export(layers.Sequential{layers.Pool{Size: 2, Max: true}}, []int{1, 4, 4}, nil, nir.ExportOptions{})
	require.ErrorContains(t, err, "nir: export: layer 0, Pool{Size: 2, Max: true}: the format has no maximum of a window")
	_, err = nir.Export(layers.Sequential{layers.Conv2D{Out: 2, Kernel: 2, Conv: connect.Conv{Same: true}}}, []int{1, 4, 4}, nil, nir.ExportOptions{})
	require.ErrorContains(t, err, "padding Same adds 1 pixels to 4, one more behind than before, and the format pads both sides alike")
	_, err = nir.Export(layers.Sequential{layers.Upsample{By: 2}}, []int{1, 4, 4}, nil, nir.ExportOptions{})
	require.ErrorContains(t, err, "layer 0, Upsample{By: 2}: the format has no such node")
	_, err = nir.Export(layers.Sequential{in}, []int{3, 4}, nil, nir.ExportOptions{})
	require.ErrorContains(t, err, "put a Flatten before it")
	_, err = nir.Export(layers.Sequential{in}, []int{0}, nil, nir.ExportOptions{})
	require.ErrorContains(t, err, "want axes of at least 1")
}

// An imported network that has been trained is exported with the weights it has then,
// also as a part of another.
func TestTrainedExported(t *testing.T) {
	n, err := nir.Import(recurrent(3), 1e-3, nir.Options{})
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(23, 24))
	x, labels := make([]float32, 32*6), make([]int, 32)
	for i := range x {
		x[i] = r.Float32()
	}
	for i := range labels {
		labels[i] = i % 2
	}
	d, err := data.New([]int{6}, x, labels)
	require.NoError(t, err)
	m, err := train.Network{Net: layers.Sequential{layers.Named("net", n), layers.Last}, Shape: []int{6}, Steps: 10, Batch: 8}.Compile()
	require.NoError(t, err)
	_, err = (&train.Trainer{Model: m, Data: d, Optimiser: &optim.SGD{LearningRate: 0.1}, Epochs: 1}).Run(context.Background())
	require.NoError(t, err)
	g, err := nir.Export(layers.Sequential{layers.Named("net", n)}, []int{6}, m.Tensors(), nir.ExportOptions{})
	require.NoError(t, err)
	require.Contains(t, g.Nodes, "net.rec")
	require.NotEqual(t, recurrent(3).Nodes["rec"].Params["weight"], g.Nodes["net.rec"].Params["weight"])
	want, err := m.Predict(context.Background(), d, nil)
	require.NoError(t, err)
	o, err := train.Network{Net: layers.Sequential{back(t, g, 1e-3, nir.Options{}), layers.Last}, Shape: []int{6}, Steps: 10, Batch: 8}.Compile()
	require.NoError(t, err)
	got, err := o.Predict(context.Background(), d, nil)
	require.NoError(t, err)
	require.Equal(t, want.Data(), got.Data())
}

// Python's reader reads what is exported.
func TestExportJudged(t *testing.T) {
	long.Test(t)
	lif := layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams())
	net := layers.Sequential{
		layers.Conv2D{Out: 4, Kernel: 3}, layers.BatchNorm{}, lif, layers.Pool{Size: 2}, layers.Flatten, layers.Linear{Out: 9},
		layers.Named("back", layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams())), layers.Dropout{P: 0.2},
		layers.Residual{Body: layers.Sequential{layers.Linear{Out: 9}, lif}}, layers.Linear{Out: 3, NoBias: true}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
	}
	_, values := eval(t, net, make([]float32, 2*36), 1, 2, 1, 1, 6, 6)
	g, err := nir.Export(net, []int{1, 6, 6}, values, nir.ExportOptions{Metadata: true})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "a.nir")
	require.NoError(t, nir.WriteFile(path, g))
	require.Equal(t, "{\"nodes\": 13, \"edges\": 14}\n", walk(t, path))
}
