package delays

import (
	"math"

	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Where κ has many steps, a sum over them is a product of frequencies. Of a sequence that is 0 outside of L steps and a
// κ of D + 1 steps, both taken as periods of N ≥ L + D steps, N odd,
//
//	y(n) = 1/N Σ_f X(f) W(f) exp(2πi f n/N),   f = −(N−1)/2 … (N−1)/2
//
// and those of −f are the conjugates of those of f: so
//
//	y = C (A x · B wκ)
//
// with matrices A [N+1, L], B [N+1, D+1], C [L+D, N+1] of cosines and sines, and for each of (N+1)/2 frequencies the product is one of
// complex matrices of the batch and the weights, which is three of real ones. That is about
// 3(N+1)/2L multiplications for each element of x and of w in the place of D + 1. The gradients are the same with matrices turned:
//
//	dx = Aᵀ (Cᵀ g · B wκ),   the sum over the batch of Bᵀ (A x · Cᵀ g) is what κ meets
//
// Sums are rounded as those of the largest elements are, and not for each element as small as it is. Longer sequences are cut into
// blocks of L steps, of which each reaches D steps into the next ones.
//
// A, B and C are waves: steps are counted from the middle of each of x, κ and y.
type spectra[F vec.Float] struct {
	long, blocks int // L, and how many there are
	period       int // N
	half         int // (N+1)/2 frequencies
	ofX, ofK     waves[F]
	ofY          waves[F] // divided by −N: products are subtracted

	x, y, dx []F  // A x, what comes out or Cᵀ g, and the gradient of A x, in tiles: [half, 2, rows, tile] of each
	fresh    bool // x is that of the last run forward
	dense    []F  // x, where it was given as lists
}

const (
	waveTile  = 64      // elements of either side of which the connections are worked on together,
	waveSpan  = 1 << 18 // at most so many steps of κ of these connections,
	waveGroup = 11      // and so many frequencies
	waveCols  = 512     // values of a step of which waves are computed together, or fewer
	waveRoom  = 1 << 17 // if they have many steps
)

// A waveSide is the inputs or the outputs. In all that goes by frequencies so many elements, a tile, lie together, for all samples.
type waveSide struct{ width, tile int }

func (l *Plan) side(width int) waveSide {
	tile := waveTile
	for tile > 16 && tile*tile*(l.Max+1) > waveSpan {
		tile /= 2
	}
	return waveSide{width, min(tile, (width+3)/4)}
}

// plan returns the number of blocks with the least to do, and what that is: multiplications for each connection, and for
// each element of a sample.
func (l *Plan) plan() (blocks int, pairs, elements float64) {
	least := math.Inf(1)
	for b := 1; b <= min(l.Steps, 256); b++ {
		long := (l.Steps + b - 1) / b
		period := (long + l.Max) | 1
		m := float64(3 * (period + 1) / 2)
		p := m*float64(b*l.Batch) + float64(period*(l.Max+1))
		e := m / 3 * float64(long+period) / 2 * float64(b*l.Batch)
		if cost := p*float64(l.In*l.Out) + e*float64(l.In+l.Out); cost < least {
			blocks, pairs, elements, least = b, p, e, cost
		}
	}
	return blocks, pairs, elements
}

// waveLeast is the longest delay from which on there may be frequencies: of fewer steps there is little to gain, and
// gradients that fade over a sequence stay as exact as their smallest terms.
const waveLeast = 10

// Of what takes longer than a multiplication in a product of matrices: an addition in a sum of rows, and to copy.
const (
	waveRow  = 4.0
	waveCopy = 1.3
)

// byWaves reports whether to go by frequencies: of a product with so many additions for each connection that follow
// spikes, or of one that does not.
func (r *Run[F]) byWaves(additions float64) bool {
	if r.few() || r.Max < waveLeast {
		return false
	}
	if r.waves.blocks == 0 {
		r.waves.blocks, r.pairs, r.elements = r.plan()
	}
	n := float64(r.In * r.Out)
	return r.pairs*n+r.elements*float64(r.In+r.Out) < additions*n
}

// spikes returns how many additions there are for each connection if spikes are followed.
func (r *Run[F]) spikes() float64 {
	return waveRow * float64(r.events.Len()) / float64(r.In) * float64(r.Max+1)
}

// make makes the matrices.
func (v *spectra[F]) make(l *Plan) {
	if v.half > 0 {
		return
	}
	v.long = (l.Steps + v.blocks - 1) / v.blocks
	v.period = (v.long + l.Max) | 1
	v.half = (v.period + 1) / 2
	v.ofX.make(v.long, v.period, 1)
	v.ofK.make(l.Max+1, v.period, 1)
	v.ofY.make(v.long+l.Max, v.period, -2/float64(v.period))
	for _, row := range [][]F{v.ofY.cos[:v.ofY.even], v.ofY.sin[:v.ofY.odd]} { // all others stand for −f, too
		for i := range row {
			row[i] /= 2
		}
	}
}

// pair returns the cosine and the sine of a frequency, of n elements from i0 on, a tile, of so many rows.
func (v *spectra[F]) pair(of []F, i0, n, rows, f int) (cos, sin []F) {
	of = of[2*rows*(i0*v.half+n*f):]
	return of[:rows*n], of[rows*n:][:rows*n]
}

// spectrum computes A x.
func (r *Run[F]) spectrum(x []F) {
	v := &r.waves
	v.make(&r.Plan)
	if v.fresh {
		return
	}
	if r.listed {
		v.dense = sparse.Sized(v.dense, r.Steps*r.Batch*r.In)
		x = v.dense
		r.events.Spread(x)
	}
	v.fresh = true
	v.x = sparse.Sized(v.x, 2*v.half*v.blocks*r.Batch*r.In)
	r.analyse(v.x, r.side(r.In), &v.ofX, func(t, b int) []F {
		if t >= r.Steps {
			return nil
		}
		return x[(t*r.Batch+b)*r.In:]
	})
}

// gradientWaves computes Cᵀ g.
func (r *Run[F]) gradientWaves(g Gradient[F]) {
	v := &r.waves
	v.make(&r.Plan)
	v.y = sparse.Sized(v.y, 2*v.half*v.blocks*r.Batch*r.Out)
	t0, t1 := g.steps()
	r.analyse(v.y, r.side(r.Out), &v.ofY, func(t, b int) []F {
		if t < t0 || t >= t1 {
			return nil
		}
		return g.row(t, b)
	})
}

// forwardWaves computes y and what leaves.
func (r *Run[F]) forwardWaves(y []F, in Input[F]) {
	v := &r.waves
	r.spectrum(in.X)
	v.y = sparse.Sized(v.y, 2*v.half*v.blocks*r.Batch*r.Out)
	r.weigh(v.y, v.x, r.Out, r.In, 1, r.Out, in.At, in.W, false)
	add, bias := vec.For[F]().Add, in.Bias
	r.synthesise(v.y, r.side(r.Out), &v.ofY, r.Steps+r.Max, func(t, b, i0 int, sum []F) {
		switch {
		case t >= r.Steps:
			copy(r.leave[(b*r.Max+t-r.Steps)*r.Out+i0:], sum)
		case bias != nil:
			add(y[(t*r.Batch+b)*r.Out+i0:][:len(sum)], sum, bias[i0:])
		default:
			copy(y[(t*r.Batch+b)*r.Out+i0:], sum)
		}
	})
}

// gradXWaves computes the gradient of x.
func (r *Run[F]) gradXWaves(dx []F, g Gradient[F], at, w []F) {
	v := &r.waves
	r.gradientWaves(g)
	v.dx = sparse.Sized(v.dx, 2*v.half*v.blocks*r.Batch*r.In)
	r.weigh(v.dx, v.y, r.In, r.Out, r.Out, 1, at, w, true)
	r.synthesise(v.dx, r.side(r.In), &v.ofX, r.Steps, func(t, b, i0 int, sum []F) { copy(dx[(t*r.Batch+b)*r.In+i0:], sum) })
}

// A product is what a product of complex matrices takes.
type product[F vec.Float] struct{ both, part, plus, less []F }

// subtract computes re + i·im −= (a + ib)(c + id), or of c − id if turned, by three products of real matrices:
//
//	re −= (a + b) c − b (c + d),   im −= (a + b) c − a (c − d)
//
// mul adds a product to dst, or writes it there; without add, nothing is in re and im before. Sums are made where they are needed: that is
// less to read than if they were stored, and reads ahead of mul what it multiplies.
func (p *product[F]) subtract(re, im, a, b, c, d []F, turned, add bool, mul func(dst, a, c []F, add bool)) {
	k := vec.For[F]()
	p.both, p.part = sparse.Sized(p.both, len(a)), sparse.Sized(p.part, len(re))
	p.plus, p.less = sparse.Sized(p.plus, len(c)), sparse.Sized(p.less, len(c))
	k.Add(p.plus, c, d)
	k.Sub(p.less, c, d)
	k.Add(p.both, a, b)
	mul(p.part, p.both, c, false)
	if add {
		k.Sub(re, re, p.part)
		k.Sub(im, im, p.part)
	} else {
		k.Neg(re, p.part)
		copy(im, re)
	}
	if turned {
		p.plus, p.less = p.less, p.plus
	}
	mul(re, b, p.plus, true)
	mul(im, a, p.less, true)
}

// weigh computes −src, of so many elements, times B wκ, turned if it is for a gradient. The connection of an element of either side is its
// place times its step.
func (r *Run[F]) weigh(dst, src []F, to, from, stepTo, stepFrom int, at, w []F, turned bool) {
	v := &r.waves
	rows := v.blocks * r.Batch
	chunk := r.side(from).tile
	_ = par.Blocks(to, r.side(to).tile, r.take, func(s *scratch[F], o0, o1 int) error {
		n := o1 - o0
		for i0 := 0; i0 < from; i0 += chunk {
			m := min(from, i0+chunk) - i0
			pairs := m * n
			s.table = sparse.Sized(s.table, pairs*(r.Max+1))
			s.connections(m, n, at, w, i0*stepFrom+o0*stepTo, stepFrom, stepTo)
			s.gauss.rows(r.k, s.table, s.at, s.w)
			s.rows = sparse.Sized(s.rows, len(s.table))
			v.ofK.fold(s.rows, s.table, pairs)
			s.wave = sparse.Sized(s.wave, 2*waveGroup*pairs)
			for f0 := 0; f0 < v.half; f0 += waveGroup {
				some := min(waveGroup, v.half-f0)
				cos, sin := s.wave[:some*pairs], s.wave[some*pairs:][:some*pairs]
				v.ofK.times(cos, sin, s.rows, pairs, pairs, f0, some)
				for f := range some {
					a, b := v.pair(src, i0, m, rows, f0+f)
					re, im := v.pair(dst, o0, n, rows, f0+f)
					s.product.subtract(re, im, a, b, cos[f*pairs:][:pairs], sin[f*pairs:][:pairs], turned, i0 > 0, func(dst, a, c []F, add bool) {
						gemm.Mul(gemm.Args[F]{M: rows, N: n, K: m, A: a, LdA: m, B: c, LdB: n, Accumulate: add, C: dst})
					})
				}
			}
		}
		return nil
	})
}

// connections takes over the positions and weights of rows of n connections: of the first, of a step from row to row, and
// of one within a row.
func (s *scratch[F]) connections(rows, n int, at, w []F, first, row, within int) {
	s.at, s.w = sparse.Sized(s.at, rows*n), sparse.Sized(s.w, rows*n)
	for i := range rows {
		k := first + i*row
		if within == 1 {
			copy(s.at[i*n:][:n], at[k:])
			copy(s.w[i*n:][:n], w[k:])
			continue
		}
		for j := range n {
			s.at[i*n+j], s.w[i*n+j] = at[k+j*within], w[k+j*within]
		}
	}
}

// gradParamsWaves computes the gradients of the weights and of the positions.
func (r *Run[F]) gradParamsWaves(dw, dp, x []F, g Gradient[F], at, w []F) {
	v := &r.waves
	r.spectrum(x)
	r.gradientWaves(g)
	rows, taps := v.blocks*r.Batch, r.Max+1
	chunk := r.side(r.In).tile
	_ = par.Blocks(r.Out, r.side(r.Out).tile, r.take, func(s *scratch[F], o0, o1 int) error {
		n := o1 - o0
		for i0 := 0; i0 < r.In; i0 += chunk {
			m := min(r.In, i0+chunk) - i0
			pairs := m * n
			s.wave = sparse.Sized(s.wave, 2*waveGroup*pairs)
			s.table = sparse.Sized(s.table, pairs*taps)
			for f0 := 0; f0 < v.half; f0 += waveGroup {
				some := min(waveGroup, v.half-f0)
				cos, sin := s.wave[:some*pairs], s.wave[some*pairs:][:some*pairs]
				for f := range some {
					a, b := v.pair(v.y, o0, n, rows, f0+f)
					c, d := v.pair(v.x, i0, m, rows, f0+f)
					s.product.subtract(cos[f*pairs:][:pairs], sin[f*pairs:][:pairs], a, b, c, d, true, false, func(dst, a, c []F, add bool) {
						gemm.Mul(gemm.Args[F]{TransA: true, M: m, N: n, K: rows, A: c, LdA: m, B: a, LdB: n, Accumulate: add, C: dst})
					})
				}
				v.ofK.turned(s.table, cos, sin, pairs, pairs, f0, some)
			}
			s.rows = sparse.Sized(s.rows, pairs*taps)
			v.ofK.unfold(s.rows, s.table, pairs)
			s.connections(m, n, at, w, i0*r.Out+o0, r.Out, 1)
			s.gauss.grads(r.k, s.table[:pairs], s.table[pairs:][:pairs], s.rows, s.at, s.w)
			for i := range m {
				to := (i0+i)*r.Out + o0
				copy(dw[to:to+n], s.table[i*n:])
				copy(dp[to:to+n], s.table[pairs+i*n:])
			}
		}
		return nil
	})
}
