package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// RandmanParams are the parameters of sets of smooth random manifolds.
type RandmanParams struct {
	Classes int     // each is a manifold
	Units   int     // M, dimension of the space that the manifolds lie in: neurons that spike
	Dim     int     // D, dimension of the manifolds
	Alpha   float64 // α, smoothness: the larger, the less the manifolds bend
	Steps   int     // T, time steps of a sample
	Spikes  int     // of each unit in a sample
}

// DefaultRandmanParams returns 10 classes of 20 units, D = 1, α = 3, 100 steps
// and one spike of each unit.
func DefaultRandmanParams() RandmanParams {
	return RandmanParams{Classes: 10, Units: 20, Dim: 1, Alpha: 3, Steps: 100, Spikes: 1}
}

// Randman is a [Dataset] of spike trains: each class is a smooth random manifold
// in the space of spike times, and a sample is a point of it. Rates say nothing of
// the class: each unit has as many spikes in every sample, but for those that
// coincide.
type Randman struct {
	p     RandmanParams
	times []uint16 // [sample, unit, spike], steps
}

// randmanStream sets the generator apart from others of the same seed. The number
// is "randman!" in ASCII.
const randmanStream = 0x72616e646d616e21

const (
	randmanCutoff = 1e-3    // waves whose amplitude is below it are left out
	randmanProbes = 1000    // points that find out how far a manifold reaches
	maxRandman    = 1 << 28 // spikes of a set
	maxWaves      = 1 << 20 // of its manifolds; their ranges take a thousand times as many sines
)

// NewRandman returns n samples of smooth random manifolds. Sample i is of class i
// modulo the number of classes. Its shape is [T, M], with 1 where a unit spikes.
//
// For each class, unit and spike there is a random function of D coordinates,
//
//	f(x) = Π_d Σ_k A_dk/k^α sin(2π (k B_dk x_d + C_dk))
//
// with A, B and C uniform in [0, 1), and k from 1 to the last with 1/k^α ≥ 1/1000. A sample is a point x, uniform in the unit cube; f(x), moved and stretched
// so that a thousand other points of the manifold just fill the range from 0 to T,
// and cut off beyond, is the time of the spike.
//
// The classes depend on the seed and the parameters alone: a smaller set is the
// beginning of a larger one, and sets for training and testing are stretches of
// one set (see [Subset]). An error says which parameter is out of range.
//
// F. Zenke and T. P. Vogels, Neural Computation 33 (2021), 899.
func NewRandman(p RandmanParams, n int, seed uint64) (*Randman, error) {
	if err := p.check(n); err != nil {
		return nil, err
	}
	d := &Randman{p: p, times: make([]uint16, n*p.Units*p.Spikes)}
	r := rand.New(rand.NewPCG(seed, randmanStream))
	manifolds := make([]manifold, p.Classes)
	for c := range manifolds {
		manifolds[c] = newManifold(r, p)
	}
	x := make([]float64, p.Dim)
	for i := range n {
		draw(r, x)
		manifolds[i%p.Classes].times(x, p.Steps, d.times[i*p.Units*p.Spikes:][:p.Units*p.Spikes])
	}
	return d, nil
}

func (p RandmanParams) check(n int) error {
	for _, c := range []struct {
		name     string
		v, least int
		most     int
	}{
		{"samples", n, 0, maxRandman}, {"classes", p.Classes, 1, 1 << 16}, {"units", p.Units, 1, 1 << 16},
		{"dimensions", p.Dim, 1, 1 << 10}, {"time steps", p.Steps, 1, math.MaxUint16}, {"spikes of a unit", p.Spikes, 1, 1 << 10},
	} {
		if c.v < c.least || c.v > c.most {
			return fmt.Errorf("data: randman: %d %s asked for, want %d to %d", c.v, c.name, c.least, c.most)
		}
	}
	if !(p.Alpha >= 1 && p.Alpha <= 100) {
		return fmt.Errorf("data: randman: smoothness α is %v, want 1 to 100", p.Alpha)
	}
	size := p.Units * p.Spikes // below 2^26
	if n > maxRandman/size {
		return fmt.Errorf("data: randman: %d samples with %d spikes asked for, want at most %d spikes", n, size, maxRandman)
	}
	if each := p.Dim * p.waves(); p.Classes*each > maxWaves/size {
		return fmt.Errorf("data: randman: %d classes of %d functions with %d waves each asked for, want at most %d waves in all", p.Classes, size, each, maxWaves)
	}
	return nil
}

// waves returns the number of terms of a sum; what is added before rounding down
// keeps 1000 to the power of 1/3 from being 9.
func (p RandmanParams) waves() int { return int(math.Pow(1/randmanCutoff, 1/p.Alpha) + 1e-9) }

func draw(r *rand.Rand, x []float64) {
	for i := range x {
		x[i] = r.Float64()
	}
}

// A manifold is a function for each unit and spike, and its range.
type manifold []struct {
	f      randmanFunc
	lo, hi float64
}

func newManifold(r *rand.Rand, p RandmanParams) manifold {
	m := make(manifold, p.Units*p.Spikes)
	for i := range m {
		m[i].f = newRandmanFunc(r, p)
		m[i].lo, m[i].hi = math.Inf(1), math.Inf(-1)
	}
	x := make([]float64, p.Dim)
	for range randmanProbes {
		draw(r, x)
		for i := range m {
			y := m[i].f.at(x)
			m[i].lo, m[i].hi = min(m[i].lo, y), max(m[i].hi, y)
		}
	}
	return m
}

// times writes the steps of the spikes at the point x of the manifold.
func (m manifold) times(x []float64, steps int, to []uint16) {
	for i, u := range m {
		y := 0.0
		if u.hi > u.lo {
			y = (u.f.at(x) - u.lo) / (u.hi - u.lo)
		}
		to[i] = uint16(min(max(int(y*float64(steps)), 0), steps-1))
	}
}

// A randmanFunc is a random function of some coordinates: for each of them the
// waves of a sum.
type randmanFunc [][]wave

// A wave is amplitude · sin(2π (frequency · x + phase)).
type wave struct{ amplitude, frequency, phase float64 }

func newRandmanFunc(r *rand.Rand, p RandmanParams) randmanFunc {
	f := make(randmanFunc, p.Dim)
	for d := range f {
		f[d] = make([]wave, p.waves())
		for i := range f[d] {
			k := float64(i + 1)
			f[d][i] = wave{amplitude: r.Float64() / math.Pow(k, p.Alpha), frequency: k * r.Float64(), phase: r.Float64()}
		}
	}
	return f
}

func (f randmanFunc) at(x []float64) float64 {
	y := 1.0
	for d, waves := range f {
		var sum float64
		for _, w := range waves {
			sum += w.amplitude * math.Sin(2*math.Pi*(w.frequency*x[d]+w.phase))
		}
		y *= sum
	}
	return y
}

// Len returns the number of samples.
func (d *Randman) Len() int { return len(d.times) / (d.p.Units * d.p.Spikes) }

// Shape returns [T, M].
func (d *Randman) Shape() []int { return []int{d.p.Steps, d.p.Units} }

// Classes returns the number of classes.
func (d *Randman) Classes() int { return d.p.Classes }

// Events appends the spikes of sample i to dst, each of them once, and returns its
// class.
func (d *Randman) Events(i int, dst []Event) ([]Event, int, error) {
	if i < 0 || i >= d.Len() {
		return dst, 0, errNoSample(i, d.Len())
	}
	times := d.times[i*d.p.Units*d.p.Spikes:]
	for u := range d.p.Units {
		have := len(dst)
		for _, t := range times[u*d.p.Spikes : (u+1)*d.p.Spikes] {
			dst = append(dst, Event{Step: int(t), Index: u})
		}
		of := dst[have:]
		slices.SortFunc(of, func(a, b Event) int { return a.Step - b.Step })
		dst = dst[:have+len(slices.Compact(of))]
	}
	return dst, i % d.p.Classes, nil
}

// Sample writes the spikes of sample i, 0 and 1, to x and returns its class.
func (d *Randman) Sample(i int, x []float32) (int, error) {
	if err := checkSample(i, d.Len(), x, d.p.Steps*d.p.Units); err != nil {
		return 0, err
	}
	clear(x)
	n := d.p.Units * d.p.Spikes
	for k, t := range d.times[i*n : (i+1)*n] {
		x[int(t)*d.p.Units+k/d.p.Spikes] = 1
	}
	return i % d.p.Classes, nil
}
