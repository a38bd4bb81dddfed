package graph

import (
	"fmt"
	"reflect"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// Rest returns what a step lifted over xs [T, batch, …] starts from if not told: p.Rest.
func Rest[S any, P Params[S]](xs *G.Node, p P) (s S, err error) {
	var b Builder
	if !b.Check("xs", xs) || !isFloat(xs.Dtype()) || xs.Dims() < 2 {
		return s, fmt.Errorf("graph: rest: xs is no sequence [T batch …] of float32 or float64")
	}
	if s, err = rest[S](xs, p); err != nil {
		err = fmt.Errorf("graph: %w", err)
	}
	return s, err
}

func rest[S any, P Params[S]](xs *G.Node, p P) (s S, err error) {
	var b Builder
	like := b.Constant(xs, 0, xs.Shape()[1:]...)
	if err = b.Err(); err == nil {
		err = guard.Call("Rest", "parameters", p, func() (err error) { s, err = p.Rest(like); return err })
	}
	if err != nil {
		err = fmt.Errorf("rest: %w", err)
	}
	return s, err
}

// Constant returns a tensor of the given shape, of at least one axis, whose elements are c, in
// the graph and of the element type of x.
func (b *Builder) Constant(x *G.Node, c float64, shape ...int) *G.Node {
	if !b.Check("constant", x) {
		return nil
	}
	if n, ok := elements(shape); !ok || n == 0 || len(shape) == 0 || !isFloat(x.Dtype()) {
		b.fail("constant: shape is %v and elements are of type %v, want axes of at least 1, and float32 or float64", shape, x.Dtype())
		return nil
	}
	return b.apply(&fillOp{signature: signatureOf(G.Nodes{x}, x.Dtype(), tensor.Shape(shape)), c: c}, x)
}

// MapState returns s with each of its nodes replaced by what f makes of it. The name of a node
// is that of its field, of a nested struct's field its path, "Inner.V".
func MapState[S any](s S, f func(name string, n *G.Node) (*G.Node, error)) (S, error) {
	next, err := mapState(s, reflect.TypeFor[S](), f)
	if err != nil {
		return s, err
	}
	return next.(S), nil
}

func mapState(s any, state reflect.Type, f func(name string, n *G.Node) (*G.Node, error)) (any, error) {
	slots, err := slotsOf(state)
	switch {
	case err != nil:
		return nil, fmt.Errorf("graph: state: %w", err)
	case f == nil:
		return nil, fmt.Errorf("graph: state: the function is nil")
	}
	ns := nodesOf(s, slots)
	for i, n := range ns {
		if n == nil {
			return nil, fmt.Errorf("graph: state %s is nil", slots[i].name)
		}
		err = guard.Call("", "function", f, func() (err error) { ns[i], err = f(slots[i].name, n); return err })
		if err != nil {
			return nil, fmt.Errorf("graph: state %s: %w", slots[i].name, err)
		}
	}
	return withNodes(s, slots, ns), nil
}
