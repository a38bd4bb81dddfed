package online_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/online"
)

// A crowd is neurons that see each other: each is pulled to the mean of all.
type crowd struct{ W *G.Node }

func (p crowd) Rest(x *G.Node) (gradedState, error) {
	var b graph.Builder
	return gradedState{A: b.Fill(x, graph.Const(0))}, b.Err()
}

func crowdStep(x *G.Node, s gradedState, p crowd) (*G.Node, gradedState, error) {
	b := graph.NewBuilder(x, &s)
	mean := b.Expand(b.Reduce(s.A, []int{s.A.Shape()[0], 1}), s.A.Shape())
	s.A = b.Add(x, b.Scale(mean, graph.Const(0.1)))
	return s.A, s, b.Err()
}

// What cannot be right is refused, by name, with the way out.
func TestRefused(t *testing.T) {
	lif := layers.Lift(neurons.LIFStep, lively())
	out := layers.Linear{Out: 2}
	for name, c := range map[string]struct {
		net  []layers.Layer
		want string
	}{
		"a step that mixes neurons": {[]layers.Layer{layers.Linear{Out: 4}, layers.Lift(crowdStep, crowd{}), out},
			"layers: neurons 1: its step has reduce[3 1], which may mix neurons; online, the states of a neuron are its own affair: for others there is backpropagation through time"},
		"sums over neurons": {[]layers.Layer{layers.Linear{Out: 4}, layers.Lift(wrap.Regularised(neurons.LIFStep),
			wrap.RegularisedParams[neurons.LIFState, neurons.LIFParams]{Inner: lively(), Accumulate: wrap.SpikeAccumulator[neurons.LIFState]}), out},
			"layers: neurons 1: state Reg has shape [1], want one value a neuron, [3 4]; online, the states of a neuron are its own affair: for others there is backpropagation through time"},
		"other connections": {[]layers.Layer{layers.Linear{Out: 4}, layers.RecurrentThrough(layers.BackOneToOne{}, neurons.LIFStep, lively()), out},
			"layers: neurons 1: they are connected among themselves by other than all weights; online, want layers.Recurrent"},
		"learnt neurons": {[]layers.Layer{layers.Linear{Out: 4}, layers.Lift(neurons.LIFStep, lively(), layers.Learn("TauMemInv")), out},
			"online: neurons 1: 1.TauMemInv, a parameter of the neurons, is learnt; online, weights alone are: leave out layers.Learn, or learn by backpropagation through time"},
		"two maps": {[]layers.Layer{layers.Linear{Out: 4}, layers.Linear{Out: 4}, lif, out},
			"online: neurons 2: 0.linear.w goes into these neurons through another map, 1.linear.w; put neurons between the two, or learn by backpropagation through time"},
		"a norm": {[]layers.Layer{layers.Linear{Out: 4}, layers.GroupNorm{Groups: 1}, lif, out},
			"online: neurons 2: 0.linear.w goes into these neurons through group norm; what is learnt online are the weights of layers.Linear right before neurons, and of layers.Recurrent"},
		"connections of a pattern": {[]layers.Layer{layers.Linear{Out: 4, Pattern: layers.Chance(0.5)}, lif, out},
			"online: neurons 1: 0.linear.w goes into these neurons through sparse map 5 to 4 by 7 connections; what is learnt online are the weights of layers.Linear right before neurons, and of layers.Recurrent"},
		"rounding": {[]layers.Layer{layers.Quantise{Bits: 4, Layer: layers.Linear{Out: 4}}, lif, out},
			"online: neurons 1: 0.linear.w goes into a linear map through quantise to 4 bits; what is learnt online has nothing between, such as rounding or noise"},
		"rounded recurrent weights": {[]layers.Layer{layers.Linear{Out: 4}, layers.Quantise{Bits: 4, Layer: layers.Recurrent(neurons.LIFStep, lively())}, out},
			"online: neurons 1: the weights among them are no parameters; what is learnt online has nothing between, such as rounding"},
		"a readout over time": {[]layers.Layer{layers.Linear{Out: 4}, lif, out, layers.MeanOverTime},
			"online: the outputs have shape [3 2], want [12 3 -1] with a loss at every time step: leave out the readout over time, and take a loss with Sequence"},
		"delays": {[]layers.Layer{layers.Linear{Out: 4}, lif, layers.Delay{Max: 3, Fixed: true}, out},
			"online: state 2.delay.later is none of neurons, and joins time steps: online, want layers without one between the neurons"},
		"batch norm": {[]layers.Layer{layers.Linear{Out: 4}, lif, layers.BatchNorm{}, out},
			"online: buffer 2.norm.mean is made of a whole batch in all its time steps; online, want layers without one, such as layers.GroupNorm"},
		"voltages": {[]layers.Layer{layers.Linear{Out: 4}, layers.Lift(neurons.LIFStep, lively(), layers.Regularise(layers.Voltage{Lower: -1, Upper: 1, Weight: 1})), out},
			"layers: neurons 1: the state V over time has no gradient online; leave out what penalises it"},
		"no signal": {[]layers.Layer{layers.Linear{Out: 4}, lif, layers.Linear{Out: 4}, layers.Lift(neurons.LSNNStep, adaptive()), out},
			"online: no learning signal reaches neurons 1: the loss at a time step does not depend on what they do at that step"},
		"no neurons": {[]layers.Layer{out}, "online: the network has no neurons"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTask(tensor.Float32, c.net...)
			err := k.tryOnline(online.EProp{})
			require.EqualError(t, err, c.want)
		})
	}
	k := newTask(tensor.Float32, layers.Linear{Out: 4}, lif, layers.Linear{Out: 4}, lif, out)
	for want, e := range map[string]online.EProp{
		"online: no layers.Linear leads from neurons 1 to the outputs; adaptive feedback learns as its weights do": {Feedback: online.Adaptive},
		"online: Feedback is 3, want Symmetric, Random or Adaptive":                                                {Feedback: 3},
		"online: the weight of Firing is -1, want a finite number of at least 0":                                   {Firing: online.Firing{Weight: -1}},
		"online: the target of Firing is -1, want a finite number of at least 0":                                   {Firing: online.Firing{Target: -1}},
		"online: the time constant of Firing is 0.5 steps, want at least 1":                                        {Firing: online.Firing{Tau: 0.5}},
	} {
		require.EqualError(t, k.tryOnline(e), want)
	}
	_, err := online.EProp{}.Prepare(nil)
	require.EqualError(t, err, "online: the Build is nil, want one made by layers.NewBuild")
	_, err = online.EProp{}.Prepare(layers.NewBuild(1))
	require.EqualError(t, err, "online: the Build has no Carry: what learns online goes through time window by window")
}

func (k task) tryOnline(e online.EProp) error {
	b := layers.NewBuild(7)
	b.Carry = &layers.Carry{}
	gradients, err := e.Prepare(b)
	if err != nil {
		return err
	}
	x := G.NewTensor(G.NewGraph(), k.dt, 3, G.WithShape(k.steps, k.batch, k.in), G.WithName("x"))
	out, err := k.net.Apply(b, x)
	if err != nil {
		return err
	}
	var g graph.Builder
	_, err = gradients(out, g.Reduce(g.Square(out), nil))
	return err
}
