package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/exec"
	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// backMemory is the memory of one gradient of a scan, kept from run to run.
type backMemory[F vec.Float] struct {
	x      *tensor.Dense // the gradient of xs
	states []*tensor.Dense
	leave  [][]F // the elements of states, nil for those that are sums
	lambda [][]F // gradients of the final states, nil for zero
	params []G.Value
	owned  []*tensor.Dense   // memory of gradients of parameters; nil where there is none
	flow   map[ir.Stream][]F // all sequences, stashes among them
	lists  []sparse.Lists[F] // of the left sides of the products, by accumulator
	b, adv *stepRun[F]       // adv is nil where all states are kept
	pass   *exec.Backward[F]
}

func (r *scanRun[F]) memoryOf(bw *backward) (*backMemory[F], error) {
	if m, ok := bw.memory.(*backMemory[F]); ok {
		return m, nil
	}
	s := r.s
	m := &backMemory[F]{params: make([]G.Value, s.nParams), owned: make([]*tensor.Dense, s.nParams), lambda: make([][]F, len(s.states)), flow: map[ir.Stream][]F{}}
	for i, shape := range s.states {
		d := newDense(s.dt, shape)
		m.states, m.leave = append(m.states, d), append(m.leave, nil)
		if bw.sums[i] == nil {
			m.leave[i] = elems[F](d)
		}
	}
	for _, a := range bw.program.Accs {
		if a.Product {
			m.flow[ir.Stream{Kind: ir.StreamStashA, Index: a.Stash}] = make([]F, s.steps()*a.Rows*a.M)
			m.flow[ir.Stream{Kind: ir.StreamStashB, Index: a.Stash}] = make([]F, s.steps()*a.Rows*a.N)
		}
	}
	m.lists = make([]sparse.Lists[F], len(bw.program.Accs))
	var err error
	if m.b, err = newStepRun(bw.program, s.sizes(), r.linesOf()); err != nil {
		return nil, err
	}
	var advance *exec.Bound[F]
	if bw.advance != nil {
		if m.adv, err = newStepRun[F](bw.advance, nil, nil); err != nil {
			return nil, err
		}
		advance = m.adv.Bound
	}
	m.pass = exec.NewBackward(m.b.Bound, advance, bw.dear)
	bw.memory = m
	return m, nil
}

// backward runs the scan backward: its inputs are the token, the inputs of the
// scan, and the gradients of the results.
func (r *scanRun[F]) backward(bw *backward, in []G.Value) error {
	m, err := r.memoryOf(bw)
	if err != nil {
		return err
	}
	in = in[1:]
	m.x = bw.result.Result(bw.s.dt, bw.s.xShape)
	x, first, err := r.inputs(in)
	if err != nil {
		return err
	}
	streams, err := m.streams(bw, x, in[1+len(r.s.states)+r.s.nParams:])
	if err != nil {
		return err
	}
	e := r.environment(bw.sg, in)
	m.constantGradients(bw, e, m.lambda)
	m.loadLines(bw)
	if err := m.load(e, streams); err != nil {
		return err
	}
	if bw.v.x == nil {
		clear(elems[F](m.x))
	}
	if err := m.pass.Run(exec.Pass[F]{Steps: r.s.steps(), Every: r.s.every, Kept: r.kept, First: first, Enter: m.lambda, Leave: m.leave}); err != nil {
		return err
	}
	return r.sums(bw, m, e)
}

// streams returns the sequences that the programs read and write; given are the
// gradients of the results, of which those of final states go to lambda.
func (m *backMemory[F]) streams(bw *backward, x []F, given []G.Value) (map[ir.Stream][]F, error) {
	streams := m.flow
	streams[ir.Stream{Kind: ir.StreamX}], streams[ir.Stream{Kind: ir.StreamGradX}] = x, elems[F](m.x)
	clear(m.lambda)
	for i, g := range bw.grads {
		f, err := floats[F](g, given[i])
		if err != nil {
			return nil, err
		}
		switch g.of.kind {
		case resultOut:
			streams[ir.Stream{Kind: ir.StreamGradOut}] = f
		case resultTrace:
			streams[ir.Stream{Kind: ir.StreamGradTrace, Index: g.of.index}] = f
		case resultFinal:
			m.lambda[g.of.index] = f
		}
	}
	return streams, nil
}

// load prepares a run of both programs.
func (m *backMemory[F]) load(e *env, streams map[ir.Stream][]F) error {
	if err := m.b.load(e, streams); err != nil || m.adv == nil {
		return err
	}
	return m.adv.load(e, streams)
}

// sums computes the gradients of the parameters from the sums over time.
func (r *scanRun[F]) sums(bw *backward, m *backMemory[F], e *env) error {
	sum := func(i int, n *G.Node) G.Value {
		if a := bw.program.Accs[i]; a.Product {
			left := m.flow[ir.Stream{Kind: ir.StreamStashA, Index: a.Stash}]
			right := m.flow[ir.Stream{Kind: ir.StreamStashB, Index: a.Stash}]
			m.lists[i].TransposedProduct(m.b.Sum(i), left, right, len(left)/a.M, a.M, a.N)
		}
		return m.b.sum(i, n)
	}
	for i, t := range bw.tails {
		p := bw.sg.params[i]
		if t == nil {
			if p.IsScalar() {
				m.params[i] = scalarValue(r.s.dt, 0)
			} else {
				d := m.own(bw, i)
				clear(elems[F](d))
				m.params[i] = d
			}
			continue
		}
		v, err := e.tail(t, sum)
		if err != nil {
			return fmt.Errorf("gradient of %s: %w", p.Name(), err)
		}
		m.params[i] = v
	}
	m.addLines(bw)
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
