package connect

import (
	"math"

	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A delayCurve computes the Gaussian of many positions: κ is smooth in the position, and so the
// interpolation between its values at positions that lie close, by the polynomial through so many
// of them that nothing but rounding is lost (TestDelayCurve). All steps of κ are one row, and a
// row is a sum of rows.
//
// As a function of a complex position κ has poles πσ² beside the real axis, where its sum
// is 0. So what is close is a matter of σ and of σ².
type delayCurve[F vec.Float] struct {
	k     delayKernel
	apart float64 // positions of rows; 0 where κ is computed anew for every position
	rows  []F     // of position (i − nodes/2 + 1)·apart: κ, and its derivative
	own   []float64
}

// nodes returns how many rows are interpolated between, and how many there are in σ, or σ².
func (c *delayCurve[F]) nodes() (nodes int, dense float64) {
	if _, single := any(c).(*delayCurve[float32]); single {
		return 8, 8
	}
	return 16, 10
}

// make makes the rows, for so many positions.
func (c *delayCurve[F]) make(k delayKernel, positions int) {
	if c.k == k && c.own != nil {
		return
	}
	c.k, c.apart, c.own = k, 0, sparse.Sized(c.own, 2*(k.max+1))
	nodes, dense := c.nodes()
	apart := min(k.width, k.width*k.width) / dense
	n := float64(k.max)/apart + float64(nodes) + 1
	if !(n < float64(positions)/4 && n*float64(len(c.own)) <= 1<<18) {
		return
	}
	c.apart = apart
	taps := k.max + 1
	c.rows = sparse.Sized(c.rows, int(n)*2*taps)
	val, slope := c.own[:taps], c.own[taps:]
	for i := range int(n) {
		k.gauss(float64(i-nodes/2+1)*apart, val, slope)
		row := c.rows[i*2*taps:]
		for j := range taps {
			row[j], row[taps+j] = F(val[j]), F(slope[j])
		}
	}
}

// at writes by·κ, and behind it its derivative if there is room. A position that is NaN makes
// all of it NaN.
func (c *delayCurve[F]) at(dst []F, p float64, by F, s *delayScratch[F]) {
	inside := min(max(p, 0), float64(c.k.max))
	if c.apart == 0 || p != p {
		val, slope := s.val, s.slope
		if len(dst) == len(val) {
			slope = nil
		}
		c.k.at(p, val, slope)
		for j, v := range val {
			dst[j] = by * F(v)
		}
		for j, v := range slope {
			dst[len(val)+j] = by * F(v)
		}
		return
	}
	nodes, _ := c.nodes()
	x := inside / c.apart
	first := math.Floor(x)
	s.lagrange(nodes, x-first+float64(nodes/2-1), float64(by))
	for e := range s.near {
		s.near[e] = int32(int(first) + e)
	}
	clear(dst)
	sparse.Gather(dst, c.rows, 2*(c.k.max+1), s.near, s.share)
}

// lagrange writes what the values at 0 to n−1 weigh in the polynomial through them at x.
func (s *delayScratch[F]) lagrange(n int, x, by float64) {
	s.near, s.share = sparse.Sized(s.near, n), sparse.Sized(s.share, n)
	var below, others [16]float64
	product, others0 := by, 1.0
	for e := range n {
		below[e] = product
		product *= x - float64(e)
	}
	for e := n - 1; e >= 0; e-- {
		others[e] = others0
		others0 *= x - float64(e)
	}
	for e := range n {
		s.share[e] = F(below[e] * others[e] * lagrangeScale[n][e])
	}
}

// lagrangeScale has, for n nodes, 1/Π_{j≠e}(e − j).
var lagrangeScale = func() (scale [17][16]float64) {
	for n := range scale {
		for e := range n {
			scale[n][e] = 1
			for j := range n {
				if j != e {
					scale[n][e] /= float64(e - j)
				}
			}
		}
	}
	return scale
}()
