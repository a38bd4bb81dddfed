// Package surrogate holds spike functions: a step forward, a smooth slope
// backward.
//
// A spike function satisfies graph.Func: Eval is its value and Deriv the slope
// that stands in for its derivative. Those here also have Smooth, an
// antiderivative of Deriv, and Slope, which writes Deriv as graph nodes that
// run as vector code. One of your own needs Eval and Deriv only; embedding
// [Step] gives it Eval, and spikes as fast as those of the functions here.
//
//	type Box struct{ surrogate.Step }
//
//	func (Box) Deriv(x float64) float64 {
//		if math.Abs(x) < 0.5 {
//			return 1
//		}
//		return 0
//	}
package surrogate
