package layers

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Identity is a layer that hands on its input.
const Identity identity = 0

type identity uint8

// String returns the name by which the layer goes in files.
func (identity) String() string { return "Identity" }

// Apply returns x.
func (identity) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if b == nil || x == nil {
		return nil, errors.New("layers: identity: the Build or x is nil")
	}
	return x, nil
}

// Given returns the layer with weights and buffers that start from these values in the
// place of those that it draws, by their names in the layer: "0.linear.w", and in what is
// Shared its own. Those that are not named are drawn. A name that the layer does not have, and a value that does not fit,
// are errors of Apply. The tensors are copied when the layer is applied.
func Given(values map[string]*tensor.Dense, l Layer) Layer { return given{l, values} }

type given struct {
	Layer
	values map[string]*tensor.Dense
}

// Apply adds the layer.
func (g given) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if b == nil || x == nil || g.Layer == nil {
		return nil, errors.New("layers: given: the Build, x or the layer is nil")
	}
	prefix := b.Name("")
	find := func(name string) *tensor.Dense {
		if v, ok := g.values[strings.TrimPrefix(name, prefix)]; ok && strings.HasPrefix(name, prefix) {
			return v
		}
		return g.values[name]
	}
	outer := b.Values
	defer func() { b.Values = outer }()
	b.Values = func(name string) *tensor.Dense {
		if outer != nil {
			if v := outer(name); v != nil {
				return v
			}
		}
		if v := find(name); v != nil {
			return v.Clone().(*tensor.Dense)
		}
		return nil
	}
	y, err := g.Layer.Apply(b, x)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(g.values)) {
		v, ns := g.values[name], x.Graph().ByName(prefix+name)
		if len(ns) == 0 {
			ns = x.Graph().ByName(name)
		}
		switch {
		case v == nil:
			err = errors.New("it is nil")
		case len(ns) == 0:
			err = errors.New("the layer has no weight and no buffer of this name")
		case v.Dtype() != ns[0].Dtype() || !v.Shape().Eq(ns[0].Shape()):
			err = fmt.Errorf("it has shape %v of %v, want %v of %v", []int(v.Shape()), v.Dtype(), []int(ns[0].Shape()), ns[0].Dtype())
		}
		if err != nil {
			return nil, b.errorf("given", "%s: %w", name, err)
		}
	}
	return y, nil
}
