// Package plasticity holds learning rules local to a synapse.
//
// A [Rule] changes the state of synapses by the spikes on both sides of them, and
// needs no gradient to do it. [PlasticStep] joins one to any neuron model: a step
// that learns while it runs, for as long as a [Simulation] is wanted to.
//
//	p := plasticity.NewPlasticParams(neurons.LIFStep, neurons.DefaultLIFParams(), plasticity.DefaultSTDPParams(), 100)
//	sim, err := plasticity.NewSimulation(plasticity.PlasticStep, spikes, nil, p)
//	for range chunks {
//		// … write new spikes …
//		err = sim.Run()
//	}
//	weights, err := sim.State("Synapses.W")
//
// Everything is a graph.Step, so that graph.Scan lifts it in time, and gradients
// flow through the learning for those who learn how to learn.
//
// # Rules
//
//   - [STDPParams]: spike-timing-dependent plasticity, additive or multiplicative,
//     of dense weights or of a kernel
//   - [RewardSTDPParams]: the same, decided on by a reward that may come later
//   - [STDPSensorParams]: the traces that it takes alone
//   - [CorrelationParams]: the correlation sensor of a neuromorphic chip;
//     [CorrelationUpdate] changes weights by what it saw
//
// A rule of your own is one file: parameters with Rest and Update, and Current if
// its weights drive neurons.
//
// # Steps
//
//   - [RuleStep] lets a rule watch given spike trains; [Join] makes its input
//   - [PlasticStep] is a neuron model whose input synapses learn
//   - [Correlated] is a recurrent neuron model with a correlation sensor at each
//     synapse
//   - [STPStep] is the short-term plasticity of Tsodyks and Markram
//
// Weights have shape [n_pre, n_post], from row to column; a kernel has
// [out, in, kh, kw], as in connect.Conv2D. The batch shares them.
package plasticity
