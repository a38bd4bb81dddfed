package layers

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// An Init draws the first values of a weight tensor of the given shape: [in, out]
// for linear maps, [out, in, height, width] for convolutions.
type Init interface {
	Draw(r *rand.Rand, shape []int, w []float64) error
}

// orLeCun returns i, LeCun's normal if it is nil.
func orLeCun(i Init) Init {
	if i == nil {
		return Scaled{Gain: 1}
	}
	return i
}

var errNoRand = errors.New("the random generator is nil")

// fans returns how many inputs an output has, and how many outputs an input.
func fans(shape []int) (in, out float64) {
	switch len(shape) {
	case 0:
		return 1, 1
	case 1:
		return float64(shape[0]), float64(shape[0])
	case 2:
		return float64(shape[0]), float64(shape[1])
	}
	field := 1
	for _, d := range shape[2:] {
		field *= d
	}
	return float64(shape[1] * field), float64(shape[0] * field)
}

// Constant gives all weights one value.
type Constant float64

// Draw fills w.
func (c Constant) Draw(_ *rand.Rand, _ []int, w []float64) error {
	for i := range w {
		w[i] = float64(c)
	}
	return nil
}

// Values gives weights these values, in their order.
type Values []float64

// Draw copies the values to w, which must have as many elements.
func (v Values) Draw(_ *rand.Rand, shape []int, w []float64) error {
	if len(v) != len(w) {
		return fmt.Errorf("%d values came, want %d for the shape %v", len(v), len(w), shape)
	}
	copy(w, v)
	return nil
}

// Scaled draws weights with mean 0 and the standard deviation
// Gain/√(a·in + b·out), where in and out are the numbers of inputs and outputs
// and (a, b) is (1, 0) for LeCun's and He's rules and (½, ½) for Glorot's.
//
// Y. LeCun et al., Efficient BackProp (1998); X. Glorot and Y. Bengio, AISTATS
// (2010); K. He et al., ICCV (2015).
type Scaled struct {
	Gain    float64 // √2 is He's, 1 LeCun's and Glorot's
	Glorot  bool    // divide by the mean of inputs and outputs
	Uniform bool    // uniform instead of normal
}

// Draw fills w.
func (s Scaled) Draw(r *rand.Rand, shape []int, w []float64) error {
	if r == nil {
		return errNoRand
	}
	if !(s.Gain > 0) || math.IsInf(s.Gain, 0) {
		return fmt.Errorf("gain is %v, want a positive number", s.Gain)
	}
	in, out := fans(shape)
	n := in
	if s.Glorot {
		n = (in + out) / 2
	}
	std := s.Gain / math.Sqrt(n)
	for i := range w {
		if s.Uniform {
			w[i] = std * math.Sqrt(3) * (2*r.Float64() - 1)
		} else {
			w[i] = std * r.NormFloat64()
		}
	}
	return nil
}

// FluctuationDriven draws weights such that leaky integrate-and-fire neurons
// with exponential synapses that receive Poisson spikes fire at a given rate.
// Weights are normal with mean 0; their variance σ_w² makes membranes fluctuate
// just so much that they cross the threshold that often: with n inputs of rate ν
// each, the potential of a neuron has over time the variance σ², and over the
// neurons its mean has the variance m²,
//
//	σ² = n ν σ_w² τ_s² / (2 (τ_s + τ_m))
//	m² = n (ν σ_w τ_s)²
//	rate = σ/√(σ² + m²) · exp(−θ²/(2 (σ² + m²))) / (2π √(τ_s τ_m))
//
// The variances are Campbell's theorem; the rate is Rice's formula for how often
// a Gaussian process crosses a level, averaged over neurons. The reset is not
// accounted for, nor is the time step. A rate above what the formula can give is
// an error.
//
// J. Rossbroich, J. Gygax and F. Zenke, Neuromorphic Computing and Engineering 2
// (2022), 044016, without m.
type FluctuationDriven struct {
	InputRate float64 // ν, spikes of an input per second
	Rate      float64 // of the neurons, on average, per second
	TauSyn    float64 // τ_s, s; 0 means 5 ms
	TauMem    float64 // τ_m, s; 0 means 10 ms
	Threshold float64 // θ, above the potential at rest; 0 means 1
	Gain      float64 // of one input spike on the current; 0 means 1
}

// Draw fills w.
func (f FluctuationDriven) Draw(r *rand.Rand, shape []int, w []float64) error {
	if r == nil {
		return errNoRand
	}
	ts, tm := cmp.Or(f.TauSyn, 5e-3), cmp.Or(f.TauMem, 10e-3)
	theta, gain := cmp.Or(f.Threshold, 1), cmp.Or(f.Gain, 1)
	for _, p := range []struct {
		name string
		v    float64
	}{{"input rate", f.InputRate}, {"rate", f.Rate}, {"τ_s", ts}, {"τ_m", tm}, {"threshold", theta}, {"gain", gain}} {
		if !(p.v > 0) || math.IsInf(p.v, 0) {
			return fmt.Errorf("fluctuation-driven weights: %s is %v, want a positive number", p.name, p.v)
		}
	}
	spread := 1 + 2*f.InputRate*(ts+tm) // (σ² + m²)/σ²
	limit := 1 / (2 * math.Pi * math.Sqrt(ts*tm*spread))
	if f.Rate >= limit {
		return fmt.Errorf("fluctuation-driven weights: rate is %v per second, want less than %.1f", f.Rate, limit)
	}
	sigma := theta / math.Sqrt(2*math.Log(limit/f.Rate)*spread)
	in, _ := fans(shape)
	sigmaW := sigma / (gain * ts * math.Sqrt(in*f.InputRate/(2*(ts+tm))))
	for i := range w {
		w[i] = sigmaW * r.NormFloat64()
	}
	return nil
}

// InitByName returns an initialiser by its usual name: zeros, ones,
// lecun_normal, lecun_uniform, glorot_normal, glorot_uniform, he_normal or
// he_uniform.
func InitByName(name string) (Init, error) {
	switch name {
	case "zeros":
		return Constant(0), nil
	case "ones":
		return Constant(1), nil
	case "lecun_normal":
		return Scaled{Gain: 1}, nil
	case "lecun_uniform":
		return Scaled{Gain: 1, Uniform: true}, nil
	case "glorot_normal":
		return Scaled{Gain: 1, Glorot: true}, nil
	case "glorot_uniform":
		return Scaled{Gain: 1, Glorot: true, Uniform: true}, nil
	case "he_normal":
		return Scaled{Gain: math.Sqrt2}, nil
	case "he_uniform":
		return Scaled{Gain: math.Sqrt2, Uniform: true}, nil
	}
	return nil, fmt.Errorf("layers: no initialiser %q, want zeros, ones, or lecun, glorot or he with _normal or _uniform", name)
}
