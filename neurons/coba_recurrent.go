package neurons

import (
	"errors"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// CobaRecurrentParams are the parameters of conductance-based neurons that are
// connected among themselves. A weight above 0 is an excitatory synapse, one
// below 0 an inhibitory one.
type CobaRecurrentParams struct {
	Inner CobaLIFParams
	WIn   *G.Node // input weights [m, n]; nil if the input is a jump of the conductances
	W     *G.Node // recurrent weights [n, n], from row to column
	// IgnoreInput leaves out the input, as Norse's coba_lif_step does.
	IgnoreInput bool
}

func init() {
	p := CobaRecurrentParams{Inner: DefaultCobaLIFParams()}
	register("coba_lif_recurrent_step", CobaRecurrentStep, p)
	p.IgnoreInput = true
	register("coba_lif_step", CobaRecurrentStep, p)
}

// Rest returns the neurons at rest, without spikes.
func (p CobaRecurrentParams) Rest(x *G.Node) (wrap.RecurrentState[CobaLIFState], error) {
	return wrap.RecurrentAdjointParams[CobaLIFState, CobaLIFParams]{Inner: p.Inner, WIn: p.WIn}.Rest(x) // mutate: their shape alone matters
}

// CobaRecurrentStep advances conductance-based neurons that are connected among
// themselves. Excitation and inhibition do not cancel on their way in:
//
//	g_e ← g_e + x max(W_in, 0) + z max(W, 0)
//	g_i ← g_i + x max(−W_in, 0) + z max(−W, 0)
//
// and then as in CobaLIFStep. x has shape [batch, m]; z and the states have
// [batch, n]. Without W_in the shape of x is [batch, n] too, and its sign says
// which of the conductances it adds to.
//
// R. Brette et al., J. Comput. Neurosci. 23 (2007), 349.
func CobaRecurrentStep(x *G.Node, s wrap.RecurrentState[CobaLIFState], p CobaRecurrentParams) (*G.Node, wrap.RecurrentState[CobaLIFState], error) {
	like := s.Z // mutate: the shape alone matters
	if p.WIn == nil && !p.IgnoreInput {
		like = x // mutate: the shape alone matters
	}
	b := steps.Begin(like, &s, p.Inner)
	if p.W == nil {
		b.Fail(errors.New("the weights W are nil"))
	}
	e, i := bySign(b, s.Z, p.W)
	switch {
	case p.IgnoreInput:
	case p.WIn == nil:
		e, i = b.Add(e, b.Relu(x)), b.Add(i, b.Relu(b.Neg(x)))
	default:
		xe, xi := bySign(b, x, p.WIn)
		e, i = b.Add(e, xe), b.Add(i, xi)
	}
	z, inner := p.Inner.advance(b, s.Inner, e, i)
	return steps.Done(b, "neurons: CobaLIF recurrent", z, wrap.RecurrentState[CobaLIFState]{Inner: inner, Z: z})
}

// bySign returns what the spikes z bring in through the excitatory and the
// inhibitory weights among w.
func bySign(b *graph.Builder, z, w *G.Node) (e, i *G.Node) {
	return b.MatMul(z, b.Relu(w)), b.MatMul(z, b.Relu(b.Neg(w)))
}
