package c_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/export/c"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// networks are of each kind of layer, with the shapes of their samples.
func networks() map[string]struct {
	net   layers.Layer
	shape []int
} {
	lif, li, quick := neurons.DefaultLIFParams(), neurons.DefaultLIParams(), neurons.DefaultLIFBoxParams()
	lif.VTh, quick.VTh = graph.Const(0.5), graph.Const(0.1)
	spiking, leaky := layers.Lift(neurons.LIFStep, lif), layers.Lift(neurons.LIStep, li)
	box := layers.Lift(neurons.LIFBoxStep, quick)
	again := layers.Shared("again", layers.Sequential{layers.Linear{Out: 9, Init: layers.Scaled{Gain: 20}}, spiking})
	normed := layers.Shared("normed", layers.Sequential{spiking, layers.BatchNorm{}})
	type n = struct {
		net   layers.Layer
		shape []int
	}
	seq := func(ls ...layers.Layer) layers.Layer { return layers.Sequential(ls) }
	loud := layers.Linear{Out: 9, Init: layers.Scaled{Gain: 20}}
	conv := func(out, kernel int, c connect.Conv) layers.Layer {
		return layers.Conv2D{Out: out, Kernel: kernel, Conv: c, Init: layers.Scaled{Gain: 8}}
	}
	tokens := layers.Lift(neurons.LIFBoxStep, quick)
	return map[string]n{
		"linear":      {seq(loud, spiking, layers.Linear{Out: 4}, leaky), []int{20}},
		"last axis":   {seq(layers.Linear{Out: 9, Init: layers.Scaled{Gain: 20}}, spiking, layers.Flatten, layers.Linear{Out: 4}, leaky), []int{3, 5}},
		"pattern":     {seq(layers.Linear{Out: 9, Pattern: layers.Chance(0.4), Init: layers.Scaled{Gain: 20}}, spiking, layers.Linear{Out: 4, Pattern: layers.FanIn(3)}, leaky), []int{20}},
		"mean":        {seq(loud, layers.Dropout{P: 0.5}, spiking, layers.Noise{Std: 1}, layers.Linear{Out: 4, Noise: 1}, layers.MeanOverTime), []int{20}},
		"last":        {seq(loud, spiking, layers.Linear{Out: 4}, leaky, layers.Last), []int{20}},
		"count":       {seq(loud, spiking, layers.SpikeCount), []int{20}},
		"first spike": {seq(loud, spiking, layers.FirstSpike{Latest: 100}), []int{20}},
		"when":        {seq(loud, spiking, layers.FirstSpike{}), []int{20}},
		"residual":    {seq(loud, box, layers.Residual{Body: seq(loud, box), Join: layers.JoinIAnd}, layers.Linear{Out: 4}, layers.MeanOverTime), []int{20}},
		"branches":    {seq(loud, box, layers.Concat{seq(loud, box), layers.Identity, layers.Linear{Out: 2}}, layers.Sum{layers.Linear{Out: 4}, layers.Linear{Out: 4}}, leaky), []int{20}},
		"shared":      {seq(loud, again, again, layers.Linear{Out: 4}, leaky), []int{20}},
		"norms":       {seq(layers.Linear{Out: 12}, layers.BatchNorm{}, spiking, layers.LayerNorm{}, layers.GroupNorm{Groups: 3}, layers.Linear{Out: 4}, leaky), []int{20}},
		"norm again":  {seq(loud, normed, normed, layers.Linear{Out: 4}, leaky), []int{20}},
		"norm apart":  {seq(spiking, layers.BatchNorm{}, layers.Linear{Out: 4}, leaky), []int{20}},
		"heads":       {layers.Heads{layers.Named("a", seq(loud, spiking)), layers.Named("b", seq(layers.Linear{Out: 2}, layers.MeanOverTime))}, []int{20}},
		"function":    {seq(loud, spiking, layers.Func(squares), layers.Linear{Out: 4}, leaky), []int{20}},
		"learnt":      {seq(loud, layers.Lift(neurons.LIFStep, lif, layers.LearnEach("TauMemInv"), layers.Learn("VTh"), layers.Constrain(graph.Exp, "TauMemInv")), layers.Linear{Out: 4}, leaky), []int{20}},
		"each":        {seq(loud, layers.Lift(neurons.LIFStep, lif, layers.Each(layers.Values{20, 40, 60, 80, 100, 120, 140, 160, 180}, "TauMemInv")), layers.Linear{Out: 4}, leaky), []int{20}},

		"recurrent":  {seq(loud, layers.Recurrent(neurons.LIFStep, lif), layers.Linear{Out: 4}, leaky, layers.MaxOverTime), []int{20}},
		"one to one": {seq(loud, layers.RecurrentThrough(layers.BackOneToOne{}, neurons.LIFStep, lif), layers.Linear{Out: 4}, leaky), []int{20}},
		"sparsely":   {seq(loud, layers.RecurrentThrough(layers.BackSparse{Pattern: layers.Chance(0.3)}, neurons.LIFStep, lif), layers.Linear{Out: 4}, leaky), []int{20}},
		"convolved":  {seq(conv(4, 3, connect.Conv{}), layers.RecurrentThrough(layers.BackConv2D{Kernel: 3, Groups: 2}, neurons.LIFStep, lif), layers.Flatten, layers.Linear{Out: 4}, leaky), []int{2, 7, 6}},
		"refractory": {seq(loud, layers.Lift(wrap.Refractory(neurons.LIFStep), wrap.RefractoryParams[neurons.LIFState, neurons.LIFParams]{Inner: lif, RhoReset: graph.Const(3)}), layers.Linear{Out: 4}, leaky), []int{20}},

		"conv":       {seq(conv(4, 3, connect.Conv{Stride: 2, Pad: 1}), spiking, layers.Pool{Size: 2, Sum: true}, layers.Flatten, layers.Linear{Out: 3}, leaky), []int{2, 9, 8}},
		"settings":   {seq(conv(6, 2, connect.Conv{Dilation: 2, Groups: 2, Width: &connect.Axis{Stride: 3, Pad: 2}}), spiking, conv(3, 4, connect.Conv{Same: true, Stride: 2}), spiking, layers.AdaptivePool{Height: 2, Width: 1}, layers.Flatten, leaky), []int{4, 9, 8}},
		"conv norm":  {seq(conv(4, 3, connect.Conv{}), layers.BatchNorm{}, spiking, layers.Pool{Size: 3, Stride: 2, Pad: 1}, layers.BatchNorm{}, layers.AdaptivePool{Max: true}, layers.Flatten, leaky), []int{2, 9, 8}},
		"images":     {seq(conv(4, 3, connect.Conv{Stride: 2}), spiking, layers.Pool{Size: 2, Max: true}, layers.Upsample{By: 2}, layers.ConvTranspose2D{Out: 3, Kernel: 3, Conv: connect.Conv{Stride: 2, Pad: 1}, Extra: 1}, leaky), []int{2, 9, 9}},
		"transposed": {seq(layers.ConvTranspose2D{Out: 4, Kernel: 3, Width: 2, Conv: connect.Conv{Groups: 2, Dilation: 2}, Init: layers.Scaled{Gain: 8}}, spiking, layers.Flatten, layers.Linear{Out: 3}, leaky), []int{2, 4, 5}},
		"along":      {seq(layers.Conv1D{Out: 4, Kernel: 3, Conv: connect.Conv{Pad: 1}, Init: layers.Scaled{Gain: 8}}, spiking, layers.Flatten, layers.Linear{Out: 3}, leaky), []int{2, 9}},
		"delays":     {seq(layers.Delay{Max: 7, Over: 10}, loud, spiking, layers.Delay{Max: 1, Fixed: true}, layers.DelayedLinear{Out: 4, Delay: layers.Delay{Max: 5, Over: 10}}, leaky), []int{20}},
		"between":    {seq(layers.DelayedLinear{Out: 9, Init: layers.Scaled{Gain: 20}, Delay: layers.Delay{Max: 6, Interpolate: true}}, spiking, layers.Delay{Max: 4, Interpolate: true}, layers.Linear{Out: 4}, leaky), []int{20}},
		"late":       {seq(loud, layers.RecurrentThrough(layers.BackLate{Delay: layers.Delay{Max: 4, Over: 10}}, neurons.LIFStep, lif), layers.Linear{Out: 4}, leaky), []int{20}},
		"of images":  {seq(layers.Delay{Max: 3, Interpolate: true}, conv(4, 3, connect.Conv{}), spiking, layers.Flatten, layers.Linear{Out: 3}, leaky), []int{2, 5, 6}},
		"attention":  {seq(conv(4, 3, connect.Conv{}), tokens, layers.Tokens, layers.SelfAttention{Neurons: tokens, Heads: 2, Scale: 10}, layers.Flatten, layers.Linear{Out: 3}, leaky), []int{2, 5, 6}},
	}
}

// squares is a function of one's own, of verbs and of Gorgonia's.
func squares(x *G.Node) (*G.Node, error) {
	var b graph.Builder
	mean := b.Scale(b.Reduce(x, []int{x.Shape()[0], x.Shape()[1], 1}), graph.Const(1.0/9))
	y := b.Sub(x, b.Expand(mean, x.Shape()))
	return b.Tanh(b.Square(y)), b.Err()
}

// A pair is a network here and there, with sequences to run.
type pair struct {
	name  string
	here  *stepper
	code  *c.Code
	steps int
	x     []float32
}

// codes returns those of pairs.
func codes(pairs []pair) (all []*c.Code) {
	for _, p := range pairs {
		all = append(all, p.code)
	}
	return all
}

// compare holds networks in C to what they are here, in one program, and returns the names of
// those that give nothing but 0.
func compare(t *testing.T, cc string, pairs []pair, tolerance float64, flags ...string) (silent []string) {
	t.Helper()
	return held(t, pairs, tolerance, compiled(t, cc, codes(pairs), flags...))
}

// held is compare for a program that is there, run by a command.
func held(t *testing.T, pairs []pair, tolerance float64, command ...string) (silent []string) {
	t.Helper()
	for k, p := range pairs {
		want, got := p.here.outputs(p.steps, p.x), ran(t, k, p.code, p.steps, p.x, command...)
		heads := p.code.Heads
		if heads == nil {
			heads = []c.Head{{Name: "out", Size: p.code.Outputs}}
		}
		for _, h := range heads {
			near(t, p.name+", "+h.Name, part(want, p.code.Outputs, h), part(got, p.code.Outputs, h), tolerance)
		}
		if !slices.ContainsFunc(want, func(v float32) bool { return v != 0 }) {
			silent = append(silent, p.name)
		}
	}
	return silent
}

// part returns the outputs of a head.
func part(y []float32, width int, h c.Head) (all []float32) {
	for ; len(y) >= width; y = y[width:] {
		all = append(all, y[h.Offset:][:h.Size]...)
	}
	return all
}

// spread makes statistics, gains and biases other numbers than 0 and 1.
func spread(r *rand.Rand, values map[string]*tensor.Dense) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if x := values[name].Data().([]float32); strings.Contains(name, "norm.") || strings.HasSuffix(name, ".b") {
			for i := range x {
				x[i] += r.Float32()
			}
		}
	}
}

// pairs returns the networks, each with two sequences of spikes.
func pairs(t *testing.T) (all []pair) {
	t.Helper()
	const steps, again = 25, 2
	nets := networks()
	for i, name := range slices.Sorted(maps.Keys(nets)) {
		if !long.Tests() && !slices.Contains([]string{"attention", "branches", "images", "norms", "pattern", "recurrent", "settings"}, name) {
			continue // each is compiled, which takes a while
		}
		n := nets[name]
		r := rand.New(rand.NewPCG(1, uint64(i)))
		here := newStepper(t, n.net, 1, n.shape)
		spread(r, here.values)
		code, err := c.Export(n.net, n.shape, here.values, c.Options{Prefix: fmt.Sprintf("n%d", i), KeepNorm: true})
		require.NoError(t, err, name)
		all = append(all, pair{name, here, code, steps, spikes(r, steps*again*code.Inputs, 0.3)})
	}
	return all
}

// Networks of every kind of layer give in C what they give here, step by step and from
// sequence to sequence.
func TestLayers(t *testing.T) {
	require.Empty(t, compare(t, compiler(t), pairs(t), 1e-6))
}

// What cannot be written is an error that names the layer and says why.
func TestRefusals(t *testing.T) {
	lif := neurons.DefaultLIFParams()
	smooth := lif
	smooth.Spike = ramp{}
	spiking := layers.Lift(neurons.LIFStep, lif)
	uncarried := func(x *G.Node) (*G.Node, error) {
		run, err := graph.Scan(neurons.LIFStep, x, nil, lif)
		if err != nil {
			return nil, err
		}
		return run.Out, nil
	}
	softmax := func(x *G.Node) (*G.Node, error) { return G.Sin(G.Must(G.SoftMax(x, 2))) }
	for name, n := range map[string]struct {
		net   layers.Layer
		shape []int
		o     c.Options
		want  string
	}{
		"nil":       {nil, []int{3}, c.Options{}, "c: export: the network is nil"},
		"prefix":    {spiking, []int{3}, c.Options{Prefix: "2 nets"}, `c: export: the prefix is "2 nets", want a letter and at most 30 letters, digits and _ behind it`},
		"bits":      {spiking, []int{3}, c.Options{Bits: 9}, "c: export: weights of 9 bits, want 2 to 8, or 0 for floats"},
		"shape":     {spiking, []int{3, 0}, c.Options{}, "c: export: a sample has shape [3 0], want axes of at least 1"},
		"too large": {spiking, []int{1 << 20, 1 << 20}, c.Options{}, "c: export: "},
		"spike":     {layers.Sequential{layers.Linear{Out: 2}, layers.Named("soft", layers.Lift(neurons.LIFStep, smooth))}, []int{3}, c.Options{}, "c: export: layer soft, LIF{TauSynInv: 200, TauMemInv: 100, Dt: 0.001, VTh: 1, Spike: ramp{}}: spike c_test.ramp{} is a Go function, which has no text in C: a spike function with a method Heaviside, as embedding surrogate.Step gives, is a comparison"},
		"states":    {layers.Sequential{layers.Named("mine", layers.Func(uncarried))}, []int{3}, c.Options{}, "c: export: layer mine"},
		"gorgonia":  {layers.Sequential{layers.Named("mine", layers.Func(softmax))}, []int{3}, c.Options{}, "c: export: layer mine"},
		"steps":     {layers.Sequential{layers.Named("bn", layers.BatchNorm{StepGain: 3})}, []int{3}, c.Options{}, "c: export: layer bn, BatchNorm{StepGain: 3}: batch norm has values of its own for each time step, want one for all"},
		"dense":     {layers.Linear{Out: -1}, []int{3}, c.Options{}, "c: export: layers: linear: width of the output is -1, want at least 1"},
		"panic":     {layers.Func(func(*G.Node) (*G.Node, error) { panic("no") }), []int{3}, c.Options{}, "c: export: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Export(n.net, n.shape, nil, n.o)
			require.ErrorContains(t, err, n.want)
		})
	}
	code, err := c.Export(spiking, []int{3}, nil, c.Options{Prefix: "small"})
	require.NoError(t, err)
	dir := t.TempDir()
	require.EqualError(t, code.WriteFiles(filepath.Join(dir, "net.h")), "c: the name "+filepath.Join(dir, "net.h")+" does not end in .c")
	require.Error(t, code.WriteFiles(filepath.Join(dir, "none", "net.c")))
	_, err = c.Export(layers.Linear{Out: 2}, []int{3}, map[string]*tensor.Dense{"linear.w": nil}, c.Options{})
	require.EqualError(t, err, "c: export: the value of linear.w is nil")
}

// ramp is a spike function that is no step.
type ramp struct{}

func (ramp) Eval(x float64) float64  { return max(0, min(1, x)) }
func (ramp) Deriv(x float64) float64 { return 1 }

// A network without states has a state all the same, and one that is there twice is two.
func TestStateless(t *testing.T) {
	cc := compiler(t)
	net := layers.Linear{Out: 2, NoBias: true, Init: layers.Values{1, 2, 3, 4, 5, 6}}
	code, err := c.Export(net, []int{3}, nil, c.Options{Prefix: "n"})
	require.NoError(t, err)
	require.Equal(t, []int{3, 2, 24, 1}, []int{code.Inputs, code.Outputs, code.Constants, code.State})
	require.Equal(t, []float32{11.5, 15, 1, 2}, ran(t, 0, code, 1, []float32{0.5, 2, 1, 1, 0, 0}, compiled(t, cc, []*c.Code{code})))
}

// The same network gives the same files.
func TestSameFiles(t *testing.T) {
	n := networks()["settings"]
	one, err := c.Export(n.net, n.shape, nil, c.Options{})
	require.NoError(t, err)
	two, err := c.Export(n.net, n.shape, nil, c.Options{})
	require.NoError(t, err)
	require.Equal(t, one, two)
}

// Normalisations that are folded give what they give apart, but for rounding.
func TestFolded(t *testing.T) {
	cc := compiler(t)
	n := networks()["conv norm"]
	here := newStepper(t, n.net, 1, n.shape)
	spread(rand.New(rand.NewPCG(6, 7)), here.values)
	net, err := layers.Fold(n.net, n.shape, here.values)
	require.NoError(t, err)
	folded, err := c.Export(n.net, n.shape, here.values, c.Options{Prefix: "a"})
	require.NoError(t, err)
	apart, err := c.Export(n.net, n.shape, here.values, c.Options{Prefix: "b", KeepNorm: true})
	require.NoError(t, err)
	require.Less(t, folded.Constants, apart.Constants)
	long := map[string]*tensor.Dense{} // the model may be of float64
	for name, v := range here.values {
		x := make([]float64, v.DataSize())
		for i, f := range v.Data().([]float32) {
			x[i] = float64(f)
		}
		long[name] = tensor.New(tensor.WithShape(v.Shape()...), tensor.WithBacking(x))
	}
	of64, err := c.Export(n.net, n.shape, long, c.Options{Prefix: "a"})
	require.NoError(t, err)
	require.Equal(t, folded, of64)
	x := spikes(rand.New(rand.NewPCG(8, 9)), 20*folded.Inputs, 0.3)
	require.Empty(t, compare(t, cc, []pair{{"folded", newStepper(t, net, 2, n.shape), folded, 20, x}}, 1e-6))
}
