package graph

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/exec"
	"github.com/spikegrad/spikegrad/internal/ir"
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
	kept   [][]F // each state, every s.every steps, but for the initial ones
	env    *env  // emptied at each run
	states [][]F // the initial ones, in the present run
	leave  [][]F // the elements of finals
	fwd    *stepRun[F]
}

// allocate makes what is missing.
func (r *scanRun[F]) allocate() {
	s := r.s
	r.out = s.out.Result(s.dt, s.outs)
	if r.env == nil {
		r.env = newEnv()
		for _, shape := range s.states {
			d := newDense(s.dt, shape)
			r.finals, r.leave = append(r.finals, d), append(r.leave, elems[F](d))
		}
		r.traces = make([]*tensor.Dense, len(s.states))
	}
	for i, n := range s.trace {
		if n != nil && r.traces[i] == nil {
			r.traces[i] = newDense(s.dt, append(tensor.Shape{s.steps()}, s.states[i]...))
		}
	}
	if s.wantGrad && r.kept == nil {
		n := (s.steps() - 1) / s.every
		for _, size := range s.sizes() {
			r.kept = append(r.kept, make([]F, n*size))
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
	clear(r.env.values)
	for i, n := range sg.params {
		r.env.values[n] = in[1+len(r.s.states)+i]
	}
	return r.env
}

func (r *scanRun[F]) forward(in []G.Value) error {
	s := r.s
	if err := s.lowerForward(); err != nil {
		return err
	}
	s.ran = true
	r.allocate()
	x, initial, err := r.inputs(in)
	if err != nil {
		return err
	}
	streams := map[ir.Stream][]F{{Kind: ir.StreamX}: x, {Kind: ir.StreamOut}: elems[F](r.out)}
	for i, t := range r.traces {
		if t != nil {
			streams[ir.Stream{Kind: ir.StreamTrace, Index: i}] = elems[F](t)
		}
	}
	if r.fwd == nil || r.fwd.p != s.fwd {
		if r.fwd, err = newStepRun(s.fwd, s.sizes(), r.linesOf()); err != nil {
			return err
		}
	}
	e := r.environment(s.sg, in)
	if err := r.loadLines(e, initial, streams); err != nil {
		return err
	}
	if err := r.fwd.load(e, streams); err != nil {
		return err
	}
	if err := r.fwd.Forward(exec.Pass[F]{Steps: s.steps(), Every: s.every, Kept: r.kept, Enter: initial, Leave: r.leave}); err != nil {
		return err
	}
	return r.addSums(e, initial)
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
