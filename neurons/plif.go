package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// PLIFParams are the parameters of a parametric leaky integrate-and-fire neuron.
type PLIFParams struct {
	K      graph.Param // k, by how much of its distance to where it goes the potential moves in a time step
	VLeak  graph.Param // potential at rest
	Firing             // threshold, reset, spike function
}

// DefaultPLIFParams returns k = 0.5, v_th = 1, v_reset = 0.
func DefaultPLIFParams() PLIFParams {
	return PLIFParams{K: graph.Const(0.5), Firing: DefaultFiring()}
}

func init() { register("plif_step", PLIFStep, DefaultPLIFParams()) }

// Rest returns v = v_leak.
func (p PLIFParams) Rest(x *G.Node) (BoxState, error) {
	var b graph.Builder
	return BoxState{V: b.Fill(x, p.VLeak)}, b.Err()
}

// PLIFStep advances parametric leaky integrate-and-fire neurons, whose decay is learnt: k is
// 1/τ, τ counted in time steps. In a layer, layers.Learn("K") with
// layers.Constrain(graph.Sigmoid, "K") learns w of k = 1/(1 + exp(−w)).
//
//	v ← v + k ((v_leak − v) + x)
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
//
// The shape of x, v and z is [batch, …, n]; an error says which of them differ.
//
// W. Fang et al., ICCV (2021), 2641.
func PLIFStep(x *G.Node, s BoxState, p PLIFParams) (z *G.Node, next BoxState, err error) {
	b := steps.Begin(x, &s, p)
	v := b.Add(s.V, b.Scale(drive(b, s.V, x, p.VLeak), p.K))
	z, next.V = p.Fire(b, v)
	return steps.Done(b, "neurons: PLIF", z, next)
}
