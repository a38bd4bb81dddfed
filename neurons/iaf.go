package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// IAFParams are the parameters of an integrate-and-fire neuron, which has no
// leak and hence no time constant, no Dt and no Integration: adding up the input is
// exact.
type IAFParams struct {
	Firing // threshold, reset, spike function
}

// DefaultIAFParams returns v_th = 1, v_reset = 0.
func DefaultIAFParams() IAFParams { return IAFParams{DefaultFiring()} }

func init() {
	p := DefaultIAFParams()
	register("iaf_feed_forward_step", IAFStep, p)
	register("iaf_step", wrap.Recurrent(IAFStep), wrap.RecurrentParams[BoxState, IAFParams]{Inner: p})
}

// Rest returns v = v_reset.
func (p IAFParams) Rest(x *G.Node) (BoxState, error) {
	var b graph.Builder
	return BoxState{V: b.Fill(x, p.VReset)}, b.Err()
}

// IAFStep advances integrate-and-fire neurons, which add up their input:
//
//	v ← v + x
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
//
// With ResetSubtract a constant input between 0 and v_th fires x/v_th spikes per
// step, which is how rectified linear units are turned into spikes. The shape of x, v and z is
// [batch, …, n]; an error says which of them differ.
//
// L. Lapicque, J. Physiol. Pathol. Gen. 9 (1907), 620.
func IAFStep(x *G.Node, s BoxState, p IAFParams) (z *G.Node, next BoxState, err error) {
	b := steps.Begin(x, &s, p)
	z, next.V = p.Fire(b, b.Add(s.V, x))
	return steps.Done(b, "neurons: IAF", z, next)
}
