package layers

import (
	"fmt"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"
)

// Shared returns a layer that can stand at several places of a network and has its
// weights and buffers once: under the name, which stands alone and not behind that of the
// containers, they are there once in files as well.
//
//	eye := layers.Shared("eye", layers.Sequential{layers.Conv2D{Out: 8, Kernel: 3}, …})
//	layers.Concat{layers.Sequential{left, eye}, layers.Sequential{right, eye}}
//
// States belong to a place: neurons at two places do not mix, and the second one's layer
// is called "eye 2" in reports. Give the value that Shared has returned to each place; two
// of one name are an error.
func Shared(name string, l Layer) Layer { return &shared{name: name, layer: l} }

type shared struct {
	name  string
	layer Layer
}

// A sharing is what a Build knows of a shared layer.
type sharing struct {
	of      *shared
	places  int                // where it has been added
	at      string             // the path of the present place
	weights map[string]*G.Node // by name
	buffers map[string]*Buffer
}

// Apply adds the layer, with the weights that it has at another place.
func (s *shared) Apply(b *Build, x *G.Node) (y *G.Node, err error) {
	switch {
	case b == nil || s == nil:
		return nil, fmt.Errorf("layers: shared: the Build or the layer is nil")
	case s.name == "" || strings.Contains(s.name, "."):
		return nil, b.errorf("shared", "the name is %q, want one without dots", s.name)
	}
	before := b.shared[s.name]
	if before == nil {
		before = &sharing{of: s, weights: map[string]*G.Node{}, buffers: map[string]*Buffer{}}
		if b.shared == nil {
			b.shared = map[string]*sharing{}
		}
		b.shared[s.name] = before
	}
	switch {
	case before.of != s:
		return nil, b.errorf("shared", "there is another layer called %s; give the value that Shared returned to all places", s.name)
	case before.at != "":
		return nil, b.errorf("shared", "%s contains itself", s.name)
	}
	before.places++
	before.at = s.name
	if before.places > 1 {
		before.at = fmt.Sprintf("%s %d", s.name, before.places)
	}
	path := b.path
	b.path = nil
	defer func() { b.path, before.at = path, "" }()
	return Named(before.at, s.layer).Apply(b, x)
}

// sharedName returns the name of a weight, which is the same at all places of a shared
// layer, and what is known of that; nil if the weight is in none.
func (b *Build) sharedName(name string) (string, *sharing) {
	if len(b.path) == 0 {
		return name, nil
	}
	for _, s := range b.shared {
		if s.at == b.path[0] {
			return s.of.name + strings.TrimPrefix(name, s.at), s
		}
	}
	return name, nil
}

// there returns the weight of a name at another place, nil if there is none yet.
func (s *sharing) there(name string, shape []int) (*G.Node, error) {
	if s == nil || s.weights[name] == nil {
		return nil, nil
	}
	n := s.weights[name]
	if !slices.Equal(n.Shape(), shape) {
		return nil, fmt.Errorf("the layer is shared, and has shape %v at another place, %v here", []int(n.Shape()), shape)
	}
	return n, nil
}
