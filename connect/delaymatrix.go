package connect

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
)

// Where κ has many steps, outputs are computed in tiles for which the weights of all steps are made,
// [in, max+1, tile]: those of an input are one run, and so are the currents that a spike adds them to
// (sparse.Gather). Currents are added up in the order of time, and at one step in that of the inputs:
// in windows of a sequence as in the whole.

// few reports whether κ is one step or two, by no Gaussian, which are added one by one: see delayfew.go.
func (r *delayRun[F]) few() bool { return r.k.width == 0 || r.k.interpolate }

// tile returns how many outputs are a piece of work.
func (r *delayRun[F]) tile() int {
	return min(16, max(1, r.out/4), max(1, (1<<18)/(r.in*(r.max+1))))
}

func (r *delayRun[F]) forwardMatrix(y []F, in [delayEnter + 1][]F) {
	if r.few() {
		r.forwardFew(y, in)
		return
	}
	if in[delayEnter] == nil && r.byWaves(r.spikes()) {
		r.forwardWaves(y, in)
		return
	}
	at, w, bias, enter := in[delayAt], in[delayW], in[delayBias], in[delayEnter]
	_ = par.Blocks(r.out, r.tile(), r.take, func(s *delayScratch[F], o0, o1 int) error {
		n, steps := o1-o0, r.k.max+1
		s.sums = sparse.Sized(s.sums, (r.steps+r.max)*n)
		s.table = sparse.Sized(s.table, r.in*steps*n)
		for i := range r.in {
			r.expand(s, s.table, at, w, i, o0, o1)
		}
		for b := range r.batch {
			clear(s.sums)
			if enter != nil {
				for t := range r.max {
					copy(s.sums[t*n:(t+1)*n], enter[(b*r.max+t)*r.out+o0:])
				}
			}
			for t := range r.steps {
				idx, val := r.events.Row(t*r.batch + b)
				sparse.Gather(s.sums[t*n:(t+steps)*n], s.table, steps*n, idx, val)
			}
			for t := range r.steps {
				to := y[(t*r.batch+b)*r.out+o0:][:n]
				if copy(to, s.sums[t*n:]); bias != nil {
					for j, v := range bias[o0:o1] {
						to[j] += v
					}
				}
			}
			for t := range r.max {
				copy(r.leave[(b*r.max+t)*r.out+o0:][:n], s.sums[(r.steps+t)*n:])
			}
		}
		return nil
	})
}

// expand writes the weights of input i at all steps, of a tile.
func (r *delayRun[F]) expand(s *delayScratch[F], table, at, w []F, i, o0, o1 int) {
	n, k := (r.k.max+1)*(o1-o0), i*r.out
	s.gauss.rows(r.k, table[i*n:][:n], at[k+o0:k+o1], w[k+o0:k+o1])
}

// gradParamsMatrix computes the gradients of the weights and of the positions.
func (r *delayRun[F]) gradParamsMatrix(dw, dp, x []F, g delayGradient[F], at, w []F) {
	if r.few() {
		r.gradParamsFew(dw, dp, g, at, w)
		return
	}
	if r.byWaves(r.spikes()) {
		r.gradParamsWaves(dw, dp, x, g, at, w)
		return
	}
	r.events.Turn(r.steps, r.batch, r.max, r.batch)
	_ = par.Blocks(r.out, r.tile(), r.take, func(s *delayScratch[F], o0, o1 int) error {
		n, all := o1-o0, r.steps+r.max
		s.g = sparse.Sized(s.g, r.batch*all*n)
		for b := range r.batch {
			g.fill(s.g[b*all*n:(b+1)*all*n], b, o0, o1)
		}
		s.sums = sparse.Sized(s.sums, r.k.taps()*n)
		for i := range r.in {
			places, amount := r.events.Column(0, i)
			clear(s.sums)
			sparse.Gather(s.sums, s.g, n, places, amount)
			k := i*r.out + o0
			s.gauss.grads(r.k, dw[k:k+n], dp[k:k+n], s.sums, at[k:k+n], w[k:k+n])
		}
		return nil
	})
}

// gradXMatrix computes the gradient of x: where κ has many steps as the product of what comes in all of them, side by
// side, and the weights of all of them, one tile of the outputs after the other.
func (r *delayRun[F]) gradXMatrix(dx []F, g delayGradient[F], at, w []F) {
	if r.few() {
		r.gradXFew(dx, g, at, w)
		return
	}
	if r.byWaves(waveCopy * float64(r.steps*r.batch*(r.max+1))) {
		r.gradXWaves(dx, g, at, w)
		return
	}
	steps := r.k.max + 1
	t0, t1 := g.steps()
	for o0 := 0; o0 < r.out; o0 += r.tile() {
		o1 := min(r.out, o0+r.tile())
		n := o1 - o0
		r.table = sparse.Sized(r.table, r.in*steps*n)
		_ = par.Blocks(r.in, par.Rows, r.take, func(s *delayScratch[F], i0, i1 int) error {
			for i := i0; i < i1; i++ {
				r.expand(s, r.table, at, w, i, o0, o1)
			}
			return nil
		})
		_ = par.Blocks(r.steps*r.batch, par.Rows, r.take, func(s *delayScratch[F], r0, r1 int) error {
			s.g = sparse.Sized(s.g, (r1-r0)*steps*n)
			clear(s.g)
			for row := r0; row < r1; row++ {
				t, b := row/r.batch, row%r.batch
				for k := max(0, t0-t); k < min(steps, t1-t); k++ {
					copy(s.g[((row-r0)*steps+k)*n:][:n], g.row(t+k, b)[o0:o1])
				}
			}
			gemm.Mul(gemm.Args[F]{TransB: true, M: r1 - r0, N: r.in, K: steps * n, A: s.g, LdA: steps * n, B: r.table, LdB: steps * n, Accumulate: o0 > 0, C: dx[r0*r.in : r1*r.in]})
			return nil
		})
	}
}
