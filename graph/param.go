package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
)

// Param is a parameter of a neuron model: a constant, or a node that training
// may change. Its node is a scalar or has one value per neuron and is broadcast
// over the axes before (as NumPy broadcasts). The zero value is the constant 0.
type Param struct {
	node  *G.Node
	value float64
}

// Const returns a parameter that keeps the value v.
func Const(v float64) Param { return Param{value: v} }

// Learn returns a parameter whose value is that of n, with gradients flowing
// into n. The shape of n is (), [1] or one that broadcasts to a time step of
// the model, such as [neurons].
func Learn(n *G.Node) Param { return Param{node: n} }

// Node returns the node of a learnable parameter and nil for a constant.
func (p Param) Node() *G.Node { return p.node }

// Value returns the value of a constant, and whether p is one.
func (p Param) Value() (v float64, ok bool) { return p.value, p.node == nil }

// Is reports whether p is the constant v.
func (p Param) Is(v float64) bool { return p.node == nil && p.value == v }

// String returns the constant, or the name of the node.
func (p Param) String() string {
	if p.node != nil {
		return fmt.Sprintf("learn(%s)", p.node.Name())
	}
	return fmt.Sprint(p.value)
}
