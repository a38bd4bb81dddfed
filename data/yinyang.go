package data

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Labels of the Yin-Yang set, in the order in which its authors name them.
const (
	Yin  = 0 // the lower half, and all around the right dot
	Yang = 1 // the upper half, and all around the left dot
	Dot  = 2 // the two dots
)

// Radii of the Yin-Yang set in the unit square.
const (
	YinYangRadius    = 0.5 // r_big: the figure, centred on (0.5, 0.5)
	YinYangDotRadius = 0.1 // r_small: each dot, centred on (0.25, 0.5) or (0.75, 0.5)
)

// maxYinYang bounds what NewYinYang allocates: 2²⁶ samples are 1 GiB.
const maxYinYang = 1 << 26

// yinYangStream sets the generator of Yin-Yang samples apart from the ones
// that Order makes of the same seed. The number is "yin-yang" in ASCII.
const yinYangStream = 0x79696e2d79616e67

// NewYinYang returns n samples of the Yin-Yang set: points (x, y) in a disc,
// to be told apart by the region they lie in ([Yin], [Yang] or [Dot]). The
// shape is [4], a sample being
//
//	(x, y, 1−x, 1−y)
//
// all in [0, 1]. The classes are balanced as published: the class of a sample
// is drawn first, then points are drawn uniformly in the square until one is
// of that class. The label is [YinYangClass] of the stored, float32, x and y.
//
// The authors train on 5,000 samples, validate on 1,000 and test on 1,000, with
// seeds 42, 41 and 40. Their generator is NumPy's, so that the same seeds give
// other points of the same distribution here. An error says that n is negative
// or above 2²⁶.
//
// L. Kriener, J. Göltz and M. A. Petrovici, The Yin-Yang dataset, NICE (2022),
// arXiv:2102.08211.
func NewYinYang(n int, seed uint64) (*Memory, error) {
	if n < 0 || n > maxYinYang {
		return nil, fmt.Errorf("data: yin-yang: %d samples asked for, want 0 to %d", n, maxYinYang)
	}
	rng := rand.New(rand.NewPCG(seed, yinYangStream))
	x := make([]float32, 0, 4*n)
	labels := make([]int, n)
	for i := range labels {
		labels[i] = rng.IntN(3)
		px, py := yinYangPoint(rng, labels[i])
		x = append(x, float32(px), float32(py), float32(1-px), float32(1-py))
	}
	return &Memory{shape: []int{4}, size: 4, x: x, labels: labels, classes: 3}, nil
}

// yinYangPoint draws points in the unit square until one is of class goal.
// Rounding comes before judging, so that the point that is stored is the point
// that was judged.
func yinYangPoint(rng *rand.Rand, goal int) (x, y float64) {
	for {
		x = float64(float32(rng.Float64()))
		y = float64(float32(rng.Float64()))
		if class, inside := YinYangClass(x, y); inside && class == goal {
			return x, y
		}
	}
}

// YinYangClass returns the class of the point (x, y), and whether it lies in
// the figure at all; outside, the class is 0 and means nothing.
//
// With R = 0.5, r = 0.1 and the distances d of the point to the centre (R, R),
// d₋ to the left dot (R/2, R) and d₊ to the right dot (3R/2, R),
//
//	inside:  d ≤ R
//	Dot:     d₊ < r  or  d₋ < r
//	Yang:    d₊ ≤ r  or  r < d₋ ≤ R/2  or  (y > R and d₊ > R/2)
//	Yin:     everywhere else
//
// The numbers are those of the published code. It calls the criterion of label
// 1 "is yin" and its list of names calls label 1 yang; the constants here
// follow the list. Turning the figure by half a turn, (x, y) → (1−x, 1−y),
// exchanges Yin and Yang (but for points on a border) and keeps Dot.
func YinYangClass(x, y float64) (class int, inside bool) {
	const R, r = YinYangRadius, YinYangDotRadius
	if !(distance(x, y, R, R) <= R) { // so written that NaN is outside
		return 0, false
	}
	left, right := distance(x, y, R/2, R), distance(x, y, 3*R/2, R)
	switch {
	case right < r || left < r:
		return Dot, true
	case right <= r || r < left && left <= R/2 || y > R && right > R/2:
		return Yang, true
	}
	return Yin, true
}

// distance returns the distance between (x, y) and (cx, cy). The conversions
// keep the compiler from fusing product and sum, which would move points on a
// border from one machine to the next.
func distance(x, y, cx, cy float64) float64 {
	dx, dy := x-cx, y-cy
	return math.Sqrt(float64(dx*dx) + float64(dy*dy))
}
