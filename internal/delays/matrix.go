package delays

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
)

// Where κ has many steps, outputs are computed in tiles for which the weights of all steps are made,
// [in, max+1, tile]: those of an input are one run, and so are the currents that a spike adds them to
// (sparse.Gather). Currents are added up in the order of time, and at one step in that of the inputs:
// in windows of a sequence as in the whole.

// few reports whether κ is one step or two, by no Gaussian, which are added one by one: see few.go.
func (r *Run[F]) few() bool { return r.k.width == 0 || r.k.interpolate }

// tile returns how many outputs are a piece of work.
func (r *Run[F]) tile() int {
	return min(16, max(1, r.Out/4), max(1, (1<<18)/(r.In*(r.Max+1))))
}

func (r *Run[F]) forwardMatrix(y []F, in Input[F]) {
	if r.few() {
		r.forwardFew(y, in)
		return
	}
	if in.Enter == nil && r.byWaves(r.spikes()) {
		r.forwardWaves(y, in)
		return
	}
	at, w, bias, enter := in.At, in.W, in.Bias, in.Enter
	_ = par.Blocks(r.Out, r.tile(), r.take, func(s *scratch[F], o0, o1 int) error {
		n, steps := o1-o0, r.k.max+1
		s.sums = sparse.Sized(s.sums, (r.Steps+r.Max)*n)
		s.table = sparse.Sized(s.table, r.In*steps*n)
		for i := range r.In {
			r.expand(s, s.table, at, w, i, o0, o1)
		}
		for b := range r.Batch {
			clear(s.sums)
			if enter != nil {
				for t := range r.Max {
					copy(s.sums[t*n:(t+1)*n], enter[(b*r.Max+t)*r.Out+o0:])
				}
			}
			for t := range r.Steps {
				idx, val := r.events.Row(t*r.Batch + b)
				sparse.Gather(s.sums[t*n:(t+steps)*n], s.table, steps*n, idx, val)
			}
			for t := range r.Steps {
				to := y[(t*r.Batch+b)*r.Out+o0:][:n]
				if copy(to, s.sums[t*n:]); bias != nil {
					for j, v := range bias[o0:o1] {
						to[j] += v
					}
				}
			}
			for t := range r.Max {
				copy(r.leave[(b*r.Max+t)*r.Out+o0:][:n], s.sums[(r.Steps+t)*n:])
			}
		}
		return nil
	})
}

// expand writes the weights of input i at all steps, of a tile.
func (r *Run[F]) expand(s *scratch[F], table, at, w []F, i, o0, o1 int) {
	n, k := (r.k.max+1)*(o1-o0), i*r.Out
	s.gauss.rows(r.k, table[i*n:][:n], at[k+o0:k+o1], w[k+o0:k+o1])
}

// gradParamsMatrix computes the gradients of the weights and of the positions.
func (r *Run[F]) gradParamsMatrix(dw, dp, x []F, g Gradient[F], at, w []F) {
	if r.few() {
		r.gradParamsFew(dw, dp, g, at, w)
		return
	}
	if r.byWaves(r.spikes()) {
		r.gradParamsWaves(dw, dp, x, g, at, w)
		return
	}
	r.events.Turn(r.Steps, r.Batch, r.Max, r.Batch)
	_ = par.Blocks(r.Out, r.tile(), r.take, func(s *scratch[F], o0, o1 int) error {
		n, all := o1-o0, r.Steps+r.Max
		s.g = sparse.Sized(s.g, r.Batch*all*n)
		for b := range r.Batch {
			g.fill(s.g[b*all*n:(b+1)*all*n], b, o0, o1)
		}
		s.sums = sparse.Sized(s.sums, r.k.taps()*n)
		for i := range r.In {
			places, amount := r.events.Column(0, i)
			clear(s.sums)
			sparse.Gather(s.sums, s.g, n, places, amount)
			k := i*r.Out + o0
			s.gauss.grads(r.k, dw[k:k+n], dp[k:k+n], s.sums, at[k:k+n], w[k:k+n])
		}
		return nil
	})
}

// gradXMatrix computes the gradient of x: where κ has many steps as the product of what comes in all of them, side by
// side, and the weights of all of them, one tile of the outputs after the other.
func (r *Run[F]) gradXMatrix(dx []F, g Gradient[F], at, w []F) {
	if r.few() {
		r.gradXFew(dx, g, at, w)
		return
	}
	if r.byWaves(waveCopy * float64(r.Steps*r.Batch*(r.Max+1))) {
		r.gradXWaves(dx, g, at, w)
		return
	}
	steps := r.k.max + 1
	t0, t1 := g.steps()
	for o0 := 0; o0 < r.Out; o0 += r.tile() {
		o1 := min(r.Out, o0+r.tile())
		n := o1 - o0
		r.table = sparse.Sized(r.table, r.In*steps*n)
		_ = par.Blocks(r.In, par.Rows, r.take, func(s *scratch[F], i0, i1 int) error {
			for i := i0; i < i1; i++ {
				r.expand(s, r.table, at, w, i, o0, o1)
			}
			return nil
		})
		_ = par.Blocks(r.Steps*r.Batch, par.Rows, r.take, func(s *scratch[F], r0, r1 int) error {
			s.g = sparse.Sized(s.g, (r1-r0)*steps*n)
			clear(s.g)
			for row := r0; row < r1; row++ {
				t, b := row/r.Batch, row%r.Batch
				for k := max(0, t0-t); k < min(steps, t1-t); k++ {
					copy(s.g[((row-r0)*steps+k)*n:][:n], g.row(t+k, b)[o0:o1])
				}
			}
			gemm.Mul(gemm.Args[F]{TransB: true, M: r1 - r0, N: r.In, K: steps * n, A: s.g, LdA: steps * n, B: r.table, LdB: steps * n, Accumulate: o0 > 0, C: dx[r0*r.In : r1*r.In]})
			return nil
		})
	}
}
