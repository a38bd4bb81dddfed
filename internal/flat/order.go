package flat

import (
	"math"

	G "gorgonia.org/gorgonia"
)

// ByBatch turns [T, batch, …] into [batch, T, …].
func ByBatch(x []float64, steps, batch int) []float64 {
	n := len(x) / (steps * batch)
	y := make([]float64, len(x))
	for t := range steps {
		for b := range batch {
			copy(y[(b*steps+t)*n:][:n], x[(t*batch+b)*n:])
		}
	}
	return y
}

// AllFinite reports whether no element of v is NaN or infinite.
func AllFinite(v G.Value) bool {
	for _, x := range Float64s(v) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}
