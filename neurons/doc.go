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
// A Box has no synapse: its input is the current. Package wrap makes any model recurrent,
// refractory or one of coupled compartments. [AdExPattern] and [Behaviour] have parameters
// of known firing patterns. The Adjoint steps have the gradients of EventProp.
//
// Dt is the time step, and Integration how it is taken: graph.Euler, the zero value, is the
// method of the equations in the comments; graph.Exponential solves their linear part
// exactly. [Firing] is how a neuron fires and is reset. Where Norse departs from the paper, the
// default is the paper, and a parameter that says so gives Norse's arithmetic.
//
// [Check] refuses parameters that make no sense when the graph is built.
package neurons
