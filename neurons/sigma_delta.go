package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
	"github.com/spikegrad/spikegrad/surrogate"
)

// SigmaDeltaParams are the parameters of a sigma-delta neuron.
type SigmaDeltaParams struct {
	VTh   graph.Param // how far the value may be from what has been sent
	Spike graph.Func  // H and its surrogate derivative
}

// SigmaDeltaState is the state of a sigma-delta neuron.
type SigmaDeltaState struct {
	V *G.Node // the value, the sum of what came
	R *G.Node // what has been sent of it
}

// DefaultSigmaDeltaParams returns a threshold of 0.1.
func DefaultSigmaDeltaParams() SigmaDeltaParams {
	return SigmaDeltaParams{VTh: graph.Const(0.1), Spike: surrogate.SuperSpike{Alpha: 100}}
}

func init() { register("sigma_delta_step", SigmaDeltaStep, DefaultSigmaDeltaParams()) }

// Graded says that outputs are numbers and no spikes, though there is a threshold.
func (SigmaDeltaParams) Graded() bool { return true }

// Rest returns v = r = 0.
func (p SigmaDeltaParams) Rest(x *G.Node) (SigmaDeltaState, error) {
	var b graph.Builder
	zero := graph.Const(0)
	return SigmaDeltaState{V: b.Fill(x, zero), R: b.Fill(x, zero)}, b.Err()
}

// SigmaDeltaStep advances sigma-delta neurons, which add up the changes that come in, rectify
// the sum, and send on by how much that has changed, where it has by more than the threshold:
//
//	v ← v + x
//	e = max(0, v) − r
//	z = e H(|e| − v_th)
//	r ← r + z
//
// The output is a graded message, 0 most of the time where values change slowly; the sum of
// what a neuron has sent is never further from max(0, v) than v_th. A network of linear maps
// and such neurons gives to an input that stays what one of rectified linear units gives. The
// shape of x, the states and z is [batch, …, n]; an error says which of them differ.
//
// P. O'Connor and M. Welling, arXiv:1611.02024 (2016).
func SigmaDeltaStep(x *G.Node, s SigmaDeltaState, p SigmaDeltaParams) (z *G.Node, next SigmaDeltaState, err error) {
	b := steps.Begin(x, &s, p)
	next.V = b.Add(s.V, x)
	e := b.Sub(b.Relu(next.V), s.R)
	z = b.Mul(e, b.Spike(p.Spike, b.Abs(e), p.VTh))
	next.R = b.Add(s.R, z)
	return steps.Done(b, "neurons: sigma-delta", z, next)
}
