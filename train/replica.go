package train

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/segments"
	"github.com/spikegrad/spikegrad/internal/shared"
)

// Replica returns a model that answers as m does, at the same time: it shares the
// weights, and has a graph and memory of its own. Give each goroutine one, or take them
// from a sync.Pool. Replica itself may be called by any goroutine at any time, also while
// m or another replica is in use, or in training.
//
// A replica reads the weights and cannot be trained or loaded: it follows m. Of a
// training it sees the weights after each whole batch, all of one batch during one batch
// of its own. While m is trained and has replicas there are up to two more copies of the
// weights, for all of them together; otherwise they read the model's own, so that
// changes through Parameter.Value must wait until no replica runs.
//
// It costs what building the network costs, without drawing weights and without
// gradients, and the memory of one batch forward. States that m or a replica has made by
// Rest go on with any of them, one at a time. A replica of a replica is one of m.
func (m *Model) Replica() (*Model, error) {
	if !m.compiled() {
		return nil, fmt.Errorf("train: replica: %w", errNoModel)
	}
	r := &Model{net: m.net, cut: m.cut, replica: true, family: m.family, building: m.building, use: &guard.InUse{}, training: &guard.InUse{}}
	r.reads = m.family.Borrow()
	defer m.family.GiveBack(r.reads)
	if err := r.construct(); err != nil {
		return nil, fmt.Errorf("train: replica: %w", err)
	}
	r.build.Warnings = m.build.Warnings
	return r, nil
}

// errReplica is what a replica says to whoever wants to change its weights.
var errReplica = errors.New("a replica only reads the weights: train or load the model that it was made from")

// owner returns an error if the weights are not the model's own.
func (m *Model) owner() error {
	if m.replica {
		return errReplica
	}
	return nil
}

// reading runs f, which reads the weights. Those of a replica are the same until it has
// ended.
func (m *Model) reading(f func() error) error {
	if !m.replica {
		return f()
	}
	s := m.family.Borrow()
	defer m.family.GiveBack(s)
	if err := m.adopt(s); err != nil {
		return err
	}
	return f()
}

// adopt makes a replica read s.
func (m *Model) adopt(s *shared.Snapshot) error {
	if m.reads == s {
		return nil
	}
	m.reads = nil // should one of them fail
	if err := segments.Let(m.nodes, s.Tensors); err != nil {
		return err
	}
	for i, p := range m.all() {
		p.value = s.Tensors[i]
	}
	m.reads = s
	return nil
}

// take makes the weights of a replica that is being built those of its family.
func (m *Model) take() error {
	m.enlist()
	s, all := m.reads, m.all()
	for i, name := range m.family.Names {
		if i >= len(all) || all[i].name != name || !all[i].value.Shape().Eq(s.Tensors[i].Shape()) {
			return fmt.Errorf("network: the layers do not build what they built when the model was made: parameter %s is missing or has another shape", name)
		}
	}
	if len(all) > len(s.Tensors) {
		return fmt.Errorf("network: it has a parameter %s that it did not have when the model was made", all[len(s.Tensors)].name)
	}
	m.reads = nil
	return m.adopt(s)
}

// given returns the value that the named weight has in a graph that is being built, nil
// if it has none yet.
func (m *Model) given(name string) *tensor.Dense {
	if m.plain != nil {
		return m.plain.valueOf(name)
	}
	if m.reads == nil {
		return nil
	}
	if i := slices.Index(m.family.Names, name); i >= 0 {
		return m.reads.Tensors[i]
	}
	return nil
}
