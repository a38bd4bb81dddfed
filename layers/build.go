package layers

import (
	"fmt"
	"math/rand/v2"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// A Layer maps a sequence [T, batch, …] to a sequence, or, as readouts do, to
// one value a sample, [batch, …].
type Layer interface {
	// Apply adds the layer to the graph of x and returns its output. What else
	// it adds, weights above all, it enters into b.
	Apply(b *Build, x *G.Node) (*G.Node, error)
}

// A Build is one network in the making on one graph. It names and draws the
// weights and collects what a trainer needs to know. Layers are named by their
// place, "0.linear.w", or by Named.
type Build struct {
	Params     G.Nodes    // learnable nodes, in the order in which they came
	Penalties  []Penalty  // terms that regularisers add to the loss
	Masks      []Mask     // inputs that training draws anew for each batch
	Activities []Activity // of neuron layers
	Warnings   []string   // what a user should know: parameters without effect

	// SampleWeight is an input [batch] whose elements weight the samples and sum
	// to 1, so that padding does not count. Nil weights all alike.
	SampleWeight *G.Node

	seed  uint64
	path  []string
	names map[string]bool
}

// A Penalty is a scalar that is added to the loss.
type Penalty struct {
	Name string
	Node *G.Node
}

// A Mask is an input whose elements are 1/(1−P) with probability 1−P and else 0
// during training, and 1 in evaluation, which is what it holds at first.
type Mask struct {
	Node *G.Node
	P    float64
}

// An Activity is what a neuron layer does.
type Activity struct {
	Name    string
	Out     *G.Node // outputs [T, batch, …]
	Spiking bool    // the outputs are spikes
	// Trace returns a state after every step, by name: "V" is the membrane voltage.
	Trace func(name string) (*G.Node, error)
}

// NewBuild returns an empty Build whose weights are drawn from the seed.
func NewBuild(seed uint64) *Build { return &Build{seed: seed, names: map[string]bool{}} }

// In runs f with name added to the path of layer names.
func (b *Build) In(name string, f func() error) error {
	b.path = append(b.path, name)
	defer func() { b.path = b.path[:len(b.path)-1] }()
	return f()
}

// Path returns the name of the layer that is being added.
func (b *Build) Path() string { return strings.Join(b.path, ".") }

// Name returns the path with name at its end.
func (b *Build) Name(name string) string {
	if len(b.path) == 0 {
		return name
	}
	return b.Path() + "." + name
}

// Rand returns the random generator of the named thing. It depends on the seed
// and the name alone, so that adding a layer does not change the weights of
// another.
func (b *Build) Rand(name string) *rand.Rand {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	h := uint64(offset)
	for _, c := range []byte(name) {
		h = (h ^ uint64(c)) * prime
	}
	return rand.New(rand.NewPCG(b.seed, h))
}

// Weight adds a learnable node of the given shape to the graph of x, with
// values drawn by init. A name may be used once.
func (b *Build) Weight(x *G.Node, name string, init Init, shape ...int) (*G.Node, error) {
	name = b.Name(name)
	if b.names == nil {
		b.names = map[string]bool{}
	}
	if b.names[name] {
		return nil, fmt.Errorf("layers: two weights are called %s; tell the layers apart by Named", name)
	}
	n := 1
	for _, d := range shape {
		if d < 1 {
			return nil, fmt.Errorf("layers: %s: shape %v, want axes of at least 1", name, shape)
		}
		n *= d
	}
	w := make([]float64, n)
	if err := init.Draw(b.Rand(name), shape, w); err != nil {
		return nil, fmt.Errorf("layers: %s: %w", name, err)
	}
	node, err := graph.Input(x.Graph(), name, denseOf(x.Dtype(), shape, w))
	if err != nil {
		return nil, err
	}
	b.names[name] = true
	b.Params = append(b.Params, node)
	return node, nil
}

// denseOf returns a tensor with the elements w.
func denseOf(dt tensor.Dtype, shape []int, w []float64) *tensor.Dense {
	if dt == tensor.Float64 {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(w))
	}
	f := make([]float32, len(w))
	for i, v := range w {
		f[i] = float32(v)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(f))
}

// batchMean returns the mean over the samples of x [batch, …], with the sample
// weights.
func (b *Build) batchMean(x *G.Node) (*G.Node, error) {
	var g graph.Builder
	shape := x.Shape()
	if b.SampleWeight == nil {
		x = g.Scale(x, graph.Const(1/float64(shape[0])))
	} else {
		column := make(tensor.Shape, len(shape))
		for i := range column {
			column[i] = 1
		}
		column[0] = shape[0]
		x = g.Mul(x, g.Expand(g.Reshape(b.SampleWeight, column...), shape))
	}
	return g.Reduce(x, shape[1:]), g.Err()
}
