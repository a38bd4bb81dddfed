package online_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/online"
	"github.com/spikegrad/spikegrad/surrogate"
)

// lively are neurons that fire often, with slopes that reach far.
func lively() neurons.LIFParams {
	p := neurons.DefaultLIFParams()
	p.VTh, p.Spike = graph.Const(0.1), surrogate.SuperSpike{Alpha: 3}
	return p
}

func adaptive() neurons.LSNNParams {
	p := neurons.DefaultLSNNParams()
	p.LIFParams, p.TauAdaptInv, p.Beta = lively(), graph.Const(30), graph.Const(0.2)
	return p
}

// A swing is a neuron of nobody's: two states, one multiplied by the other.
type swing struct {
	Omega graph.Param
	Spike graph.Func
}

type swingState struct{ U, V *G.Node }

func (p swing) Rest(x *G.Node) (swingState, error) {
	var b graph.Builder
	return swingState{U: b.Fill(x, graph.Const(0.1)), V: b.Fill(x, graph.Const(-0.1))}, b.Err()
}

func swingStep(x *G.Node, s swingState, p swing) (z *G.Node, next swingState, err error) {
	b := graph.NewBuilder(x, &s)
	u := b.Sub(b.Scale(s.U, graph.Const(0.9)), b.Mul(b.Scale(s.V, p.Omega), s.V))
	next.U = b.Add(u, b.Mul(x, b.Not(s.V)))
	next.V = b.Tanh(b.Add(b.Scale(s.V, graph.Const(0.8)), b.Scale(next.U, p.Omega)))
	z = b.Spike(p.Spike, next.V, graph.Const(0.05))
	next.U = b.Sub(next.U, b.Mul(z, b.Square(s.V)))
	return z, next, b.Err()
}

// A graded neuron of nobody's has one state, which its own output opens a gate of; it does not spike.
type graded struct{ Keep graph.Param }

type gradedState struct{ A *G.Node }

func (p graded) Rest(x *G.Node) (gradedState, error) {
	var b graph.Builder
	return gradedState{A: b.Fill(x, graph.Const(0.3))}, b.Err()
}

func gradedStep(x *G.Node, s gradedState, p graded) (y *G.Node, next gradedState, err error) {
	b := graph.NewBuilder(x, &s)
	gate := b.Sigmoid(b.Sub(x, s.A))
	next.A = b.Add(b.Mul(gate, s.A), b.Scale(b.Mul(b.Not(gate), b.Tanh(x)), p.Keep))
	return b.Exp(b.Neg(b.Square(b.Sub(next.A, s.A)))), next, b.Err()
}

// cut is layers.Recurrent without the gradient that goes through the spikes that come back.
type cut[S any, P graph.Params[S]] struct {
	step graph.Step[S, P]
	p    P
}

func (l cut[S, P]) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	n := x.Shape()[2]
	w, err := b.Weight(x, "recurrent.w", layers.Scaled{Gain: 1}, n, n)
	if err != nil {
		return nil, err
	}
	back := wrap.Recurrent(l.step)
	step := func(x *G.Node, s wrap.RecurrentState[S], p wrap.RecurrentParams[S, P]) (*G.Node, wrap.RecurrentState[S], error) {
		var g graph.Builder
		s.Z = g.Detach(s.Z)
		return back(x, s, p)
	}
	run, err := graph.Scan(step, x, nil, wrap.RecurrentParams[S, P]{Inner: l.p, W: w})
	if err != nil {
		return nil, err
	}
	return run.Out, nil
}

// A pair of layers: one that learns online, and the one whose gradient that should have.
type pair struct{ own, reference layers.Layer }

func pairOf[S any, P graph.Params[S]](step graph.Step[S, P], p P, recurrent bool) pair {
	if recurrent {
		return pair{layers.Recurrent(step, p, layers.RecurrentInit(layers.Scaled{Gain: 1})), cut[S, P]{step, p}}
	}
	l := layers.Lift(step, p)
	return pair{l, l}
}

// softly are neurons whose traces are those of their inputs: a spike takes off the threshold, with no gradient.
func softly() neurons.LIFParams {
	p := lively()
	p.ResetMethod, p.DetachReset = neurons.ResetSubtract, true
	return p
}

// One layer of neurons before a readout learns by the gradient of backpropagation through time, however
// long windows are; recurrent ones by that without what goes through the spikes that come back.
func TestGradient(t *testing.T) {
	readouts := map[string][]layers.Layer{
		"leaky":  {layers.Linear{Out: 2}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams())},
		"linear": {layers.Linear{Out: 2}},
		"none":   nil,
	}
	for _, recurrent := range []bool{false, true} {
		for name, p := range map[string]pair{
			"LIF":    pairOf(neurons.LIFStep, lively(), recurrent),
			"soft":   pairOf(neurons.LIFStep, softly(), recurrent),
			"LSNN":   pairOf(neurons.LSNNStep, adaptive(), recurrent),
			"swing":  pairOf(swingStep, swing{Omega: graph.Const(0.4), Spike: surrogate.SuperSpike{Alpha: 3}}, recurrent),
			"graded": pairOf(gradedStep, graded{Keep: graph.Const(0.7)}, recurrent),
		} {
			for behind, readout := range readouts {
				t.Run(fmt.Sprint(name, " ", recurrent, " ", behind), func(t *testing.T) {
					first := layers.Linear{Out: 4}
					for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-9, tensor.Float32: 1e-4} {
						want := newTask(dt, append([]layers.Layer{first, p.reference}, readout...)...).backpropagated(t)
						moved(t, want)
						own := newTask(dt, append([]layers.Layer{first, p.own}, readout...)...)
						for _, window := range map[tensor.Dtype][]int{tensor.Float64: {12, 4, 1}, tensor.Float32: {4}}[dt] {
							same(t, want, own.learnt(t, online.EProp{}, window), tol)
						}
					}
				})
			}
		}
	}
}

// The same of so many inputs, neurons and samples that traces fall into several pieces of work.
func TestManyNeurons(t *testing.T) {
	for _, batch := range []int{1, 9} {
		for _, p := range []neurons.LIFParams{lively(), softly()} {
			k := newTask(tensor.Float64, layers.Linear{Out: 140}, layers.Lift(neurons.LIFStep, p), layers.Linear{Out: 2}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()))
			k.batch, k.in = batch, 70
			k.x, k.y = graphtest.Sparse(k.steps*batch*k.in, 0.3, false, 1), graphtest.Random(k.steps*batch*2, 2)
			want := k.backpropagated(t)
			moved(t, want)
			same(t, want, k.learnt(t, online.EProp{}, 4), 1e-9)
		}
	}
}

// Operations of Gorgonia's own, whose gradients it has to go through itself, change nothing: halves that are taken apart
// and put together again.
func TestHalves(t *testing.T) {
	as := layers.Func(func(x *G.Node) (*G.Node, error) { return x, nil })
	halves := layers.Func(func(x *G.Node) (*G.Node, error) {
		a, err := G.Slice(x, nil, nil, G.S(0, 2))
		if err != nil {
			return nil, err
		}
		b, err := G.Slice(x, nil, nil, G.S(2, 4))
		if err != nil {
			return nil, err
		}
		return G.Concat(2, a, b)
	})
	first, lif, li := layers.Linear{Out: 4}, layers.Lift(neurons.LIFStep, lively()), layers.Lift(neurons.LIStep, neurons.DefaultLIParams())
	for name, net := range map[string]func(between layers.Layer) []layers.Layer{
		"before a leaky readout": func(l layers.Layer) []layers.Layer { return []layers.Layer{first, lif, l, layers.Linear{Out: 2}, li} },
		"between two layers": func(l layers.Layer) []layers.Layer {
			return []layers.Layer{first, lif, l, layers.Linear{Out: 3}, lif, layers.Linear{Out: 2}}
		},
		"below a recurrent one": func(l layers.Layer) []layers.Layer {
			return []layers.Layer{first, lif, l, layers.Linear{Out: 3}, layers.Recurrent(neurons.LIFStep, lively()), layers.Linear{Out: 2}, li}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range []online.Feedback{online.Symmetric, online.Random} {
				want := newTask(tensor.Float64, net(as)...).learnt(t, online.EProp{Feedback: f}, 4)
				moved(t, want)
				same(t, want, newTask(tensor.Float64, net(halves)...).learnt(t, online.EProp{Feedback: f}, 4), 1e-12)
			}
		})
	}
}

// moved fails where a gradient is zero, of which one could learn nothing.
func moved(t *testing.T, grads map[string][]float64) {
	for name, d := range grads {
		var most float64
		for _, v := range d {
			most = max(most, math.Abs(v))
		}
		require.Greater(t, most, 1e-6, name)
	}
}

// same compares gradients, to a share of the largest element of each.
func same(t *testing.T, want, got map[string][]float64, tol float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for name, w := range want {
		var most float64
		for _, v := range w {
			most = max(most, math.Abs(v))
		}
		require.InDeltaSlice(t, w, got[name], tol*most, name)
	}
}

// In a network of several layers the upper ones learn as one layer does, and no gradient depends on where
// windows end. A weight that stands at two places has the sum.
func TestDeep(t *testing.T) {
	shared := layers.Shared("twice", layers.Linear{Out: 4})
	k := newTask(tensor.Float64,
		layers.Linear{Out: 4}, layers.Lift(neurons.LIFStep, lively()), shared, layers.Recurrent(swingStep, swing{Omega: graph.Const(0.4), Spike: surrogate.SuperSpike{Alpha: 3}}),
		layers.GroupNorm{Groups: 1, NoGain: true, NoBias: true}, shared, layers.Lift(neurons.LIFStep, lively()),
		layers.Linear{Out: 2}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()))
	whole := k.learnt(t, online.EProp{}, 12)
	moved(t, whole)
	for _, window := range []int{6, 3, 1} {
		same(t, whole, k.learnt(t, online.EProp{}, window), 1e-9)
	}
	want := k.backpropagated(t)
	for _, name := range []string{"7.linear.w", "7.linear.b"} {
		same(t, map[string][]float64{name: want[name]}, map[string][]float64{name: whole[name]}, 1e-9)
	}
	require.NotEqual(t, want["0.linear.w"], whole["0.linear.w"])
}

// Neurons that filter, each in its own way, learn by the gradient that is theirs; what is below them gets the
// signal of the time step.
func TestOwnFilters(t *testing.T) {
	filters := layers.Lift(neurons.LIStep, neurons.DefaultLIParams(), layers.Each(layers.Values{60, 200}, "TauMemInv"))
	k := newTask(tensor.Float64, layers.Linear{Out: 4}, layers.Lift(neurons.LIFStep, lively()), layers.Linear{Out: 2}, filters)
	want, got := k.backpropagated(t), k.learnt(t, online.EProp{}, 3)
	for _, name := range []string{"2.linear.w", "2.linear.b"} {
		same(t, map[string][]float64{name: want[name]}, map[string][]float64{name: got[name]}, 1e-9)
	}
	same(t, k.learnt(t, online.EProp{}, 1), got, 1e-9)
	require.NotEqual(t, want["0.linear.w"], got["0.linear.w"])
}

// Random feedback is symmetric feedback where the weights to the outputs are those of the feedback: the layer below gets
// what it would get from them, and the outputs learn as ever.
func TestRandomFeedback(t *testing.T) {
	const n, outs = 4, 2
	rng := layers.NewBuild(7).Rand("feedback to 1")
	back := make(layers.Values, n*outs) // [n, outs], the transpose of what is drawn
	for o := range outs {
		for j := range n {
			back[j*outs+o] = rng.NormFloat64() / math.Sqrt(n)
		}
	}
	for _, readout := range [][]layers.Layer{{layers.Lift(neurons.LIStep, neurons.DefaultLIParams())}, nil} {
		rate := layers.Regularise(layers.Rate{Upper: 0.01, Weight: 1}) // of the penalty each layer gets its own gradient, whatever the feedback
		net := append([]layers.Layer{layers.Linear{Out: n}, layers.Recurrent(neurons.LIFStep, lively(), rate), layers.Linear{Out: outs, Init: back}}, readout...)
		k := newTask(tensor.Float64, net...)
		want := k.learnt(t, online.EProp{}, 3)
		same(t, want, k.learnt(t, online.EProp{Feedback: online.Random}, 3), 1e-9)

		net[2] = layers.Linear{Out: outs}
		k = newTask(tensor.Float64, net...)
		other, own := k.learnt(t, online.EProp{Feedback: online.Random}, 3), k.learnt(t, online.EProp{}, 3)
		require.NotEqual(t, own["0.linear.w"], other["0.linear.w"])
		require.Equal(t, own["2.linear.w"], other["2.linear.w"])
	}
}

// How far the gradient of e-prop is from that of backpropagation through time: the cosines of the angles, as
// docs/online.md has them, are above those of chance.
func TestAngles(t *testing.T) {
	p, readout := lively(), []layers.Layer{layers.Linear{Out: 2}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams())}
	for name, hidden := range map[string][]layers.Layer{
		"recurrent":  {layers.Linear{Out: 40}, layers.Recurrent(neurons.LIFStep, p)},
		"LSNN":       {layers.Linear{Out: 40}, layers.Recurrent(neurons.LSNNStep, adaptive())},
		"two layers": {layers.Linear{Out: 40}, layers.Lift(neurons.LIFStep, p), layers.Linear{Out: 40}, layers.Lift(neurons.LIFStep, p)},
	} {
		k := newTask(tensor.Float64, append(hidden, readout...)...)
		k.steps, k.batch = 60, 4
		k.x = graphtest.Sparse(k.steps*k.batch*k.in, 0.3, true, 1)
		k.y = graphtest.Random(k.steps*k.batch*2, 2)
		want := k.backpropagated(t)
		for _, f := range []online.Feedback{online.Symmetric, online.Random} {
			got := k.learnt(t, online.EProp{Feedback: f}, 12)
			for _, w := range []string{"0.linear.w", "1.recurrent.w"} {
				if want[w] == nil {
					continue
				}
				var dot, a, b float64
				for i, v := range want[w] {
					dot, a, b = dot+v*got[w][i], a+v*v, b+got[w][i]*got[w][i]
				}
				cosine := dot / math.Sqrt(a*b)
				t.Logf("%s, %v, %s: %.0f°", name, f, w, math.Acos(cosine)*180/math.Pi)
				if f == online.Symmetric {
					require.Greater(t, cosine, 0.3, name)
				}
			}
		}
	}
}
