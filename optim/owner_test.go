package optim_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
)

// Moments are those of a parameter and not of its name.
func TestStateIsOfTheParameter(t *testing.T) {
	for name, optimiser := range optimisers {
		t.Run(name, func(t *testing.T) {
			o := optimiser()
			run(t, o, params(), 3)
			want, got := params(), params()
			run(t, optimiser(), want, 3)
			run(t, o, got, 3)
			for i := range want {
				require.Equal(t, elements(want[i].value), elements(got[i].value))
			}
			// In another shape and type, under the same name.
			scalar := &weight{name: "a", value: G.NewF64(1), grad: G.NewF64(7)}
			run(t, o, []*weight{scalar}, 1)
			require.Equal(t, 1, o.State().Slots["a"].Steps)
			require.Equal(t, 3, o.State().Slots["b"].Steps)

			// A parameter stays itself with its values in another memory, and in a new wrapper.
			one, many := newWeight("w", "tensor64"), newWeight("w", "tensor64")
			straight, changed := optimiser(), optimiser()
			for range 4 {
				run(t, straight, []*weight{one}, 1)
				run(t, changed, []*weight{many}, 1)
				many.value = kinds["tensor64"].of(elements(many.value))
				run(t, straight, []*weight{one}, 1)
				run(t, changed, []*weight{many}, 1)
				many = &weight{name: "w", value: many.value, grad: many.grad}
			}
			require.Equal(t, elements(one.value), elements(many.value))
			require.Equal(t, slots(straight), slots(changed))

			// After a step that fails all is as it was.
			before := slots(changed)
			stranger, bad := newWeight("w", "tensor64"), newWeight("bad", "tensor64")
			bad.grad = nil
			require.Error(t, changed.Step([]G.ValueGrad{stranger, bad}))
			require.Equal(t, before, slots(changed))
			twin := newWeight("w", "tensor64")
			require.ErrorContains(t, changed.Step([]G.ValueGrad{stranger, twin}), "parameter w: another parameter has this name")
			run(t, straight, []*weight{one}, 1)
			run(t, changed, []*weight{many}, 1)
			require.Equal(t, elements(one.value), elements(many.value))
		})
	}
}
