package optim_test

import (
	"math"
	"testing"

	"github.com/spikegrad/spikegrad/optim"
)

// rmsPropReference is slide 29 of lecture 6 of Hinton's course (2012),
//
//	MeanSquare(w, t) = 0.9 MeanSquare(w, t−1) + 0.1 (∂E/∂w)²
//
// with the gradient divided by its root plus epsilon, and a velocity.
func rmsPropReference(eta, rho, epsilon, mu float64) func([]float64, int) []float64 {
	return func(w []float64, steps int) []float64 {
		meanSquare, step := make([]float64, len(w)), make([]float64, len(w))
		for range steps {
			g := quadratic(w)
			for i := range w {
				meanSquare[i] = rho*meanSquare[i] + (1-rho)*g[i]*g[i]
				step[i] = mu*step[i] - eta*g[i]/(math.Sqrt(meanSquare[i])+epsilon)
				w[i] += step[i]
			}
		}
		return w
	}
}

func TestRMSProp(t *testing.T) {
	checkRecurrence(t, func() optim.Optimiser { return &optim.RMSProp{} },
		rmsPropReference(0.001, 0.9, 1e-8, 0))
	checkRecurrence(t, func() optim.Optimiser {
		return &optim.RMSProp{LearningRate: 0.02, Decay: 0.75, Epsilon: 0.01, Momentum: 0.5}
	}, rmsPropReference(0.02, 0.75, 0.01, 0.5))
}
