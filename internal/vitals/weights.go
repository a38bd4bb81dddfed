package vitals

import (
	"math"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
)

// Along sets dst to x + by·g.
func Along(dst, x, g *tensor.Dense, by float64) {
	switch d := dst.Data().(type) {
	case []float32:
		gs := g.Data().([]float32)
		for i, v := range x.Data().([]float32) {
			d[i] = v + float32(by)*gs[i]
		}
	case []float64:
		gs := g.Data().([]float64)
		for i, v := range x.Data().([]float64) {
			d[i] = v + by*gs[i]
		}
	}
}

// Distance returns the norm of a − b, or of a if b is nil. Both have the same shapes.
func Distance(a, b []*tensor.Dense) float64 {
	s := 0.0
	for i, w := range a {
		x := flat.Float64s(w)
		var y []float64
		if b != nil {
			y = flat.Float64s(b[i])
		}
		for k, v := range x {
			if y != nil {
				v -= y[k]
			}
			s += v * v
		}
	}
	return math.Sqrt(s)
}
