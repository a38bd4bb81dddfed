package train

import (
	"errors"
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/limit"
	"github.com/spikegrad/spikegrad/internal/segments"
	"github.com/spikegrad/spikegrad/internal/shared"
	"github.com/spikegrad/spikegrad/layers"
)

// stream returns what runs the network step by step.
func (m *Model) stream(batch int) (*stream, error) {
	st := m.streams[batch]
	if st == nil {
		var err error
		if st, err = m.newStream(batch); err != nil {
			return nil, err
		}
		if m.streams == nil {
			m.streams = map[int]*stream{}
		}
		m.streams[batch] = st
	}
	return st, st.adopt()
}

// Step runs the network for one time step on x, which holds the input [batch, …] of
// each sequence one after the other. It moves the state s on, and returns the
// outputs [batch, …]: those of this step, or, behind a readout over time, what it
// has read so far. The outputs are overwritten by the next Step of this model.
//
// Step by step, a network gives what it gives on the whole sequence. Weights are
// those that the model has at the moment, and dropout is off.
func (m *Model) Step(s *Carried, x []float32) (*tensor.Dense, error) {
	var out *tensor.Dense
	err := m.within(func() error {
		switch {
		case s == nil || s.use == nil:
			return errors.New("the state is nil, want one made by Rest")
		case s.family != m.family:
			return errors.New("the state is of another model")
		case !s.use.Enter():
			return fmt.Errorf("state is %w; give each a Clone", ErrInUse)
		}
		defer s.use.Leave()
		if n := s.batch * tensor.Shape(m.net.Shape).TotalSize(); len(x) != n {
			return fmt.Errorf("the input has %d values, a time step of shape %v has %d", len(x), append([]int{s.batch}, m.net.Shape...), n)
		}
		if err := flat.Finite(x); err != nil {
			return fmt.Errorf("input: %w", err)
		}
		return m.reading(func() error {
			st, err := m.stream(s.batch)
			if err == nil {
				err = st.Step(s.tensors, x)
			}
			if err == nil {
				out = st.Out
			}
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("train: step: %w", err)
	}
	return out, nil
}

// A stream is the network for one time step, on a graph of its own that shares the
// weights of the model.
type stream struct {
	*segments.Stream
	m     *Model
	nodes G.Nodes          // of the weights, in the order of all
	reads *shared.Snapshot // what these are, of a replica
}

func (m *Model) newStream(batch int) (*stream, error) {
	if n := tensor.Shape(m.net.Shape).TotalSize(); batch < 1 || batch > limit.Most/n {
		return nil, fmt.Errorf("batch size is %d, want at least 1 and at most %d", batch, limit.Most/n)
	}
	s := &stream{m: m}
	g := G.NewGraph()
	x, err := graph.Input(g, "x", tensor.New(tensor.Of(m.net.Dtype), tensor.WithShape(append([]int{1, batch}, m.net.Shape...)...)))
	if err != nil {
		return nil, err
	}
	all := m.all()
	b := layers.NewBuild(m.net.Seed)
	b.Carry = &layers.Carry{}
	b.Values = m.valueOf
	m.building.Lock()
	defer m.building.Unlock()
	out, err := m.apply(b, x)
	if err != nil {
		return nil, err
	}
	s.nodes = slices.Concat(b.Params, b.Fixed)
	for i, n := range s.nodes {
		if i >= len(all) || n.Name() != all[i].name {
			return nil, fmt.Errorf("network: it has a parameter %s that it did not have when the model was made", n.Name())
		}
	}
	if len(s.nodes) < len(all) {
		return nil, fmt.Errorf("network: it does not have the parameter %s that it had when the model was made", all[len(s.nodes)].name)
	}
	if err := segments.Let(s.nodes, valuesOf(all)); err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	s.reads = m.reads
	shape := out.Shape()
	if m.out.Dims() == out.Dims() && m.sequences() {
		shape = shape[1:]
	}
	if s.Stream, err = segments.NewStream(x, out, shape, b.Carry.States); err != nil {
		return nil, err
	}
	return s, m.checkStepwise()
}

// adopt makes the stream of a replica read what that reads.
func (s *stream) adopt() error {
	if s.reads == s.m.reads {
		return nil
	}
	if err := segments.Let(s.nodes, s.m.reads.Tensors); err != nil {
		return err
	}
	s.reads = s.m.reads
	return nil
}

// start returns a state at rest.
func (s *stream) start(batch int) (*Carried, error) {
	st := &Carried{family: s.m.family, use: &guard.InUse{}, batch: batch}
	for _, c := range s.States {
		st.names = append(st.names, c.Name)
	}
	var err error
	st.tensors, err = s.Begin()
	return st, err
}
