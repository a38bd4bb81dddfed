package delays

import (
	"math"

	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// waves are the cosines and sines of some frequencies over steps that are counted from the middle. Cosines are
// those of sums of a value and its mirror image, and sines of differences: half as many.
type waves[F vec.Float] struct {
	steps, half int // frequencies
	even, odd   int // steps of sums and of differences
	cos, sin    []F // [half, even], [half, odd]
}

// make makes them, times scale.
func (v *waves[F]) make(steps, period int, scale float64) {
	v.steps, v.half = steps, (period+1)/2
	v.even, v.odd = (steps+1)/2, steps/2
	v.cos, v.sin = make([]F, v.half*v.even), make([]F, v.half*v.odd)
	for f := range v.half {
		for k := range v.even {
			s, c := halfTurns(f*(2*k-steps+1), period)
			v.cos[f*v.even+k] = F(scale * c)
			if k < v.odd {
				v.sin[f*v.odd+k] = F(scale * s)
			}
		}
	}
}

// halfTurns returns the sine and the cosine of π n/of, with the same bits on all processors: on some Go joins products with sums
// unless the product is converted.
func halfTurns(n, of int) (sin, cos float64) {
	n = ((n % (2 * of)) + 2*of) % (2 * of)
	switch { // of an angle below a quarter of a turn,
	case n > of:
		sin, cos = halfTurns(2*of-n, of)
		return -sin, cos
	case 2*n > of:
		sin, cos = halfTurns(of-n, of)
		return sin, -cos
	case 4*n > of: // and below an eighth, in multiples of half a step
		cos, sin = halfTurns(of-2*n, 2*of)
		return sin, cos
	}
	x := math.Pi * float64(n) / float64(of)
	square := x * x
	sin, cos = 1, 1
	for k := 20; k > 1; k -= 2 {
		cos = 1 - float64(square/float64(k*(k-1))*cos)
		sin = 1 - float64(square/float64(k*(k+1))*sin)
	}
	return x * sin, cos
}

// fold writes, of rows of n values of all steps, sums of those of a step and of its mirror image, and behind them differences.
func (v *waves[F]) fold(dst, src []F, n int) {
	k := vec.For[F]()
	for i := range v.odd {
		a, b := src[i*n:][:n], src[(v.steps-1-i)*n:][:n]
		k.Add(dst[i*n:][:n], a, b)
		k.Sub(dst[(v.even+i)*n:][:n], a, b)
	}
	if v.even > v.odd {
		copy(dst[v.odd*n:][:n], src[v.odd*n:])
	}
}

// unfold is the transpose of fold.
func (v *waves[F]) unfold(dst, src []F, n int) {
	k := vec.For[F]()
	for i := range v.odd {
		a, b := src[i*n:][:n], src[(v.even+i)*n:][:n]
		k.Add(dst[i*n:][:n], a, b)
		k.Sub(dst[(v.steps-1-i)*n:][:n], a, b)
	}
	if v.even > v.odd {
		copy(dst[v.odd*n:][:n], src[v.odd*n:])
	}
}

// times computes some frequencies from f0 on of n values that are folded: rows of cos and of sin, which are ld elements apart.
func (v *waves[F]) times(cos, sin, folded []F, n, ld, f0, some int) {
	gemm.Mul(gemm.Args[F]{M: some, N: n, K: v.even, A: v.cos[f0*v.even:], LdA: v.even, B: folded, LdB: n, C: cos, LdC: ld})
	gemm.Mul(gemm.Args[F]{M: some, N: n, K: v.odd, A: v.sin[f0*v.odd:], LdA: v.odd, B: folded[v.even*n:], LdB: n, C: sin, LdC: ld})
}

// turned is the transpose of times. Frequencies from 0 on are added up.
func (v *waves[F]) turned(folded, cos, sin []F, n, ld, f0, some int) {
	gemm.Mul(gemm.Args[F]{TransA: true, M: v.even, N: n, K: some, A: v.cos[f0*v.even:], LdA: v.even, B: cos, LdB: ld, Accumulate: f0 > 0, C: folded})
	gemm.Mul(gemm.Args[F]{TransA: true, M: v.odd, N: n, K: some, A: v.sin[f0*v.odd:], LdA: v.odd, B: sin, LdB: ld, Accumulate: f0 > 0, C: folded[v.even*n:]})
}

// pieces calls f for pieces of tiles: for some samples, b0 to b1−1, of elements i0 to i1−1.
func (r *Run[F]) pieces(side waveSide, steps int, f func(s *scratch[F], b0, b1, i0, i1 int)) {
	cols := min(waveCols, max(side.tile, waveRoom/steps))
	some := max(1, cols/side.tile)
	groups := (r.Batch + some - 1) / some
	tiles := (side.width + side.tile - 1) / side.tile
	_ = par.Blocks(tiles*groups, 1, r.take, func(s *scratch[F], k, _ int) error {
		i0, b0 := k/groups*side.tile, k%groups*some
		f(s, b0, min(r.Batch, b0+some), i0, min(side.width, i0+side.tile))
		return nil
	})
}

// analyse writes the waves of a sequence to dst, tile by tile, of each frequency the cosine and the sine. at returns the row of a sample at a step, nil if it is 0.
func (r *Run[F]) analyse(dst []F, side waveSide, of *waves[F], at func(t, b int) []F) {
	v, k := &r.waves, vec.For[F]()
	rows := v.blocks * r.Batch
	r.pieces(side, of.steps, func(s *scratch[F], b0, b1, i0, i1 int) {
		n := i1 - i0
		cols, ld := (b1-b0)*n, rows*n
		s.rows = sparse.Sized(s.rows, of.steps*cols)
		for block := range v.blocks {
			for b := b0; b < b1; b++ {
				for i := range of.even {
					first, last := at(block*v.long+i, b), at(block*v.long+of.steps-1-i, b)
					sum, less := s.rows[i*cols+(b-b0)*n:][:n], []F(nil)
					if i < of.odd {
						less = s.rows[(of.even+i)*cols+(b-b0)*n:][:n]
					}
					switch {
					case first == nil && last == nil:
						clear(sum)
						clear(less)
					case first == nil:
						copy(sum, last[i0:])
						k.Neg(less, last[i0:])
					case last == nil || less == nil:
						copy(sum, first[i0:])
						copy(less, first[i0:])
					default:
						k.Add(sum, first[i0:], last[i0:])
						k.Sub(less, first[i0:], last[i0:])
					}
				}
			}
			to := dst[i0*2*v.half*rows+(block*r.Batch+b0)*n:]
			of.times(to, to[ld:], s.rows, cols, 2*ld, 0, v.half)
		}
	})
}

// synthesise is the transpose of analyse: it gives to put sums over blocks of so many steps.
func (r *Run[F]) synthesise(src []F, side waveSide, of *waves[F], steps int, put func(t, b, i0 int, sum []F)) {
	v, k := &r.waves, vec.For[F]()
	rows := v.blocks * r.Batch
	r.pieces(side, steps, func(s *scratch[F], b0, b1, i0, i1 int) {
		n := i1 - i0
		cols, ld := (b1-b0)*n, rows*n
		s.rows = sparse.Sized(s.rows, of.steps*cols)
		s.table = sparse.Sized(s.table, of.steps*cols)
		s.sums = sparse.Sized(s.sums, steps*cols)
		clear(s.sums)
		for block := range v.blocks {
			from := src[i0*2*v.half*rows+(block*r.Batch+b0)*n:]
			of.turned(s.rows, from, from[ld:], cols, 2*ld, 0, v.half)
			of.unfold(s.table, s.rows, cols)
			to := s.sums[min(block*v.long, steps)*cols:]
			to = to[:min(len(to), of.steps*cols)]
			k.Add(to, to, s.table)
		}
		for t := range steps {
			for b := b0; b < b1; b++ {
				put(t, b, i0, s.sums[t*cols+(b-b0)*n:][:n])
			}
		}
	})
}
