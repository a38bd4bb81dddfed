package graph

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A runner runs a scan on one element type.
type runner interface {
	forward(in []G.Value) error
	backward(bw *backward, in []G.Value) error
	result(kind resultKind, i int) (G.Value, error)
	gradient(bw *backward, kind resultKind, i int) (G.Value, error)
}

// A scanRun holds the memory of a scan; it is kept from run to run.
type scanRun[F vec.Float] struct {
	s      *scan
	out    *tensor.Dense
	finals []*tensor.Dense
	traces []*tensor.Dense
	kept   [][]F // each state, every s.every steps
	memory map[*G.Node]*tensor.Dense
	states [][]F // the initial ones, in the present run
	fwd    *bound[F]

	// What par.Blocks calls, kept as making it allocates.
	start func(i int) *stateWorker[F]
	work  func(w *stateWorker[F], r0, r1 int) error
}

// allocate makes what is missing.
func (r *scanRun[F]) allocate() {
	s := r.s
	if r.out == nil {
		r.out = newDense(s.dt, s.outs)
		r.memory = map[*G.Node]*tensor.Dense{}
		r.start = func(i int) *stateWorker[F] { return r.fwd.worker(i, s.states) }
		r.work = r.forwardBlock
		for _, shape := range s.states {
			r.finals = append(r.finals, newDense(s.dt, shape))
		}
		r.traces = make([]*tensor.Dense, len(s.states))
	}
	for i, n := range s.trace {
		if n != nil && r.traces[i] == nil {
			r.traces[i] = newDense(s.dt, append(tensor.Shape{s.steps()}, s.states[i]...))
		}
	}
	if s.wantGrad && r.kept == nil {
		n := (s.steps() + s.every - 1) / s.every
		for _, shape := range s.states {
			r.kept = append(r.kept, make([]F, n*shape.TotalSize()))
		}
	}
}

// inputs returns the elements of the scan's inputs: xs, states, parameters.
func (r *scanRun[F]) inputs(in []G.Value) (x []F, states [][]F, err error) {
	if got := in[0].Shape(); !slices.Equal(got, r.s.xShape) {
		return nil, nil, fmt.Errorf("xs has shape %v, the graph was built for %v", []int(got), []int(r.s.xShape))
	}
	if x, err = floats[F](named("xs"), in[0]); err != nil {
		return nil, nil, err
	}
	states = r.states[:0]
	for i, v := range in[1 : 1+len(r.s.states)] {
		if got := v.Shape(); !slices.Equal(got, r.s.states[i]) {
			return nil, nil, fmt.Errorf("state %s has shape %v, the graph was built for %v", r.s.names[i], []int(got), []int(r.s.states[i]))
		}
		f, err := floats[F](r.s.names[i], v)
		if err != nil {
			return nil, nil, err
		}
		states = append(states, f)
	}
	r.states = states
	return x, states, nil
}

// environment evaluates what the parameters give in the step graph sg.
func (r *scanRun[F]) environment(sg *stepGraph, in []G.Value) *env {
	e := newEnv(r.memory)
	for i, n := range sg.params {
		e.values[n] = in[1+len(r.s.states)+i]
	}
	return e
}

// rowsOf returns rows r0 ≤ r < r1 of a value that has rows rows in all.
func rowsOf[F any](x []F, rows, r0, r1 int) []F {
	w := len(x) / rows
	return x[r0*w : r1*w]
}

func (r *scanRun[F]) forward(in []G.Value) error {
	s := r.s
	if err := s.lowerForward(); err != nil {
		return err
	}
	r.allocate()
	x, initial, err := r.inputs(in)
	if err != nil {
		return err
	}
	streams := map[stream][]F{{kind: streamX}: x, {kind: streamOut}: elems[F](r.out)}
	for i, t := range r.traces {
		if t != nil {
			streams[stream{streamTrace, i}] = elems[F](t)
		}
	}
	p := s.fwd
	if r.fwd == nil || r.fwd.p != p {
		r.fwd = newBound[F](p, len(s.states))
	}
	e := r.environment(s.sg, in)
	if err := r.fwd.load(e, kernelsFor[F](), streams); err != nil {
		return err
	}
	if err := par.Blocks(p.rows, p.blockRows(), r.start, r.work); err != nil {
		return err
	}
	return r.addSums(e, initial)
}

// forwardBlock runs rows r0 ≤ r < r1 through all time steps.
func (r *scanRun[F]) forwardBlock(w *stateWorker[F], r0, r1 int) error {
	s, rows := r.s, r.fwd.p.rows
	w.enter(r0, r1)
	for i, x := range r.states {
		copy(w.in[i], rowsOf(x, rows, r0, r1))
	}
	for t := 0; t < s.steps(); {
		n := s.steps() - t
		if s.wantGrad {
			n = min(n, s.every)
			for i, k := range r.kept {
				copy(r.keptRows(k, i, t, rows, r0, r1), w.in[i])
			}
		}
		w.run(t, n)
		t += n
	}
	for i, f := range r.finals {
		copy(rowsOf(elems[F](f), rows, r0, r1), w.in[i])
	}
	return w.err
}

// keptRows returns the rows of kept state i that enter time step t.
func (r *scanRun[F]) keptRows(k []F, i, t, rows, r0, r1 int) []F {
	n := r.s.states[i].TotalSize()
	at := t / r.s.every * n
	return rowsOf(k[at:at+n], rows, r0, r1)
}

func (r *scanRun[F]) result(kind resultKind, i int) (G.Value, error) {
	switch {
	case r.out == nil:
	case kind == resultOut:
		return r.out, nil
	case kind == resultFinal:
		return r.finals[i], nil
	case kind == resultTrace && r.traces[i] != nil:
		return r.traces[i], nil
	}
	return nil, fmt.Errorf("graph: scan: %v %d was not computed", kind, i)
}

// A stateWorker is a worker with memory for the carried states of a block: the
// ones that enter the step, and the ones that leave it.
type stateWorker[F vec.Float] struct {
	*worker[F]
	in, out       [][]F // of the present block
	inAll, outAll [][]F
}

func newStateWorker[F vec.Float](b *bound[F], states []tensor.Shape) *stateWorker[F] {
	w := &stateWorker[F]{worker: newWorker(b)}
	for _, shape := range states {
		n := shape.TotalSize() / b.p.rows * b.p.blockRows()
		w.inAll = append(w.inAll, make([]F, n))
		w.outAll = append(w.outAll, make([]F, n))
	}
	w.in, w.out = make([][]F, len(states)), make([][]F, len(states))
	return w
}

// enter points all slots but the streams at a block of rows.
func (w *stateWorker[F]) enter(r0, r1 int) {
	w.worker.enter(r0, r1)
	for i := range w.in {
		n := len(w.inAll[i]) / w.b.p.blockRows() * (r1 - r0)
		w.in[i], w.out[i] = w.inAll[i][:n], w.outAll[i][:n]
	}
	w.place()
}

// place puts the carried states into their slots.
func (w *stateWorker[F]) place() {
	for i, c := range w.b.p.states[:len(w.in)] {
		if c.in >= 0 {
			w.slots[c.in] = w.in[i]
		}
		if c.out >= 0 {
			w.slots[c.out] = w.out[i]
		}
	}
}

// run runs n time steps from t on.
func (w *stateWorker[F]) run(t, n int) {
	if w.b.plan.whole {
		w.through(t, n, 1, w.in, 0)
		return
	}
	for range n {
		w.step(t, 1)
		w.swap()
		t++
	}
}

// swap makes the states that left the step the ones that enter the next.
func (w *stateWorker[F]) swap() {
	w.in, w.out = w.out, w.in
	w.place()
}
