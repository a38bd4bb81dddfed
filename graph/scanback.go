package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// backMemory is the memory of one gradient of a scan, kept from run to run.
type backMemory[F vec.Float] struct {
	x, own *tensor.Dense // the gradient of xs, and where it goes by itself
	states []*tensor.Dense
	params []G.Value
	stash  map[stream][]F
	lists  []sparse.Lists[F] // of the left sides of the products, by accumulator
	b, adv *bound[F]
	pool   []*backWorker[F]
}

func (r *scanRun[F]) memoryOf(bw *backward) *backMemory[F] {
	if m, ok := bw.memory.(*backMemory[F]); ok {
		return m
	}
	s := r.s
	m := &backMemory[F]{params: make([]G.Value, s.nParams), stash: map[stream][]F{}}
	for _, shape := range s.states {
		m.states = append(m.states, newDense(s.dt, shape))
	}
	for _, a := range bw.program.accs {
		if a.product {
			in := childrenOf(a.node)
			m.stash[stream{streamStashA, a.stash}] = make([]F, s.steps()*size(in[0]))
			m.stash[stream{streamStashB, a.stash}] = make([]F, s.steps()*size(in[1]))
		}
	}
	m.b = newBound[F](bw.program, len(s.states))
	if bw.advance != nil {
		m.adv = newBound[F](bw.advance, 0) // the states of every step are wanted, so none is written over
	}
	m.lists = make([]sparse.Lists[F], len(bw.program.accs))
	bw.memory = m
	return m
}

// backward runs the scan backward: its inputs are the token, the inputs of the
// scan, and the gradients of the results.
func (r *scanRun[F]) backward(bw *backward, in []G.Value) error {
	s := r.s
	m := r.memoryOf(bw)
	n := len(s.states)
	in = in[1:]
	m.place(bw)
	x, _, err := r.inputs(in)
	if err != nil {
		return err
	}
	streams := map[stream][]F{{kind: streamX}: x, {kind: streamGradX}: elems[F](m.x)}
	for k, v := range m.stash {
		streams[k] = v
	}
	lambda := make([][]F, n) // gradients of the final states, nil for zero
	for i, g := range bw.grads {
		f, err := floats[F](g, in[1+n+s.nParams+i])
		if err != nil {
			return err
		}
		switch g.of.kind {
		case resultOut:
			streams[stream{kind: streamGradOut}] = f
		case resultTrace:
			streams[stream{streamGradTrc, g.of.index}] = f
		case resultFinal:
			lambda[g.of.index] = f
		}
	}
	e := r.environment(bw.sg, in)
	m.constantGradients(bw, e, lambda)
	k := kernelsFor[F]()
	if err := m.b.load(e, k, streams); err != nil {
		return err
	}
	if m.adv != nil {
		if err := m.adv.load(e, k, streams); err != nil {
			return err
		}
	}
	if bw.v.x == nil {
		clear(elems[F](m.x))
	}
	p := bw.program
	err = par.Blocks(p.rows, p.blockRows(),
		func(i int) *backWorker[F] { return m.worker(i, r, bw) },
		func(w *backWorker[F], r0, r1 int) error { return w.block(bw, m, lambda, r0, r1) })
	if err != nil {
		return err
	}
	return r.sums(bw, m, e)
}

// place chooses where the gradient of xs goes.
func (m *backMemory[F]) place(bw *backward) {
	if bw.into == nil && m.own == nil {
		m.own = newDense(bw.s.dt, bw.s.xShape)
	}
	if m.x = m.own; bw.into != nil {
		m.x = bw.into
	}
}

func (m *backMemory[F]) worker(i int, r *scanRun[F], bw *backward) *backWorker[F] {
	for len(m.pool) <= i {
		m.pool = append(m.pool, newBackWorker(r, m.b, m.adv, bw.dear, len(m.pool)))
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
	r               *scanRun[F]
	advance         *worker[F]
	// states holds the states that enter the steps between two kept ones, one
	// block behind the other, or the kept ones if all are. Behind them are the dear
	// values of these steps.
	states [][]F
	all    [][]F // the memory of states
	dear   int
}

func newBackWorker[F vec.Float](r *scanRun[F], b, adv *bound[F], dear, i int) *backWorker[F] {
	n := len(r.s.states) + dear
	w := &backWorker[F]{stateWorker: b.worker(i, r.s.states), r: r, states: make([][]F, n), all: make([][]F, n), dear: dear}
	if adv != nil {
		w.advance = newWorker(adv)
		for i := range w.all {
			// Dear values are computed with the states that leave their step, so also
			// with those that leave the last one.
			w.all[i] = make([]F, (r.s.every+min(1, dear))*w.size(i, b.p.blockRows()))
			w.states[i] = w.all[i]
		}
	}
	return w
}

func (w *backWorker[F]) block(bw *backward, m *backMemory[F], lambda [][]F, r0, r1 int) error {
	s, p := w.r.s, w.b.p
	w.enter(r0, r1)
	if w.advance != nil {
		w.advance.enter(r0, r1)
	}
	for i, l := range lambda {
		if l == nil {
			clear(w.in[i])
		} else {
			copy(w.in[i], rowsOf(l, p.rows, r0, r1))
		}
	}
	for end := s.steps(); end > 0; {
		start := (end - 1) / s.every * s.every
		w.recompute(start, end, r0, r1)
		w.back(start, end)
		end = start
	}
	for i, d := range m.states {
		if bw.sums[i] == nil {
			copy(rowsOf(elems[F](d), p.rows, r0, r1), w.in[i])
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
		w.swap()
	}
}

// stop clears the gradients of states through which nothing flows back.
func (w *backWorker[F]) stop(gradients [][]F) {
	for i, g := range gradients {
		if w.b.p.states[i].out < 0 {
			clear(g)
		}
	}
}

// read points the slots of the states that are read at those that enter step j
// of the present ones.
func (w *backWorker[F]) read(j int) {
	n := len(w.in)
	for i, c := range w.b.p.states[n:] {
		if c.in >= 0 {
			w.slots[c.in] = w.entering(i, j)
		}
	}
}

// stride returns how far apart the states of two time steps are in memory, for a
// plan that goes through time by itself: all its values are as wide.
func (w *backWorker[F]) stride(whole *plan) int {
	return w.b.p.blockRows() * whole.stretches[0].width
}

// size returns how many elements state or dear value i has in so many rows.
func (w *backWorker[F]) size(i, rows int) int {
	if i < len(w.in) {
		return len(w.inAll[i]) / w.b.p.blockRows() * rows
	}
	return w.advance.b.p.states[i].width * rows
}

// entering returns state i of the block as it enters step j of the present ones, or
// a dear value of step j.
func (w *backWorker[F]) entering(i, j int) []F {
	return w.states[i][j*w.size(i, w.b.p.blockRows()):][:w.size(i, w.r1-w.r0)]
}

// recompute finds the states that enter the steps start ≤ t < end, from the
// kept ones that enter start.
func (w *backWorker[F]) recompute(start, end, r0, r1 int) {
	for i, k := range w.r.kept {
		kept := w.r.keptRows(k, i, start, w.b.p.rows, r0, r1)
		if w.advance == nil {
			w.states[i] = kept
			continue
		}
		copy(w.entering(i, 0), kept)
	}
	if w.advance == nil {
		return
	}
	if w.dear == 0 {
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
	for i, c := range w.advance.b.p.states {
		if c.in >= 0 {
			w.advance.slots[c.in] = w.entering(i, j)
		}
		switch {
		case c.out < 0:
		case i < len(w.in):
			w.advance.slots[c.out] = w.entering(i, j+1)
		default:
			w.advance.slots[c.out] = w.entering(i, j)
		}
	}
}

// sums computes the gradients of the parameters from the sums over time.
func (r *scanRun[F]) sums(bw *backward, m *backMemory[F], e *env) error {
	sum := func(i int) (G.Value, error) {
		if a := m.b.p.accs[i]; a.product {
			left, right := m.stash[stream{streamStashA, a.stash}], m.stash[stream{streamStashB, a.stash}]
			m.lists[i].TransposedProduct(m.b.accs[i], left, right, len(left)/a.m, a.m, a.n)
		}
		return m.b.sum(i)
	}
	for i, t := range bw.tails {
		p := bw.sg.params[i]
		if t == nil {
			if p.IsScalar() {
				m.params[i] = scalarValue(r.s.dt, 0)
			} else {
				m.params[i] = newDense(r.s.dt, p.Shape())
			}
			continue
		}
		v, err := e.tail(t, sum)
		if err != nil {
			return fmt.Errorf("gradient of %s: %w", p.Name(), err)
		}
		m.params[i] = v
	}
	return nil
}

func (r *scanRun[F]) gradient(bw *backward, kind resultKind, i int) (G.Value, error) {
	m, ok := bw.memory.(*backMemory[F])
	switch {
	case !ok:
	case kind == resultX:
		return m.x, nil
	case kind == resultState:
		return m.states[i], nil
	case kind == resultParam:
		return m.params[i], nil
	}
	return nil, fmt.Errorf("graph: gradient of scan: %v %d was not computed", kind, i)
}
