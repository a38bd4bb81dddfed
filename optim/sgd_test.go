package optim_test

import (
	"testing"

	"github.com/spikegrad/spikegrad/optim"
)

// w ← w − η (g + λ w)
func TestSGD(t *testing.T) {
	checkRecurrence(t, func() optim.Optimiser { return &optim.SGD{LearningRate: 0.1, WeightDecay: 0.02} },
		func(w []float64, steps int) []float64 {
			for range steps {
				g := quadratic(w)
				for i := range w {
					w[i] -= 0.1 * (g[i] + 0.02*w[i])
				}
			}
			return w
		})
}

// Sutskever et al. (2013), equations 1 and 2, with the velocity in units of
// the weights:
//
//	v ← μ v − ε ∇f(θ)
//	θ ← θ + v
func TestSGDMomentum(t *testing.T) {
	checkRecurrence(t, func() optim.Optimiser { return &optim.SGD{LearningRate: 0.1, Momentum: 0.9, WeightDecay: 0.02} },
		func(theta []float64, steps int) []float64 {
			v := make([]float64, len(theta))
			for range steps {
				g := quadratic(theta)
				for i := range theta {
					v[i] = 0.9*v[i] - 0.1*(g[i]+0.02*theta[i])
					theta[i] += v[i]
				}
			}
			return theta
		})
}

// Sutskever et al. (2013), equations 3 and 4:
//
//	v ← μ v − ε ∇f(θ + μ v)
//	θ ← θ + v
//
// The optimiser's weights are θ + μ v, where the gradient is taken.
func TestSGDNesterov(t *testing.T) {
	optimiser := func() optim.Optimiser {
		return &optim.SGD{LearningRate: 0.1, Momentum: 0.9, Nesterov: true, WeightDecay: 0.02}
	}
	checkRecurrence(t, optimiser, func(theta []float64, steps int) []float64 {
		v, ahead := make([]float64, len(theta)), make([]float64, len(theta))
		for range steps {
			for i := range theta {
				ahead[i] = theta[i] + 0.9*v[i]
			}
			g := quadratic(ahead)
			for i := range theta {
				v[i] = 0.9*v[i] - 0.1*(g[i]+0.02*ahead[i])
				theta[i] += v[i]
			}
		}
		for i := range theta {
			ahead[i] = theta[i] + 0.9*v[i]
		}
		return ahead
	})
}
