package train

import (
	"errors"
	"fmt"

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

var errNoModel = errors.New("the model is nil or was not made by Network.Compile")

// compiled reports whether m is a model, and not nil or what somebody wrote himself.
func (m *Model) compiled() bool { return m != nil && m.test != nil }

// within runs f, which uses the memory of the model, and makes an error of a panic. Its
// own error is that there is no such memory, or that another goroutine uses it.
func (m *Model) within(f func() error) error {
	if !m.compiled() {
		return errNoModel
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
