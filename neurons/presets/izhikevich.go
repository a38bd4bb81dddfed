package presets

import (
	"fmt"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
)

// Behaviour is one of the twenty kinds of neurons that Izhikevich's model shows
// with the right parameters and the right input.
//
// E. M. Izhikevich, IEEE Trans. Neural Networks 15 (2004), 1063.
type Behaviour int

// The behaviours, in the order of the paper's figure.
const (
	TonicSpiking              Behaviour = iota // spikes as long as there is input
	PhasicSpiking                              // one spike when the input starts
	TonicBursting                              // bursts as long as there is input
	PhasicBursting                             // one burst when the input starts
	MixedMode                                  // a burst, then spikes
	SpikeFrequencyAdaptation                   // spikes at a falling rate
	Class1Excitable                            // fires at any rate, however low
	Class2Excitable                            // fires at a high rate or not at all
	SpikeLatency                               // fires late, the weaker the input the later
	SubthresholdOscillation                    // rings after a spike
	Resonator                                  // answers to input of one frequency
	Integrator                                 // answers to input that coincides
	ReboundSpike                               // fires when inhibition ends
	ReboundBurst                               // bursts when inhibition ends
	ThresholdVariability                       // inhibition before the input lowers the threshold
	Bistability                                // a pulse switches between rest and firing
	Depolarising                               // a depolarised potential follows the spike
	Accommodation                              // answers to steps, not to slow ramps
	InhibitionInducedSpiking                   // spikes as long as it is inhibited
	InhibitionInducedBursting                  // bursts as long as it is inhibited
)

// behaviours has the parameters that differ from those of NewIzhikevichParams.
// The names are Norse's.
var behaviours = []struct {
	name           string
	a, b, c, d, v0 float64
	change         func(*neurons.IzhikevichParams)
}{
	TonicSpiking:              {"tonic_spiking", 0.02, 0.2, -65, 6, -70, nil},
	PhasicSpiking:             {"phasic_spiking", 0.02, 0.25, -65, 6, -64, nil},
	TonicBursting:             {"tonic_bursting", 0.02, 0.2, -50, 2, -70, nil},
	PhasicBursting:            {"phasic_bursting", 0.02, 0.25, -55, 0.05, -64, tauInv(200)},
	MixedMode:                 {"mixed_mode", 0.02, 0.2, -55, 4, -70, nil},
	SpikeFrequencyAdaptation:  {"spike_frequency_adaptation", 0.01, 0.2, -65, 8, -70, nil},
	Class1Excitable:           {"class_1_exc", 0.02, -0.1, -55, 6, -60, type1},
	Class2Excitable:           {"class_2_exc", 0.2, 0.26, -65, 0, -64, nil},
	SpikeLatency:              {"spike_latency", 0.02, 0.2, -65, 6, -70, nil},
	SubthresholdOscillation:   {"subthreshold_oscillation", 0.05, 0.26, -60, 0, -62, nil},
	Resonator:                 {"resonator", 0.1, 0.26, -60, -1, -62, nil},
	Integrator:                {"integrator", 0.02, -0.1, -55, 6, -60, type1},
	ReboundSpike:              {"rebound_spike", 0.03, 0.25, -60, 4, -64, tauInv(200)},
	ReboundBurst:              {"rebound_burst", 0.03, 0.25, -52, 0, -64, tauInv(200)},
	ThresholdVariability:      {"threshold_variability", 0.03, 0.25, -60, 4, -64, nil},
	Bistability:               {"bistability", 0.1, 0.26, -60, 0, -61, nil},
	Depolarising:              {"dap", 1, 0.2, -60, -21, -70, tauInv(100)},
	Accommodation:             {"accomodation", 0.02, 1, -55, 4, -65, accommodation},
	InhibitionInducedSpiking:  {"inhibition_induced_spiking", -0.02, -1, -60, 8, -63.8, nil},
	InhibitionInducedBursting: {"inhibition_induced_bursting", -0.026, -1, -45, -2, -63.8, nil},
}

func tauInv(v float64) func(*neurons.IzhikevichParams) {
	return func(p *neurons.IzhikevichParams) { p.TauInv = graph.Const(v) }
}

// type1 fits the quadratic to neurons of the first class.
func type1(p *neurons.IzhikevichParams) { p.Mn, p.Bias = graph.Const(4.1), graph.Const(108) }

// accommodation starts off the line u = b v.
func accommodation(p *neurons.IzhikevichParams) { p.U0, p.TauInv = -16, graph.Const(500) }

// Behaviours returns all behaviours, in order.
func Behaviours() []Behaviour {
	bs := make([]Behaviour, len(behaviours))
	for i := range bs {
		bs[i] = Behaviour(i)
	}
	return bs
}

// Params returns the parameters of the behaviour; a neuron starts at u = b v
// unless the paper says otherwise. A Behaviour that is none of the constants
// gives those of TonicSpiking.
func (k Behaviour) Params() neurons.IzhikevichParams {
	if k < 0 || int(k) >= len(behaviours) {
		k = TonicSpiking
	}
	r := behaviours[k]
	p := neurons.NewIzhikevichParams(r.a, r.b, r.c, r.d, r.v0, r.b*r.v0)
	if r.change != nil {
		r.change(&p)
	}
	return p
}

// String returns the name of the behaviour, "tonic_spiking".
func (k Behaviour) String() string {
	if k < 0 || int(k) >= len(behaviours) {
		return fmt.Sprintf("Behaviour(%d)", int(k))
	}
	return behaviours[k].name
}

// UnmarshalText reads the name of a behaviour.
func (k *Behaviour) UnmarshalText(text []byte) error {
	for i, r := range behaviours {
		if r.name == string(text) {
			*k = Behaviour(i)
			return nil
		}
	}
	return fmt.Errorf("presets: behaviour: got %q, want one of %v", text, Behaviours())
}
