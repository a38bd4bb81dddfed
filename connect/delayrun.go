package connect

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/gemm"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// delayRun holds the memory of a delay, kept from run to run.
type delayRun[F vec.Float] struct {
	*delay
	k        delayKernel
	events   sparse.Events[F] // of x, made by the last run forward
	leave    []F              // [batch, max, out], what the last run forward has set in motion behind the end
	scratch  []*delayScratch[F]
	table    []F // weights of all steps, of the outputs of a tile: [in, max+1, tile]
	part     []F
	late     []F         // a gradient by which that of x is computed, output by output,
	off      gemm.Places // where each weight begins in it,
	tap      []F         // and the weights
	first    []int32     // of each channel, where there are no weights: from which step on
	val      []float64   // κ is this,
	slope    []float64   // and its derivative
	gauss    delayGauss[float64]
	p, ones  []float64 // positions of channels
	waves    delayWaves[F]
	pairs    float64 // multiplications by frequencies for each connection,
	elements float64 // and for each element of a sample
}

// delayScratch is what one goroutine works with.
type delayScratch[F vec.Float] struct {
	sums       []F // [steps + max, tile]: currents, or gradients of them, over time
	table      []F
	off        gemm.Places // of each weight in a tile, where its first step is
	tap        []F         // its weights there, and one step later
	made       []bool      // of each input
	val, slope []float64
	x, g       []F
	gauss      delayGauss[F]
	at, w      []F // positions and weights of some connections
	rows, wave []F // steps, and frequencies
	product    waveProduct[F]
}

func (r *delayRun[F]) take(worker int) *delayScratch[F] {
	for len(r.scratch) <= worker {
		r.scratch = append(r.scratch, &delayScratch[F]{})
	}
	s := r.scratch[worker]
	s.val, s.slope = sparse.Sized(s.val, min(r.k.taps(), 2)), sparse.Sized(s.slope, min(r.k.taps(), 2))
	return s
}

func (r *delayRun[F]) do(op *delayOp, in []G.Value) (G.Value, error) {
	var fs [7][]F
	for i, v := range in {
		if op.Follows(i) {
			continue
		}
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
		}
		fs[i] = f
	}
	dst := op.Result(r.dt, op.Shape)
	y := ops.Elems[F](dst)
	if err := r.check(op, fs); err != nil {
		return nil, err
	}
	switch op.kind {
	case delayY:
		if err := r.read(fs[0]); err != nil {
			return nil, err
		}
		var given [delayEnter + 1][]F
		for which, i := range r.has {
			given[which] = fs[i]
		}
		r.forward(y, given)
	case delayLeave:
		copy(y, r.leave)
	case delayDX:
		r.gradX(y, r.gradient(op, fs[0]), fs[1], fs[3])
	case delayDAt:
		dw, _ := op.beside.([]F)
		if r.matrix() && dw == nil {
			dw = make([]F, r.in*r.out)
			op.beside = dw
		}
		r.gradParams(dw, y, fs[0], r.gradient(op, fs[1]), fs[2], fs[4])
	case delayDW:
		copy(y, op.beside.(*delayOp).beside.([]F))
	case delayDBias:
		r.part = sumRows(y, fs[0], r.steps*r.batch, r.out, r.part)
	case delayDEnter:
		r.gradEnter(y, r.gradient(op, fs[0]))
	}
	return dst, nil
}

// check returns an error unless the inputs have the sizes that the graph was built for, and
// takes over the width.
func (r *delayRun[F]) check(op *delayOp, fs [7][]F) error {
	for i, f := range fs {
		if f != nil && len(f) != r.size(op, i) {
			return fmt.Errorf("connect: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), r.size(op, i))
		}
	}
	width := map[delayKind]int{delayY: 2, delayDX: 2, delayDAt: 3}[op.kind]
	if width == 0 {
		return nil
	}
	var ok bool
	if r.k, ok = r.kernel(float64(fs[width][0])); !ok {
		return fmt.Errorf("connect: %v: the width is %v, want a number that is at least 0", op, fs[width][0])
	}
	return nil
}

// size returns how many elements input i has.
func (r *delayRun[F]) size(op *delayOp, i int) int {
	at, w := r.in/r.places, r.in*r.out
	if r.matrix() {
		at = w
	}
	x, g := r.x.TotalSize(), r.steps*r.batch*r.out
	if r.given != nil {
		x = 1
	}
	if op.ofLeave {
		g = r.batch * r.max * r.out
	}
	switch op.kind {
	case delayDX:
		return [...]int{g, at, 1, w}[i]
	case delayDAt:
		return [...]int{x, g, at, 1, w, 0}[i]
	case delayDBias, delayDEnter:
		return g
	}
	for which, k := range r.has {
		if k == i {
			return [...]int{delayX: x, delayAt: at, delayWidth: 1, delayW: w, delayBias: r.out, delayEnter: r.batch * r.max * r.out}[which]
		}
	}
	return 0
}

// read makes the lists of x.
func (r *delayRun[F]) read(x []F) error {
	r.waves.fresh = false
	if r.given != nil {
		r.events.Take(r.given.now.lists())
		return nil
	}
	r.events.Read(x, r.steps*r.batch, r.in)
	return nil
}

func (r *delayRun[F]) forward(y []F, in [delayEnter + 1][]F) {
	r.leave = sparse.Sized(r.leave, r.batch*r.max*r.out)
	if r.matrix() {
		r.forwardMatrix(y, in)
	} else {
		r.forwardChannels(y, in)
	}
}

// A delayGradient is that of steps first ≤ t < end of the sequence, of which there are Max more than steps.
type delayGradient[F vec.Float] struct {
	g            []F
	first, end   int
	step, sample int // how far steps, and samples, are apart
	out          int
}

// gradient returns that of y, or of what leaves.
func (r *delayRun[F]) gradient(op *delayOp, g []F) delayGradient[F] {
	if op.ofLeave {
		return delayGradient[F]{g: g, first: r.steps, end: r.steps + r.max, step: r.out, sample: r.max * r.out, out: r.out}
	}
	return delayGradient[F]{g: g, end: r.steps, step: r.batch * r.out, sample: r.out, out: r.out}
}

// steps returns the steps that have a gradient, t0 ≤ t < t1.
func (g delayGradient[F]) steps() (t0, t1 int) { return g.first, g.end }

// row returns that of a sample at a step that has one.
func (g delayGradient[F]) row(t, b int) []F { return g.from(t, b)[:g.out] }

// from returns all from that of a sample at a step on.
func (g delayGradient[F]) from(t, b int) []F { return g.g[(t-g.first)*g.step+b*g.sample:] }

// fill writes columns o0 to o1−1 of a sample at all steps to dst, zeros where there is none.
func (g delayGradient[F]) fill(dst []F, b, o0, o1 int) {
	clear(dst)
	t0, t1 := g.steps()
	for t := t0; t < t1; t++ {
		copy(dst[t*(o1-o0):], g.row(t, b)[o0:o1])
	}
}

// gradEnter: what arrives at a step has the gradient of that step.
func (r *delayRun[F]) gradEnter(dst []F, g delayGradient[F]) {
	clear(dst)
	t0, t1 := g.steps()
	for b := range r.batch {
		for t := t0; t < min(t1, r.max); t++ {
			copy(dst[(b*r.max+t)*r.out:], g.row(t, b))
		}
	}
}
