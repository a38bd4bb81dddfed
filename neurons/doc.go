// Package neurons holds neuron models, one a file: parameters, state, step.
//
// A model is a graph.Step, lifted in time by graph.Scan. Its parameters may be learnt:
//
//	p := neurons.DefaultLIFParams()
//	p.TauMemInv = graph.Learn(node) // the membrane's time constant
//	run, err := graph.Scan(neurons.LIFStep, currents, nil, p) // run.Out: spikes, [T, batch, n]
//
// A Box has no synapse: its input is the current. The Adjoint steps have the gradients of
// EventProp. [Firing] is how a neuron fires and is reset. Dt is the time step, Integration
// how it is taken: the equations in the comments say how graph.Euler, the zero value, does;
// graph.Exponential solves their linear part exactly. Where Norse departs from the paper,
// the default is the paper, and a parameter that says so gives Norse's arithmetic.
//
// Package wrap makes any model recurrent, refractory or one of coupled compartments,
// package presets has parameters of known neurons.
package neurons
