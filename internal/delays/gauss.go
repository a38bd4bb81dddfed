package delays

import (
	"math"

	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A gauss computes κ where it is a Gaussian: of many positions beside each other, step by step. With the
// distance of a position to the nearest step,
//
//	e(k) = exp((nearest² − (k − p)²)/2σ²),   κ = e / Σ e,   ∂κ/∂p = κ ((k − p) − Σ_j κ(j) (j − p))/σ²
//
// so one of e is 1, and nothing overflows. A position that is NaN makes all of it NaN.
type gauss[F vec.Float] struct {
	*vec.Kernels[F]
	k              kernel
	half           F // 1/2σ²
	p, near        []F
	off, e, sum    []F
	mean, met, led []F
}

// gaussLanes is how many positions are computed together, in the first cache.
const gaussLanes = 512

// start takes over some positions.
func (g *gauss[F]) start(k kernel, p []F) {
	n := len(p)
	g.Kernels, g.k = vec.For[F](), k
	g.half = F(math.Min(0.5/float64(k.width*k.width), 1e30)) // a width may be so narrow that this is no number
	for _, s := range []*[]F{&g.p, &g.near, &g.off, &g.e, &g.sum, &g.mean, &g.met, &g.led} {
		*s = sparse.Sized(*s, max(n, gaussLanes))[:n]
	}
	g.MaxC(g.p, p, 0)
	g.MinC(g.p, g.p, F(k.max))
	g.AddC(g.near, g.p, 0.5)
	g.Floor(g.near, g.near)
	g.Sub(g.near, g.p, g.near)
	g.Square(g.near, g.near)
	g.MulC(g.near, g.near, g.half)
	clear(g.sum)
}

// step writes e(i), leaves i − p in off, and adds to the sum.
func (g *gauss[F]) step(i int, e []F) {
	g.RSubC(g.off, g.p, F(i))
	g.Square(e, g.off)
	g.MulAddC(e, e, -g.half, g.near)
	g.Exp(e, e)
	g.Add(g.sum, g.sum, e)
}

// rows writes by·κ of the positions p to dst [max+1, len(p)].
func (g *gauss[F]) rows(k kernel, dst, p, by []F) {
	n := len(p)
	for from := 0; from < n; from += gaussLanes {
		to := min(n, from+gaussLanes)
		g.start(k, p[from:to])
		for i := range k.max + 1 {
			g.step(i, dst[i*n+from:i*n+to])
		}
		g.Div(g.sum, by[from:to], g.sum)
		for i := range k.max + 1 {
			row := dst[i*n+from : i*n+to]
			g.Mul(row, row, g.sum)
		}
	}
}

// grads writes the gradients of weights, and those of positions, from what the values of their connections have met
// at each step, met [max+1, len(p)].
func (g *gauss[F]) grads(k kernel, dw, dp, met, p, w []F) {
	n := len(p)
	for from := 0; from < n; from += gaussLanes {
		to := min(n, from+gaussLanes)
		dw, dp := dw[from:to], dp[from:to]
		g.start(k, p[from:to])
		clear(g.mean)
		clear(g.met)
		clear(g.led)
		for i := range k.max + 1 {
			g.step(i, g.e)
			g.MulAdd(g.mean, g.e, g.off, g.mean)
			g.Mul(g.e, g.e, met[i*n+from:i*n+to])
			g.Add(g.met, g.met, g.e)
			g.MulAdd(g.led, g.e, g.off, g.led)
		}
		g.Div(dw, g.met, g.sum)
		g.Div(g.mean, g.mean, g.sum)
		g.Div(g.led, g.led, g.sum)
		g.MulRSub(g.led, g.mean, dw, g.led)
		g.MulC(g.led, g.led, 2*g.half)
		g.Mul(dp, g.led, w[from:to])
		for i, d := range dp {
			if k.outward(float64(p[from+i]), float64(d)) {
				dp[i] = 0
			}
		}
	}
}
