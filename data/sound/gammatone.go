package sound

import "math"

// Gammatone is a bank of filters as those of the inner ear. Channel c filters with
//
//	g(t) = t³ exp(−2π b t) exp(2π i f t),  b = 1.019 ERB(f),  ERB(f) = 24.7 Hz + 0.108 f
//
// scaled to 1 at f, the frequencies f equally far apart on the scale of ERBs. Its level
// e = 2 |g ∗ s|, at each sample, is the envelope: that of a sine of amplitude e.
//
// R. D. Patterson et al., APU report 2341 (1988); B. R. Glasberg and B. C. J. Moore,
// Hearing Research 47 (1990), 103; V. Hohmann, Acta Acustica 88 (2002), 433.
type Gammatone struct {
	Channels  int
	Low, High float64 // frequencies of the first and the last channel, Hz
}

// Frequencies returns the frequencies of the channels in Hz.
func (g Gammatone) Frequencies() []float64 {
	const q = 24.7 / 0.108 // ERB(f) = 0.108 (f + q)
	fs := make([]float64, max(g.Channels, 0))
	for c := range fs {
		share := 0.0
		if g.Channels > 1 {
			share = float64(c) / float64(g.Channels-1)
		}
		fs[c] = (g.Low+q)*math.Pow((g.High+q)/(g.Low+q), share) - q
	}
	return fs
}

// A resonator is one filter: four poles at exp(−2π b/rate), once the frequency has been
// turned to 0.
type resonator struct {
	turn, phase complex128 // of the frequency, a sample; and so far
	pole        float64
	z           [4]complex128
}

func (g Gammatone) start(rate float64) (func(s float64) []float64, error) {
	if err := band(g.Channels, g.Low, g.High, rate); err != nil {
		return nil, err
	}
	rs, levels := make([]resonator, g.Channels), make([]float64, g.Channels)
	for c, f := range g.Frequencies() {
		sin, cos := math.Sincos(-2 * math.Pi * f / rate)
		rs[c] = resonator{turn: complex(cos, sin), phase: 1, pole: math.Exp(-2 * math.Pi * 1.019 * (24.7 + 0.108*f) / rate)}
	}
	return func(s float64) []float64 {
		for c := range rs {
			levels[c] = 4 * rs[c].step(s)
		}
		return levels
	}, nil
}

// step takes a sample and returns |g ∗ s|².
func (r *resonator) step(s float64) float64 {
	z := complex(s, 0) * r.phase
	r.phase *= r.turn
	a, b := complex(r.pole, 0), complex(1-r.pole, 0)
	for i := range r.z {
		r.z[i] = a*r.z[i] + b*z
		z = r.z[i]
	}
	return real(z)*real(z) + imag(z)*imag(z)
}
