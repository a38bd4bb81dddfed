package presets

import (
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
)

// BioLIF returns the values of a cortical neuron in mV and ms: τ_s = 2 ms,
// τ_m = 10 ms, rest and reset at −70 mV, v_th = −55 mV, dt = 0.1 ms, SuperSpike with
// α = 100. They are Norse's.
func BioLIF() neurons.LIFParams {
	return neurons.LIFParams{
		TauSynInv: graph.Const(0.5),
		TauMemInv: graph.Const(0.1),
		VLeak:     graph.Const(-70),
		Dt:        0.1,
		Firing:    firing(),
	}
}

// firing returns v_th = −55 mV, v_reset = −70 mV and SuperSpike with α = 100.
func firing() neurons.Firing {
	return neurons.Firing{VTh: graph.Const(-55), VReset: graph.Const(-70), Spike: surrogate.SuperSpike{Alpha: 100}}
}

// BioLI returns the membrane and synapse of BioLIF.
func BioLI() neurons.LIParams {
	p := BioLIF()
	return neurons.LIParams{TauSynInv: p.TauSynInv, TauMemInv: p.TauMemInv, VLeak: p.VLeak, Dt: p.Dt}
}

// BioIAF returns v_th = −55 mV, v_reset = −70 mV.
func BioIAF() neurons.IAFParams { return neurons.IAFParams{Firing: firing()} }

// BioLIFEx returns BioLIF with Δ = 0, that is without an exponential.
func BioLIFEx() neurons.LIFExParams { return neurons.LIFExParams{LIFParams: BioLIF()} }

// BioAdEx returns BioLIF with Δ = 2 mV, a = 0, b = 0.01 mV and τ_a = 100 ms.
func BioAdEx() neurons.AdExParams {
	return neurons.AdExParams{
		LIFExParams: neurons.LIFExParams{LIFParams: BioLIF(), DeltaT: graph.Const(2)},
		Adaptation:  neurons.Adaptation{AdaptationSpike: graph.Const(0.01), TauAdaInv: graph.Const(0.01)},
	}
}

// BioLSNN returns BioLIF with τ_b = 100 ms and β = 0.5 mV.
func BioLSNN() neurons.LSNNParams {
	return neurons.LSNNParams{LIFParams: BioLIF(), TauAdaptInv: graph.Const(0.01), Beta: graph.Const(0.5)}
}

// BioCobaLIF returns the values of a cortical neuron in mV and ms:
// τ_e = 0.3 ms, τ_i = 0.5 ms, reversal potentials 0, −70 and −65 mV, threshold
// −50 mV, reset −65 mV, dt = 0.1 ms.
func BioCobaLIF() neurons.CobaLIFParams {
	p := neurons.DefaultCobaLIFParams()
	p.TauSynExcInv, p.TauSynInhInv = graph.Const(1/0.3), graph.Const(2)
	p.ERevE, p.ERevI, p.VRest = graph.Const(0), graph.Const(-70), graph.Const(-65)
	p.VTh, p.VReset = graph.Const(-50), graph.Const(-65)
	p.Dt = 0.1
	return p
}
