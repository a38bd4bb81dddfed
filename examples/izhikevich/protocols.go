package main

import "github.com/spikegrad/spikegrad/neurons/presets"

// A panel of the figure is a kind of neuron and the input that shows what is
// special about it.
type panel struct {
	title  string
	neuron presets.Behaviour
	length float64 // ms
	input  current
	settle float64 // ms with the first input before the panel begins
	dt     float64 // time step in s, if it is not that of the neuron
	top    float64 // mV at which spikes are cut off so that waves below are seen; 0 for the peak
}

// panels returns the panels in the order of the paper's figure. Times and
// currents are those of the program that drew it, but for panels with a comment
// and for pulses at the border between firing and not firing: the program moves
// the recovery with the new potential, the library with the old one, and the
// border lies elsewhere.
func panels() []panel {
	return []panel{
		{title: "tonic spiking", neuron: presets.TonicSpiking, length: 100, input: step(10, 14)},
		{title: "phasic spiking", neuron: presets.PhasicSpiking, length: 200, input: step(20, 0.5)},
		{title: "tonic bursting", neuron: presets.TonicBursting, length: 220, input: step(22, 15)},
		{title: "phasic bursting", neuron: presets.PhasicBursting, length: 200, input: step(20, 0.6)},
		{title: "mixed mode", neuron: presets.MixedMode, length: 160, input: step(16, 10)},
		{title: "spike frequency adaptation", neuron: presets.SpikeFrequencyAdaptation, length: 85, input: step(8.5, 30)},
		// A slower ramp than the paper's, so that the first rate is a lower one.
		{title: "class 1 excitability", neuron: presets.Class1Excitable, length: 500, input: ramp(30, 0.03)},
		{title: "class 2 excitability", neuron: presets.Class2Excitable, length: 300, input: sum(constant(-0.5), ramp(30, 0.015))},
		{title: "spike latency", neuron: presets.SpikeLatency, length: 60, input: pulses(6.7, 3, 10)},
		{title: "subthreshold oscillations", neuron: presets.SubthresholdOscillation, length: 200, settle: 300, input: pulses(2, 5, 20), top: -56},
		// Pairs half a period, one and one and a half periods apart; the paper has
		// the first two.
		{title: "resonator", neuron: presets.Resonator, length: 400, input: pulses(0.58, 4, 20, 40, 140, 180, 280, 340)},
		{title: "integrator", neuron: presets.Integrator, length: 100, input: pulses(9, 2, 9, 14, 70, 80)},
		{title: "rebound spike", neuron: presets.ReboundSpike, length: 200, input: pulses(-15, 5, 20)},
		{title: "rebound burst", neuron: presets.ReboundBurst, length: 200, input: pulses(-15, 5, 20)},
		{title: "threshold variability", neuron: presets.ThresholdVariability, length: 100, input: sum(pulses(1, 5, 10, 80), pulses(-6, 5, 70))},
		// The second pulse has to come while the potential rises.
		{title: "bistability", neuron: presets.Bistability, length: 300, input: sum(constant(0.24), pulses(1, 5, 37.5, 208))},
		{title: "depolarising after-potential", neuron: presets.Depolarising, length: 50, input: pulses(24, 1, 10)},
		// For this panel alone the program drops the term −u of du/dt. With it there
		// is no rest at all without a current that holds the neuron back.
		{title: "accommodation", neuron: presets.Accommodation, length: 400, settle: 500,
			input: sum(constant(-56), tooth(0, 200, 8), tooth(300, 12.5, 7))},
		// The inhibition ends before another spike is due.
		{title: "inhibition-induced spiking", neuron: presets.InhibitionInducedSpiking, length: 350, input: sum(constant(80), pulses(-5, 180, 50))},
		// With these parameters a spike takes 2 from the recovery, and the way to the
		// next one brings back about 1: once it fires, the neuron fires ever faster,
		// whatever the inhibition. The program's bursts end because its potential
		// overshoots the peak by far, which moves the recovery. Here they end with
		// steps of 1 ms, which bring back more, as the neuron fires at most every
		// third of them.
		{title: "inhibition-induced bursting", neuron: presets.InhibitionInducedBursting, length: 420, dt: 4e-3,
			input: sum(constant(80), pulses(-4, 270, 50))},
	}
}

// A current is the input at a time in ms.
type current func(t float64) float64

// constant is a current that does not change.
func constant(amplitude float64) current {
	return func(float64) float64 { return amplitude }
}

// step is a current that is switched on.
func step(at, amplitude float64) current {
	return func(t float64) float64 {
		if t < at {
			return 0
		}
		return amplitude
	}
}

// ramp is a current that grows from a time on, by slope a ms.
func ramp(from, slope float64) current {
	return func(t float64) float64 { return max(0, t-from) * slope }
}

// tooth is a current that grows to an amplitude and falls to 0 at once.
func tooth(from, length, amplitude float64) current {
	return func(t float64) float64 {
		if t < from || t >= from+length {
			return 0
		}
		return (t - from) / length * amplitude
	}
}

// pulses are currents of one length that begin at the given times.
func pulses(amplitude, length float64, at ...float64) current {
	return func(t float64) float64 {
		for _, from := range at {
			if t >= from && t < from+length {
				return amplitude
			}
		}
		return 0
	}
}

// sum adds currents up.
func sum(currents ...current) current {
	return func(t float64) float64 {
		total := 0.0
		for _, c := range currents {
			total += c(t)
		}
		return total
	}
}
