package vitals

import (
	"math"
	"sync/atomic"

	"github.com/spikegrad/spikegrad/graph"
)

// Slopes is a spike function that counts its arguments, the voltages less the
// threshold, in bins of a quarter of an octave. It is asked from several
// goroutines at once.
type Slopes struct {
	graph.Func
	On  bool                       // count
	bin [2][slopeBins]atomic.Int64 // below and above the threshold
}

// The bins reach from 2^−31 to 2^33; what lies beyond counts in the last ones.
const (
	slopeBins = 256
	firstBin  = (1023 - 31) << 2
)

// Eval counts x and returns what the function says.
func (s *Slopes) Eval(x float64) float64 {
	if s.On {
		side := 0
		if x > 0 {
			side = 1
		}
		// The exponent and two bits behind it are the bin.
		k := int(math.Float64bits(math.Abs(x))>>50) - firstBin
		s.bin[side][min(max(k, 0), slopeBins-1)].Add(1)
	}
	return s.Func.Eval(x)
}

// Reset forgets what was counted.
func (s *Slopes) Reset() {
	for side := range s.bin {
		for k := range s.bin[side] {
			s.bin[side][k].Store(0)
		}
	}
}

// each calls f with the middle of each bin that is not empty, and its count.
func (s *Slopes) each(f func(x float64, n int64)) {
	for side, sign := range []float64{-1, 1} {
		for k := range s.bin[side] {
			if n := s.bin[side][k].Load(); n > 0 {
				f(sign*middle(k), n)
			}
		}
	}
}

// middle returns the middle of bin k.
func middle(k int) float64 {
	lo := math.Float64frombits(uint64(k+firstBin) << 50)
	hi := math.Float64frombits(uint64(k+firstBin+1) << 50)
	return (lo + hi) / 2
}

// moments returns how many were counted.
func (s *Slopes) moments() (n int64) {
	s.each(func(_ float64, k int64) { n += k })
	return n
}

// median returns the median of |x|.
func (s *Slopes) median() float64 {
	total, below := s.moments(), int64(0)
	for k := range slopeBins {
		below += s.bin[0][k].Load() + s.bin[1][k].Load()
		if 2*below >= total {
			return middle(k)
		}
	}
	return 0
}

// peak returns the largest slope at the threshold and at what was counted.
func (s *Slopes) peak() float64 {
	top := s.Deriv(0)
	s.each(func(x float64, _ int64) { top = max(top, s.Deriv(x)) })
	return top
}

// share returns the share of the moments at which the slope is more than limit.
func (s *Slopes) share(limit float64) float64 {
	var n int64
	s.each(func(x float64, k int64) {
		if s.Deriv(x) > limit {
			n += k
		}
	})
	return float64(n) / float64(max(s.moments(), 1))
}
