package plasticity

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
)

// begin returns the Builder of a rule with the parameters p and the spikes pre and
// post, all of them checked.
func begin(pre, post *G.Node, p any) *graph.Builder {
	b := &graph.Builder{}
	b.Fail(isTensor("z_pre", pre, 2))
	b.Fail(isTensor("z_post", post, 2))
	b.Fail(neurons.Check(p))
	if b.Err() != nil {
		return b
	}
	if pre.Dtype() != post.Dtype() {
		b.Fail(fmt.Errorf("z_pre has elements of type %v, z_post of %v", pre.Dtype(), post.Dtype()))
	}
	return b
}

// same fails the Builder unless a state is there and has the shape and the element
// type of x.
func same(b *graph.Builder, name string, x *G.Node, state string, s *G.Node) {
	switch {
	case b.Err() != nil:
	case s == nil:
		b.Fail(fmt.Errorf("state %s is nil", state))
	case !slices.Equal(s.Shape(), x.Shape()):
		b.Fail(fmt.Errorf("%s has shape %v, state %s has %v", name, []int(x.Shape()), state, []int(s.Shape())))
	case s.Dtype() != x.Dtype():
		b.Fail(fmt.Errorf("%s has elements of type %v, state %s of %v", name, x.Dtype(), state, s.Dtype()))
	}
}

// finish returns the result of the named rule or step, or the error of its Builder.
func finish[S any](b *graph.Builder, name string, s S) (S, error) {
	if err := b.Err(); err != nil {
		var none S
		return none, fmt.Errorf("plasticity: %s: %w", name, err)
	}
	return s, nil
}
