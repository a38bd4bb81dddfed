package train_test

import (
	"fmt"
	"hash"
	"slices"
	"testing"

	"github.com/chewxy/hm"
	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/readout"
	"github.com/spikegrad/spikegrad/train"
)

// A chunk is a way in which a network does not see whole sequences.
type chunk string

const (
	segments chunk = "segments"      // that divide the steps
	uneven   chunk = "segments of 3" // the last of which has steps behind the end
	single   chunk = "segments of 1" //
	windows  chunk = "windows"       //
	stepwise chunk = "step by step"  //
	lengths  chunk = "other lengths" // of samples
	both     chunk = "both"          // segments and other lengths
)

var allChunks = []chunk{segments, uneven, single, windows, stepwise, lengths, both}

// applied is a layer of a function.
type applied func(b *layers.Build, x *G.Node) (*G.Node, error)

func (f applied) Apply(b *layers.Build, x *G.Node) (*G.Node, error) { return f(b, x) }

// built is a layer of what a Builder makes.
func built(f func(b *graph.Builder, x *G.Node) *G.Node) layers.Layer {
	return layers.Func(func(x *G.Node) (*G.Node, error) {
		var b graph.Builder
		y := f(&b, x)
		return y, b.Err()
	})
}

const chunkSteps, chunkBatch, chunkIn = 8, 3, 4

// inChunks returns what a network with the layer gives for samples, whole and in
// chunks, or the error of the latter.
func inChunks(t *testing.T, l layers.Layer, c chunk) (whole, cut []float64, err error) {
	t.Helper()
	d := currents(chunkBatch, chunkSteps, chunkIn).(list)
	d.labels = nil
	net := layers.Sequential{l}
	if len(outputShape(t, l)) > 2 { // all steps must be right
		net = append(net, layers.Lift(encode.FilterStep, encode.FilterParams{Decay: graph.Const(0.7)}), layers.Flatten, layers.SumOverTime)
	}
	m := train.Network{Net: net, Shape: []int{chunkIn}, Steps: chunkSteps, Batch: chunkBatch, Dtype: tensor.Float64, Seed: 1}
	predict := func(m train.Network, d data.Dataset) ([]float64, error) {
		n, err := m.Compile()
		if err != nil {
			return nil, err
		}
		y, err := n.Predict(background, d, nil)
		if err != nil {
			return nil, err
		}
		return elements(y), nil
	}
	whole, err = predict(m, d)
	require.NoError(t, err)
	switch c {
	case segments:
		m.Segment = 4
	case uneven:
		m.Segment = 3
	case single:
		m.Segment = 1
	case windows:
		m.Window, m.Stride = 4, 2
	case both:
		m.Segment = 4
	case stepwise:
		cut, err = byStep(newModel(t, m), d)
		return whole, cut, err
	}
	if c != lengths && c != both {
		cut, err = predict(m, d)
		return whole, cut, err
	}
	long := []int{8, 1, 5}
	if cut, err = predict(m, varied{d, long}); err != nil {
		return nil, nil, err
	}
	whole = nil
	for i, n := range long {
		// The batch stays what it is: a layer may look at it.
		one := m
		one.Steps, one.Segment = n, 0
		y, err := predict(one, alone{d, i, n})
		require.NoError(t, err)
		whole = append(whole, y...)
	}
	return whole, cut, nil
}

// outputShape returns the shape of the outputs of a layer.
func outputShape(t *testing.T, l layers.Layer) tensor.Shape {
	t.Helper()
	g := G.NewGraph()
	x, err := graph.Input(g, "x", tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(chunkSteps, chunkBatch, chunkIn)))
	require.NoError(t, err)
	y, err := l.Apply(layers.NewBuild(1), x)
	require.NoError(t, err)
	return y.Shape()
}

// byStep returns what a network gives at the last of the steps of a data set.
func byStep(m *train.Model, d data.Dataset) (y []float64, err error) {
	x := make([][]float32, d.Len())
	for i := range x {
		x[i] = make([]float32, chunkSteps*chunkIn)
		if _, err := d.Sample(i, x[i]); err != nil {
			return nil, err
		}
	}
	s, err := m.Rest(d.Len())
	if err != nil {
		return nil, err
	}
	for step := range chunkSteps {
		var now []float32
		for i := range x {
			now = append(now, x[i][step*chunkIn:(step+1)*chunkIn]...)
		}
		out, err := m.Step(s, now)
		if err != nil {
			return nil, err
		}
		y = elements(out)
	}
	return y, nil
}

// spiking makes spikes of the input: few, and different ones for each sample.
var spiking = layers.Func(func(x *G.Node) (*G.Node, error) {
	var b graph.Builder
	z := b.Above(x, 1.7)
	return z, b.Err()
})

// lagged is a delay that does not vouch for itself.
var lagged = applied(func(b *layers.Build, x *G.Node) (*G.Node, error) {
	var g graph.Builder
	steps := []*G.Node{g.Constant(x, 0, x.Shape()[1:]...)}
	for t := range x.Shape()[0] - 1 {
		steps = append(steps, g.At(x, t))
	}
	return g.Stack(steps...), g.Err()
})

// filtered is a scan of a filter that goes on from the state that entered.
func filtered(b *layers.Build, x *G.Node) (*graph.Run[encode.FilterState], *layers.State, error) {
	p := encode.FilterParams{Decay: graph.Const(0.5)}
	s, err := graph.Rest[encode.FilterState](x, p)
	if err != nil {
		return nil, nil, err
	}
	st, err := b.Enter("value", s.Value)
	if err != nil {
		return nil, nil, err
	}
	run, err := graph.Scan(encode.FilterStep, x, &encode.FilterState{Value: st.From()}, p)
	if err != nil {
		return nil, nil, err
	}
	final, err := run.Final()
	st.Out = final.Value
	return run, st, err
}

// scanned is a filter without layers.Lift, which enters its state if it is asked to.
func scanned(enter bool) layers.Layer {
	return applied(func(b *layers.Build, x *G.Node) (*G.Node, error) {
		if enter {
			run, _, err := filtered(b, x)
			if err != nil {
				return nil, err
			}
			return run.Out, nil
		}
		run, err := graph.Scan(encode.FilterStep, x, nil, encode.FilterParams{Decay: graph.Const(0.5)})
		if err != nil {
			return nil, err
		}
		return run.Out, nil
	})
}

// final is the state of a filter after the last step.
var final = applied(func(b *layers.Build, x *G.Node) (*G.Node, error) {
	_, st, err := filtered(b, x)
	if err != nil {
		return nil, err
	}
	return st.Out, nil
})

// centred is x less its mean over time, which no step knows before the last one.
var centred = applied(func(b *layers.Build, x *G.Node) (*G.Node, error) {
	mean, err := b.MeanOverTime(x)
	if err != nil {
		return nil, err
	}
	var g graph.Builder
	return g.Sub(x, g.Expand(mean, x.Shape())), g.Err()
})

func constant(x *G.Node, shape ...int) *G.Node {
	var b graph.Builder
	n := 1
	for _, d := range shape {
		n *= d
	}
	flat := make([]*G.Node, n)
	for i := range flat {
		flat[i] = b.Constant(x, 0.1+0.3*float64(i%5), 1)
	}
	return b.Reshape(b.Stack(flat...), shape...)
}

// What is not refused in chunks is what it is whole: every case is either, and says
// which.
func TestChunks(t *testing.T) {
	whole := func(f func(x *G.Node) (*G.Node, error)) layers.Layer { return layers.Func(f) }
	noise := func(x *G.Node) *G.Node { return constant(x, chunkIn, 2) }
	for name, c := range map[string]struct {
		l       layers.Layer
		refused []chunk // where it is
		with    string  // in the error
	}{
		// The library's own.
		"SpikeTimes": {whole(func(x *G.Node) (*G.Node, error) {
			y, err := encode.SpikeTimes(x, 1)
			if err != nil {
				return nil, err
			}
			return graph.Reshape(y, x.Shape()[1:]...)
		}), allChunks, "first 1 spike times of"},
		"SpikeLatency":         {layers.Sequential{spiking, layers.Func(encode.SpikeLatency)}, []chunk{segments, uneven, single, windows, stepwise, both}, "starts from rest in every window"},
		"SpikeLatencyStep":     {layers.Sequential{spiking, layers.Lift(encode.SpikeLatencyStep, encode.SpikeLatencyParams{})}, nil, ""},
		"FirstSpike":           {layers.Sequential{spiking, layers.FirstSpike{Latest: 20}}, nil, ""},
		"FirstSpike, infinite": {layers.FirstSpike{}, nil, ""},
		"encode.Sum 0":         {whole(func(x *G.Node) (*G.Node, error) { return encode.Sum(x, 0) }), allChunks, "reduce[1 "},
		"encode.Sum 2": {whole(func(x *G.Node) (*G.Node, error) {
			y, err := encode.Sum(x, 2)
			if err != nil {
				return nil, err
			}
			return graph.Reshape(y, append([]int{}, append(y.Shape(), 1)...)...)
		}), nil, ""},
		"Population": {whole(func(x *G.Node) (*G.Node, error) {
			return encode.Population(x, encode.PopulationParams{Features: 3, Scale: 1})
		}), nil, ""},
		"readout.SumOverTime": {whole(readout.SumOverTime), allChunks, "sum over time"},
		"readout.Excursion":   {whole(func(x *G.Node) (*G.Node, error) { return readout.Excursion(x, 0.5, 1) }), allChunks, "excursion(0.5 1)"},
		"layers.Last":         {layers.Last, nil, ""}, "layers.Max": {layers.MaxOverTime, nil, ""}, "layers.Mean": {layers.MeanOverTime, nil, ""},
		"SpikeCount": {layers.SpikeCount, nil, ""},
		"a window without lengths": {applied(func(b *layers.Build, x *G.Node) (*G.Node, error) {
			if b.Carry == nil {
				return readout.SumOverTime(x)
			}
			var g graph.Builder
			s, err := b.Enter("sum", g.Constant(x, 0, x.Shape()[1:]...))
			if err != nil {
				return nil, err
			}
			s.Out, err = readout.Window{Enter: s.From()}.SumOverTime(x)
			return s.Out, err
		}), []chunk{uneven, lengths, both}, "sum over time"},
		"a window that nothing enters": {applied(func(b *layers.Build, x *G.Node) (*G.Node, error) {
			return readout.Window{Length: b.Length}.SumOverTime(x)
		}), []chunk{segments, uneven, single, windows, stepwise, both}, "sum over time"},
		"Linear":              {layers.Linear{Out: 3}, nil, ""},
		"Recurrent":           {layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams()), nil, ""},
		"own scan":            {scanned(false), []chunk{segments, uneven, single, windows, stepwise, both}, "enter its states by Build.Enter"},
		"entered scan":        {scanned(true), nil, ""},
		"final state":         {final, []chunk{uneven, lengths, both}, "final state 0 of scan"},
		"lagged":              {lagged, allChunks, "at(0)"},
		"delay":               {delay{}, nil, ""},
		"less its mean":       {centred, []chunk{segments, uneven, single, windows, stepwise, both}, "takes into each time step"},
		"less the first step": {built(func(b *graph.Builder, x *G.Node) *G.Node { return b.Sub(x, b.Expand(b.At(x, 0), x.Shape())) }), allChunks, "at(0)"},
		"reduced": {built(func(b *graph.Builder, x *G.Node) *G.Node {
			s := x.Shape()
			return b.Sub(x, b.Expand(b.Reduce(x, []int{1, s[1], s[2]}), s))
		}), allChunks, "reduce[1 "},
		"reduced features": {built(func(b *graph.Builder, x *G.Node) *G.Node {
			s := x.Shape()
			return b.Sub(x, b.Expand(b.Reduce(x, []int{s[0], s[1], 1}), s))
		}), nil, ""},
		"axonal delay":                {layers.Delay{Max: 3, Interpolate: true}, nil, ""},
		"delays of connections":       {layers.DelayedLinear{Out: 2, Delay: layers.Delay{Max: 20, Over: 3}}, nil, ""},
		"recurrent delays":            {layers.RecurrentThrough(layers.BackLate{Delay: layers.Delay{Max: 3, Over: 3}}, neurons.LIFStep, neurons.DefaultLIFParams()), nil, ""},
		"recurrent delays of neurons": {layers.RecurrentThrough(layers.BackLate{Delay: layers.Delay{Max: 20, Interpolate: true}, Channels: true}, neurons.LIFStep, neurons.DefaultLIFParams()), nil, ""},
		"delay that is not entered": {layers.Func(func(x *G.Node) (*G.Node, error) {
			var b graph.Builder
			y, err := connect.Delay(x, connect.Delays{At: b.Constant(x, 2, x.Shape()[2]), Width: b.Constant(x, 0, 1), Max: 3})
			return y.Y, err
		}), []chunk{segments, uneven, single, windows, stepwise, both}, "starts from nothing in every window"},
		"folded": {built(func(b *graph.Builder, x *G.Node) *G.Node {
			s := x.Shape()
			y := b.MatMul(b.Reshape(x, s[0]*s[1], s[2]), noise(x))
			return b.Reshape(y, s[0], s[1], 2)
		}), nil, ""},
		"time split": {built(func(b *graph.Builder, x *G.Node) *G.Node {
			s := x.Shape()
			return b.Reshape(b.Reshape(x, 2, s.TotalSize()/2), s...)
		}), []chunk{segments, uneven, lengths, both}, "reshape"},
		"counted steps": {built(func(b *graph.Builder, x *G.Node) *G.Node {
			return b.Reduce(b.Fill(x, graph.Const(1)), x.Shape()[1:])
		}), allChunks, "reduce"},

		// Gorgonia's.
		"tanh":   {whole(G.Tanh), nil, ""},
		"twice":  {whole(func(x *G.Node) (*G.Node, error) { return G.Add(x, x) }), nil, ""},
		"scaled": {whole(func(x *G.Node) (*G.Node, error) { return G.Mul(x, G.NewConstant(2.0)) }), nil, ""},
		"Sum 0":  {whole(func(x *G.Node) (*G.Node, error) { return G.Sum(x, 0) }), allChunks, "Σ[0]"},
		"Sum": {whole(func(x *G.Node) (*G.Node, error) {
			y, err := G.Sum(x)
			if err != nil {
				return nil, err
			}
			z, err := G.HadamardProd(x, y)
			return z, err
		}), allChunks, "Σ["},
		"Sum 2": {whole(func(x *G.Node) (*G.Node, error) {
			y, err := G.Sum(x, 2)
			if err != nil {
				return nil, err
			}
			return graph.Reshape(y, x.Shape()[0], x.Shape()[1], 1)
		}), nil, ""},
		"Mean 0": {whole(func(x *G.Node) (*G.Node, error) { return G.Mean(x, 0) }), allChunks, "reads whole sequences"},
		"Mean 2": {whole(func(x *G.Node) (*G.Node, error) {
			y, err := G.Mean(x, 2)
			if err != nil {
				return nil, err
			}
			return graph.Reshape(y, x.Shape()[0], x.Shape()[1], 1)
		}), nil, ""},
		"Max 0": {whole(func(x *G.Node) (*G.Node, error) { return G.Max(x, 0) }), allChunks, "Max"},
		"size": {whole(func(x *G.Node) (*G.Node, error) {
			n, err := G.SizeOf(0, x)
			if err != nil {
				return nil, err
			}
			return G.HadamardDiv(x, n)
		}), allChunks, "reads whole sequences"},
		"slice of time":         {whole(func(x *G.Node) (*G.Node, error) { return G.Slice(x, G.S(0)) }), allChunks, "reads whole sequences"},
		"slice of features":     {whole(func(x *G.Node) (*G.Node, error) { return G.Slice(x, nil, nil, G.S(1, 3)) }), nil, ""},
		"concatenated in time":  {whole(func(x *G.Node) (*G.Node, error) { return G.Concat(0, x, x) }), allChunks, "Concat"},
		"concatenated features": {whole(func(x *G.Node) (*G.Node, error) { return G.Concat(2, x, x) }), nil, ""},
		"transposed": {whole(func(x *G.Node) (*G.Node, error) {
			y, err := G.Transpose(x, 1, 0, 2)
			if err != nil {
				return nil, err
			}
			if y, err = G.Tanh(y); err != nil {
				return nil, err
			}
			return G.Transpose(y, 1, 0, 2)
		}), nil, ""},
		"transposed, summed": {whole(func(x *G.Node) (*G.Node, error) {
			y, err := G.Transpose(x, 1, 0, 2)
			if err != nil {
				return nil, err
			}
			return G.Sum(y, 1)
		}), allChunks, "Σ[1]"},
		"softmax": {whole(func(x *G.Node) (*G.Node, error) {
			s := x.Shape()
			y, err := graph.Reshape(x, s[0]*s[1], s[2])
			if err != nil {
				return nil, err
			}
			if y, err = G.SoftMax(y); err != nil {
				return nil, err
			}
			return graph.Reshape(y, s...)
		}), nil, ""},
		"softmax in time": {whole(func(x *G.Node) (*G.Node, error) {
			s := x.Shape()
			y, err := graph.Reshape(x, s[0], s[1]*s[2])
			if err != nil {
				return nil, err
			}
			if y, err = G.SoftMax(y, 0); err != nil {
				return nil, err
			}
			return graph.Reshape(y, s...)
		}), allChunks, "Softmax"},
		"product": {whole(func(x *G.Node) (*G.Node, error) {
			s := x.Shape()
			y, err := G.Reshape(x, tensor.Shape{s[0] * s[1], s[2]})
			if err != nil {
				return nil, err
			}
			if y, err = G.Mul(y, noise(x)); err != nil {
				return nil, err
			}
			return G.Reshape(y, tensor.Shape{s[0], s[1], 2})
		}), nil, ""},
		"product of time": {whole(func(x *G.Node) (*G.Node, error) {
			s := x.Shape()
			y, err := graph.Reshape(x, s[0], s[1]*s[2])
			if err != nil {
				return nil, err
			}
			v, err := G.Transpose(y, 1, 0)
			if err != nil {
				return nil, err
			}
			if y, err = G.Mul(v, y); err != nil { // [batch·n batch·n]
				return nil, err
			}
			return G.Slice(y, G.S(0, s[1]))
		}), allChunks, "reads whole sequences"},
		"broadcast": {whole(func(x *G.Node) (*G.Node, error) {
			s := x.Shape()
			y, err := graph.Reshape(x, s[0]*s[1], s[2])
			if err != nil {
				return nil, err
			}
			if y, err = G.BroadcastAdd(y, constant(x, s[2]), nil, []byte{0}); err != nil {
				return nil, err
			}
			return graph.Reshape(y, s...)
		}), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, in := range allChunks {
				want, got, err := inChunks(t, c.l, in)
				if !slices.Contains(c.refused, in) {
					require.NoError(t, err, string(in))
					require.InDeltaSlice(t, finite(want), finite(got), 1e-12, string(in))
					continue
				}
				require.ErrorContains(t, err, c.with, string(in))
				require.ErrorContains(t, err, "layer 0", string(in))
			}
		})
	}
}

// finite puts a number in the place of +Inf.
func finite(x []float64) []float64 {
	y := append([]float64{}, x...)
	for i := range y {
		y[i] = min(y[i], 1e9)
	}
	return y
}

// An operation of Gorgonia's with a state of its own is refused in any model, with
// what to use.
func TestHiddenStates(t *testing.T) {
	norm := func(x *G.Node) (*G.Node, error) {
		s := x.Shape()
		images, err := graph.Reshape(x, s[0]*s[1], s[2], 1, 1)
		if err != nil {
			return nil, err
		}
		var b graph.Builder
		one, zero := b.Constant(x, 1, images.Shape()...), b.Constant(x, 0, images.Shape()...)
		y, _, _, _, err := G.BatchNorm(images, one, zero, 0.9, 1e-5)
		if err != nil {
			return nil, err
		}
		return graph.Reshape(y, s...)
	}
	for use, l := range map[string]layers.Func{
		"use layers.BatchNorm": norm,
		"use layers.Dropout":   func(x *G.Node) (*G.Node, error) { return G.Dropout(x, 0.5) },
		"let an encoder draw": func(x *G.Node) (*G.Node, error) {
			return G.Add(x, G.GaussianRandomNode(x.Graph(), x.Dtype(), 0, 1, x.Shape()...))
		},
	} {
		_, err := train.Network{
			Net: layers.Sequential{layers.Linear{Out: 4}, layers.Named("mine", l), layers.Last}, Shape: []int{2}, Steps: 3, Batch: 2,
		}.Compile()
		require.ErrorContains(t, err, "train: network: layer mine: ")
		require.ErrorContains(t, err, use)
	}
}

// own is an operation of a user's, which doubles its input.
type own struct{}

func (own) Arity() int                                       { return 1 }
func (own) Type() hm.Type                                    { return hm.NewFnType(hm.TypeVariable('a'), hm.TypeVariable('a')) }
func (own) InferShape(s ...G.DimSizer) (tensor.Shape, error) { return s[0].(tensor.Shape), nil }
func (own) ReturnsPtr() bool                                 { return false }
func (own) CallsExtern() bool                                { return false }
func (own) OverwritesInput() int                             { return -1 }
func (own) WriteHash(h hash.Hash)                            { fmt.Fprint(h, "own") }
func (own) Hashcode() uint32                                 { return 1 }
func (own) String() string                                   { return "twice" }
func (own) DiffWRT(int) []bool                               { return []bool{true} }
func (own) Do(vs ...G.Value) (G.Value, error)                { return tensor.Mul(vs[0].(*tensor.Dense), 2.0) }
func (own) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	d, err := G.Add(grad, grad)
	return G.Nodes{d}, err
}

// saying is one that says whether it reads over time.
type saying struct {
	own
	overTime bool
}

func (s saying) OverTime() bool { return s.overTime }

// An operation of a user's is what it says, and refused in chunks if it says nothing.
func TestOwnOperations(t *testing.T) {
	layer := func(op G.Op) layers.Layer {
		return layers.Func(func(x *G.Node) (*G.Node, error) { return G.ApplyOp(op, x) })
	}
	for name, c := range map[string]struct {
		op   G.Op
		with string
	}{
		"silent":    {own{}, "give train_test.own a method OverTime() bool"},
		"over time": {saying{overTime: true}, "reads whole sequences of one length"},
		"each step": {saying{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, in := range allChunks {
				want, got, err := inChunks(t, layer(c.op), in)
				if c.with == "" {
					require.NoError(t, err)
					require.InDeltaSlice(t, want, got, 1e-12)
					continue
				}
				require.ErrorContains(t, err, c.with)
			}
		})
	}
}
