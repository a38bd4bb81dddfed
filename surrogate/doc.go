// Package surrogate holds spike functions: a step forward, a smooth slope
// backward.
//
// A spike function satisfies graph.Func: Eval is its value and Deriv the slope
// that stands in for its derivative. It is the Spike of a neuron's parameters,
// or makes a node of its own by [Threshold]:
//
//	p := neurons.DefaultLIFParams()
//	p.Spike = surrogate.Arctan{Alpha: 2}
//
// Those here also have Smooth, an antiderivative of Deriv; Slope, which writes
// Deriv as graph nodes that run as vector code; and Validate, by which [Check]
// refuses a parameter that is not positive. They are, by the width and the
// height of the slope:
//
//   - of height 1, α or k setting the width: [SuperSpike], [Tanh], [Circ],
//     [PiecewiseLinear], and [Erfc], of height 2/√π;
//   - of height α and half-width 1, or any other: [Triangle];
//   - of area 1, the narrower the higher: [Arctan], [Sigmoid], [Gaussian],
//     [Boxcar], and [MultiGaussian], of area 1 − h;
//   - none: [Heaviside].
//
// [Logistic] and [CircDist] fire by chance; [Draw] makes their spikes, from
// noise that comes in as a tensor.
//
// A spike function of one's own needs Eval and Deriv only. Embedding [Step]
// gives it Eval, and spikes as fast as those of the functions here.
package surrogate
