package presets

import (
	"fmt"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
)

// AdExPattern is one of eight ways in which the adaptive exponential neuron answers a
// current that is switched on and stays, AdExBoxStep from rest.
//
// R. Naud et al., Biol. Cybern. 99 (2008), 335.
type AdExPattern int

// The patterns, in the order of the paper.
const (
	AdExTonicSpiking           AdExPattern = iota // spikes at equal intervals
	AdExAdaptation                                // intervals that grow
	AdExInitialBurst                              // a burst, then spikes at equal intervals
	AdExRegularBursting                           // the same burst again and again
	AdExDelayedAccelerating                       // begins late, at intervals that shrink
	AdExDelayedRegularBursting                    // begins late, with the same burst again and again
	AdExTransientSpiking                          // fires when the current begins, and is silent while it lasts
	AdExIrregularSpiking                          // intervals that never settle
)

// adexPatterns has the parameters as they are published: capacitances in pF,
// conductances in nS, potentials in mV, currents in pA, times in ms.
var adexPatterns = []struct {
	name              string
	c, gL, eL         float64
	a, tauW, b, vR, i float64
}{
	AdExTonicSpiking:           {"tonic_spiking", 200, 10, -70, 2, 30, 0, -58, 500},
	AdExAdaptation:             {"adaptation", 200, 12, -70, 2, 300, 60, -58, 500},
	AdExInitialBurst:           {"initial_burst", 130, 18, -58, 4, 150, 120, -50, 400},
	AdExRegularBursting:        {"regular_bursting", 200, 10, -58, 2, 120, 100, -46, 210},
	AdExDelayedAccelerating:    {"delayed_accelerating", 200, 12, -70, -10, 300, 0, -58, 300},
	AdExDelayedRegularBursting: {"delayed_regular_bursting", 100, 10, -65, -10, 90, 30, -47, 110},
	AdExTransientSpiking:       {"transient_spiking", 100, 10, -65, 10, 90, 100, -47, 180},
	AdExIrregularSpiking:       {"irregular_spiking", 100, 12, -60, -11, 130, 30, -48, 160},
}

// AdExPatterns returns all patterns, in order.
func AdExPatterns() []AdExPattern {
	ks := make([]AdExPattern, len(adexPatterns))
	for i := range ks {
		ks[i] = AdExPattern(i)
	}
	return ks
}

// Params returns the parameters of the pattern in mV and ms, with v_th = −50 mV,
// Δ = 2 mV, v_peak = 0 and dt = 0.01 ms. The paper's equations have a capacitance C and
// a leak g_L,
//
//	C dv/dt = g_L (E_L − v) + g_L Δ exp((v − v_th)/Δ) − w + I
//	τ_w dw/dt = a (v − E_L) − w
//
// which, divided by g_L, are those of AdExBoxStep with τ_m = C/g_L, and with a/g_L, b/g_L,
// w/g_L and I/g_L in the places of a, b, w and x. An AdExPattern that is none of the
// constants gives those of AdExTonicSpiking.
func (k AdExPattern) Params() neurons.AdExBoxParams {
	if !k.known() {
		k = AdExTonicSpiking
	}
	r := adexPatterns[k]
	return neurons.AdExBoxParams{
		LIFExBoxParams: neurons.LIFExBoxParams{
			LIFBoxParams: neurons.LIFBoxParams{
				TauMemInv: graph.Const(r.gL / r.c),
				VLeak:     graph.Const(r.eL),
				Dt:        0.01,
				Firing:    neurons.Firing{VTh: graph.Const(-50), VReset: graph.Const(r.vR), Spike: surrogate.SuperSpike{Alpha: 100}},
			},
			DeltaT: graph.Const(2),
			VPeak:  graph.Const(0),
		},
		Adaptation: neurons.Adaptation{
			AdaptationCurrent: graph.Const(r.a / r.gL),
			AdaptationSpike:   graph.Const(r.b / r.gL),
			TauAdaInv:         graph.Const(1 / r.tauW),
		},
	}
}

// Current returns the input x that makes the pattern, I/g_L in mV.
func (k AdExPattern) Current() float64 {
	if !k.known() {
		k = AdExTonicSpiking
	}
	return adexPatterns[k].i / adexPatterns[k].gL
}

func (k AdExPattern) known() bool { return k >= 0 && int(k) < len(adexPatterns) }

// String returns the name of the pattern, "tonic_spiking".
func (k AdExPattern) String() string {
	if !k.known() {
		return fmt.Sprintf("AdExPattern(%d)", int(k))
	}
	return adexPatterns[k].name
}

// UnmarshalText reads the name of a pattern.
func (k *AdExPattern) UnmarshalText(text []byte) error {
	for i, r := range adexPatterns {
		if r.name == string(text) {
			*k = AdExPattern(i)
			return nil
		}
	}
	return fmt.Errorf("presets: AdEx pattern: got %q, want one of %v", text, AdExPatterns())
}
