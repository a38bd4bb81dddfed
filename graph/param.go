package graph

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
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

// A Constraint keeps a learnt parameter in a range: the parameter is a function
// of the node that is learnt. The zero value is no constraint.
type Constraint struct {
	kind   constraintKind
	lo, hi float64
}

type constraintKind uint8

const (
	unconstrained constraintKind = iota
	byExp
	bySoftplus
	bySigmoid
	byClip
)

var (
	Exp      = Constraint{kind: byExp}      // e to the power of the node: positive, equal steps are equal factors
	Softplus = Constraint{kind: bySoftplus} // log(1 + e to the power of the node): positive, nearly linear far from 0
	Sigmoid  = Constraint{kind: bySigmoid}  // 1/(1 + e to the power of minus the node): between 0 and 1
)

// Clip keeps a parameter between lo and hi by cutting it off there; beyond them
// no gradient flows.
func Clip(lo, hi float64) Constraint { return Constraint{kind: byClip, lo: lo, hi: hi} }

// String returns the name of the constraint.
func (c Constraint) String() string {
	if c.kind == byClip {
		return fmt.Sprintf("clip to [%v, %v]", c.lo, c.hi)
	}
	return [...]string{"none", "exp", "softplus", "sigmoid"}[c.kind]
}

// Inverse returns where the node must be for the parameter to be v, or an error
// if the constraint does not allow v.
func (c Constraint) Inverse(v float64) (float64, error) {
	ok, want := true, ""
	x := v
	switch c.kind {
	case byExp:
		ok, want, x = v > 0, "a positive number", math.Log(v)
	case bySoftplus:
		// log(e^v − 1), written so that large v do not overflow.
		ok, want, x = v > 0, "a positive number", v+math.Log(-math.Expm1(-v))
	case bySigmoid:
		ok, want, x = v > 0 && v < 1, "a number between 0 and 1", math.Log(v/(1-v))
	case byClip:
		ok, want = v >= c.lo && v <= c.hi, fmt.Sprintf("a number from %v to %v", c.lo, c.hi)
	}
	if !ok {
		return 0, fmt.Errorf("graph: constraint %v: the parameter is %v, want %s", c, v, want)
	}
	return x, nil
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
	var vs []float64
	switch x := n.Value().Data().(type) {
	case float32:
		vs = []float64{float64(x)}
	case float64:
		vs = []float64{x}
	case []float32:
		for _, v := range x {
			vs = append(vs, float64(v))
		}
	case []float64:
		vs = append(vs, x...)
	default:
		return nil, fmt.Errorf("graph: parameter %s is of type %v, want float32 or float64", n.Name(), n.Value().Dtype())
	}
	for i, v := range vs {
		vs[i] = p.keep.apply(v)
	}
	return vs, nil
}

// apply returns the parameter for the node x.
func (c Constraint) apply(x float64) float64 {
	switch c.kind {
	case byExp:
		return math.Exp(x)
	case bySoftplus:
		// log(1 + e^x), written so that large x do not overflow.
		return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
	case bySigmoid:
		return 1 / (1 + math.Exp(-x))
	case byClip:
		return min(max(x, c.lo), c.hi)
	}
	return x
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
