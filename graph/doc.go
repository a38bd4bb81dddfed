// Package graph holds what networks in time need beyond Gorgonia's graphs:
// parameters, states, Unroll and Scan.
//
// A neuron model is a [Step]: a function that builds the Gorgonia nodes of one
// time step. Its parameters are a struct of [Param] fields, its state a struct
// of node fields; the library finds both by reflection. [Unroll] lifts a step
// in time the plain way, one copy of its nodes per time step, and so defines
// what lifting means. [Scan] gives the same numbers as one node forward and one
// node backward, whatever the number of time steps: it builds the step once in
// a graph of its own, lets Gorgonia differentiate it there, and lowers both to
// a small program that runs over blocks of lanes.
//
//	zs, err := graph.Scan(step, xs, nil, params)
//	final, err := zs.Final()
//
// A step is most easily written with a [Builder], which keeps the first error;
// one written with Gorgonia's own functions is just as good. [Integration.Flow] moves
// states over a time step, by Euler's method or exactly.
//
// Beside it, package connect has maps between populations of neurons, package readout
// what is read of sequences, and losses, and package machine runs a graph.
//
// A tensor has at most 2³¹ elements. What would have more is an error of the
// function that adds it to a graph, or of machine.New; nothing is allocated.
package graph
