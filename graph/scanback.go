package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// backMemory is the memory of one gradient of a scan, kept from run to run.
type backMemory[F vec.Float] struct {
	x      *tensor.Dense
	states []*tensor.Dense
	params []G.Value
	stash  map[stream][]F
	b, adv *bound[F]
	pool   []*backWorker[F]
}

func (r *scanRun[F]) memoryOf(bw *backward) *backMemory[F] {
	if m, ok := bw.memory.(*backMemory[F]); ok {
		return m
	}
	s := r.s
	m := &backMemory[F]{x: newDense(s.dt, s.xShape), params: make([]G.Value, s.nParams), stash: map[stream][]F{}}
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
	m.b = newBound[F](bw.program)
	if bw.advance != nil {
		m.adv = newBound[F](bw.advance)
	}
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
	err = eachBlock(p.rows, p.blockRows(),
		func(i int) *backWorker[F] { return m.worker(i, r) },
		func(w *backWorker[F], r0, r1 int) error { return w.block(bw, m, lambda, r0, r1) })
	if err != nil {
		return err
	}
	return r.sums(bw, m, e)
}

func (m *backMemory[F]) worker(i int, r *scanRun[F]) *backWorker[F] {
	for len(m.pool) <= i {
		m.pool = append(m.pool, newBackWorker(r, m.b, m.adv, len(m.pool)))
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
	states          [][][]F // the states that enter the steps between two kept ones
}

func newBackWorker[F vec.Float](r *scanRun[F], b, adv *bound[F], i int) *backWorker[F] {
	w := &backWorker[F]{stateWorker: b.worker(i, r.s.states), r: r}
	w.states = make([][][]F, r.s.every+1)
	for j := range w.states {
		w.states[j] = make([][]F, len(r.s.states))
	}
	if adv != nil {
		w.advance = newWorker(adv)
		for j := 1; j < len(w.states); j++ {
			for i, shape := range r.s.states {
				w.states[j][i] = make([]F, shape.TotalSize()/b.p.rows*b.p.blockRows())
			}
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
		for t := end - 1; t >= start; t-- {
			for i := range w.in {
				if c := p.states[len(w.in)+i]; c.in >= 0 {
					w.slots[c.in] = w.states[t-start][i][:len(w.in[i])]
				}
				if p.states[i].out < 0 {
					clear(w.out[i]) // nothing flows back through this state
				}
			}
			w.step(t)
			w.swap()
		}
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

// recompute finds the states that enter the steps start ≤ t < end, from the
// kept ones that enter start.
func (w *backWorker[F]) recompute(start, end, r0, r1 int) {
	rows := w.b.p.rows
	for i, k := range w.r.kept {
		w.states[0][i] = w.r.keptRows(k, i, start, rows, r0, r1)
	}
	for t := start; t < end-1; t++ {
		for i, c := range w.advance.b.p.states {
			now, next := w.states[t-start][i], w.states[t-start+1][i]
			n := len(w.states[0][i])
			if c.in >= 0 {
				w.advance.slots[c.in] = now[:n]
			}
			if c.out >= 0 {
				w.advance.slots[c.out] = next[:n]
			}
		}
		w.advance.step(t)
	}
}

// sums computes the gradients of the parameters from the sums over time.
func (r *scanRun[F]) sums(bw *backward, m *backMemory[F], e *env) error {
	sum := func(i int) (G.Value, error) {
		if a := m.b.p.accs[i]; a.product {
			left, right := m.stash[stream{streamStashA, a.stash}], m.stash[stream{streamStashB, a.stash}]
			mul(product[F]{
				transA: true, m: a.m, n: a.n, k: len(left) / a.m,
				a: left, lda: a.m, b: right, ldb: a.n, c: m.b.accs[i],
			})
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
