package neurons

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/surrogate"
)

// Firing is how a neuron fires and is reset: the parameters that all spiking
// models share.
type Firing struct {
	VTh         graph.Param // threshold; sets the unit of all potentials
	VReset      graph.Param // potential after a spike
	Spike       graph.Func  // H and its surrogate derivative
	ResetMethod Reset       // where a spike takes the potential
	DetachReset bool        // no gradient flows through the spikes that change the state
}

// DefaultFiring returns v_th = 1, v_reset = 0 and SuperSpike with α = 100.
func DefaultFiring() Firing {
	return Firing{VTh: graph.Const(1), Spike: surrogate.SuperSpike{Alpha: 100}}
}

// Fire returns the spikes of neurons at potential v, and the potential after
// them:
//
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
//
// for ResetValue.
func (p Firing) Fire(b *graph.Builder, v *G.Node) (z, reset *G.Node) {
	z = b.Spike(p.Spike, v, p.VTh)
	return z, p.ResetMethod.Apply(b, p.seen(b, z), v, p.VReset, p.VTh)
}

// cutAt returns p with spikes at peak in the place of v_th, if that is given.
func (p Firing) cutAt(peak graph.Param) Firing {
	if peak.Given() {
		p.VTh = peak
	}
	return p
}

// seen returns the spikes as the reset and the adaptation see them.
func (p Firing) seen(b *graph.Builder, z *G.Node) *G.Node {
	if p.DetachReset {
		return b.Detach(z)
	}
	return z
}

// Reset says where a spike takes the potential.
type Reset int

// The ways to reset.
const (
	ResetValue    Reset = iota // v ← v_reset
	ResetSubtract              // v ← v − v_th
	ResetShift                 // v ← v − (v_th − v_reset)
)

var resetNames = []string{"reset_value", "reset_subtract", "reset_shift"}

// ToValue reports whether a spike takes the potential to v_reset, wherever it was.
func (r Reset) ToValue() bool { return r == ResetValue }

// Apply returns the potential after the spikes z.
func (r Reset) Apply(b *graph.Builder, z, v *G.Node, vReset, vTh graph.Param) *G.Node {
	switch r {
	case ResetValue:
		return b.Reset(z, v, vReset)
	case ResetSubtract:
		return b.Sub(v, b.Scale(z, vTh))
	case ResetShift:
		return b.Add(b.Sub(v, b.Scale(z, vTh)), b.Scale(z, vReset))
	}
	b.Fail(fmt.Errorf("reset: got method %d, want one of %v", int(r), resetNames))
	return nil
}

// String returns the name of the method, "reset_value".
func (r Reset) String() string {
	if r < 0 || int(r) >= len(resetNames) {
		return fmt.Sprintf("Reset(%d)", int(r))
	}
	return resetNames[r]
}

// UnmarshalText reads the name of a method.
func (r *Reset) UnmarshalText(text []byte) error {
	i := slices.Index(resetNames, string(text))
	if i < 0 {
		return fmt.Errorf("neurons: reset: got method %q, want one of %v", text, resetNames)
	}
	*r = Reset(i)
	return nil
}

// MarshalText writes the name of the method.
func (r Reset) MarshalText() ([]byte, error) {
	if r < 0 || int(r) >= len(resetNames) {
		return nil, fmt.Errorf("neurons: reset: got method %d, want one of %v", int(r), resetNames)
	}
	return []byte(resetNames[r]), nil
}
