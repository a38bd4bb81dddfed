package delays

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
	fewTile    = 64      // outputs to which a spike is added together: what is near in time of them stays in the first cache
	fewGroup   = 8       // outputs that collect what spikes meet together,
	fewNear    = 5 << 10 // and elements of the gradient of them, in the first cache
	fewLines   = 24      // lines of the gradient of an input,
	fewOutputs = 8       // to which those of so many outputs are added, for
	fewInputs  = 128     // so many inputs
)

// place finds where the weights of input i go, from row·n on: with the time of each of n outputs in a run
// of so many elements, a step having so many.
func (r *Run[F]) place(off *gemm.Places, tap []F, val []float64, at, w []F, row, i, o0, n, run, step int) {
	taps := len(val)
	for j := range n {
		k := i*r.Out + o0 + j
		first := r.k.at(float64(at[k]), val, nil)
		off.Put(row*n+j, j*run+first*step)
		for m, v := range val {
			tap[(row*n+j)*taps+m] = w[k] * F(v)
		}
	}
}

func (r *Run[F]) forwardFew(y []F, in Input[F]) {
	at, w, bias, enter := in.At, in.W, in.Bias, in.Enter
	run, taps := r.Steps+r.Max, r.k.taps()
	_ = par.Blocks(r.Out, min(fewTile, max(1, r.Out/4)), r.take, func(s *scratch[F], o0, o1 int) error {
		n := o1 - o0
		s.off.Reset(r.In * n)
		s.tap = sparse.Sized(s.tap, r.In*n*taps)
		s.made = sparse.Sized(s.made, r.In)
		clear(s.made)
		s.sums = sparse.Sized(s.sums, n*run)
		for b := range r.Batch {
			clear(s.sums)
			if enter != nil {
				gemm.Transpose(s.sums, run, enter[b*r.Max*r.Out+o0:], r.Out, r.Max, n)
			}
			for t := range r.Steps {
				idx, val := r.events.Row(t*r.Batch + b)
				for _, i := range idx {
					if !s.made[i] {
						s.made[i] = true
						r.place(&s.off, s.tap, s.val, at, w, int(i), int(i), o0, n, run, 1)
					}
				}
				gemm.Scatter(s.sums[t:], &s.off, s.tap, n, taps, idx, val)
			}
			gemm.Transpose(y[b*r.Out+o0:], r.Batch*r.Out, s.sums, run, n, r.Steps)
			gemm.Transpose(r.leave[b*r.Max*r.Out+o0:], r.Out, s.sums[r.Steps:], run, n, r.Max)
			for t := 0; t < r.Steps && bias != nil; t++ {
				to := y[(t*r.Batch+b)*r.Out+o0:][:n]
				for j, v := range bias[o0:o1] {
					to[j] += v
				}
			}
		}
		return nil
	})
}

func (r *Run[F]) gradParamsFew(dw, dp []F, g Gradient[F], at, w []F) {
	run, taps := r.Steps+r.Max, r.k.taps()
	samples := min(r.Batch, max(1, fewNear/fewGroup/run))
	r.events.Turn(r.Steps, r.Batch, r.Max, samples)
	_ = par.Blocks(r.Out, fewGroup, r.take, func(s *scratch[F], o0, o1 int) error {
		n := o1 - o0
		s.off.Reset(r.In * n)
		s.tap = sparse.Sized(s.tap, r.In*n*taps)
		for i := range r.In {
			r.place(&s.off, s.tap, s.val, at, w, i, i, o0, n, samples*run, 1)
		}
		s.sums = sparse.Sized(s.sums, r.In*n*taps)
		clear(s.sums)
		s.g = sparse.Sized(s.g, n*samples*run)
		clear(s.g)
		t0, t1 := g.steps()
		for block := range r.events.Blocks() {
			b0 := block * samples
			for b := b0; b < min(r.Batch, b0+samples); b++ {
				gemm.Transpose(s.g[(b-b0)*run+t0:], samples*run, g.from(t0, b)[o0:], g.step, t1-t0, n)
			}
			for i := range r.In {
				places, amount := r.events.Column(block, i)
				gemm.Collect(s.sums[i*n*taps:], s.g, &s.off, i*n, n, taps, places, amount)
			}
		}
		for i := range r.In {
			for j := range n {
				r.gradParam(dw, dp, s, at, w, i*r.Out+o0+j, s.sums[(i*n+j)*taps:][:taps])
			}
		}
		return nil
	})
}

// gradParam computes the gradients of the weight and of the position of connection k from what its
// values have met at the steps of κ.
func (r *Run[F]) gradParam(dw, dp []F, s *scratch[F], at, w []F, k int, met []F) {
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

func (r *Run[F]) gradXFew(dx []F, g Gradient[F], at, w []F) {
	line, taps := gemm.LineOf[F](), r.k.taps()
	m := min(r.Batch, line) // samples beside each other
	run := (r.Steps + r.Max) * m
	blocks := (r.Batch + m - 1) / m
	outputs := min(r.Out, fewOutputs)
	// A block has room for outputs that are not there, and for the rest of a line.
	size := (r.Out+outputs-1)/outputs*outputs*run + line
	r.late = sparse.Sized(r.late, blocks*size)
	par.Each(blocks, func(k int) { r.turnGradient(r.late[k*size:(k+1)*size], g, k*m, m) })

	r.off.Reset(r.In * r.Out * taps)
	r.tap = sparse.Sized(r.tap, r.In*r.Out*taps)
	val := make([]float64, taps)
	for k := range r.In * r.Out {
		first := r.k.at(float64(at[k]), val, nil)
		for t, v := range val {
			r.off.Put(k*taps+t, k%r.Out%outputs*run+(first+t)*m)
			r.tap[k*taps+t] = w[k] * F(v)
		}
	}

	lines := (r.Steps*m + line - 1) / line
	pieces := (lines + fewLines - 1) / fewLines
	piece := (lines + pieces - 1) / pieces
	_ = par.Blocks(blocks*pieces, 1, r.take, func(s *scratch[F], k, _ int) error {
		late, from := r.late[k/pieces*size:][:size], k%pieces*piece*line
		n := min(piece*line, lines*line-from)
		if n <= 0 {
			return nil
		}
		s.x = sparse.Sized(s.x, min(r.In, fewInputs)*n)
		for i0 := 0; i0 < r.In; i0 += fewInputs {
			i1 := min(r.In, i0+fewInputs)
			for o := 0; o < r.Out; o += outputs {
				some := min(outputs, r.Out-o) * taps
				for i := i0; i < i1; i++ {
					at := (i*r.Out + o) * taps
					gemm.Shifted(s.x[(i-i0)*n:][:n], late[o*run+from:], &r.off, at, r.tap[at:at+some], o > 0)
				}
			}
			r.writeX(dx[i0:], s.x, i1-i0, n, from, min(n, r.Steps*m-from), m, k/pieces*m)
		}
		return nil
	})
}

// writeX writes so many inputs of dx from x [inputs, n], of a block of m samples from b0 on: element e of it is sample
// (from + e) mod m at step (from + e)/m.
func (r *Run[F]) writeX(dx, x []F, inputs, n, from, here, m, b0 int) {
	if m == r.Batch { // in the order of dx
		gemm.Transpose(dx[from*r.In:], r.In, x, n, inputs, here)
		return
	}
	for e := 0; e < here; e += m { // m is a line, and pieces are lines
		row := (from+e)/m*r.Batch + b0
		gemm.Transpose(dx[row*r.In:], r.In, x[e:], n, inputs, min(m, r.Batch-b0))
	}
}

// turnGradient writes the gradients of m samples from b0 on, output by output.
func (r *Run[F]) turnGradient(dst []F, g Gradient[F], b0, m int) {
	run, some := (r.Steps+r.Max)*m, min(m, r.Batch-b0)
	t0, t1 := g.steps()
	if some < m {
		clear(dst)
	}
	clear(dst[r.Out*run:])
	for o := range r.Out {
		clear(dst[o*run:][:t0*m])
		clear(dst[o*run:][t1*m : run])
	}
	for t := t0; t < t1; t++ {
		gemm.Transpose(dst[t*m:], run, g.from(t, b0), g.sample, some, r.Out)
	}
}
