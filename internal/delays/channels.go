package delays

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
)

// channels computes κ of all channels.
func (r *Run[F]) channels(at []F) {
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
func (r *Run[F]) gaussians(at []F) {
	n := r.k.taps()
	inv := min(1/(r.k.width*r.k.width), 1e30)
	r.p, r.ones = sparse.Sized(r.p, len(at)), sparse.Sized(r.ones, len(at))
	for c, p := range at {
		r.first[c], r.p[c], r.ones[c] = 0, float64(p), 1
	}
	r.gauss.rows(r.k, r.slope, r.p, r.ones)
	gemm.Transpose(r.val, n, r.slope, len(at), n, len(at))
	for c := range at {
		val, p := r.val[c*n:(c+1)*n], min(max(r.p[c], 0), float64(r.Max))
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
func (r *Run[F]) tapsOf(i int) (first int, val []float64) {
	c, n := i/r.Places, r.k.taps()
	return int(r.first[c]), r.val[c*n : (c+1)*n]
}

// forwardChannels adds each value to the steps at which it arrives.
func (r *Run[F]) forwardChannels(y []F, in Input[F]) {
	r.channels(in.At)
	enter := in.Enter
	par.Chunks(r.Batch, 1, func(b, _ int) {
		place := func(t int) []F {
			if t < r.Steps {
				return y[(t*r.Batch+b)*r.Out:][:r.Out]
			}
			return r.leave[(b*r.Max+t-r.Steps)*r.Out:][:r.Out]
		}
		for t := range r.Steps + r.Max {
			if to := place(t); t < r.Max && enter != nil {
				copy(to, enter[(b*r.Max+t)*r.Out:])
			} else {
				clear(to)
			}
		}
		for t := range r.Steps {
			idx, graded := r.events.Row(t*r.Batch + b)
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
func (r *Run[F]) gradXChannels(dx []F, g Gradient[F], at []F) {
	r.channels(at)
	t0, t1 := g.steps()
	par.Chunks(r.Steps*r.Batch, par.Rows, func(r0, r1 int) {
		for row := r0; row < r1; row++ {
			t, b := row/r.Batch, row%r.Batch
			to := dx[row*r.In:][:r.In]
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
func (r *Run[F]) gradParamsChannels(dp []F, g Gradient[F], at []F) {
	r.channels(at)
	r.events.Turn(r.Steps, r.Batch, r.Max, r.Batch)
	t0, t1 := g.steps()
	n := r.k.taps()
	par.Chunks(len(dp), 1, func(c, _ int) {
		var sum float64
		for i := c * r.Places; i < (c+1)*r.Places; i++ {
			places, amount := r.events.Column(0, i)
			for j, place := range places {
				x := 1.0
				if len(amount) > 0 {
					x = float64(amount[j])
				}
				b, t := int(place)/(r.Steps+r.Max), int(place)%(r.Steps+r.Max)
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

// GradX writes the gradient of x, dense.
func (r *Run[F]) GradX(dx []F, g Gradient[F], at, w []F) {
	if r.Matrix {
		r.gradXMatrix(dx, g, at, w)
	} else {
		r.gradXChannels(dx, g, at)
	}
}

// GradParams computes the gradients of the weights, if there are any, and of the positions, of an x that was read; x itself is nil if lists of it were.
func (r *Run[F]) GradParams(dw, dp, x []F, g Gradient[F], at, w []F) {
	if r.Matrix {
		r.gradParamsMatrix(dw, dp, x, g, at, w)
	} else {
		r.gradParamsChannels(dp, g, at)
	}
}
