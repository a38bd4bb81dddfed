package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
)

// Param is a parameter of a neuron model: a constant, or a node that training
// may change. Its node is a scalar or has one value per neuron and is broadcast
// over the axes before (as NumPy broadcasts). The zero value is the constant 0, or
// what a default stands for (see Default).
type Param struct {
	node  *G.Node
	value float64
	given bool // not the zero value
	keep  Constraint
	outer *G.Node // in the private graph of a scan, what node stands for outside
	later bool    // the values of the node are not those to start from
}

// Const returns a parameter that keeps the value v.
func Const(v float64) Param { return Param{value: v, given: true} }

// Learn returns a parameter whose value is that of n, with gradients flowing
// into n. The shape of n is (), [1] or one that broadcasts to a time step of
// the model, such as [neurons].
func Learn(n *G.Node) Param { return Param{node: n} }

// LearnIn returns a parameter whose value is c applied to n, so that training
// cannot move it out of the range of c. Start n at c.Inverse of the value wanted.
func LearnIn(n *G.Node, c Constraint) Param { return Param{node: n, keep: c} }

// Trained returns p for a node that has been trained already: its values are where training
// took them, and no longer held to what values must be to start from.
func (p Param) Trained() Param {
	p.later = true
	return p
}

// IsTrained reports whether p comes from Trained.
func (p Param) IsTrained() bool { return p.later }

// Each returns a parameter with a value for each neuron that no training changes: an input
// of the graph of x with this name, the element type of x and the shape [len(values)]. A
// state to start from, s.V say, is Fill(s.V, Each(…)).
func (b *Builder) Each(x *G.Node, name string, values ...float64) Param {
	if !b.Check("each", x) {
		return Param{}
	}
	if len(values) == 0 || !isFloat(x.Dtype()) {
		b.fail("each: %d values for %s and elements of type %v, want at least one, and float32 or float64", len(values), name, x.Dtype())
		return Param{}
	}
	v := tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(len(values)))
	flat.Set(v, values)
	n, err := Input(x.Graph(), name, v)
	b.Fail(err)
	return Learn(n)
}

// Node returns the node of a learnable parameter and nil for a constant.
func (p Param) Node() *G.Node { return p.node }

// Value returns the value of a constant, and whether p is one.
func (p Param) Value() (v float64, ok bool) { return p.value, p.node == nil }

// Given reports whether p comes from Const, Learn or LearnIn, and is not the zero
// value.
func (p Param) Given() bool { return p.given || p.node != nil }

// Is reports whether p is the constant v.
func (p Param) Is(v float64) bool { return p.node == nil && p.value == v }

// String returns the constant, or the name of the node.
func (p Param) String() string {
	if p.node != nil {
		return fmt.Sprintf("learn(%s)", p.node.Name())
	}
	return fmt.Sprint(p.value)
}

// Values returns what the parameter is now: the constant, or the elements of the
// learnt node within its constraint, row by row; in a step that Scan builds, those of
// the node that came from outside. An error says that the node has no value.
func (p Param) Values() ([]float64, error) {
	if p.node == nil {
		return []float64{p.value}, nil
	}
	n := p.node
	if p.outer != nil {
		n = p.outer
	}
	if n.Value() == nil {
		return nil, fmt.Errorf("graph: parameter %s has no value", n.Name())
	}
	if dt := n.Value().Dtype(); !isFloat(dt) {
		return nil, fmt.Errorf("graph: parameter %s is of type %v, want float32 or float64", n.Name(), dt)
	}
	vs := flat.Float64s(n.Value())
	for i, v := range vs {
		vs[i] = p.keep.Apply(v)
	}
	return vs, nil
}

// value returns the node of the value of a learnable parameter.
func (b *Builder) value(p Param) *G.Node {
	switch p.keep.kind {
	case byExp:
		return b.Exp(p.node)
	case bySoftplus:
		return b.unary("softplus", G.Softplus, p.node)
	case bySigmoid:
		return b.Sigmoid(p.node)
	case byClip:
		if !(p.keep.lo <= p.keep.hi) {
			b.fail("parameter %s: %v, want lower ≤ upper", p.node.Name(), p.keep)
			return nil
		}
		return b.Clamp(p.node, p.keep.lo, p.keep.hi)
	}
	return p.node
}
