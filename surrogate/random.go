package surrogate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Random is a spike function that fires by chance. Its Eval is the likelier
// value of the two; [Draw] makes the spikes.
type Random interface {
	graph.Sloper
	// Prob returns the probability p(x) of a spike.
	Prob(x float64) float64
	// Chance returns the nodes of p(x).
	Chance(b *graph.Builder, x *G.Node) *G.Node
}

// Draw returns spikes of f at random, for a membrane voltage v and a threshold
// th: with x = v − th,
//
//	z = H(p(x) − u)
//
// which is 1 with probability p(x) if u is uniform in [0, 1). The gradient that
// reaches v and th is the surrogate's, s(x), whatever u is; none reaches u. The
// nodes v and u, and the spikes, have one shape.
//
// The noise is an input of the graph: fill its tensor by [Uniform] before each
// run. The same noise gives the same spikes.
func Draw(b *graph.Builder, f Random, v *G.Node, th graph.Param, u *G.Node) *G.Node {
	if f == nil {
		b.Fail(errors.New("surrogate: draw: the spike function is nil"))
		return nil
	}
	if err := Check(f); err != nil {
		b.Fail(err)
		return nil
	}
	if v != nil && u != nil && !slices.Equal(v.Shape(), u.Shape()) {
		b.Fail(fmt.Errorf("surrogate: draw: v has shape %v, the noise %v", []int(v.Shape()), []int(u.Shape())))
		return nil
	}
	x := b.Less(v, th)
	z := b.Above(b.Sub(f.Chance(b, b.Detach(x)), u), 0)
	// A spike less itself is exactly 0, and carries the gradient.
	s := b.Spike(f, x, graph.Const(0))
	return b.Add(b.Sub(s, b.Detach(s)), z)
}

// Uniform fills dst with random numbers in [0, 1). An error says that r is nil.
func Uniform[F float32 | float64](dst []F, r *rand.Rand) error {
	if r == nil {
		return errors.New("surrogate: uniform: the random generator is nil")
	}
	switch dst := any(dst).(type) {
	case []float32:
		for i := range dst {
			dst[i] = r.Float32()
		}
	case []float64:
		for i := range dst {
			dst[i] = r.Float64()
		}
	}
	return nil
}
