package c_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/export/c"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/surrogate"
)

// open is a layer of a model of neurons that gives its states, too.
type open struct{ models.Model }

// Apply adds the neurons.
func (o open) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	o.Model = o.Clone()
	var g graph.Builder
	rest, err := o.Rest(g.Constant(x, 0, x.Shape()[1:]...))
	if err != nil {
		return nil, err
	}
	for _, name := range o.Weights() {
		n := x.Shape()[2]
		w, err := b.Weight(x, name, layers.Scaled{Gain: 1}, n, n)
		if err != nil {
			return nil, err
		}
		if err := o.Set(name, w); err != nil {
			return nil, err
		}
	}
	from, entered := map[string]*G.Node{}, map[string]*layers.State{}
	for _, name := range o.States() {
		if entered[name], err = b.Enter(name, rest[name]); err != nil {
			return nil, err
		}
		from[name] = entered[name].From()
	}
	run, err := o.Lift(true, x, from)
	if err != nil {
		return nil, err
	}
	if err := b.Output("out", run.Out); err != nil {
		return nil, err
	}
	for _, name := range o.States() {
		entered[name].Out = run.Final[name]
		trace, err := run.Trace(name)
		if err == nil {
			err = b.Output(name, trace)
		}
		if err != nil {
			return nil, err
		}
	}
	return run.Out, nil
}

// All models of neurons do in C what they do here, with all their states.
func TestNeurons(t *testing.T) {
	cc := compiler(t)
	var all []pair
	for i, m := range models.All() {
		if i%6 != 0 && !long.Tests() {
			continue
		}
		r := rand.New(rand.NewPCG(2, uint64(i)))
		net := layers.Sequential{layers.Linear{Out: 7, Init: layers.Scaled{Gain: 30}}, open{m}}
		here := newStepper(t, net, 3, []int{10})
		code, err := c.Export(net, []int{10}, here.values, c.Options{Prefix: fmt.Sprintf("n%d", i)})
		require.NoError(t, err, m.Name())
		all = append(all, pair{m.Name(), here, code, 20, spikes(r, 2*20*10, 0.4)})
	}
	require.Empty(t, compare(t, cc, all, 1e-5))
}

// A random step has so many states, and does what is drawn from a seed.
type drawn struct {
	Seed   uint64
	VTh, A graph.Param
	W      *G.Node
	Spike  graph.Func
}

type drawnState struct{ S, T, U *G.Node }

// Rest returns the states, which are not 0.
func (p drawn) Rest(x *G.Node) (drawnState, error) {
	var b graph.Builder
	return drawnState{b.Fill(x, graph.Const(0.25)), b.Fill(x, graph.Const(0)), b.Fill(x, graph.Const(-0.5))}, b.Err()
}

// drawnStep draws a step of verbs, of values that stay small: states change places, are passed
// on, are read after the next one is there.
func drawnStep(x *G.Node, s drawnState, p drawn) (*G.Node, drawnState, error) {
	r := rand.New(rand.NewPCG(p.Seed, 5))
	b := graph.NewBuilder(x, &s)
	vs := []*G.Node{s.S, s.T, s.U, b.Scale(x, graph.Const(0.5))}
	pick := func() *G.Node { return vs[r.IntN(len(vs))] }
	for range 4 + r.IntN(12) {
		x, y := pick(), pick()
		verbs := []func() *G.Node{
			func() *G.Node { return b.Scale(b.Add(x, y), graph.Const(0.5)) }, func() *G.Node { return b.Scale(b.Sub(x, y), graph.Const(0.5)) },
			func() *G.Node { return b.Mul(x, y) }, func() *G.Node { return b.Div(x, b.Shift(b.Abs(y), graph.Const(1))) },
			func() *G.Node { return b.Neg(x) }, func() *G.Node { return b.Square(x) }, func() *G.Node { return b.Sqrt(b.Abs(x)) },
			func() *G.Node { return b.Exp(b.Neg(b.Square(x))) }, func() *G.Node { return b.Log(b.Shift(b.Abs(x), graph.Const(1))) },
			func() *G.Node { return b.Tanh(x) }, func() *G.Node { return b.Sigmoid(x) }, func() *G.Node { return b.Relu(x) },
			func() *G.Node { return b.Clamp(x, -0.3, 0.7) }, func() *G.Node { return b.Not(x) }, func() *G.Node { return b.Scale(x, p.A) },
			func() *G.Node { return b.From(p.A, x) }, func() *G.Node { return b.Euler(x, 0.5, p.A, y) }, func() *G.Node { return b.MatMul(x, p.W) },
			func() *G.Node { return b.Inv(b.Shift(b.Square(x), graph.Const(1))) },
			func() *G.Node { return b.Expand(b.Scale(b.Reduce(x, []int{1, 1}), graph.Const(0.125)), x.Shape()) },
		}
		vs = append(vs, b.Clamp(verbs[r.IntN(len(verbs))](), -1, 1))
	}
	z := b.Spike(p.Spike, pick(), p.VTh)
	vs = append(vs, b.Reset(z, pick(), graph.Const(0)), z)
	var next drawnState
	for _, to := range []**G.Node{&next.S, &next.T, &next.U} {
		*to = pick()
	}
	out := vs[len(vs)-1-r.IntN(3)]
	return out, next, b.Err()
}

// Steps that nobody has chosen do in C what they do here.
func TestDrawnSteps(t *testing.T) {
	cc := compiler(t)
	count := 8
	if long.Tests() {
		count = 300
	}
	var all []pair
	for i := range count {
		r := rand.New(rand.NewPCG(4, uint64(i)))
		p := drawn{Seed: uint64(i), VTh: graph.Const(0.2), A: graph.Const(0.7), Spike: surrogate.SuperSpike{Alpha: 100}}
		net := layers.Sequential{layers.Linear{Out: 8, Init: layers.Scaled{Gain: 3}}, opened(p)}
		here := newStepper(t, net, uint64(i), []int{6})
		code, err := c.Export(net, []int{6}, here.values, c.Options{Prefix: fmt.Sprintf("n%d", i)})
		require.NoError(t, err, i)
		all = append(all, pair{fmt.Sprint("seed ", i), here, code, 9, spikes(r, 2*9*6, 0.4)})
	}
	for part := range slices.Chunk(all, 50) {
		require.Less(t, len(compare(t, cc, part, 1e-5)), len(part)/5)
	}
}

func opened(p drawn) layers.Layer { return open{models.Of("drawn", drawnStep, p)} }
