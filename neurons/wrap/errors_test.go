package wrap_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

func TestWrapperErrors(t *testing.T) {
	lif, li := neurons.DefaultLIFParams(), neurons.DefaultLIParams()
	type (
		lifState = neurons.LIFState
		lifs     = neurons.LIFParams
	)
	require.Equal(t, "wrap: recurrent step: the weights W are nil",
		neurontest.StepError(t, wrap.Recurrent(neurons.LIFStep), wrap.RecurrentParams[lifState, lifs]{Inner: lif}))
	require.Equal(t, "wrap: recurrent adjoint step: the weights W are nil",
		neurontest.StepError(t, wrap.RecurrentAdjoint(neurons.LIFAdjointStep), wrap.RecurrentAdjointParams[lifState, lifs]{Inner: lif}))
	require.Equal(t, "wrap: coupled step: the conductances Coupling are nil",
		neurontest.StepError(t, wrap.Coupled(neurons.LIFStep), wrap.CoupledParams[lifState, lifs]{Inner: lif}))
	require.Equal(t, "wrap: refractory step: RhoReset is -1, want 0 or more",
		neurontest.StepError(t, wrap.Refractory(neurons.LIFStep), wrap.RefractoryParams[lifState, lifs]{Inner: lif, RhoReset: graph.Const(-1)}))
	require.Equal(t, "wrap: refractory step: the model inside has no Spike",
		neurontest.StepError(t, wrap.Refractory(neurons.LIStep), wrap.RefractoryParams[neurons.LIState, neurons.LIParams]{Inner: li}))
	require.Equal(t, "wrap: regularised step: the accumulator is nil",
		neurontest.StepError(t, wrap.Regularised(neurons.LIFStep), wrap.RegularisedParams[lifState, lifs]{Inner: lif}))
}

// slow is a model that moves its potential in a way of its own.
type slow struct {
	Dt          float64
	Integration graph.Integration
}

func (slow) Rest(x *G.Node) (neurons.BoxState, error) { return neurons.BoxState{V: x}, nil }

func slowStep(x *G.Node, s neurons.BoxState, p slow) (*G.Node, neurons.BoxState, error) {
	var b graph.Builder
	v := p.Integration.Decay(&b, s.V, p.Dt, graph.Const(1))
	return v, neurons.BoxState{V: v}, b.Err()
}

// Compartments are integrated exponentially if the model inside leaves it to a Flow.
func TestCoupledExponentially(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{1, 2}, []float64{0, 0})
	w := graphtest.Node(g, tensor.Float64, "w", []int{2, 2}, make([]float64, 4))
	p := wrap.CoupledParams[neurons.BoxState, slow]{Inner: slow{Dt: 1}, Coupling: w}
	_, _, err := wrap.Coupled(slowStep)(x, neurons.BoxState{V: x}, p)
	require.NoError(t, err)
	p.Inner.Integration = graph.Exponential
	_, _, err = wrap.Coupled(slowStep)(x, neurons.BoxState{V: x}, p)
	require.EqualError(t, err, "wrap: coupled step: the model inside does not move its potential by Integration.Flow, as graph.Exponential needs")

	nested := wrap.Coupled(wrap.Coupled(neurons.LIFBoxStep))
	box := neurons.DefaultLIFBoxParams()
	box.Integration = graph.Exponential
	type inner = wrap.CoupledParams[neurons.BoxState, neurons.LIFBoxParams]
	_, _, err = nested(x, neurons.BoxState{V: x}, wrap.CoupledParams[neurons.BoxState, inner]{Inner: inner{Inner: box, Coupling: w}, Coupling: w})
	require.ErrorContains(t, err, "does not move its potential by Integration.Flow")

	lif := neurons.DefaultLIFParams()
	lif.Integration = graph.Exponential
	_, _, err = wrap.Coupled(neurons.LIFAdjointStep)(x, neurons.LIFState{V: x, I: x},
		wrap.CoupledParams[neurons.LIFState, neurons.LIFParams]{Inner: lif, Coupling: w})
	require.EqualError(t, err, "neurons: LIF adjoint step: EventProp has no equations for coupled compartments under graph.Exponential")
}

// plain is a model of another kind: its state has no V, its parameters no Dt.
type plain struct{ Spike float64 }

type plainState struct{ U *G.Node }

func (plain) Rest(x *G.Node) (plainState, error) { return plainState{x}, nil }

func plainStep(x *G.Node, s plainState, _ plain) (*G.Node, plainState, error) { return x, s, nil }

func TestWrappersOfOtherModels(t *testing.T) {
	require.Equal(t, "wrap: refractory step: the model inside has no V",
		neurontest.StepError(t, wrap.Refractory(plainStep), wrap.RefractoryParams[plainState, plain]{}))
	_, err := wrap.RegularisedParams[plainState, plain]{Accumulate: wrap.VoltageAccumulator[plainState]}.Rest(
		graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{1, 1}, []float64{0}))
	require.EqualError(t, err, "the model inside has no V")

	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{1, 1}, []float64{0})
	w := graphtest.Node(g, tensor.Float64, "w", []int{1, 1}, []float64{0})
	_, _, err = wrap.Coupled(plainStep)(x, plainState{x}, wrap.CoupledParams[plainState, plain]{Coupling: w})
	require.EqualError(t, err, "wrap: coupled step: the model inside has no Dt")
	adjoint := wrap.RecurrentAdjointParams[plainState, plain]{W: w}
	_, _, err = wrap.RecurrentAdjoint(plainStep)(x, wrap.RecurrentState[plainState]{Inner: plainState{x}, Z: x}, adjoint)
	require.EqualError(t, err, "wrap: recurrent adjoint step: the model inside has no I")
}
