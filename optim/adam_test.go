package optim_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/optim"
)

// adamReference is algorithm 1 of Kingma and Ba (2015). l2 is a decay added
// to the gradient, lambda and eta are those of algorithm 2 of Loshchilov and
// Hutter (2019): θ ← θ − η (α m̂/(√v̂ + ε) + λ θ).
func adamReference(alpha, beta1, beta2, epsilon, l2, lambda, eta float64) func([]float64, int) []float64 {
	return func(theta []float64, steps int) []float64 {
		m, v := make([]float64, len(theta)), make([]float64, len(theta))
		for t := 1; t <= steps; t++ {
			g := quadratic(theta)
			for i := range theta {
				g[i] += l2 * theta[i]
				m[i] = beta1*m[i] + (1-beta1)*g[i]
				v[i] = beta2*v[i] + (1-beta2)*g[i]*g[i]
				mHat := m[i] / (1 - math.Pow(beta1, float64(t)))
				vHat := v[i] / (1 - math.Pow(beta2, float64(t)))
				theta[i] -= eta * (alpha*mHat/(math.Sqrt(vHat)+epsilon) + lambda*theta[i])
			}
		}
		return theta
	}
}

func TestAdam(t *testing.T) {
	checkRecurrence(t, func() optim.Optimiser { return &optim.Adam{} },
		adamReference(0.001, 0.9, 0.999, 1e-8, 0, 0, 1))
	checkRecurrence(t, func() optim.Optimiser {
		return &optim.Adam{LearningRate: 0.1, Beta1: 0.7, Beta2: 0.9, Epsilon: 1e-3, WeightDecay: 0.05}
	}, adamReference(0.1, 0.7, 0.9, 1e-3, 0.05, 0, 1))
}

// The decay of the paper is α λ of ours, its η the rate factor.
func TestAdamW(t *testing.T) {
	checkRecurrence(t, func() optim.Optimiser {
		o := optim.NewAdamW(0.1, 0.2)
		o.SetRateFactor(0.5)
		return o
	}, adamReference(0.1, 0.9, 0.999, 1e-8, 0, 0.1*0.2, 0.5))
}

// Where there is no gradient, decoupled decay is all that moves a weight, and
// coupled decay moves it like a gradient: the first step by the learning rate.
func TestAdamDecayWithoutGradient(t *testing.T) {
	for _, c := range []struct {
		o    *optim.Adam
		want float64
	}{
		{optim.NewAdamW(0.1, 0.5), 4 * (1 - 0.1*0.5)},
		{&optim.Adam{LearningRate: 0.1, WeightDecay: 0.5}, 4 - 0.1},
	} {
		w := &weight{name: "w", value: G.NewF64(4), grad: G.NewF64(0)}
		require.NoError(t, c.o.Step([]G.ValueGrad{w}))
		require.InDelta(t, c.want, elements(w.value)[0], 1e-8)
	}
}
