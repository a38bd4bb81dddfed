package delays

import (
	"fmt"
	"math"

	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A Plan says what is delayed: sequences [Steps, Batch, In] become [Steps, Batch, Out], either by weights [In, Out] of which each has a
// position, or channel by channel.
type Plan struct {
	Steps, Batch int
	In, Out      int // elements of a sample at one step
	Places       int // elements of a channel
	Max          int // steps of the longest delay
	Matrix       bool
	Interpolate  bool // between two steps in the place of a Gaussian
}

// An Input is what a run forward reads; what there is not is nil.
type Input[F vec.Float] struct {
	X, At, W, Bias []F
	Enter          []F // [Batch, Max, Out]: what is on its way at first
}

// A Run is one use of a delay, with its memory, kept from run to run. It uses all processors by itself; one goroutine at a time
// may call it.
type Run[F vec.Float] struct {
	Plan
	k        kernel
	listed   bool             // x was given as lists
	events   sparse.Events[F] // of x, made by the last run forward
	leave    []F              // [batch, max, out], what the last run forward has set in motion behind the end
	scratch  []*scratch[F]
	table    []F         // weights of all steps, of the outputs of a tile: [in, max+1, tile]
	late     []F         // a gradient by which that of x is computed, output by output,
	off      gemm.Places // where each weight begins in it,
	tap      []F         // and the weights
	first    []int32     // of each channel, where there are no weights: from which step on
	val      []float64   // κ is this,
	slope    []float64   // and its derivative
	gauss    gauss[float64]
	p, ones  []float64 // positions of channels
	waves    spectra[F]
	pairs    float64 // multiplications by frequencies for each connection,
	elements float64 // and for each element of a sample
}

// scratch is what one goroutine works with.
type scratch[F vec.Float] struct {
	sums       []F // [steps + max, tile]: currents, or gradients of them, over time
	table      []F
	off        gemm.Places // of each weight in a tile, where its first step is
	tap        []F         // its weights there, and one step later
	made       []bool      // of each input
	val, slope []float64
	x, g       []F
	gauss      gauss[F]
	at, w      []F // positions and weights of some connections
	rows, wave []F // steps, and frequencies
	product    product[F]
}

func (r *Run[F]) take(worker int) *scratch[F] {
	for len(r.scratch) <= worker {
		r.scratch = append(r.scratch, &scratch[F]{})
	}
	s := r.scratch[worker]
	s.val, s.slope = sparse.Sized(s.val, min(r.k.taps(), 2)), sparse.Sized(s.slope, min(r.k.taps(), 2))
	return s
}

// Width takes over the width of a Gaussian, 0 for whole steps; it reports whether it can be one.
func (r *Run[F]) Width(width float64) bool {
	r.k = kernel{max: r.Max, width: width, interpolate: r.Interpolate}
	return width >= 0 && !math.IsInf(width, 1)
}

// ErrWidth returns the error of a width that is none.
func ErrWidth[F vec.Float](width F) error {
	return fmt.Errorf("the width is %v, want a number that is at least 0", width)
}

// Read makes the lists of x, which the next runs forward and backward follow.
func (r *Run[F]) Read(x []F) {
	r.waves.fresh, r.listed = false, false
	r.events.Read(x, r.Steps*r.Batch, r.In)
}

// ReadLists takes over lists that were given.
func (r *Run[F]) ReadLists(m *sparse.CSR) {
	r.waves.fresh, r.listed = false, true
	r.events.Take(m)
}

// Forward computes y [Steps, Batch, Out] of an x that was read, without a bias that is nil.
func (r *Run[F]) Forward(y []F, in Input[F]) {
	r.leave = sparse.Sized(r.leave, r.Batch*r.Max*r.Out)
	if r.Matrix {
		r.forwardMatrix(y, in)
	} else {
		r.forwardChannels(y, in)
	}
}

// Leave returns what the last run forward has set in motion behind the end, [Batch, Max, Out].
func (r *Run[F]) Leave() []F { return r.leave }

// A Gradient is that of steps first ≤ t < end of the sequence, of which there are Max more than steps.
type Gradient[F vec.Float] struct {
	g            []F
	first, end   int
	step, sample int // how far steps, and samples, are apart
	out          int
}

// OfY returns the gradient of y.
func (r *Run[F]) OfY(g []F) Gradient[F] {
	return Gradient[F]{g: g, end: r.Steps, step: r.Batch * r.Out, sample: r.Out, out: r.Out}
}

// OfLeave returns the gradient of what leaves.
func (r *Run[F]) OfLeave(g []F) Gradient[F] {
	return Gradient[F]{g: g, first: r.Steps, end: r.Steps + r.Max, step: r.Out, sample: r.Max * r.Out, out: r.Out}
}

// steps returns the steps that have a gradient, t0 ≤ t < t1.
func (g Gradient[F]) steps() (t0, t1 int) { return g.first, g.end }

// row returns that of a sample at a step that has one.
func (g Gradient[F]) row(t, b int) []F { return g.from(t, b)[:g.out] }

// from returns all from that of a sample at a step on.
func (g Gradient[F]) from(t, b int) []F { return g.g[(t-g.first)*g.step+b*g.sample:] }

// fill writes columns o0 to o1−1 of a sample at all steps to dst, zeros where there is none.
func (g Gradient[F]) fill(dst []F, b, o0, o1 int) {
	clear(dst)
	t0, t1 := g.steps()
	for t := t0; t < t1; t++ {
		copy(dst[t*(o1-o0):], g.row(t, b)[o0:o1])
	}
}

// GradEnter writes the gradient of what enters: what arrives at a step has the gradient of that step.
func (r *Run[F]) GradEnter(dst []F, g Gradient[F]) {
	clear(dst)
	t0, t1 := g.steps()
	for b := range r.Batch {
		for t := t0; t < min(t1, r.Max); t++ {
			copy(dst[(b*r.Max+t)*r.Out:], g.row(t, b))
		}
	}
}
