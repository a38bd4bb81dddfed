package exec

import (
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A Backward runs a pair of programs from the last time step to the first. Of n states
// the first program carries the gradients, numbers 0 … n−1, and reads the states that
// enter each step, n … 2n−1, and dear values behind them. The second one, which there
// is where not all states are kept, computes the states of the steps between two kept
// ones again (checkpointing, rematerialisation), and the dear values with them.
type Backward[F vec.Float] struct {
	b, advance *Bound[F]
	dear       int // how many values are kept beside the states
	pool       []*backWorker[F]
	pass       Pass[F]

	start func(i int) *backWorker[F]
	work  func(w *backWorker[F], r0, r1 int) error
}

// NewBackward returns memory for both programs, of which advance, bound without sizes as
// the states of every step are wanted and none is written over, may be nil.
func NewBackward[F vec.Float](b, advance *Bound[F], dear int) *Backward[F] {
	m := &Backward[F]{b: b, advance: advance, dear: dear}
	if advance != nil {
		advance.rows = b.rows // which has no workers yet
	}
	m.start, m.work = m.worker, func(w *backWorker[F], r0, r1 int) error { return w.block(r0, r1) }
	return m
}

// Run runs through all time steps, the last one first, after Load.
func (m *Backward[F]) Run(p Pass[F]) error {
	m.pass = p
	return par.Blocks(m.b.p.Rows, m.b.rows, m.start, m.work)
}

func (m *Backward[F]) worker(i int) *backWorker[F] {
	for len(m.pool) <= i {
		m.pool = append(m.pool, newBackWorker(m, len(m.pool)))
	}
	w := m.pool[i]
	w.err = nil
	if w.advance != nil {
		w.advance.err = nil
	}
	return w
}

// A backWorker runs blocks backward.
type backWorker[F vec.Float] struct {
	*stateWorker[F] // the gradients of the states
	m               *Backward[F]
	advance         *worker[F]
	// states holds the states that enter the steps between two kept ones, one
	// block behind the other, or the kept ones if all are. Behind them are the dear
	// values of these steps.
	states [][]F
}

func newBackWorker[F vec.Float](m *Backward[F], i int) *backWorker[F] {
	w := &backWorker[F]{stateWorker: m.b.worker(i), m: m, states: make([][]F, len(m.b.sizes)+m.dear)}
	if m.advance != nil {
		w.advance = newWorker(m.advance)
		for i := range w.states {
			// Dear values are computed with the states that leave their step, so also
			// with those that leave the last one.
			w.states[i] = make([]F, (m.pass.Every+min(1, m.dear))*w.size(i, m.b.rows))
		}
	}
	return w
}

func (w *backWorker[F]) block(r0, r1 int) error {
	p, rows := &w.m.pass, w.b.p.Rows
	w.enter(r0, r1)
	if w.advance != nil {
		w.advance.enter(r0, r1)
	}
	for i, l := range p.Enter {
		if l == nil {
			clear(w.in[i])
		} else {
			copy(w.in[i], rowsOf(l, rows, r0, r1))
		}
	}
	for _, l := range w.lines {
		l.StartBack(r0, r1, rows)
	}
	for end := p.Steps; end > 0; {
		start := (end - 1) / p.Every * p.Every
		w.recompute(start, end, r0, r1)
		w.back(start, end)
		end = start
	}
	for i, d := range p.Leave {
		if d != nil {
			copy(rowsOf(d, rows, r0, r1), w.in[i])
		}
	}
	if w.advance != nil && w.err == nil {
		w.err = w.advance.err
	}
	return w.err
}

// back runs the steps start ≤ t < end, the last one first.
func (w *backWorker[F]) back(start, end int) {
	if w.b.plan.whole {
		w.read(end - 1 - start)
		w.through(end-1, end-start, -1, w.in, -w.stride(w.b.plan))
		w.stop(w.in)
		return
	}
	for t := end - 1; t >= start; t-- {
		w.read(t - start)
		w.stop(w.out)
		w.step(t, -1)
		w.depart(t)
		w.swap()
	}
}

// stop clears the gradients of states through which nothing flows back.
func (w *backWorker[F]) stop(gradients [][]F) {
	for i, g := range gradients {
		if w.b.p.States[i].Out < 0 {
			clear(g)
		}
	}
}

// read points the slots of the states that are read at those that enter step j
// of the present ones.
func (w *backWorker[F]) read(j int) {
	n := len(w.in)
	for i, c := range w.b.p.States[n:] {
		if c.In >= 0 {
			w.slots[c.In] = w.entering(i, j)
		}
	}
}

// stride returns how far apart the states of two time steps are in memory, for a
// plan that goes through time by itself: all its values are as wide.
func (w *backWorker[F]) stride(whole *plan) int {
	return w.b.rows * whole.stretches[0].width
}

// size returns how many elements state or dear value i has in so many rows.
func (w *backWorker[F]) size(i, rows int) int {
	if i < len(w.in) {
		return w.b.sizes[i] / w.b.p.Rows * rows
	}
	return w.advance.b.p.States[i].Width * rows
}

// entering returns state i of the block as it enters step j of the present ones, or
// a dear value of step j.
func (w *backWorker[F]) entering(i, j int) []F {
	return w.states[i][j*w.size(i, w.b.rows):][:w.size(i, w.r1-w.r0)]
}

// recompute finds the states that enter the steps start ≤ t < end, from the
// kept ones that enter start.
func (w *backWorker[F]) recompute(start, end, r0, r1 int) {
	for i := range w.m.pass.Kept {
		kept := w.m.pass.kept(i, start, w.b.p.Rows, r0, r1)
		if w.advance == nil {
			w.states[i] = kept
			continue
		}
		copy(w.entering(i, 0), kept)
	}
	if w.advance == nil {
		return
	}
	if w.m.dear == 0 {
		end--
	}
	if end == start {
		return
	}
	if w.advance.b.plan.whole {
		w.advanceFrom(0)
		w.advance.through(start, end-start, 1, nil, w.stride(w.advance.b.plan))
		return
	}
	for t := start; t < end; t++ {
		w.advanceFrom(t - start)
		w.advance.step(t, 1)
	}
}

// advanceFrom points the slots of the states at those that enter step j of the
// present ones, and at those that enter the next, and those of dear values at step j.
func (w *backWorker[F]) advanceFrom(j int) {
	for i, c := range w.advance.b.p.States {
		if c.In >= 0 {
			w.advance.slots[c.In] = w.entering(i, j)
		}
		switch {
		case c.Out < 0:
		case i < len(w.in):
			w.advance.slots[c.Out] = w.entering(i, j+1)
		default:
			w.advance.slots[c.Out] = w.entering(i, j)
		}
	}
}
