package graph

import (
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"
)

// A Run is what lifting a step in time gives.
type Run[S any] struct {
	Out    *G.Node  // the outputs [T, …]
	Unused []string // learnable parameters on which neither output nor state depends
	// Calls names the operations that a scan could not fuse and calls at each time
	// step, which is slow. An element-wise step has none.
	Calls []string
	run
}

// run is what a Run is made of.
type run struct {
	out           *G.Node
	unused, calls []string
	final, trace  func(i int) (*G.Node, error)
	index         func(name string) (int, error)
	slots         []slot
}

var errNoRun = errors.New("graph: the Run is nil or was made by neither Scan nor Unroll")

// Final returns the state after the last step.
func (r *Run[S]) Final() (S, error) {
	var s S
	if r == nil || r.final == nil {
		return s, errNoRun
	}
	ns := make(G.Nodes, len(r.slots))
	for i := range ns {
		var err error
		if ns[i], err = r.final(i); err != nil {
			return s, fmt.Errorf("graph: final state %s: %w", r.slots[i].name, err)
		}
	}
	return withNodes(s, r.slots, ns).(S), nil
}

// Trace returns the named state after every step, [T, …]. The name is that of
// the field, "V"; for a field of a nested struct its path, "Inner.V", or "V" where
// no outer field is called so.
func (r *Run[S]) Trace(name string) (*G.Node, error) {
	if r == nil || r.index == nil {
		return nil, errNoRun
	}
	i, err := r.index(name)
	if err != nil {
		return nil, fmt.Errorf("graph: trace: %w", err)
	}
	return r.trace(i)
}

// maxUnrolled bounds the time steps of a graph that has nodes for each.
const maxUnrolled = 1 << 16

// Unroll lifts a step in time: it applies the step to each time step of xs ([T, batch, …]) as
// ordinary nodes and carries the state. A nil s starts from p.Rest. It is the definition of
// lifting and good for debugging; its graph grows with T, and so does the time to compile it,
// quadratically, and 2¹⁶ steps are the most. Use Scan.
func Unroll[S any, P Params[S]](step Step[S, P], xs *G.Node, s *S, p P) (*Run[S], error) {
	m, err := newModel(step, xs, s, p)
	if err != nil {
		return nil, fmt.Errorf("graph: unroll: %w", err)
	}
	r, err := m.unroll()
	if err != nil {
		return nil, fmt.Errorf("graph: unroll: %w", err)
	}
	return &Run[S]{run: *r, Out: r.out}, nil
}

func (m *model) unroll() (*run, error) {
	xs := m.xs
	var b Builder
	steps := xs.Shape()[0]
	if steps > maxUnrolled {
		return nil, fmt.Errorf("xs has %d time steps, want at most %d; Scan takes more", steps, maxUnrolled)
	}
	outs := make(G.Nodes, steps)
	traces := make([]G.Nodes, len(m.states))
	state := m.s
	var err error
	for t := range steps {
		x := b.At(xs, t)
		if err := b.Err(); err != nil {
			return nil, fmt.Errorf("time step %d: %w", t, err)
		}
		if outs[t], state, err = m.apply(x, state, m.p); err != nil {
			return nil, fmt.Errorf("time step %d: %w", t, err)
		}
		for i, n := range nodesOf(state, m.states) {
			traces[i] = append(traces[i], n)
		}
	}
	return &run{
		out:   b.Stack(outs...),
		slots: m.states,
		index: m.stateIndex,
		final: func(i int) (*G.Node, error) { return traces[i][steps-1], nil },
		trace: func(i int) (*G.Node, error) {
			var b Builder
			return b.Stack(traces[i]...), b.Err()
		},
	}, b.Err()
}
