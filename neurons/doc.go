// Package neurons holds neuron models, one a file: parameters, state, step.
//
// A model is a graph.Step with a parameter struct whose fields may be learnt.
// It is lifted in time by graph.Scan:
//
//	p := neurons.DefaultLIFParams()
//	p.TauMemInv = graph.Learn(node) // learn the membrane's time constant
//	run, err := graph.Scan(neurons.LIFStep, currents, nil, p)
//	// run.Out are the spikes, [T, batch, n]
//
// # Models
//
//   - [LIFStep], [LIFBoxStep]: leaky integrate-and-fire; a Box has no synapse, its
//     input is the current
//   - [LIStep], [LIBoxStep]: leaky integrators, without a threshold
//   - [IAFStep]: integrate-and-fire, without a leak
//   - [LIFExStep], [LIFExBoxStep]: exponential
//   - [AdExStep], [AdExBoxStep]: adaptive exponential, with parameters for eight firing
//     patterns: [AdExPattern]
//   - [CobaLIFStep], [CobaRecurrentStep]: synapses that are conductances
//   - [LSNNStep]: adaptive threshold; [AdaLIFStep]: adaptation current
//   - [IzhikevichStep], with parameters for twenty kinds of neurons: [Behaviour]
//   - [LIFAdjointStep], [LSNNAdjointStep], [LIFRefracAdjointStep]: the same neurons
//     with the gradients of EventProp in place of a surrogate's
//
// # Wrappers
//
// What neurons have in common is a wrapper of any step, not a model of its own:
//
//   - [Recurrent] feeds the spikes of the step before back through weights
//   - [Refractory] silences a neuron for some steps after a spike
//   - [Coupled] lets the potentials of compartments act on each other
//   - [Regularised] accumulates over time what a regulariser needs
//
// They nest: a network of refractory neurons is
//
//	step := neurons.Recurrent(neurons.Refractory(neurons.AdExStep))
//
// # Options
//
// Dt is the time step, and Integration how it is taken: the zero value,
// graph.Euler, is the method of the equations in the comments; graph.Exponential
// solves their linear part exactly, and each step says what else it holds over the
// time step. IAFStep has neither: it adds up its input, which is exact.
//
// How a neuron fires and is reset is a [Firing], which all spiking models embed:
// the spike function, [Reset] and whether gradients flow through the reset. Where
// the code of Norse departs from the paper, the default is the paper, and an
// option named in the parameters gives Norse's arithmetic: IgnoreInput of
// [CobaRecurrentParams], ReplaceAdaptation of [AdExBoxParams].
//
// [Check] refuses parameters that make no sense when the graph is built.
package neurons
