package connect

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
)

// channels computes κ of all channels.
func (r *delayRun[F]) channels(at []F) {
	n := r.k.taps()
	r.first = sparse.Sized(r.first, len(at))
	r.val, r.slope = sparse.Sized(r.val, len(at)*n), sparse.Sized(r.slope, len(at)*n)
	if !r.few() {
		r.gaussians(at)
		return
	}
	for c, p := range at {
		r.first[c] = int32(r.k.at(float64(p), r.val[c*n:(c+1)*n], r.slope[c*n:(c+1)*n]))
	}
}

// gaussians is channels where κ is a Gaussian.
func (r *delayRun[F]) gaussians(at []F) {
	n := r.k.taps()
	inv := min(1/(r.k.width*r.k.width), 1e30)
	r.p, r.ones = sparse.Sized(r.p, len(at)), sparse.Sized(r.ones, len(at))
	for c, p := range at {
		r.first[c], r.p[c], r.ones[c] = 0, float64(p), 1
	}
	r.gauss.rows(r.k, r.slope, r.p, r.ones)
	gemm.Transpose(r.val, n, r.slope, len(at), n, len(at))
	for c := range at {
		val, p := r.val[c*n:(c+1)*n], min(max(r.p[c], 0), float64(r.max))
		var mean float64
		for k, v := range val {
			mean += float64(v * (float64(k) - p))
		}
		for k, v := range val {
			r.slope[c*n+k] = v * (float64(k) - p - mean) * inv
		}
	}
}

// tapsOf returns κ of the channel of an element.
func (r *delayRun[F]) tapsOf(i int) (first int, val []float64) {
	c, n := i/r.places, r.k.taps()
	return int(r.first[c]), r.val[c*n : (c+1)*n]
}

// forwardChannels adds each value to the steps at which it arrives.
func (r *delayRun[F]) forwardChannels(y []F, in [delayEnter + 1][]F) {
	r.channels(in[delayAt])
	enter := in[delayEnter]
	par.Chunks(r.batch, 1, func(b, _ int) {
		place := func(t int) []F {
			if t < r.steps {
				return y[(t*r.batch+b)*r.out:][:r.out]
			}
			return r.leave[(b*r.max+t-r.steps)*r.out:][:r.out]
		}
		for t := range r.steps + r.max {
			if to := place(t); t < r.max && enter != nil {
				copy(to, enter[(b*r.max+t)*r.out:])
			} else {
				clear(to)
			}
		}
		for t := range r.steps {
			idx, graded := r.events.Row(t*r.batch + b)
			for j, i := range idx {
				x := F(1)
				if len(graded) > 0 {
					x = graded[j]
				}
				first, val := r.tapsOf(int(i))
				for m, v := range val {
					place(t + first + m)[i] += F(x * F(v))
				}
			}
		}
	})
}

// gradXChannels: the gradient of a value is that of the steps at which it arrives.
func (r *delayRun[F]) gradXChannels(dx []F, g delayGradient[F], at []F) {
	r.channels(at)
	t0, t1 := g.steps()
	par.Chunks(r.steps*r.batch, par.Rows, func(r0, r1 int) {
		for row := r0; row < r1; row++ {
			t, b := row/r.batch, row%r.batch
			to := dx[row*r.in:][:r.in]
			for i := range to {
				first, val := r.tapsOf(i)
				var sum F
				for m, v := range val {
					if s := t + first + m; s >= t0 && s < t1 {
						sum += F(F(v) * g.row(s, b)[i])
					}
				}
				to[i] = sum
			}
		}
	})
}

// gradParamsChannels computes the gradient of the positions.
func (r *delayRun[F]) gradParamsChannels(dp []F, g delayGradient[F], at []F) {
	r.channels(at)
	r.events.Turn(r.steps, r.batch, r.max, r.batch)
	t0, t1 := g.steps()
	n := r.k.taps()
	par.Chunks(len(dp), 1, func(c, _ int) {
		var sum float64
		for i := c * r.places; i < (c+1)*r.places; i++ {
			places, amount := r.events.Column(0, i)
			for j, place := range places {
				x := 1.0
				if len(amount) > 0 {
					x = float64(amount[j])
				}
				b, t := int(place)/(r.steps+r.max), int(place)%(r.steps+r.max)
				for m, v := range r.slope[c*n : (c+1)*n] {
					if s := t + int(r.first[c]) + m; s >= t0 && s < t1 {
						sum += float64(x * v * float64(g.row(s, b)[i]))
					}
				}
			}
		}
		if r.k.outward(float64(at[c]), sum) {
			sum = 0
		}
		dp[c] = F(sum)
	})
}

func (r *delayRun[F]) gradX(dx []F, g delayGradient[F], at, w []F) {
	if r.matrix() {
		r.gradXMatrix(dx, g, at, w)
	} else {
		r.gradXChannels(dx, g, at)
	}
}

// gradParams computes the gradients of the weights, if there are any, and of the positions.
func (r *delayRun[F]) gradParams(dw, dp, x []F, g delayGradient[F], at, w []F) {
	if r.matrix() {
		r.gradParamsMatrix(dw, dp, x, g, at, w)
	} else {
		r.gradParamsChannels(dp, g, at)
	}
}
