package connect

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Outputs are computed in tiles, so that currents of all steps of a sample that are still to
// come, and the weights, stay in the cache.
//
// Where κ has one step or two, each spike adds its weights there, one by one (scatter). Where it
// has many, weights of all steps are made, [in, max+1, tile]: those of an input are one run, and
// so are the currents that a spike adds them to (sparse.Gather). Either way currents are added up in
// the order of time, and at one step in that of the inputs: in windows of a sequence as in the whole.

// few reports whether κ has so few steps that they are added one by one.
func (r *delayRun[F]) few() bool { return r.k.taps() <= 2 }

// tile returns how many outputs are a piece of work.
func (r *delayRun[F]) tile() int {
	if r.few() {
		return min(32, max(1, r.out/4))
	}
	return min(16, max(1, r.out/4), max(1, (1<<18)/(r.in*(r.max+1))))
}

func (r *delayRun[F]) forwardMatrix(y []F, in [delayEnter + 1][]F) {
	at, w, bias, enter := in[delayAt], in[delayW], in[delayBias], in[delayEnter]
	_ = par.Blocks(r.out, r.tile(), r.take, func(s *delayScratch[F], o0, o1 int) error {
		n, steps := o1-o0, r.k.max+1
		s.sums = sparse.Sized(s.sums, (r.steps+r.max)*n)
		if r.few() {
			r.begin(s, n)
		} else {
			s.table = sparse.Sized(s.table, r.in*steps*n)
			for i := range r.in {
				r.expand(s.table, s.val, at, w, i, o0, o1)
			}
		}
		for b := range r.batch {
			clear(s.sums)
			if enter != nil {
				for t := range r.max {
					copy(s.sums[t*n:(t+1)*n], enter[(b*r.max+t)*r.out+o0:])
				}
			}
			for t := range r.steps {
				idx, val := r.events.row(t*r.batch + b)
				if !r.few() {
					sparse.Gather(s.sums[t*n:(t+steps)*n], s.table, steps*n, idx, val)
					continue
				}
				for k, i := range idx {
					x := F(1)
					if len(val) > 0 {
						x = val[k]
					}
					if !s.made[i] {
						r.place(s, at, w, int(i), o0, o1)
					}
					s.scatter(s.sums[t*n:], int(i), n, x)
				}
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

// begin forgets where the weights of the last tile were placed.
func (r *delayRun[F]) begin(s *delayScratch[F], n int) {
	s.made = sparse.Sized(s.made, r.in)
	clear(s.made)
	s.off = sparse.Sized(s.off, r.in*n)
	for k := range s.tap {
		s.tap[k] = sparse.Sized(s.tap[k], r.in*n)
	}
	if r.k.taps() == 1 {
		s.tap[1] = s.tap[1][:0]
	}
}

// place finds where the weights of input i in a tile go, when it first has a spike.
func (r *delayRun[F]) place(s *delayScratch[F], at, w []F, i, o0, o1 int) {
	s.made[i] = true
	n := o1 - o0
	for o := o0; o < o1; o++ {
		k, to := i*r.out+o, i*n+o-o0
		first := r.k.at(float64(at[k]), s.val, nil)
		s.off[to] = int32(first*n + o - o0)
		s.tap[0][to] = w[k] * F(s.val[0])
		if len(s.val) > 1 {
			s.tap[1][to] = w[k] * F(s.val[1])
		}
	}
}

// scatter adds x times the weights of input i to the currents from a step on.
func (s *delayScratch[F]) scatter(sums []F, i, n int, x F) {
	off, now := s.off[i*n:(i+1)*n], s.tap[0][i*n:(i+1)*n]
	if len(s.tap[1]) == 0 {
		for j, k := range off {
			sums[k] += now[j] * x
		}
		return
	}
	next := s.tap[1][i*n : (i+1)*n]
	for j, k := range off {
		to := sums[k:]
		to[0] += now[j] * x
		to[n] += next[j] * x
	}
}

// expand writes the weights of input i at all steps, of a tile.
func (r *delayRun[F]) expand(table []F, val []float64, at, w []F, i, o0, o1 int) {
	n, steps := o1-o0, r.k.max+1
	rows := table[i*steps*n:][:steps*n]
	for o := o0; o < o1; o++ {
		first := r.k.at(float64(at[i*r.out+o]), val, nil)
		if len(val) < steps {
			for k := range steps {
				rows[k*n+o-o0] = 0
			}
		}
		for k, v := range val {
			rows[(first+k)*n+o-o0] = w[i*r.out+o] * F(v)
		}
	}
}

// gradParamsMatrix computes the gradients of the weights and of the positions.
func (r *delayRun[F]) gradParamsMatrix(dst []F, g delayGradient[F], at, w []F) {
	r.events.turn(r.steps, r.batch, r.max)
	dw, dp := dst[:r.in*r.out], dst[r.in*r.out:]
	_ = par.Blocks(r.out, r.tile(), r.take, func(s *delayScratch[F], o0, o1 int) error {
		n, all := o1-o0, r.steps+r.max
		s.g = sparse.Sized(s.g, r.batch*all*n)
		for b := range r.batch {
			g.fill(s.g[b*all*n:(b+1)*all*n], b, o0, o1)
		}
		for i := range r.in {
			places, amount := r.events.column(i)
			sums := r.meet(s, at[i*r.out+o0:i*r.out+o1], places, amount)
			for j := range n {
				k := i*r.out + o0 + j
				p := float64(at[k])
				r.k.at(p, s.val, s.slope)
				var byWeight, byPlace F
				for m, v := range s.val {
					byWeight += F(v) * sums[m*n+j]
					byPlace += F(s.slope[m]) * sums[m*n+j]
				}
				dw[k], dp[k] = byWeight, w[k]*byPlace
				if r.k.outward(p, float64(dp[k])) {
					dp[k] = 0
				}
			}
		}
		return nil
	})
}

// meet returns the gradients that the values of an input meet, added up: of each of the steps of
// κ those of a tile.
func (r *delayRun[F]) meet(s *delayScratch[F], at []F, places []int32, amount []F) []F {
	n, steps := len(at), r.k.taps()
	s.sums = sparse.Sized(s.sums, steps*n)
	clear(s.sums)
	if !r.few() {
		sparse.Gather(s.sums, s.g, n, places, amount)
		return s.sums
	}
	s.off = sparse.Sized(s.off, n)
	for j, p := range at {
		s.off[j] = int32(r.k.at(float64(p), s.val, nil)*n + j)
	}
	now := s.sums[:n]
	for m, place := range places {
		x := F(1)
		if len(amount) > 0 {
			x = amount[m]
		}
		g := s.g[int(place)*n:]
		if steps == 1 {
			for j, k := range s.off {
				now[j] += g[k] * x
			}
			continue
		}
		next := s.sums[n : 2*n]
		for j, k := range s.off {
			from := g[k:]
			now[j] += from[0] * x
			next[j] += from[n] * x
		}
	}
	return s.sums
}

const (
	delaySamples = 8  // of which gradients are computed together,
	delayInputs  = 16 // and of so many inputs
)

// gradXMatrix computes the gradient of x: where κ has few steps, that of an input over time as a
// sum of those of the outputs, moved in time.
func (r *delayRun[F]) gradXMatrix(dx []F, g delayGradient[F], at, w []F) {
	if !r.few() {
		r.gradXProduct(dx, g, at, w)
		return
	}
	k := vec.For[F]()
	_ = par.Blocks(r.batch, delaySamples, r.take, func(s *delayScratch[F], b0, b1 int) error {
		nb, all := b1-b0, r.steps+r.max
		s.g = sparse.Sized(s.g, r.out*all*nb)
		clear(s.g)
		t0, t1 := g.steps()
		for b := b0; b < b1; b++ {
			for t := t0; t < t1; t++ {
				for o, v := range g.row(t, b) {
					s.g[(o*all+t)*nb+b-b0] = v
				}
			}
		}
		long := r.steps * nb
		for i0 := 0; i0 < r.in; i0 += delayInputs {
			i1 := min(r.in, i0+delayInputs)
			s.x = sparse.Sized(s.x, (i1-i0)*long)
			clear(s.x)
			for o := range r.out {
				from := s.g[o*all*nb:][:all*nb]
				for i := i0; i < i1; i++ {
					to := s.x[(i-i0)*long:][:long]
					first := r.k.at(float64(at[i*r.out+o]), s.val, nil)
					for m, v := range s.val {
						k.MulAddC(to, from[(first+m)*nb:][:long], w[i*r.out+o]*F(v), to)
					}
				}
			}
			for t := range r.steps {
				for b := b0; b < b1; b++ {
					to := dx[(t*r.batch+b)*r.in:]
					for i := i0; i < i1; i++ {
						to[i] = s.x[(i-i0)*long+t*nb+b-b0]
					}
				}
			}
		}
		return nil
	})
}

// gradXProduct is gradX where κ has many steps: the product of what comes in all of them, side by
// side, and the weights of all of them, one tile of the outputs after the other.
func (r *delayRun[F]) gradXProduct(dx []F, g delayGradient[F], at, w []F) {
	steps := r.k.max + 1
	t0, t1 := g.steps()
	for o0 := 0; o0 < r.out; o0 += r.tile() {
		o1 := min(r.out, o0+r.tile())
		n := o1 - o0
		r.table = sparse.Sized(r.table, r.in*steps*n)
		_ = par.Blocks(r.in, par.Rows, r.take, func(s *delayScratch[F], i0, i1 int) error {
			for i := i0; i < i1; i++ {
				r.expand(r.table, s.val, at, w, i, o0, o1)
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
