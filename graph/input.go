package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Input adds an input with a value to g. Gorgonia silently makes one node of
// two inputs that have the same name, type and shape; here a name that is taken
// is an error.
func Input(g *G.ExprGraph, name string, v *tensor.Dense) (*G.Node, error) {
	switch {
	case g == nil:
		return nil, fmt.Errorf("graph: input %s: the graph is nil", name)
	case v == nil || v.Dims() == 0:
		return nil, fmt.Errorf("graph: input %s: want a tensor with at least one axis", name)
	case !isFloat(v.Dtype()):
		return nil, fmt.Errorf("graph: input %s has elements of type %v, want float32 or float64", name, v.Dtype())
	case len(g.ByName(name)) > 0:
		return nil, fmt.Errorf("graph: the graph has a node called %s already", name)
	}
	return G.NewTensor(g, v.Dtype(), v.Dims(), G.WithShape(v.Shape()...), G.WithName(name), G.WithValue(v)), nil
}
