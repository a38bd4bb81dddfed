package layers

import (
	"errors"
	"strconv"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// Sequential applies layers one after the other. They are named by their
// number, or by Named.
type Sequential []Layer

// Apply adds the layers.
func (s Sequential) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if b == nil {
		return nil, errors.New("layers: sequential: the Build is nil, want one made by NewBuild")
	}
	for i, l := range s {
		var err error
		if x, err = numbered(i, l).Apply(b, x); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// numbered gives layer i of a container the name that it has in it.
func numbered(i int, l Layer) named {
	if n, ok := l.(named); ok {
		return n
	}
	return named{l, strconv.Itoa(i)}
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
	switch {
	case b == nil:
		return nil, errors.New("layers: " + n.name + ": the Build is nil, want one made by NewBuild")
	case n.name == "":
		return nil, b.errorf("layer", "the name of a layer in it is empty")
	}
	err = b.In(n.name, func() error {
		if n.Layer == nil {
			return b.errorf("layer", "it is nil")
		}
		err := guard.Call("Apply", "layer", n.Layer, func() (err error) { y, err = n.Layer.Apply(b, x); return err })
		if err == nil && y == nil {
			return b.errorf("layer", "it returned no output")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	b.finished = append(b.finished, finishedLayer{b.Name(n.name), y})
	if b.Applied != nil {
		b.Applied(b.Name(n.name), n.Layer, x, y)
	}
	return y, nil
}

// Func is a layer made of a function on nodes: Gorgonia's own, say.
type Func func(x *G.Node) (*G.Node, error)

// Apply calls the function.
func (f Func) Apply(b *Build, x *G.Node) (*G.Node, error) {
	switch {
	case b == nil:
		return nil, errors.New("layers: function: the Build is nil, want one made by NewBuild")
	case x == nil:
		return nil, b.errorf("function", "x is nil")
	case f == nil:
		return nil, b.errorf("function", "it is nil")
	}
	y, err := f(x)
	if err != nil {
		return nil, b.errorf("function", "%w", err)
	}
	return y, nil
}
