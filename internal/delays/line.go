package delays

import (
	"github.com/spikegrad/spikegrad/internal/exec"
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A delay of one time step within a scan is run as a line beside the steps (exec.Line), so that what is on its way stays where
// it is, κ is made once for all steps, and gradients of weights and positions are those of a delay of the whole sequence. What is
// left for each step is the spikes that go in, which are followed as in a sequence, and the gradient of these, which later steps
// depend on: a product of what comes in the next steps and the weights of all of them.

const (
	lineAhead = 16      // steps between two moves of what is on its way to the front of the memory
	lineTable = 1 << 26 // at most so many weights of all steps, where κ has many
)

// Inputs says which of so many inputs of an operation are parameters; W is −1 where there are no weights.
type Inputs struct{ All, At, Width, W int }

// A Line runs a delay beside the steps of a scan.
type Line[F vec.Float] struct {
	*Run[F]
	inputs    Inputs
	at, w     []F // the last parameters
	z, y, dy  []F // sequences of what goes in, of what arrives, and of its gradient with Max steps more
	wantGrad  bool
	enter, to []F // what is on its way before the first step, and where it goes behind the last one
	dEnter    []F
	dAt, dW   []F
	ahead     int
	into      gemm.Places    // where κ has few steps, the places of weights in what is on its way
	back      gemm.Packed[F] // where it has many, the weights of all of them, turned
}

// NewLine returns a line for a plan, nil if it would take too much memory.
func NewLine[F vec.Float](p Plan, inputs Inputs) *Line[F] {
	if p.Matrix && !p.Interpolate && p.In*(p.Max+1)*p.Out > lineTable {
		return nil
	}
	return &Line[F]{Run: &Run[F]{Plan: p}, inputs: inputs, ahead: min(lineAhead, p.Steps)}
}

// room is for how many steps there is memory.
func (l *Line[F]) room() int { return l.Max + l.ahead }

// Forward prepares a pass.
func (l *Line[F]) Forward(in [][]F, enter, leave []F, wantGrad bool) ([]F, error) {
	if width := in[l.inputs.Width][0]; !l.Width(float64(width)) {
		return nil, ErrWidth(width)
	}
	l.at, l.enter, l.to, l.wantGrad = in[l.inputs.At], enter, leave, wantGrad
	if l.Matrix {
		l.w = in[l.inputs.W]
	}
	l.y = sparse.Sized(l.y, l.Steps*l.Batch*l.Out)
	if wantGrad {
		l.z = sparse.Sized(l.z, l.Steps*l.Batch*l.In)
	}
	switch {
	case !l.Matrix:
		l.channels(l.at)
	case l.few():
		l.weighFew()
	default:
		l.table = sparse.Sized(l.table, l.In*(l.Max+1)*l.Out)
		_ = par.Blocks(l.In, par.Rows, l.take, func(s *scratch[F], i0, i1 int) error {
			for i := i0; i < i1; i++ {
				l.expand(s, l.table, l.at, l.w, i, 0, l.Out)
			}
			return nil
		})
	}
	return l.y, nil
}

// weighFew finds the weights where κ has few steps, and their places in what is on its way.
func (l *Line[F]) weighFew() {
	n, taps := l.In*l.Out, l.k.taps()
	l.into.Reset(n)
	l.tap = sparse.Sized(l.tap, n*taps)
	val := make([]float64, taps)
	for i := range l.In {
		l.place(&l.into, l.tap, val, l.at, l.w, i, i, 0, l.Out, l.room(), 1)
	}
}

// Backward prepares the way back.
func (l *Line[F]) Backward(leave, enter []F) (y, dy []F) {
	l.dEnter = enter
	row := l.Batch * l.Out
	l.dy = sparse.Sized(l.dy, (l.Steps+l.Max)*row)
	clear(l.dy)
	for k := 0; k < l.Max && leave != nil; k++ {
		for b := range l.Batch {
			copy(l.dy[(l.Steps+k)*row+b*l.Out:][:l.Out], leave[(b*l.Max+k)*l.Out:])
		}
	}
	if l.Matrix && !l.few() {
		n := (l.Max + 1) * l.Out
		l.late = sparse.Sized(l.late, len(l.table))
		sparse.Transpose(l.late, l.table, l.In, n)
		l.back.Pack(l.late, n, l.In)
	}
	return l.y, l.dy
}

// placesBack finds the places of weights in the gradient of m samples, where κ has few steps.
func (l *Line[F]) placesBack(off *gemm.Places, m int) {
	taps := l.k.taps()
	off.Reset(len(l.at) * taps)
	val := make([]float64, taps)
	for k, p := range l.at {
		first := l.k.at(float64(p), val, nil)
		for t := range taps {
			off.Put(k*taps+t, (k%l.Out*l.room()+first+t)*m)
		}
	}
}

// Gradients computes the gradients of positions and weights, and of what entered.
func (l *Line[F]) Gradients() [][]F {
	row := l.Batch * l.Out
	for k := range l.Max {
		for b := range l.Batch {
			copy(l.dEnter[(b*l.Max+k)*l.Out:][:l.Out], l.dy[k*row+b*l.Out:])
		}
	}
	l.dAt, l.dW = sparse.Sized(l.dAt, len(l.at)), sparse.Sized(l.dW, len(l.w))
	l.Read(l.z)
	l.GradParams(l.dW, l.dAt, l.z, Gradient[F]{g: l.dy, end: l.Steps + l.Max, step: row, sample: l.Out, out: l.Out}, l.at, l.w)
	ds := make([][]F, l.inputs.All)
	ds[l.inputs.At] = l.dAt
	if l.Matrix {
		ds[l.inputs.W] = l.dW
	}
	return ds
}

// Worker returns memory for one goroutine.
func (l *Line[F]) Worker() exec.LineWorker[F] { return &worker[F]{l: l} }

// A worker takes some samples through a line.
type worker[F vec.Float] struct {
	l      *Line[F]
	b0, b1 int
	at     int // of the present step in the memory
	// What is on its way, and backward the gradient of what comes: of each sample [out, room] where κ has few steps, [room, out] where it has
	// many; backward of few steps [out, room, samples], so many samples as fill lines of the cache.
	memory []F
	found  []int32
	val    []F
	off    gemm.Places // backward, of weights
	width  int         // samples that these are for
	dx, dz []F
}

// of returns what is on the way of sample b.
func (w *worker[F]) of(b int) []F {
	n := w.l.Out * w.l.room()
	return w.memory[(b-w.b0)*n:][:n]
}

// Start takes over what is on its way.
func (w *worker[F]) Start(r0, r1, rows int) {
	l := w.l
	w.b0, w.b1 = r0*l.Batch/rows, r1*l.Batch/rows
	w.at = 0
	w.memory = sparse.Sized(w.memory, (w.b1-w.b0)*l.Out*l.room())
	clear(w.memory)
	w.found, w.val = sparse.Sized(w.found, l.In), sparse.Sized(w.val, l.In)
	for b := w.b0; b < w.b1; b++ {
		if from := l.enter[b*l.Max*l.Out:][:l.Max*l.Out]; w.turned() {
			gemm.Transpose(w.of(b), l.room(), from, l.Out, l.Max, l.Out)
		} else {
			copy(w.of(b), from)
		}
	}
}

// turned reports whether the time of each output is in one run.
func (w *worker[F]) turned() bool { return w.l.Matrix && w.l.few() }

// Step follows the spikes of z.
func (w *worker[F]) Step(t int, z []F) {
	l := w.l
	if w.at == l.ahead {
		w.front()
	}
	for b := w.b0; b < w.b1; b++ {
		x := z[(b-w.b0)*l.In:][:l.In]
		if l.wantGrad {
			copy(l.z[(t*l.Batch+b)*l.In:], x)
		}
		k, ones := sparse.NonZero(x, w.found)
		idx, val := w.found[:k], w.val[:0]
		for _, i := range idx {
			if ones {
				break
			}
			val = append(val, x[i])
		}
		w.send(b, idx, val)
		y, memory := l.y[(t*l.Batch+b)*l.Out:][:l.Out], w.of(b)
		if !w.turned() {
			copy(y, memory[w.at*l.Out:])
			continue
		}
		for o := range y {
			y[o] = memory[o*l.room()+w.at]
		}
	}
	w.at++
}

// send adds values of sample b to what is on its way.
func (w *worker[F]) send(b int, idx []int32, val []F) {
	l, memory, taps := w.l, w.of(b), w.l.k.taps()
	switch {
	case w.turned():
		gemm.Scatter(memory[w.at:], &l.into, l.tap, l.Out, taps, idx, val)
	case l.Matrix:
		sparse.Gather(memory[w.at*l.Out:][:taps*l.Out], l.table, taps*l.Out, idx, val)
	default:
		for j, i := range idx {
			x := F(1)
			if len(val) > 0 {
				x = val[j]
			}
			first, kappa := l.tapsOf(int(i))
			for m, v := range kappa {
				memory[(w.at+first+m)*l.Out+int(i)] += F(x * F(v))
			}
		}
	}
}

// front moves what is on its way to the front.
func (w *worker[F]) front() {
	l := w.l
	for b := w.b0; b < w.b1; b++ {
		memory := w.of(b)
		runs, step := 1, l.Out
		if w.turned() {
			runs, step = l.Out, 1
		}
		for o := range runs {
			run := memory[o*l.room()*step:][:l.room()*step]
			clear(run[copy(run, run[w.at*step:]):])
		}
	}
	w.at = 0
}

// Stop hands over what is on its way.
func (w *worker[F]) Stop() {
	l := w.l
	for b := w.b0; b < w.b1; b++ {
		if to := l.to[b*l.Max*l.Out:][:l.Max*l.Out]; w.turned() {
			gemm.Transpose(to, l.Out, w.of(b)[w.at:], l.room(), l.Out, l.Max)
		} else {
			copy(to, w.of(b)[w.at*l.Out:])
		}
	}
}

// StartBack takes over the gradient of what has left.
func (w *worker[F]) StartBack(r0, r1, rows int) {
	l := w.l
	w.b0, w.b1 = r0*l.Batch/rows, r1*l.Batch/rows
	w.at = l.ahead
	n := w.b1 - w.b0
	w.dz = sparse.Sized(w.dz, n*l.In)
	if w.turned() {
		line := gemm.LineOf[F]()
		w.width = (n + line - 1) / line * line
		l.placesBack(&w.off, w.width)
		w.dx = sparse.Sized(w.dx, w.width*l.In)
		n = w.width
	}
	if l.Matrix {
		w.memory = sparse.Sized(w.memory, n*l.Out*l.room())
		clear(w.memory)
		for k := range l.Max {
			w.gradient(l.Steps+k, l.ahead+k)
		}
	}
}

// gradient enters the gradient of step t at a place in the memory.
func (w *worker[F]) gradient(t, at int) {
	l := w.l
	g := l.dy[(t*l.Batch+w.b0)*l.Out:]
	if w.turned() {
		gemm.Transpose(w.memory[at*w.width:], l.room()*w.width, g, l.Out, w.b1-w.b0, l.Out)
		return
	}
	for b := w.b0; b < w.b1; b++ {
		copy(w.of(b)[at*l.Out:][:l.Out], g[(b-w.b0)*l.Out:])
	}
}

// StepBack multiplies what comes from step t on by the weights.
func (w *worker[F]) StepBack(t int, dz []F) {
	l := w.l
	if !l.Matrix {
		w.backChannels(t, dz)
		return
	}
	if w.at == 0 {
		w.behind()
	}
	w.at--
	w.gradient(t, w.at)
	if in := l.In; w.turned() {
		n := l.Out * l.k.taps()
		for i := range in {
			gemm.Shifted(w.dx[i*w.width:][:w.width], w.memory[w.at*w.width:], &w.off, i*n, l.tap[i*n:][:n], false)
		}
		gemm.Transpose(w.dz, in, w.dx, w.width, in, w.b1-w.b0)
	} else {
		l.back.MulRows(w.dz, w.memory[w.at*l.Out:], l.room()*l.Out, w.b1-w.b0)
	}
	vec.For[F]().Add(dz, dz, w.dz)
}

// behind moves the gradient of what comes to the end of the memory.
func (w *worker[F]) behind() {
	l := w.l
	runs, step := w.b1-w.b0, l.Out
	if w.turned() {
		runs, step = l.Out, w.width
	}
	for o := range runs {
		run := w.memory[o*l.room()*step:][:l.room()*step]
		copy(run[l.ahead*step:], run[:l.Max*step])
	}
	w.at = l.ahead
}

// backChannels is StepBack where each channel has one delay.
func (w *worker[F]) backChannels(t int, dz []F) {
	l := w.l
	for b := w.b0; b < w.b1; b++ {
		to := dz[(b-w.b0)*l.In:][:l.In]
		for i := range to {
			first, kappa := l.tapsOf(i)
			var sum F
			for m, v := range kappa {
				sum += F(F(v) * l.dy[((t+first+m)*l.Batch+b)*l.Out+i])
			}
			to[i] += sum
		}
	}
}
