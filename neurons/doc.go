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
// Recurrence is a wrapper of any step: [Recurrent] feeds the spikes of the step
// before back through a matrix of weights.
package neurons
