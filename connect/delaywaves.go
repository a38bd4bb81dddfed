package connect

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
// and those of −f are the conjugates of those of f. A product of complex numbers is three of real ones, of
// the parts and of their sums: so
//
//	y = C (A x ∘ B wκ)
//
// with real matrices A [M, L], B [M, D+1], C [N, M], M = 3(N+1)/2, and for each of M rows the product is one of
// a matrix of the batch and one of the weights. That is about 2M/L additions for each element of x and of w in the place of D + 1.
// The gradients are the same with matrices turned:
//
//	dx = Aᵀ (Cᵀ g ∘ B wκ),   the sum over the batch of Bᵀ (A x ∘ Cᵀ g) is what κ meets
//
// Sums are rounded as those of the largest elements are, and not for each element as small as it is. Longer sequences are cut into
// blocks of L steps, of which each reaches D steps into the next ones.
//
// Where frequencies are counted from the middle of κ, cosines are those of sums of κ(k) + κ(D − k), and sines of
// differences: half as many.
type delayWaves[F vec.Float] struct {
	long, blocks int // L, and how many there are
	period       int // N
	half         int // (N+1)/2 frequencies
	in, out      []F // A and C: cosines, sines and their sums, [3·half, L] and [N, 3·half]
	cos, sin     []F // of B: [half, even], [half, odd]
	even, odd    int // steps of κ + its mirror image and of κ − that

	x, y, dx []F  // A x, what comes out or Cᵀ g, and the gradient of A x
	fresh    bool // x is that of the last run forward
	dense    []F  // x, where it was given as lists
	tiled    []F  // a sequence in the order of tiles, and what is behind the end of it
}

const (
	waveTile  = 64      // elements of either side of which the connections are worked on together,
	waveSpan  = 1 << 18 // at most so many steps of κ of these connections,
	waveGroup = 8       // and so many frequencies
)

// A waveSide is the inputs or the outputs. In all that goes by frequencies so many elements, a tile, lie together, for all samples.
type waveSide struct{ width, tile int }

func (l *delay) side(width int) waveSide {
	tile := waveTile
	for tile > 16 && tile*tile*(l.max+1) > waveSpan {
		tile /= 2
	}
	return waveSide{width, min(tile, (width+3)/4)}
}

// order brings steps [batch, width] into the order of tiles, or back.
func (s waveSide) order(steps, batch int, move func(plain, tiled, n int)) {
	par.Chunks(steps, 1, func(t, _ int) {
		for i0 := 0; i0 < s.width; i0 += s.tile {
			n := min(s.tile, s.width-i0)
			for b := range batch {
				move((t*batch+b)*s.width+i0, (t*s.width+i0)*batch+b*n, n)
			}
		}
	})
}

// plan returns the number of blocks with the least to do, and what that is: multiplications for each connection, and for
// each element of a sample.
func (l *delay) plan() (blocks int, pairs, elements float64) {
	least := math.Inf(1)
	for b := 1; b <= min(l.steps, 256); b++ {
		long := (l.steps + b - 1) / b
		period := (long + l.max) | 1
		m := float64(3 * (period + 1) / 2)
		p := m*float64(b*l.batch) + float64(period*(l.max+1))
		e := m * float64(long+period) / 2 * float64(b*l.batch)
		if cost := p*float64(l.in*l.out) + e*float64(l.in+l.out); cost < least {
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
func (r *delayRun[F]) byWaves(additions float64) bool {
	if r.few() || r.max < waveLeast {
		return false
	}
	if r.waves.blocks == 0 {
		r.waves.blocks, r.pairs, r.elements = r.plan()
	}
	n := float64(r.in * r.out)
	return r.pairs*n+r.elements*float64(r.in+r.out) < additions*n
}

// spikes returns how many additions there are for each connection if spikes are followed.
func (r *delayRun[F]) spikes() float64 {
	return waveRow * float64(len(r.events.idx)) / float64(r.in) * float64(r.max+1)
}

// make makes the matrices.
func (v *delayWaves[F]) make(l *delay) {
	if v.in != nil {
		return
	}
	v.long = (l.steps + v.blocks - 1) / v.blocks
	v.period = (v.long + l.max) | 1
	v.half = (v.period + 1) / 2
	v.even, v.odd = l.max/2+1, (l.max+1)/2
	m := 3 * v.half
	v.in, v.out = make([]F, m*v.long), make([]F, v.period*m)
	v.cos, v.sin = make([]F, v.half*v.even), make([]F, v.half*v.odd)
	// Angles are multiples of half a turn over N, and no larger than a turn.
	angle := func(f, halves int) (sin, cos float64) {
		n := f * halves % (2 * v.period)
		return math.Sincos(math.Pi * float64(n) / float64(v.period))
	}
	for f := range v.half {
		for t := range v.long {
			s, c := angle(f, 2*t)
			v.in[f*v.long+t] = F(c)
			v.in[(v.half+f)*v.long+t] = F(s)
			v.in[(2*v.half+f)*v.long+t] = F(c + s)
		}
		for k := range v.even {
			_, c := angle(f, 2*k-l.max)
			v.cos[f*v.even+k] = F(c)
		}
		for k := range v.odd {
			s, _ := angle(f, 2*k-l.max)
			v.sin[f*v.odd+k] = F(s)
		}
		share := 2 / float64(v.period)
		if f == 0 {
			share /= 2
		}
		// (Xc − iXs)(Wc − iWs) exp(iθ) has the real part XcWc (cos − sin) − XsWs (cos + sin) + (Xc+Xs)(Wc+Ws) sin.
		for n := range v.period {
			s, c := angle(f, 2*n-l.max)
			row := v.out[n*m:]
			row[f], row[v.half+f], row[2*v.half+f] = F(share*(c-s)), F(-share*(c+s)), F(share*s)
		}
	}
}

// spectrum computes A x.
func (r *delayRun[F]) spectrum(x []F) {
	v := &r.waves
	v.make(r.delay)
	if v.fresh {
		return
	}
	row := r.batch * r.in
	if r.given != nil {
		v.dense = sparse.Sized(v.dense, r.steps*row)
		x = v.dense
		r.events.spread(x)
	}
	v.fresh = true
	v.x = sparse.Sized(v.x, 3*v.half*v.blocks*row)
	v.tiled = sparse.Sized(v.tiled, r.steps*row)
	side := r.side(r.in)
	side.order(r.steps, r.batch, func(plain, tiled, n int) { copy(v.tiled[tiled:tiled+n], x[plain:]) })
	v.each(side, r.batch, func(b, at, n, from int) {
		gemm.Mul(gemm.Args[F]{M: 3 * v.half, N: n, K: v.stepsOf(b, 0, r.steps, v.long), A: v.in, LdA: v.long,
			B: v.tiled[b*v.long*row+from:], LdB: row, C: v.x[at:], LdC: v.blocks * row})
	})
}

// each calls f for every block and tile: with the place of the tile in what a row of matrices has for all blocks, its elements, and
// its place in a step.
func (v *delayWaves[F]) each(s waveSide, batch int, f func(b, at, n, from int)) {
	for i0 := 0; i0 < s.width; i0 += s.tile {
		n := min(s.tile, s.width-i0) * batch
		for b := range v.blocks {
			f(b, i0*batch*v.blocks+b*n, n, i0*batch)
		}
	}
}

// stepsOf returns how many of so many steps that block b has are before step t1, from step from of it on.
func (v *delayWaves[F]) stepsOf(b, from, t1, of int) int {
	return max(0, min(of, t1-b*v.long)-from)
}

// forwardWaves computes y and what leaves.
func (r *delayRun[F]) forwardWaves(y []F, in [delayEnter + 1][]F) {
	v := &r.waves
	r.spectrum(in[delayX])
	row := r.batch * r.out
	v.y = sparse.Sized(v.y, 3*v.half*v.blocks*row)
	r.weigh(v.y, v.x, r.out, r.in, 1, r.out, in[delayAt], in[delayW])

	v.tiled = sparse.Sized(v.tiled, (r.steps+r.max)*row)
	clear(v.tiled)
	side := r.side(r.out)
	v.each(side, r.batch, func(b, at, n, to int) {
		gemm.Mul(gemm.Args[F]{M: v.stepsOf(b, 0, r.steps+r.max, v.period), N: n, K: 3 * v.half, A: v.out, LdA: 3 * v.half,
			B: v.y[at:], LdB: v.blocks * row, Accumulate: true, C: v.tiled[b*v.long*row+to:], LdC: row})
	})
	side.order(r.steps, r.batch, func(plain, tiled, n int) { copy(y[plain:plain+n], v.tiled[tiled:]) })
	if bias := in[delayBias]; bias != nil {
		add := vec.For[F]().Add
		par.Chunks(r.steps*r.batch, par.Rows, func(r0, r1 int) {
			for i := r0; i < r1; i++ {
				add(y[i*r.out:][:r.out], y[i*r.out:], bias)
			}
		})
	}
	behind := v.tiled[r.steps*row:]
	side.order(r.max, r.batch, func(plain, tiled, n int) {
		k, b := plain/row, plain%row/r.out
		copy(r.leave[(b*r.max+k)*r.out+plain%r.out:][:n], behind[tiled:])
	})
}

// gradientWaves computes Cᵀ g.
func (r *delayRun[F]) gradientWaves(g delayGradient[F]) {
	v := &r.waves
	v.make(r.delay)
	row := r.batch * r.out
	v.y = sparse.Sized(v.y, 3*v.half*v.blocks*row)
	t0, t1 := g.steps()
	v.tiled = sparse.Sized(v.tiled, (t1-t0)*row)
	side := r.side(r.out)
	side.order(t1-t0, r.batch, func(plain, tiled, n int) {
		copy(v.tiled[tiled:tiled+n], g.row(t0+plain/row, plain%row/r.out)[plain%r.out:])
	})
	v.each(side, r.batch, func(b, at, n, from int) {
		n0 := max(0, t0-b*v.long)
		steps := v.stepsOf(b, n0, t1, v.period)
		if steps == 0 {
			for m := range 3 * v.half {
				clear(v.y[m*v.blocks*row+at:][:n])
			}
			return
		}
		gemm.Mul(gemm.Args[F]{TransA: true, M: 3 * v.half, N: n, K: steps, A: v.out[n0*3*v.half:], LdA: 3 * v.half,
			B: v.tiled[(b*v.long+n0-t0)*row+from:], LdB: row, C: v.y[at:], LdC: v.blocks * row})
	})
}

// gradXWaves computes the gradient of x.
func (r *delayRun[F]) gradXWaves(dx []F, g delayGradient[F], at, w []F) {
	v := &r.waves
	r.gradientWaves(g)
	row := r.batch * r.in
	v.dx = sparse.Sized(v.dx, 3*v.half*v.blocks*row)
	r.weigh(v.dx, v.y, r.in, r.out, r.out, 1, at, w)
	v.tiled = sparse.Sized(v.tiled, r.steps*row)
	side := r.side(r.in)
	v.each(side, r.batch, func(b, at, n, to int) {
		gemm.Mul(gemm.Args[F]{TransA: true, M: v.stepsOf(b, 0, r.steps, v.long), N: n, K: 3 * v.half, A: v.in, LdA: v.long,
			B: v.dx[at:], LdB: v.blocks * row, C: v.tiled[b*v.long*row+to:], LdC: row})
	})
	side.order(r.steps, r.batch, func(plain, tiled, n int) { copy(dx[plain:plain+n], v.tiled[tiled:]) })
}

// weigh computes dst [M, rows, to] = src [M, rows, from] ∘ B wκ. The connection of an element of either
// side is its place times its step.
func (r *delayRun[F]) weigh(dst, src []F, to, from, stepTo, stepFrom int, at, w []F) {
	v := &r.waves
	rows := v.blocks * r.batch
	r.curve.make(r.k, r.in*r.out)
	add := vec.For[F]().Add
	chunk := r.side(from).tile
	_ = par.Blocks(to, r.side(to).tile, r.take, func(s *delayScratch[F], o0, o1 int) error {
		n := o1 - o0
		for i0 := 0; i0 < from; i0 += chunk {
			i1 := min(from, i0+chunk)
			pairs := (i1 - i0) * n
			s.rows = sparse.Sized(s.rows, pairs*(r.max+1))
			for e := range pairs {
				k := (i0+e/n)*stepFrom + (o0+e%n)*stepTo
				r.curve.at(s.rows[e*(r.max+1):][:r.max+1], float64(at[k]), w[k], s)
			}
			s.table = sparse.Sized(s.table, len(s.rows))
			gemm.Transpose(s.table, pairs, s.rows, r.max+1, pairs, r.max+1)
			v.fold(s.rows, s.table, pairs)
			s.wave = sparse.Sized(s.wave, 3*waveGroup*pairs)
			for f0 := 0; f0 < v.half; f0 += waveGroup {
				some := min(waveGroup, v.half-f0)
				cos, sin, both := s.wave[:some*pairs], s.wave[some*pairs:][:some*pairs], s.wave[2*some*pairs:][:some*pairs]
				gemm.Mul(gemm.Args[F]{M: some, N: pairs, K: v.even, A: v.cos[f0*v.even:], LdA: v.even, B: s.rows, LdB: pairs, C: cos})
				gemm.Mul(gemm.Args[F]{M: some, N: pairs, K: v.odd, A: v.sin[f0*v.odd:], LdA: v.odd, B: s.rows[v.even*pairs:], LdB: pairs, C: sin})
				add(both, cos, sin)
				for j := range 3 * some {
					m := j/some*v.half + f0 + j%some
					gemm.Mul(gemm.Args[F]{M: rows, N: n, K: i1 - i0, A: src[(m*from+i0)*rows:], LdA: i1 - i0,
						B: s.wave[j*pairs:], LdB: n, Accumulate: i0 > 0, C: dst[(m*to+o0)*rows:]})
				}
			}
		}
		return nil
	})
}

// fold writes, of κ [D+1, n], κ(k) + κ(D − k) and behind them κ(k) − κ(D − k).
func (v *delayWaves[F]) fold(dst, src []F, n int) {
	k := vec.For[F]()
	last := v.even + v.odd - 1
	for i := range v.odd {
		a, b := src[i*n:][:n], src[(last-i)*n:][:n]
		k.Add(dst[i*n:][:n], a, b)
		k.Sub(dst[(v.even+i)*n:][:n], a, b)
	}
	if v.even > v.odd {
		copy(dst[v.odd*n:][:n], src[v.odd*n:])
	}
}

// unfold is the transpose of fold.
func (v *delayWaves[F]) unfold(dst, src []F, n int) {
	k := vec.For[F]()
	last := v.even + v.odd - 1
	for i := range v.odd {
		a, b := src[i*n:][:n], src[(v.even+i)*n:][:n]
		k.Add(dst[i*n:][:n], a, b)
		k.Sub(dst[(last-i)*n:][:n], a, b)
	}
	if v.even > v.odd {
		copy(dst[v.odd*n:][:n], src[v.odd*n:])
	}
}

// gradParamsWaves computes the gradients of the weights and of the positions.
func (r *delayRun[F]) gradParamsWaves(dst []F, x []F, g delayGradient[F], at, w []F) {
	v := &r.waves
	r.spectrum(x)
	r.gradientWaves(g)
	r.curve.make(r.k, r.in*r.out)
	rows, taps := v.blocks*r.batch, r.max+1
	add := vec.For[F]().Add
	chunk := r.side(r.in).tile
	_ = par.Blocks(r.out, r.side(r.out).tile, r.take, func(s *delayScratch[F], o0, o1 int) error {
		n := o1 - o0
		for i0 := 0; i0 < r.in; i0 += chunk {
			i1 := min(r.in, i0+chunk)
			pairs := (i1 - i0) * n
			s.wave = sparse.Sized(s.wave, 3*waveGroup*pairs)
			s.table = sparse.Sized(s.table, pairs*taps)
			for f0 := 0; f0 < v.half; f0 += waveGroup {
				some := min(waveGroup, v.half-f0)
				for j := range 3 * some {
					m := j/some*v.half + f0 + j%some
					gemm.Mul(gemm.Args[F]{TransA: true, M: i1 - i0, N: n, K: rows, A: v.x[(m*r.in+i0)*rows:], LdA: i1 - i0,
						B: v.y[(m*r.out+o0)*rows:], LdB: n, C: s.wave[j*pairs:][:pairs]})
				}
				cos, sin, both := s.wave[:some*pairs], s.wave[some*pairs:][:some*pairs], s.wave[2*some*pairs:][:some*pairs]
				add(cos, cos, both)
				add(sin, sin, both)
				gemm.Mul(gemm.Args[F]{TransA: true, M: v.even, N: pairs, K: some, A: v.cos[f0*v.even:], LdA: v.even, B: cos, LdB: pairs, Accumulate: f0 > 0, C: s.table})
				gemm.Mul(gemm.Args[F]{TransA: true, M: v.odd, N: pairs, K: some, A: v.sin[f0*v.odd:], LdA: v.odd, B: sin, LdB: pairs, Accumulate: f0 > 0, C: s.table[v.even*pairs:]})
			}
			s.rows = sparse.Sized(s.rows, pairs*taps)
			v.unfold(s.rows, s.table, pairs)
			gemm.Transpose(s.table, taps, s.rows, pairs, taps, pairs)
			for e := range pairs {
				r.gradParam(dst, s, at, w, (i0+e/n)*r.out+o0+e%n, s.table[e*taps:], 1)
			}
		}
		return nil
	})
}
