package wrap

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// LateBack returns spikes through weights, each connection, or each neuron, with a delay of its own.
type LateBack struct {
	W     *G.Node // weights [n, n], from row to column
	At    *G.Node // positions [n, n], or [n] of the neurons that fire, in time steps behind the next one
	Width *G.Node // [1]; see connect.Delays for what it means, and for the next two

	Max         int
	Interpolate bool
}

// back returns what arrives at this step [batch, n], and what arrives at the Max steps behind it, of
// the spikes z [batch, n] of the step before and of what was on its way.
func (f LateBack) back(b *graph.Builder, z, later *G.Node) (now, next *G.Node) {
	if f.W == nil || b.Err() != nil {
		b.Fail(errNoWeights)
		return nil, nil
	}
	s := z.Shape()
	d := connect.Delays{At: f.At, Max: f.Max, Width: f.Width, Interpolate: f.Interpolate, Enter: later}
	x := b.Reshape(z, append([]int{1}, s...)...)
	if b.Err() != nil {
		return nil, nil
	}
	var y connect.Delayed
	var err error
	each := f.At != nil && f.At.Dims() == 1
	if each {
		y, err = connect.Delay(x, d)
	} else {
		y, err = connect.DelayedLinear(x, f.W, nil, d)
	}
	if err == nil {
		next, err = y.Leave()
	}
	if err != nil {
		b.Fail(err)
		return nil, nil
	}
	if now = b.Reshape(y.Y, s...); each {
		now = b.MatMul(now, f.W)
	}
	return now, next
}

// LateParams are the parameters of neurons to which spikes come back late.
type LateParams[S any, P graph.Params[S]] struct {
	Inner   P // of the neurons
	Through LateBack
}

// LateState is the state of neurons to which spikes come back late.
type LateState[S any] struct {
	Inner S       // of the neurons
	Z     *G.Node // spikes of the step before
	Later *G.Node // what is on its way: [batch, Max, n], of the steps to come
}

// Rest returns the neurons at rest, without spikes.
func (p LateParams[S, P]) Rest(x *G.Node) (LateState[S], error) {
	r, err := RecurrentParams[S, P]{Inner: p.Inner}.Rest(x)
	if err != nil {
		return LateState[S]{}, err
	}
	var b graph.Builder
	s := x.Shape()
	return LateState[S]{Inner: r.Inner, Z: r.Z, Later: b.Constant(x, 0, s[0], p.Through.Max, s[len(s)-1])}, b.Err()
}

// RecurrentLate is Recurrent with a delay for each connection, or for each neuron that fires: with κ
// of connect.Delays,
//
//	x_j(t) ← x_j(t) + Σ_i Σ_k w_ij κ_ij(k) z_i(t − 1 − k)
//	z, s ← step(x, s)
//
// So a delay of 0 is Recurrent. x and z have shape [batch, n]. A scan runs what comes back as a whole beside the step, unless the trace of
// Later is asked for, which it then carries from step to step. What connect.Delay says of the gradient of a
// position beyond 0 or Max holds for that of the sequence, and unrolled for each step by itself.
func RecurrentLate[S any, P graph.Params[S]](step graph.Step[S, P]) graph.Step[LateState[S], LateParams[S, P]] {
	return func(x *G.Node, s LateState[S], p LateParams[S, P]) (*G.Node, LateState[S], error) {
		b := graph.NewBuilder(x, nil)
		back, later := p.Through.back(b, s.Z, s.Later)
		x = b.Add(x, back)
		if b.Err() != nil {
			return steps.Done(b, "wrap: recurrent", x, s)
		}
		z, inner, err := step(x, s.Inner, p.Inner)
		return z, LateState[S]{Inner: inner, Z: z, Later: later}, err
	}
}
