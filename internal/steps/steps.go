package steps

import (
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
)

// Begin returns the Builder of a step with input x, the state that s points to,
// and checked parameters.
func Begin(x *G.Node, s, p any) *graph.Builder {
	b := graph.NewBuilder(x, s)
	if err := Check(p); err != nil {
		b.Fail(err)
	}
	return b
}

// Done returns the results of the named step, "neurons: LIF", or the error of its Builder.
func Done[S any](b *graph.Builder, name string, out *G.Node, next S) (*G.Node, S, error) {
	if err := b.Err(); err != nil {
		var none S
		return nil, none, fmt.Errorf("%s step: %w", name, err)
	}
	return out, next, nil
}

// Field returns a pointer to the named field of the struct that p points to,
// which a wrapper needs of the model inside it.
func Field[T any](p any, name string) (*T, error) {
	f, err := fields.Field(p, name)
	if err != nil {
		return nil, errors.New("the model inside has no " + name)
	}
	t, ok := f.(*T)
	if !ok {
		return nil, fmt.Errorf("%s of the model inside is a %T, want a %T", name, f, t)
	}
	return t, nil
}

// Tangent returns 0, with the gradient of x.
func Tangent(b *graph.Builder, x *G.Node) *G.Node { return b.Sub(x, b.Detach(x)) }

// Countdown returns what is left of a refractory period, (1 − z) max(ρ − m, 0) + z ρ_reset.
func Countdown(b *graph.Builder, rho, m, z *G.Node, rhoReset graph.Param) *G.Node {
	return b.Reset(z, b.Relu(b.Sub(rho, m)), rhoReset)
}
