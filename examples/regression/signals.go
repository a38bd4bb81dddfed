package main

import (
	"fmt"
	"math"
	"math/rand/v2"
)

const (
	waves  = 3   // in a signal
	short  = 80  // ms, the shortest period
	long   = 400 // ms, the longest
	window = 30  // ms, time constant of the running mean and power
)

// signals is a data set of wandering signals [steps, 1], each with two targets in
// place of a label.
type signals struct {
	u [][]float64
	y [][][targets]float64
}

// newSignals draws n signals, sums of sines of random periods and phases,
//
//	u(t) = Σ_k sin(2π t/P_k + φ_k)
//
// with log P_k and φ_k uniform.
func newSignals(n int, seed uint64) *signals {
	r := rand.New(rand.NewPCG(seed, 0))
	s := &signals{}
	for range n {
		u := make([]float64, steps)
		for range waves {
			period := short * math.Pow(float64(long)/short, r.Float64())
			phase := 2 * math.Pi * r.Float64()
			for t := range u {
				u[t] += math.Sin(2*math.Pi*float64(t)/period + phase)
			}
		}
		s.u, s.y = append(s.u, u), append(s.y, follow(u))
	}
	return s
}

// follow returns the targets of a signal: its running mean, and the running mean
// of its square over that of all signals, 3/2:
//
//	τ dm/dt = u − m         m = 0 at first
//	τ dp/dt = u²/(3/2) − p  p = 0 at first
func follow(u []float64) [][targets]float64 {
	const keep = 1 - 1./window
	y := make([][targets]float64, len(u))
	var m, p float64
	for t, v := range u {
		m = keep*m + (1-keep)*v
		p = keep*p + (1-keep)*v*v/(waves/2.)
		y[t] = [targets]float64{m, p}
	}
	return y
}

// Len returns the number of signals.
func (s *signals) Len() int { return len(s.u) }

// Shape returns the shape of a signal, which is a sequence.
func (s *signals) Shape() []int { return []int{steps, 1} }

// Sample writes signal i to x. It has no label.
func (s *signals) Sample(i int, x []float32) (int, error) {
	if i < 0 || i >= len(s.u) || len(x) != steps {
		return 0, fmt.Errorf("signal %d asked for in a length of %d, want 0 to %d in %d", i, len(x), len(s.u)-1, steps)
	}
	for t, v := range s.u[i] {
		x[t] = float32(v)
	}
	return 0, nil
}

// Target writes the targets [steps, 2] of signal i to y.
func (s *signals) Target(i int, y []float32) error {
	if i < 0 || i >= len(s.y) || len(y) != steps*targets {
		return fmt.Errorf("targets of signal %d asked for in a length of %d, want 0 to %d in %d", i, len(y), len(s.y)-1, steps*targets)
	}
	for t, v := range s.y[i] {
		y[t*targets], y[t*targets+1] = float32(v[0]), float32(v[1])
	}
	return nil
}

// errors returns for both targets the mean squared error of voltages
// [signals, steps, 2], over the variance of the target.
func (s *signals) errors(voltages []float32) (e [targets]float64) {
	for k := range e {
		var sum, square, wrong float64
		for i, y := range s.y {
			for t := range y {
				want := y[t][k]
				d := float64(voltages[(i*steps+t)*targets+k]) - want
				sum, square, wrong = sum+want, square+want*want, wrong+d*d
			}
		}
		n := float64(len(s.y) * steps)
		e[k] = wrong / n / (square/n - sum/n*sum/n)
	}
	return e
}
