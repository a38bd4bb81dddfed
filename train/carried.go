package train

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/shared"
)

// A Carried is what a network carries from one time step to the next: voltages
// and currents of neurons, what readouts have read so far. It belongs to the model
// that made it and to its replicas, any of which may move it on. One goroutine uses it
// at a time: Step refuses another one, Clone answers it with nil, and what is done to
// the tensors is up to those who do it.
type Carried struct {
	family  *shared.Weights
	use     *guard.InUse
	batch   int
	names   []string
	tensors []*tensor.Dense
}

// Names returns the names of the parts of the state: the path of a layer and the
// name of its state, "1.V".
func (s *Carried) Names() []string {
	if s == nil {
		return nil
	}
	return slices.Clone(s.names)
}

// Tensor returns the named part of the state, [batch, …], or nil if there is none.
// It may be changed in place.
func (s *Carried) Tensor(name string) *tensor.Dense {
	if s == nil {
		return nil
	}
	if i := slices.Index(s.names, name); i >= 0 {
		return s.tensors[i]
	}
	return nil
}

// Clone returns a copy.
func (s *Carried) Clone() *Carried {
	if s == nil || s.use == nil || !s.use.Enter() {
		return nil
	}
	defer s.use.Leave()
	c := &Carried{family: s.family, use: &guard.InUse{}, batch: s.batch, names: s.names}
	for _, t := range s.tensors {
		c.tensors = append(c.tensors, t.Clone().(*tensor.Dense))
	}
	return c
}

// Rest returns the state in which the network begins a sequence, for batch
// sequences side by side.
func (m *Model) Rest(batch int) (*Carried, error) {
	var s *Carried
	err := m.within(func() error {
		return m.reading(func() error {
			st, err := m.stream(batch)
			if err == nil {
				s, err = st.start(batch)
			}
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("train: rest: %w", err)
	}
	return s, nil
}
