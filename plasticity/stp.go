package plasticity

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
)

// STPParams are the parameters of synapses with short-term plasticity.
type STPParams struct {
	TauFInv     graph.Param       // 1/τ_f of the facilitation, 1/s
	TauDInv     graph.Param       // 1/τ_d of the recovery from depression, 1/s
	U           graph.Param       // U, share of the resources that the first spike uses
	Dt          float64           // time step, s
	Integration graph.Integration // how a time step is taken
}

// STPState is the state of synapses with short-term plasticity.
type STPState struct {
	U *G.Node // u, share of the resources that a spike uses
	X *G.Node // x, share of the resources that is there
}

// DefaultSTPParams returns a depressing synapse: τ_f = 50 ms, τ_d = 750 ms,
// U = 0.45, dt = 1 ms.
func DefaultSTPParams() STPParams {
	return STPParams{TauFInv: graph.Const(20), TauDInv: graph.Const(4.0 / 3), U: graph.Const(0.45), Dt: 1e-3}
}

// Rest returns u = 0, x = 1: a rested synapse, with all its resources.
func (p STPParams) Rest(x *G.Node) (STPState, error) {
	var b graph.Builder
	return finish(&b, "STP", STPState{U: b.Fill(x, graph.Const(0)), X: b.Fill(x, graph.Const(1))})
}

// STPStep is a graph.Step that advances synapses which a spike facilitates and
// depresses. A share x of their resources is there; a spike z raises the share u of
// it that is used, uses it, and so lets the current u x flow:
//
//	τ_f du/dt = −u
//	τ_d dx/dt = 1 − x
//
//	u ← u − dt/τ_f u + U (1 − u) z
//	y = u x z
//	x ← x + dt/τ_d (1 − x) − y
//
// with the new u and the old x in y, the output. Between two steps with a spike a
// weight turns y into a jump of the current of a neuron. The shape of z, the states
// and y is [batch, …, n]; an error says which of them differ.
//
// M. V. Tsodyks and H. Markram, PNAS 94 (1997), 719; M. Tsodyks, K. Pawelzik and
// H. Markram, Neural Computation 10 (1998), 821.
func STPStep(z *G.Node, s STPState, p STPParams) (y *G.Node, next STPState, err error) {
	b := graph.NewBuilder(z, &s)
	b.Fail(neurons.Check(p))
	next.U = b.Add(p.Integration.Decay(b, s.U, p.Dt, p.TauFInv), b.Mul(b.Scale(b.Not(s.U), p.U), z))
	y = b.Mul(b.Mul(next.U, s.X), z)
	next.X = b.Sub(p.Integration.Advance(b, s.X, p.Dt, p.TauDInv, b.Not(s.X)), y)
	if next, err = finish(b, "STP", next); err != nil {
		return nil, next, err
	}
	return y, next, nil
}
