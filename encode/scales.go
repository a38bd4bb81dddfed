package encode

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/limit"
)

// SpatialSet says which receptive fields to make: all combinations of its lists.
type SpatialSet struct {
	Scales      []float64
	Angles      []float64
	Ratios      []float64
	Derivatives [][2]int  // orders (dx, dy); Derivatives makes all up to an order
	X, Y        []float64 // centres; nil means one at 0
	// Replicas keeps fields that differ in the angle alone where the ratio is 1,
	// as they do not differ at all but in the direction of derivatives. Without
	// them such fields come last, with the first angle only.
	Replicas bool
}

// Derivatives returns all orders (a, b) with 0 ≤ a, b ≤ n but for (n, n), b
// varying fastest; for n = 0 it returns (0, 0). An error says that n is out of
// range: orders go up to 64.
func Derivatives(n int) ([][2]int, error) {
	if err := checkOrder(n, n); err != nil {
		return nil, fmt.Errorf("encode: derivatives: %w", err)
	}
	if n == 0 {
		return [][2]int{{0, 0}}, nil
	}
	var ds [][2]int
	for a := range n + 1 {
		for b := range n + 1 {
			if a < n || b < n {
				ds = append(ds, [2]int{a, b})
			}
		}
	}
	return ds, nil
}

// SpatialParameters returns the parameters of all fields of a set, [K, 7], as
// SpatialReceptiveFields takes them: rows of scale, angle, ratio, x, y, dx, dy,
// the last varying fastest. An error says that the set has no field, a number
// that is not finite or an order out of range.
func SpatialParameters[F float32 | float64](set SpatialSet) (*tensor.Dense, error) {
	xs, ys := set.X, set.Y
	if xs == nil {
		xs = []float64{0}
	}
	if ys == nil {
		ys = []float64{0}
	}
	for _, list := range []struct {
		name string
		v    []float64
	}{{"scales", set.Scales}, {"angles", set.Angles}, {"ratios", set.Ratios}, {"x", xs}, {"y", ys}} {
		if len(list.v) == 0 {
			return nil, fmt.Errorf("encode: spatial parameters: no %s", list.name)
		}
		for i, v := range list.v {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("encode: spatial parameters: element %d of %s is %v, want a finite number", i, list.name, v)
			}
		}
	}
	if len(set.Derivatives) == 0 {
		return nil, fmt.Errorf("encode: spatial parameters: no derivatives")
	}
	for _, d := range set.Derivatives {
		if err := checkOrder(d[0], d[1]); err != nil {
			return nil, fmt.Errorf("encode: spatial parameters: %w", err)
		}
	}
	if _, err := limit.Elements(len(set.Scales), len(set.Angles), len(set.Ratios), len(xs), len(ys), len(set.Derivatives), fieldParameters); err != nil {
		return nil, fmt.Errorf("encode: spatial parameters: by scale, angle, ratio, x, y and derivative, each of seven numbers: %w", err)
	}
	var rows []F
	add := func(angles, ratios []float64) {
		for _, scale := range set.Scales {
			for _, angle := range angles {
				for _, ratio := range ratios {
					for _, x := range xs {
						for _, y := range ys {
							for _, d := range set.Derivatives {
								rows = append(rows, F(scale), F(angle), F(ratio), F(x), F(y), F(d[0]), F(d[1]))
							}
						}
					}
				}
			}
		}
	}
	if set.Replicas {
		add(set.Angles, set.Ratios)
	} else {
		var round, long []float64
		for _, r := range set.Ratios {
			if r == 1 {
				round = append(round, r)
			} else {
				long = append(long, r)
			}
		}
		add(set.Angles, long)
		add(set.Angles[:1], round)
	}
	return tensor.New(tensor.WithShape(len(rows)/fieldParameters, fieldParameters), tensor.WithBacking(rows)), nil
}

// TemporalScales says how time scales are spread.
type TemporalScales struct {
	N   int     // how many
	Min float64 // the smallest variance
	Max float64 // the largest variance, which then sets C; 0 for none
	C   float64 // ratio of one time scale to the next
}

// DefaultTemporalScales returns n scales from 1 on, each √2 times the one before.
func DefaultTemporalScales(n int) TemporalScales {
	return TemporalScales{N: n, Min: 1, C: math.Sqrt2}
}

// Values returns the time scales τ_k, k = 1 … n, spread evenly in the logarithm:
//
//	τ_k = √(c^(2(k−n)) τ_max),  τ_max = c^(2(n−1)) min
//
// and with a max, for n > 1,
//
//	τ_max = max,  c = (min/max)^(1/(2(n−1)))
//
// which runs downwards, from √(max²/min) to √max. A single scale is √min. An
// error says which number is out of range.
//
// T. Lindeberg, Journal of Mathematical Imaging and Vision 55 (2016), 50.
func (s TemporalScales) Values() ([]float64, error) {
	finite := func(v float64) bool { return v > 0 && !math.IsInf(v, 0) }
	switch {
	case s.N < 1 || s.N > limit.Most:
		return nil, fmt.Errorf("encode: temporal scales: %d of them, want 1 to %d", s.N, limit.Most)
	case !finite(s.Min):
		return nil, fmt.Errorf("encode: temporal scales: the smallest is %v, want a finite number above 0", s.Min)
	case s.Max != 0 && !finite(s.Max):
		return nil, fmt.Errorf("encode: temporal scales: the largest is %v, want a finite number above 0, or 0 for none", s.Max)
	case s.Max == 0 && !finite(s.C):
		return nil, fmt.Errorf("encode: temporal scales: the ratio is %v, want a finite number above 0", s.C)
	case s.N == 1:
		return []float64{math.Sqrt(s.Min)}, nil
	}
	largest, c := s.Max, s.C
	steps := float64(s.N - 1)
	if largest == 0 {
		largest = math.Pow(c, 2*steps) * s.Min
	} else {
		c = math.Pow(s.Min/largest, 1/(2*steps))
	}
	scales := make([]float64, s.N)
	for k := range scales {
		scales[k] = math.Sqrt(math.Pow(c, 2*(float64(k)-steps)) * largest)
	}
	return scales, nil
}
