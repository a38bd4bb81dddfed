package layers

import (
	"errors"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/describe"
)

// Residual joins what Body makes of the input with what Shortcut makes of it, so that a
// deep network has a short way through:
//
//	y = Join(Body(x), Shortcut(x))
//
// With neurons at the end of Body these are the spike-element-wise residual blocks of
// SEW-ResNet. Names within are "body.…" and "shortcut.…".
//
// W. Fang et al., NeurIPS 34 (2021), 21056.
type Residual struct {
	Body     Layer
	Shortcut Layer // nil is the input as it is
	Join     Join  // nil is JoinAdd
}

// A Join makes one node of two of the same shape. It works on elements.
type Join func(body, shortcut *G.Node) (*G.Node, error)

// JoinAdd returns body + shortcut, SEW-ResNet's ADD: of spikes 0, 1 or 2.
func JoinAdd(body, shortcut *G.Node) (*G.Node, error) {
	var b graph.Builder
	return b.Add(body, shortcut), b.Err()
}

// JoinAnd returns body · shortcut, which of spikes is AND.
func JoinAnd(body, shortcut *G.Node) (*G.Node, error) {
	var b graph.Builder
	return b.Mul(body, shortcut), b.Err()
}

// JoinIAnd returns (1 − body) · shortcut, which of spikes is IAND: the shortcut, where
// the body is silent.
func JoinIAnd(body, shortcut *G.Node) (*G.Node, error) {
	var b graph.Builder
	return b.Mul(b.Not(body), shortcut), b.Err()
}

// String returns what the branches are joined by.
func (r Residual) String() string {
	if r.Join == nil {
		r.Join = JoinAdd
	}
	return "Residual{" + describe.Name(r.Join) + "}"
}

// Apply adds the body, the shortcut and what joins them.
func (r Residual) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("residual", x, "[T batch …]", 2, math.MaxInt); err != nil {
		return nil, err
	}
	if r.Body == nil {
		return nil, b.errorf("residual", "the body is nil")
	}
	body, err := Named("body", r.Body).Apply(b, x)
	if err != nil {
		return nil, err
	}
	short := x
	if r.Shortcut != nil {
		if short, err = Named("shortcut", r.Shortcut).Apply(b, x); err != nil {
			return nil, err
		}
	}
	if !body.Shape().Eq(short.Shape()) {
		return nil, b.errorf("residual", "the body makes %v of %v, the shortcut %v; want one shape of both: a Shortcut that changes it as the body does",
			[]int(body.Shape()), []int(x.Shape()), []int(short.Shape()))
	}
	join := r.Join
	if join == nil {
		join = JoinAdd
	}
	y, err := join(body, short)
	if err == nil && y == nil {
		err = errors.New("it returned no output")
	}
	if err != nil {
		return nil, b.errorf("residual", "join: %w", err)
	}
	return y, nil
}
