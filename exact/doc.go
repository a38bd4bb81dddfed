// Package exact simulates and trains networks of leaky integrate-and-fire neurons in continuous
// time: spikes are events at exact times, there are no time steps and no surrogates. Gradients are
// those of EventProp, exact as long as no spike comes or goes.
//
//	n := exact.Network{Inputs: 5, Duration: 0.06, Layers: []exact.Layer{{N: 200}, {N: 3}}}
//	m, err := n.Compile(42)
//	r, err := m.Run([]exact.Spike{{Time: 0.010, Neuron: 0}, {Time: 0.025, Neuron: 3}})
//	first := r.First(1) // when each output neuron fires first
//
// A neuron has a potential V and a current I,
//
//	τ_m dV/dt = −V + I
//	τ_s dI/dt = −I
//
// A spike that arrives adds its weight to I. When V reaches the threshold ϑ the neuron fires, and V
// is 0. Between events both are sums of two exponentials, so nothing is integrated: the next
// crossing is bracketed and found by Newton's method to the last digits of float64. What it costs
// goes by spikes: each that arrives moves one neuron.
//
// Everything is float64, times are in seconds. It is beside the steps of package neurons, which
// have the same neurons in time steps: layers.Lift(neurons.LIFStep, …) learns with a surrogate,
// neurons.LIFAdjointStep by the adjoint equations in time steps.
//
// T. C. Wunderlich and C. Pehle, Scientific Reports 11 (2021), 12829. Delays: B. Mészáros,
// J. C. Knight and T. Nowotny, Nature Communications 16 (2025).
package exact
