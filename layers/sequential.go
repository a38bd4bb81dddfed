package layers

import (
	"fmt"
	"strconv"

	G "gorgonia.org/gorgonia"
)

// Sequential applies layers one after the other. They are named by their
// number, or by Named.
type Sequential []Layer

// Apply adds the layers.
func (s Sequential) Apply(b *Build, x *G.Node) (*G.Node, error) {
	for i, l := range s {
		name := strconv.Itoa(i)
		if n, ok := l.(named); ok {
			name, l = n.name, n.Layer
		}
		if l == nil {
			return nil, fmt.Errorf("layers: layer %s is nil", b.Name(name))
		}
		err := b.In(name, func() (err error) {
			x, err = l.Apply(b, x)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return x, nil
}

type named struct {
	Layer
	name string
}

// Named gives a layer a name: that of its weights, and of its line in the
// training log.
func Named(name string, l Layer) Layer { return named{l, name} }

// Apply adds the layer under its name.
func (n named) Apply(b *Build, x *G.Node) (y *G.Node, err error) {
	err = b.In(n.name, func() error {
		y, err = n.Layer.Apply(b, x)
		return err
	})
	return y, err
}

// Func is a layer made of a function on nodes: Gorgonia's own, say.
type Func func(x *G.Node) (*G.Node, error)

// Apply calls the function.
func (f Func) Apply(b *Build, x *G.Node) (*G.Node, error) {
	y, err := f(x)
	if err != nil {
		return nil, fmt.Errorf("layers: %s: %w", b.Path(), err)
	}
	return y, nil
}
