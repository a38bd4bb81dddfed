// Package logic computes with spikes: gates, and elements that remember.
//
// Spikes are 0 or 1. A gate is a function of a graph.Builder and of nodes of one
// shape, so that it serves inside a step as well as on whole sequences:
//
//	var b graph.Builder
//	both := logic.And(&b, xs, ys) // [T, batch, n]
//
// An element that remembers needs what was a step before. [MullerC] and
// [RisingEdge] take it as an argument; [MullerCs] and [RisingEdges] lift them
// over time.
//
// Gates are differentiable, so that a network may have some in it: those that
// are polynomials by their formula, the others by the surrogate slope of
// SuperSpike with α = 100.
package logic
