package exec

import (
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A Pass is one way through time.
type Pass[F vec.Float] struct {
	Steps int
	// Every says at how many steps' distance states are kept for the way back, in Kept: those
	// that enter the steps Every, 2 Every and so on. Those of the first step are First.
	Every int
	Kept  [][]F // by state: [(Steps − 1)/Every, …]; nil where none are kept
	First [][]F // backward, the states that entered the first step forward
	// Enter holds the states that enter the first time step forward; backward the
	// gradients of those that leave the last one, nil for zero.
	Enter [][]F
	// Leave is where the states go that leave the last time step; backward the gradients
	// of those that enter the first one, nil for states that are not carried.
	Leave [][]F
}

// Forward runs the program through all time steps, after Load.
func (b *Bound[F]) Forward(p Pass[F]) error {
	b.pass = p
	return par.Blocks(b.p.Rows, b.rows, b.start, b.work)
}

// forward runs rows r0 ≤ r < r1 through all time steps.
func (b *Bound[F]) forward(w *stateWorker[F], r0, r1 int) error {
	p, rows := &b.pass, b.p.Rows
	w.enter(r0, r1)
	for i, x := range p.Enter {
		copy(w.in[i], rowsOf(x, rows, r0, r1))
	}
	for _, l := range w.lines {
		l.Start(r0, r1, rows)
	}
	if p.Kept != nil && p.Every == 1 && !w.b.plan.whole {
		w.keepAll(p, r0, r1)
	} else {
		w.keepSome(p, r0, r1)
	}
	for i, f := range p.Leave {
		copy(rowsOf(f, rows, r0, r1), w.in[i])
	}
	for _, l := range w.lines {
		l.Stop()
	}
	return w.err
}

// keepAll runs through all time steps, each of which writes its states where they are kept.
func (w *stateWorker[F]) keepAll(p *Pass[F], r0, r1 int) {
	for t := range p.Steps {
		for i := range w.out {
			if t < p.Steps-1 {
				w.out[i] = p.kept(i, t+1, w.b.p.Rows, r0, r1)
			} else {
				w.out[i] = w.outAll[i][:len(w.out[i])]
			}
		}
		w.place()
		w.arrive(t)
		w.step(t, 1)
		copy(w.in, w.out)
	}
}

// keepSome runs through all time steps, and copies the states that are kept.
func (w *stateWorker[F]) keepSome(p *Pass[F], r0, r1 int) {
	for t := 0; t < p.Steps; {
		n := p.Steps - t
		if p.Kept != nil {
			n = min(n, p.Every)
			for i := range p.Kept {
				if t > 0 {
					copy(p.kept(i, t, w.b.p.Rows, r0, r1), w.in[i])
				}
			}
		}
		w.run(t, n)
		t += n
	}
}

// kept returns the rows of state i that enter time step t, at which states are kept.
func (p *Pass[F]) kept(i, t, rows, r0, r1 int) []F {
	if t == 0 {
		return rowsOf(p.First[i], rows, r0, r1)
	}
	n := len(p.Kept[i]) / ((p.Steps - 1) / p.Every)
	at := (t/p.Every - 1) * n
	return rowsOf(p.Kept[i][at:at+n], rows, r0, r1)
}

// rowsOf returns rows r0 ≤ r < r1 of a value that has rows rows in all.
func rowsOf[F any](x []F, rows, r0, r1 int) []F {
	w := len(x) / rows
	return x[r0*w : r1*w]
}

// A stateWorker is a worker with memory for the carried states of a block: the
// ones that enter the step, and the ones that leave it.
type stateWorker[F vec.Float] struct {
	*worker[F]
	in, out       [][]F // of the present block
	inAll, outAll [][]F
	lines         []LineWorker[F]
}

func newStateWorker[F vec.Float](b *Bound[F]) *stateWorker[F] {
	w := &stateWorker[F]{worker: newWorker(b)}
	for _, size := range b.sizes {
		n := size / b.p.Rows * b.rows
		w.inAll = append(w.inAll, make([]F, n))
		w.outAll = append(w.outAll, make([]F, n))
	}
	w.in, w.out = make([][]F, len(b.sizes)), make([][]F, len(b.sizes))
	for _, l := range b.f.Lines {
		w.lines = append(w.lines, l.Worker())
	}
	return w
}

// enter points all slots but the streams at a block of rows.
func (w *stateWorker[F]) enter(r0, r1 int) {
	w.worker.enter(r0, r1)
	for i := range w.in {
		n := len(w.inAll[i]) / w.b.rows * (r1 - r0)
		w.in[i], w.out[i] = w.inAll[i][:n], w.outAll[i][:n]
	}
	w.place()
}

// place puts the carried states into their slots.
func (w *stateWorker[F]) place() {
	for i, c := range w.b.p.States[:len(w.in)] {
		if c.In >= 0 {
			w.slots[c.In] = w.in[i]
		}
		if c.Out >= 0 {
			w.slots[c.Out] = w.out[i]
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
		w.arrive(t)
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
