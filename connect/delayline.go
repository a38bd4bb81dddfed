package connect

import (
	"fmt"

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

// Goes: x goes in, and what entered is on its way.
func (op *delayOp) Goes() (in, state int) {
	if i, ok := op.d.has[delayEnter]; ok && op.kind == delayY && op.d.given == nil {
		return op.d.has[delayX], i
	}
	return 0, -1
}

// Ends: what leaves is a state.
func (op *delayOp) Ends() int {
	if op.kind != delayLeave {
		return -1
	}
	return len(op.In) - 1
}

// Whole returns a line for a sequence of so many steps.
func (op *delayOp) Whole(steps int) any {
	l := *op.d
	if _, bias := l.has[delayBias]; bias || l.steps != 1 || l.matrix() && !l.interpolate && l.in*(l.max+1)*l.out > lineTable {
		return nil
	}
	l.steps = steps
	l.x = append([]int{steps}, l.x[1:]...)
	if op.Of.Size() == 4 {
		return newDelayLine[float32](&l)
	}
	return newDelayLine[float64](&l)
}

// A delayLine runs a delay beside the steps of a scan.
type delayLine[F vec.Float] struct {
	*delayRun[F]
	z, y, dy  []F // sequences of what goes in, of what arrives, and of its gradient with max steps more
	wantGrad  bool
	in        [][]F // the last parameters
	enter, to []F   // what is on its way before the first step, and where it goes behind the last one
	dEnter    []F
	dAt, dW   []F
	ahead     int
	into      gemm.Places    // where κ has few steps, the places of weights in what is on its way
	back      gemm.Packed[F] // where it has many, the weights of all of them, turned
}

func newDelayLine[F vec.Float](l *delay) *delayLine[F] {
	r := &delayRun[F]{delay: l}
	l.run = r
	return &delayLine[F]{delayRun: r, ahead: min(lineAhead, l.steps)}
}

func (l *delayLine[F]) at() []F { return l.in[l.has[delayAt]] }

func (l *delayLine[F]) w() []F {
	if !l.matrix() {
		return nil
	}
	return l.in[l.has[delayW]]
}

// room is for how many steps there is memory.
func (l *delayLine[F]) room() int { return l.max + l.ahead }

// Forward prepares a pass.
func (l *delayLine[F]) Forward(in [][]F, enter, leave []F, wantGrad bool) ([]F, error) {
	width := float64(in[l.has[delayWidth]][0])
	var ok bool
	if l.k, ok = l.kernel(width); !ok {
		return nil, fmt.Errorf("connect: %s: the width is %v, want a number that is at least 0", l.name, width)
	}
	l.in, l.enter, l.to, l.wantGrad = in, enter, leave, wantGrad
	l.y = sparse.Sized(l.y, l.steps*l.batch*l.out)
	if wantGrad {
		l.z = sparse.Sized(l.z, l.steps*l.batch*l.delay.in)
	}
	switch {
	case !l.matrix():
		l.channels(l.at())
	case l.few():
		l.weighFew()
	default:
		l.table = sparse.Sized(l.table, l.delay.in*(l.max+1)*l.out)
		_ = par.Blocks(l.delay.in, par.Rows, l.take, func(s *delayScratch[F], i0, i1 int) error {
			for i := i0; i < i1; i++ {
				l.expand(s, l.table, l.at(), l.w(), i, 0, l.out)
			}
			return nil
		})
	}
	return l.y, nil
}

// weighFew finds the weights where κ has few steps, and their places in what is on its way.
func (l *delayLine[F]) weighFew() {
	n, taps := l.delay.in*l.out, l.k.taps()
	l.into.Reset(n)
	l.tap = sparse.Sized(l.tap, n*taps)
	val := make([]float64, taps)
	for i := range l.delay.in {
		l.place(&l.into, l.tap, val, l.at(), l.w(), i, i, 0, l.out, l.room(), 1)
	}
}

// Backward prepares the way back.
func (l *delayLine[F]) Backward(leave, enter []F) (y, dy []F) {
	l.dEnter = enter
	row := l.batch * l.out
	l.dy = sparse.Sized(l.dy, (l.steps+l.max)*row)
	clear(l.dy)
	for k := 0; k < l.max && leave != nil; k++ {
		for b := range l.batch {
			copy(l.dy[(l.steps+k)*row+b*l.out:][:l.out], leave[(b*l.max+k)*l.out:])
		}
	}
	if l.matrix() && !l.few() {
		n := (l.max + 1) * l.out
		l.late = sparse.Sized(l.late, len(l.table))
		sparse.Transpose(l.late, l.table, l.delay.in, n)
		l.back.Pack(l.late, n, l.delay.in)
	}
	return l.y, l.dy
}

// placesBack finds the places of weights in the gradient of m samples, where κ has few steps.
func (l *delayLine[F]) placesBack(off *gemm.Places, m int) {
	taps := l.k.taps()
	off.Reset(len(l.at()) * taps)
	val := make([]float64, taps)
	for k, p := range l.at() {
		first := l.k.at(float64(p), val, nil)
		for t := range taps {
			off.Put(k*taps+t, (k%l.out*l.room()+first+t)*m)
		}
	}
}

// Gradients computes the gradients of positions and weights, and of what entered.
func (l *delayLine[F]) Gradients() [][]F {
	row := l.batch * l.out
	for k := range l.max {
		for b := range l.batch {
			copy(l.dEnter[(b*l.max+k)*l.out:][:l.out], l.dy[k*row+b*l.out:])
		}
	}
	l.dAt, l.dW = sparse.Sized(l.dAt, len(l.at())), sparse.Sized(l.dW, len(l.w()))
	_ = l.read(l.z) // there are no lists of it that could be missing
	l.gradParams(l.dW, l.dAt, l.z, delayGradient[F]{g: l.dy, end: l.steps + l.max, step: row, sample: l.out, out: l.out}, l.at(), l.w())
	ds := make([][]F, len(l.has))
	ds[l.has[delayAt]] = l.dAt
	if i, ok := l.has[delayW]; ok {
		ds[i] = l.dW
	}
	return ds
}

// Worker returns memory for one goroutine.
func (l *delayLine[F]) Worker() exec.LineWorker[F] { return &lineWorker[F]{l: l} }

// A lineWorker takes some samples through a line.
type lineWorker[F vec.Float] struct {
	l      *delayLine[F]
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
func (w *lineWorker[F]) of(b int) []F {
	n := w.l.out * w.l.room()
	return w.memory[(b-w.b0)*n:][:n]
}

// Start takes over what is on its way.
func (w *lineWorker[F]) Start(r0, r1, rows int) {
	l := w.l
	w.b0, w.b1 = r0*l.batch/rows, r1*l.batch/rows
	w.at = 0
	w.memory = sparse.Sized(w.memory, (w.b1-w.b0)*l.out*l.room())
	clear(w.memory)
	w.found, w.val = sparse.Sized(w.found, l.delay.in), sparse.Sized(w.val, l.delay.in)
	for b := w.b0; b < w.b1; b++ {
		if from := l.enter[b*l.max*l.out:][:l.max*l.out]; w.turned() {
			gemm.Transpose(w.of(b), l.room(), from, l.out, l.max, l.out)
		} else {
			copy(w.of(b), from)
		}
	}
}

// turned reports whether the time of each output is in one run.
func (w *lineWorker[F]) turned() bool { return w.l.matrix() && w.l.few() }

// Step follows the spikes of z.
func (w *lineWorker[F]) Step(t int, z []F) {
	l := w.l
	if w.at == l.ahead {
		w.front()
	}
	for b := w.b0; b < w.b1; b++ {
		x := z[(b-w.b0)*l.delay.in:][:l.delay.in]
		if l.wantGrad {
			copy(l.z[(t*l.batch+b)*l.delay.in:], x)
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
		y, memory := l.y[(t*l.batch+b)*l.out:][:l.out], w.of(b)
		if !w.turned() {
			copy(y, memory[w.at*l.out:])
			continue
		}
		for o := range y {
			y[o] = memory[o*l.room()+w.at]
		}
	}
	w.at++
}

// send adds values of sample b to what is on its way.
func (w *lineWorker[F]) send(b int, idx []int32, val []F) {
	l, memory, taps := w.l, w.of(b), w.l.k.taps()
	switch {
	case w.turned():
		gemm.Scatter(memory[w.at:], &l.into, l.tap, l.out, taps, idx, val)
	case l.matrix():
		sparse.Gather(memory[w.at*l.out:][:taps*l.out], l.table, taps*l.out, idx, val)
	default:
		for j, i := range idx {
			x := F(1)
			if len(val) > 0 {
				x = val[j]
			}
			first, kappa := l.tapsOf(int(i))
			for m, v := range kappa {
				memory[(w.at+first+m)*l.out+int(i)] += F(x * F(v))
			}
		}
	}
}

// front moves what is on its way to the front.
func (w *lineWorker[F]) front() {
	l := w.l
	for b := w.b0; b < w.b1; b++ {
		memory := w.of(b)
		runs, step := 1, l.out
		if w.turned() {
			runs, step = l.out, 1
		}
		for o := range runs {
			run := memory[o*l.room()*step:][:l.room()*step]
			clear(run[copy(run, run[w.at*step:]):])
		}
	}
	w.at = 0
}

// Stop hands over what is on its way.
func (w *lineWorker[F]) Stop() {
	l := w.l
	for b := w.b0; b < w.b1; b++ {
		if to := l.to[b*l.max*l.out:][:l.max*l.out]; w.turned() {
			gemm.Transpose(to, l.out, w.of(b)[w.at:], l.room(), l.out, l.max)
		} else {
			copy(to, w.of(b)[w.at*l.out:])
		}
	}
}

// StartBack takes over the gradient of what has left.
func (w *lineWorker[F]) StartBack(r0, r1, rows int) {
	l := w.l
	w.b0, w.b1 = r0*l.batch/rows, r1*l.batch/rows
	w.at = l.ahead
	n := w.b1 - w.b0
	w.dz = sparse.Sized(w.dz, n*l.delay.in)
	if w.turned() {
		line := gemm.LineOf[F]()
		w.width = (n + line - 1) / line * line
		l.placesBack(&w.off, w.width)
		w.dx = sparse.Sized(w.dx, w.width*l.delay.in)
		n = w.width
	}
	if l.matrix() {
		w.memory = sparse.Sized(w.memory, n*l.out*l.room())
		clear(w.memory)
		for k := range l.max {
			w.gradient(l.steps+k, l.ahead+k)
		}
	}
}

// gradient enters the gradient of step t at a place in the memory.
func (w *lineWorker[F]) gradient(t, at int) {
	l := w.l
	g := l.dy[(t*l.batch+w.b0)*l.out:]
	if w.turned() {
		gemm.Transpose(w.memory[at*w.width:], l.room()*w.width, g, l.out, w.b1-w.b0, l.out)
		return
	}
	for b := w.b0; b < w.b1; b++ {
		copy(w.of(b)[at*l.out:][:l.out], g[(b-w.b0)*l.out:])
	}
}

// StepBack multiplies what comes from step t on by the weights.
func (w *lineWorker[F]) StepBack(t int, dz []F) {
	l := w.l
	if !l.matrix() {
		w.backChannels(t, dz)
		return
	}
	if w.at == 0 {
		w.behind()
	}
	w.at--
	w.gradient(t, w.at)
	if in := l.delay.in; w.turned() {
		n := l.out * l.k.taps()
		for i := range in {
			gemm.Shifted(w.dx[i*w.width:][:w.width], w.memory[w.at*w.width:], &w.off, i*n, l.tap[i*n:][:n], false)
		}
		gemm.Transpose(w.dz, in, w.dx, w.width, in, w.b1-w.b0)
	} else {
		l.back.MulRows(w.dz, w.memory[w.at*l.out:], l.room()*l.out, w.b1-w.b0)
	}
	vec.For[F]().Add(dz, dz, w.dz)
}

// behind moves the gradient of what comes to the end of the memory.
func (w *lineWorker[F]) behind() {
	l := w.l
	runs, step := w.b1-w.b0, l.out
	if w.turned() {
		runs, step = l.out, w.width
	}
	for o := range runs {
		run := w.memory[o*l.room()*step:][:l.room()*step]
		copy(run[l.ahead*step:], run[:l.max*step])
	}
	w.at = l.ahead
}

// backChannels is StepBack where each channel has one delay.
func (w *lineWorker[F]) backChannels(t int, dz []F) {
	l := w.l
	for b := w.b0; b < w.b1; b++ {
		to := dz[(b-w.b0)*l.delay.in:][:l.delay.in]
		for i := range to {
			first, kappa := l.tapsOf(i)
			var sum F
			for m, v := range kappa {
				sum += F(F(v) * l.dy[((t+first+m)*l.batch+b)*l.out+i])
			}
			to[i] += sum
		}
	}
}
