package segments

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
)

// Machines returns the machines for the states at rest, nil if there are none, and
// for the nodes given followed by the states that leave the window.
func Machines(states []*layers.State, nodes ...*G.Node) (rest, run *machine.Machine, err error) {
	var start G.Nodes
	for _, st := range states {
		if st == nil || st.In == nil || st.Out == nil || !st.Out.Shape().Eq(st.In.Shape()) {
			return nil, nil, ErrNoOut
		}
		start, nodes = append(start, st.Rest), append(nodes, st.Out)
	}
	if len(start) > 0 {
		if rest, err = machine.New(start...); err != nil {
			return nil, nil, err
		}
	}
	run, err = machine.New(nodes...)
	return rest, run, err
}

// A Stream runs a network for one time step, from states that others keep.
type Stream struct {
	States []*layers.State
	Out    *tensor.Dense // of the last step

	x       *G.Node
	ins     G.Nodes
	rest    *machine.Machine // the states at rest; nil without states
	machine *machine.Machine // outputs, then what else is asked for, then the states after the step
	also    int              // of these
	at      *tensor.Dense    // the first of those that the inputs hold
}

// NewStream returns that of a network from x [1, batch, …] to out, which has the given shape. Value has what else is
// asked for.
func NewStream(x, out *G.Node, shape tensor.Shape, states []*layers.State, also ...*G.Node) (s *Stream, err error) {
	s = &Stream{also: len(also), States: states, x: x, ins: (&Carry{States: states}).Ins(), Out: tensor.New(tensor.Of(out.Dtype()), tensor.WithShape(shape...))}
	s.rest, s.machine, err = Machines(states, append(G.Nodes{out}, also...)...)
	return s, err
}

// Begin returns the states at rest, computed from states of 0: those of whoever went before may
// be where a layer has nothing more to say.
func (s *Stream) Begin() (ts []*tensor.Dense, err error) {
	for _, c := range s.States {
		ts = append(ts, tensor.New(tensor.Of(c.In.Dtype()), tensor.WithShape(c.In.Shape()...)))
	}
	if s.rest == nil {
		return ts, nil
	}
	if err := s.enter(ts); err != nil {
		return nil, err
	}
	if err := s.rest.Run(); err != nil {
		return nil, err
	}
	return ts, s.leave(ts, s.rest, 0)
}

// Step moves the states on by one step, on the input x.
func (s *Stream) Step(ts []*tensor.Dense, x []float32) error {
	if err := s.enter(ts); err != nil {
		return err
	}
	flat.Set(s.x.Value(), x)
	if err := s.machine.Run(); err != nil {
		return err
	}
	if err := flat.Copy(s.Out, s.machine.Value(0)); err != nil {
		return fmt.Errorf("the output %w", err)
	}
	return s.leave(ts, s.machine, 1+s.also)
}

// Value returns what the last step gave node i of those asked for beside the outputs.
func (s *Stream) Value(i int) G.Value { return s.machine.Value(1 + i) }

// enter makes the inputs hold the states.
func (s *Stream) enter(ts []*tensor.Dense) error {
	if len(ts) == 0 || s.at == ts[0] {
		return nil
	}
	err := Let(s.ins, ts)
	if s.at = ts[0]; err != nil {
		s.at = nil
	}
	return err
}

// leave copies the states from a machine, which has them from the given value on.
func (s *Stream) leave(ts []*tensor.Dense, m *machine.Machine, from int) error {
	for i, t := range ts {
		if err := flat.Copy(t, m.Value(from+i)); err != nil {
			return fmt.Errorf("state %s %w", s.States[i].Name, err)
		}
	}
	return nil
}
