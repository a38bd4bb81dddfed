package layers_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// late is a layer as a user would write one: every step comes one step later, and
// what the last one was is the state.
type late struct{}

func (late) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	var g graph.Builder
	steps := x.Shape()[0]
	s, err := b.Enter("last", g.Constant(x, 0, x.Shape()[1:]...))
	if err != nil {
		return nil, err
	}
	out := G.Nodes{s.From()}
	for t := range steps - 1 {
		out = append(out, g.At(x, t))
	}
	s.Out = g.At(x, steps-1)
	return g.Stack(out...), g.Err()
}

// A network on windows one after the other, its states handed on, does what it does
// on the whole sequence. Sequences that start in a window start from rest, whatever
// enters.
func TestCarry(t *testing.T) {
	const steps, batch, n = 12, 3, 4
	net := layers.Sequential{
		layers.Linear{Out: 6, Init: layers.Scaled{Gain: 6}}, layers.Recurrent(neurons.LSNNStep, neurons.DefaultLSNNParams()), late{},
		layers.Linear{Out: 2}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
	}
	x := graphtest.Random(steps*batch*n, 1)
	for i := range x {
		x[i] += 1
	}
	run := func(b *layers.Build, x []float64, states map[string][]float64, starts []float64) []float64 {
		g := G.NewGraph()
		in := graphtest.Node(g, tensor.Float64, "x", []int{len(x) / batch / n, batch, n}, x)
		if states != nil {
			b.Carry = &layers.Carry{Starts: graphtest.Node(g, tensor.Float64, "starts", []int{batch}, starts)}
		}
		y, err := net.Apply(b, in)
		require.NoError(t, err)
		nodes := []*G.Node{y}
		if states != nil {
			for _, s := range b.Carry.States {
				if v, ok := states[s.Name]; ok {
					require.NoError(t, G.Let(s.In, graphtest.Tensor(tensor.Float64, s.In.Shape(), v)))
				}
				nodes = append(nodes, s.Out)
			}
		}
		vs := graphtest.Eval(t, nodes...)
		for i := range vs[1:] {
			states[b.Carry.States[i].Name] = vs[1+i]
		}
		return vs[0]
	}
	want := run(layers.NewBuild(1), x, nil, nil)
	require.NotZero(t, want[0])
	for _, window := range []int{1, 4, 6} {
		states := map[string][]float64{}
		var y []float64
		for k := 0; k < steps; k += window {
			starts := []float64{0, 0, 0}
			if k == 0 {
				starts = []float64{1, 1, 1}
			}
			y = run(layers.NewBuild(1), x[k*batch*n:(k+window)*batch*n], states, starts)
		}
		require.Equal(t, want, y)
		require.Len(t, states, 8) // of the neurons 4, with the spikes that come back, and 2; of late; of the readout

		// Once more behind this: sample 1 starts anew, the others go on.
		y = run(layers.NewBuild(1), x, states, []float64{0, 1, 0})
		require.Equal(t, want[2:4], y[2:4])
		require.NotEqual(t, want[:2], y[:2])
		require.NotEqual(t, want[4:], y[4:])
	}
}

func TestEnter(t *testing.T) {
	x := input(tensor.Float32, 4, 2, 3)
	var g graph.Builder
	rest := g.Constant(x, 1, 2, 3)
	require.NoError(t, g.Err())

	// Without a Carry, a layer starts from rest and nothing is entered.
	b := layers.NewBuild(1)
	s, err := b.Enter("V", rest)
	require.NoError(t, err)
	require.Same(t, rest, s.From())
	require.Nil(t, s.In)

	// Names are of the layer, and told apart.
	b.Carry = &layers.Carry{}
	err = b.In("hidden", func() error {
		for range 2 {
			if s, err = b.Enter("V", rest); err != nil {
				return err
			}
			require.Same(t, s.In, s.From())
		}
		return nil
	})
	require.NoError(t, err)
	require.Len(t, b.Carry.States, 2)
	require.Equal(t, "hidden.V", b.Carry.States[0].Name)
	require.Equal(t, "hidden.V 2", b.Carry.States[1].Name)

	_, err = b.Enter("V", nil)
	require.EqualError(t, err, "layers: state V: the Build or the node of the state at rest is nil")
	_, err = b.Enter("V", graphtest.Node(x.Graph(), tensor.Float32, "scalar", nil, []float64{1}))
	require.EqualError(t, err, "layers: state V: at rest it has shape [] of float32, want [batch …] of float32 or float64")
	b.Carry.Starts = graphtest.Node(x.Graph(), tensor.Float32, "starts", []int{5}, make([]float64, 5))
	_, err = b.Enter("V", rest)
	require.EqualError(t, err, "layers: state V: choose: operands have shapes [5], [2 3] and [2 3], want [batch] and twice [batch …], of one element type")
}
