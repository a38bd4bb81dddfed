package connect

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
)

// Where κ has one step or two, a connection is an offset in time and a weight or two. The time of an
// output is one run of memory, so that two steps are two elements beside each other.
//
//   - Forward, each spike adds its weights to the runs of the outputs, each at its own offset
//     (gemm.Scatter). Currents are added up in the order of time, and at one step in that of the inputs: in
//     windows of a sequence as in the whole.
//   - A weight meets what the gradient has at its offset behind each spike (gemm.Collect).
//   - The gradient of an input is the sum of those of the outputs, moved by their offsets (gemm.Shifted).
//     It has no zeros that could be left out; so many samples as fill a line of the cache lie beside each other.

const (
	delayTile    = 64      // outputs to which a spike is added together: what is near in time of them stays in the first cache
	delayGroup   = 8       // outputs that collect what spikes meet together,
	delayNear    = 5 << 10 // and elements of the gradient of them, in the first cache
	delayLines   = 24      // lines of the gradient of an input,
	delayOutputs = 8       // to which those of so many outputs are added, for
	delayInputs  = 128     // so many inputs
)

// place finds where the weights of input i go, from row·n on: with the time of each of n outputs in a run
// of so many elements, a step having so many.
func (r *delayRun[F]) place(off *gemm.Places, tap []F, val []float64, at, w []F, row, i, o0, n, run, step int) {
	taps := len(val)
	for j := range n {
		k := i*r.out + o0 + j
		first := r.k.at(float64(at[k]), val, nil)
		off.Put(row*n+j, j*run+first*step)
		for m, v := range val {
			tap[(row*n+j)*taps+m] = w[k] * F(v)
		}
	}
}

func (r *delayRun[F]) forwardFew(y []F, in [delayEnter + 1][]F) {
	at, w, bias, enter := in[delayAt], in[delayW], in[delayBias], in[delayEnter]
	run, taps := r.steps+r.max, r.k.taps()
	_ = par.Blocks(r.out, min(delayTile, max(1, r.out/4)), r.take, func(s *delayScratch[F], o0, o1 int) error {
		n := o1 - o0
		s.off.Reset(r.in * n)
		s.tap = sparse.Sized(s.tap, r.in*n*taps)
		s.made = sparse.Sized(s.made, r.in)
		clear(s.made)
		s.sums = sparse.Sized(s.sums, n*run)
		for b := range r.batch {
			clear(s.sums)
			if enter != nil {
				gemm.Transpose(s.sums, run, enter[b*r.max*r.out+o0:], r.out, r.max, n)
			}
			for t := range r.steps {
				idx, val := r.events.Row(t*r.batch + b)
				for _, i := range idx {
					if !s.made[i] {
						s.made[i] = true
						r.place(&s.off, s.tap, s.val, at, w, int(i), int(i), o0, n, run, 1)
					}
				}
				gemm.Scatter(s.sums[t:], &s.off, s.tap, n, taps, idx, val)
			}
			gemm.Transpose(y[b*r.out+o0:], r.batch*r.out, s.sums, run, n, r.steps)
			gemm.Transpose(r.leave[b*r.max*r.out+o0:], r.out, s.sums[r.steps:], run, n, r.max)
			for t := 0; t < r.steps && bias != nil; t++ {
				to := y[(t*r.batch+b)*r.out+o0:][:n]
				for j, v := range bias[o0:o1] {
					to[j] += v
				}
			}
		}
		return nil
	})
}

func (r *delayRun[F]) gradParamsFew(dw, dp []F, g delayGradient[F], at, w []F) {
	run, taps := r.steps+r.max, r.k.taps()
	samples := min(r.batch, max(1, delayNear/delayGroup/run))
	r.events.Turn(r.steps, r.batch, r.max, samples)
	_ = par.Blocks(r.out, delayGroup, r.take, func(s *delayScratch[F], o0, o1 int) error {
		n := o1 - o0
		s.off.Reset(r.in * n)
		s.tap = sparse.Sized(s.tap, r.in*n*taps)
		for i := range r.in {
			r.place(&s.off, s.tap, s.val, at, w, i, i, o0, n, samples*run, 1)
		}
		s.sums = sparse.Sized(s.sums, r.in*n*taps)
		clear(s.sums)
		s.g = sparse.Sized(s.g, n*samples*run)
		clear(s.g)
		t0, t1 := g.steps()
		for block := range r.events.Blocks() {
			b0 := block * samples
			for b := b0; b < min(r.batch, b0+samples); b++ {
				gemm.Transpose(s.g[(b-b0)*run+t0:], samples*run, g.from(t0, b)[o0:], g.step, t1-t0, n)
			}
			for i := range r.in {
				places, amount := r.events.Column(block, i)
				gemm.Collect(s.sums[i*n*taps:], s.g, &s.off, i*n, n, taps, places, amount)
			}
		}
		for i := range r.in {
			for j := range n {
				r.gradParam(dw, dp, s, at, w, i*r.out+o0+j, s.sums[(i*n+j)*taps:][:taps])
			}
		}
		return nil
	})
}

// gradParam computes the gradients of the weight and of the position of connection k from what its
// values have met at the steps of κ.
func (r *delayRun[F]) gradParam(dw, dp []F, s *delayScratch[F], at, w []F, k int, met []F) {
	p := float64(at[k])
	r.k.at(p, s.val, s.slope)
	var byWeight, byPlace F
	for m, v := range met {
		byWeight += F(F(s.val[m]) * v)
		byPlace += F(F(s.slope[m]) * v)
	}
	byPlace *= w[k]
	if r.k.outward(p, float64(byPlace)) {
		byPlace = 0
	}
	dw[k], dp[k] = byWeight, byPlace
}

func (r *delayRun[F]) gradXFew(dx []F, g delayGradient[F], at, w []F) {
	line, taps := gemm.LineOf[F](), r.k.taps()
	m := min(r.batch, line) // samples beside each other
	run := (r.steps + r.max) * m
	blocks := (r.batch + m - 1) / m
	outputs := min(r.out, delayOutputs)
	// A block has room for outputs that are not there, and for the rest of a line.
	size := (r.out+outputs-1)/outputs*outputs*run + line
	r.late = sparse.Sized(r.late, blocks*size)
	par.Each(blocks, func(k int) { r.turnGradient(r.late[k*size:(k+1)*size], g, k*m, m) })

	r.off.Reset(r.in * r.out * taps)
	r.tap = sparse.Sized(r.tap, r.in*r.out*taps)
	val := make([]float64, taps)
	for k := range r.in * r.out {
		first := r.k.at(float64(at[k]), val, nil)
		for t, v := range val {
			r.off.Put(k*taps+t, k%r.out%outputs*run+(first+t)*m)
			r.tap[k*taps+t] = w[k] * F(v)
		}
	}

	lines := (r.steps*m + line - 1) / line
	pieces := (lines + delayLines - 1) / delayLines
	piece := (lines + pieces - 1) / pieces
	_ = par.Blocks(blocks*pieces, 1, r.take, func(s *delayScratch[F], k, _ int) error {
		late, from := r.late[k/pieces*size:][:size], k%pieces*piece*line
		n := min(piece*line, lines*line-from)
		if n <= 0 {
			return nil
		}
		s.x = sparse.Sized(s.x, min(r.in, delayInputs)*n)
		for i0 := 0; i0 < r.in; i0 += delayInputs {
			i1 := min(r.in, i0+delayInputs)
			for o := 0; o < r.out; o += outputs {
				some := min(outputs, r.out-o) * taps
				for i := i0; i < i1; i++ {
					at := (i*r.out + o) * taps
					gemm.Shifted(s.x[(i-i0)*n:][:n], late[o*run+from:], &r.off, at, r.tap[at:at+some], o > 0)
				}
			}
			r.writeX(dx[i0:], s.x, i1-i0, n, from, min(n, r.steps*m-from), m, k/pieces*m)
		}
		return nil
	})
}

// writeX writes so many inputs of dx from x [inputs, n], of a block of m samples from b0 on: element e of it is sample
// (from + e) mod m at step (from + e)/m.
func (r *delayRun[F]) writeX(dx, x []F, inputs, n, from, here, m, b0 int) {
	if m == r.batch { // in the order of dx
		gemm.Transpose(dx[from*r.in:], r.in, x, n, inputs, here)
		return
	}
	for e := 0; e < here; e += m { // m is a line, and pieces are lines
		row := (from+e)/m*r.batch + b0
		gemm.Transpose(dx[row*r.in:], r.in, x[e:], n, inputs, min(m, r.batch-b0))
	}
}

// turnGradient writes the gradients of m samples from b0 on, output by output.
func (r *delayRun[F]) turnGradient(dst []F, g delayGradient[F], b0, m int) {
	run, some := (r.steps+r.max)*m, min(m, r.batch-b0)
	t0, t1 := g.steps()
	if some < m {
		clear(dst)
	}
	clear(dst[r.out*run:])
	for o := range r.out {
		clear(dst[o*run:][:t0*m])
		clear(dst[o*run:][t1*m : run])
	}
	for t := t0; t < t1; t++ {
		gemm.Transpose(dst[t*m:], run, g.from(t, b0), g.sample, some, r.out)
	}
}
