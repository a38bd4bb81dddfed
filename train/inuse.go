package train

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// ErrInUse is in the error of a Model, a state or an optimiser that is asked while
// another goroutine uses it.
var ErrInUse = guard.ErrInUse

// A PanicError is the error that a panic in somebody's code comes back as: in a step, a
// layer, a loss, a data set, an encoder, an optimiser, a schedule, an observer or an
// operation. Its text says who panicked, with what, and by which calls; errors.As finds
// it behind others.
type PanicError = guard.Panic

var errInUse = fmt.Errorf("model is %w; give each a Replica", ErrInUse)

// compiled returns an error unless NewModel made m, as it is.
func (m *Model) compiled() error {
	switch {
	case m == nil || m.test == nil:
		return errors.New("the model is nil or was not made by NewModel")
	case m.Steps != m.made.Steps || m.Batch != m.made.Batch || m.Dtype != m.made.Dtype || m.SpikeInput != m.made.SpikeInput ||
		m.Segment != m.made.Segment || m.Window != m.made.Window || m.Stride != m.made.Stride || !slices.Equal(m.Shape, m.made.Shape):
		return errors.New("the settings of the model are not those with which NewModel made it; make another one")
	}
	return nil
}

// within runs f, which uses the memory of the model, and makes an error of a panic. Its
// own error is that there is no such memory, or that another goroutine uses it.
func (m *Model) within(f func() error) error {
	if err := m.compiled(); err != nil {
		return err
	}
	if !m.use.Enter() {
		return errInUse
	}
	defer m.use.Leave()
	return guard.Call("", "", nil, f)
}

// ask calls f, which calls what somebody else has written, while m is in use. That may
// use the model itself, so that whoever asks needs nothing any more that is in its
// memory.
func (m *Model) ask(method, role string, v any, f func() error) error {
	return m.use.Lend(func() error { return guard.Call(method, role, v, f) })
}
