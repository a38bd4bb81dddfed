package layers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/limit"
	"github.com/spikegrad/spikegrad/neurons/models"
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
	Fixed      G.Nodes    // nodes whose values are not learnt, but are the network's: those of Each, and buffers
	Buffers    []*Buffer  // values that training changes otherwise than by gradients; their nodes are among Fixed
	Outputs    []Output   // outputs with names, see Heads; empty where the network has one output
	Penalties  []Penalty  // terms that regularisers add to the loss
	Masks      []Mask     // inputs that training draws anew for each batch
	Activities []Activity // of neuron layers
	Warnings   []string   // what a user should know: parameters without effect

	// SampleWeight is an input [batch] whose elements weight the samples and sum
	// to 1, so that padding does not count. Nil weights all alike.
	SampleWeight *G.Node
	// Length is an input [batch] with the number of time steps of each sample; those
	// behind do not count. Nil means all.
	Length *G.Node
	// Carry makes the network one of a window in longer sequences; nil means that
	// sequences are whole.
	Carry *Carry

	// Ranks are the processes that train on a batch together, for what looks at all its samples; nil
	// means that there is one.
	Ranks *connect.Ranks

	// Values, if it is not nil, gives the tensor that the weight of a name has in the place
	// of one that is drawn, nil for a weight that it does not know.
	Values func(name string) *tensor.Dense
	// Constraints are those of learnable nodes, where the network has something else in
	// their place: Constrain enters one.
	Constraints map[*G.Node]graph.Constraint

	// Spike, if it is not nil, gives the spike function that the neurons of a layer
	// use in the place of their own: one that looks on, say.
	Spike func(layer string, own graph.Func) graph.Func

	// Local, if it is not nil, keeps the gradients of neurons within a time step: those through the
	// states that a step goes on from are cut, and what learns online looks after them. It is called
	// with the activity of each layer of neurons before its penalties are added, may change that, and
	// returns the node that the next layer goes on from. It needs a Carry.
	Local func(a *Activity) (next *G.Node, err error)

	// Most bounds the elements that all weights and masks have together, where somebody else
	// says how large the network is; 0 does not.
	Most int

	// Applied, if it is not nil, is called behind each layer that a container has added, inner
	// ones first, with its name, what went into it and what came out: what turns networks into
	// something else looks on.
	Applied func(name string, l Layer, x, y *G.Node)

	seed     uint64
	drawn    int // elements
	path     []string
	bits     int // of a Quantise around the present layer, 0 outside of one
	finished []finishedLayer
	vouched  G.Nodes
	training *G.Node
	shared   map[string]*sharing // layers that stand at several places, by name
}

// A Penalty is a scalar that is added to the loss.
type Penalty struct {
	Name string
	Node *G.Node
}

// An Activity is what a neuron layer does.
type Activity struct {
	Name    string
	In      *G.Node // input currents [T, batch, …]
	Out     *G.Node // outputs [T, batch, …]
	Spiking bool    // the outputs are spikes: the parameters have a field Spike
	Params  any     // pointer to the parameters of the neurons, with nodes for what is learnt
	Step    any     // the graph.Step of the neurons; of Recurrent that of the neurons inside
	// Trace returns a state after every step, by name: "V" is the membrane voltage.
	Trace func(name string) (*G.Node, error)

	// With Build.Local:
	Model models.Model      // the neurons, without what connects them among themselves; nil if that is no matrix
	Enter map[string]*State // the states that are carried, by the names of Model
	Back  *G.Node           // weights [n, n] of Recurrent, nil without
	Fired *State            // the outputs of the step before the window, which go through Back
}

// NewBuild returns an empty Build whose weights are drawn from the seed.
func NewBuild(seed uint64) *Build { return &Build{seed: seed} }

// mostNested is how many layers may stand one in the other.
const mostNested = 64

// In runs f with name added to the path of layer names. An error says that the
// path has more than 64 names already: a container that contains itself has no
// end.
func (b *Build) In(name string, f func() error) error {
	if b == nil || f == nil {
		return fmt.Errorf("layers: %s: the Build or the function is nil", name)
	}
	if len(b.path) >= mostNested {
		return fmt.Errorf("layers: %s…: layers stand one in the other more than %d times: does one contain itself?",
			strings.Join(b.path[:4], "."), mostNested)
	}
	b.path = append(b.path, name)
	defer func() { b.path = b.path[:len(b.path)-1] }()
	return f()
}

// Path returns the name of the layer that is being added.
func (b *Build) Path() string { return strings.Join(b.path, ".") }

// Name returns the path with name at its end. What the layer is called already does not
// stand there twice: "conv.w" in a layer named "block.conv" is "block.conv.w".
func (b *Build) Name(name string) string {
	if len(b.path) == 0 {
		return name
	}
	last := b.path[len(b.path)-1]
	return b.Path() + "." + strings.TrimPrefix(name, last+".")
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

// maxWeights bounds the elements of one weight: 2²⁸ are 1 GiB of float32.
const maxWeights = 1 << 28

// Weight adds a learnable node of the given shape to the graph of x, with
// values drawn by init. Its name is the path with name at its end, and may be
// used once. An error says that it is taken, that the shape has an axis below 1
// or more than 2²⁸ elements, or what is wrong with the values.
func (b *Build) Weight(x *G.Node, name string, init Init, shape ...int) (*G.Node, error) {
	node, fresh, err := b.input(x, name, init, shape...)
	if err != nil {
		return nil, err
	}
	if fresh {
		b.Params = append(b.Params, node)
	}
	return node, nil
}

// Constrain says that the network has c of the learnable node n, as graph.LearnIn makes a
// parameter. What shows the parameters or writes them to files goes by it. Lift does so for
// the option Constrain.
func (b *Build) Constrain(n *G.Node, c graph.Constraint) {
	if b.Constraints == nil {
		b.Constraints = map[*G.Node]graph.Constraint{}
	}
	b.Constraints[n] = c
}

// input is Weight for a node that is not learnt. It is not fresh if a layer that is shared
// has it at another place already.
func (b *Build) input(x *G.Node, name string, init Init, shape ...int) (node *G.Node, fresh bool, err error) {
	if b == nil || x == nil || init == nil {
		return nil, false, fmt.Errorf("layers: weight %s: the Build, x or the initialiser is nil", name)
	}
	name, sharing := b.sharedName(b.Name(name))
	if node, err = sharing.there(name, shape); node != nil || err != nil {
		if err != nil {
			err = fmt.Errorf("layers: weight %s: %w", name, err)
		}
		return node, false, err
	}
	value, err := b.value(x, name, init, shape)
	if err != nil {
		return nil, false, fmt.Errorf("layers: weight %s: %w", name, err)
	}
	if x.Graph() != nil && len(x.Graph().ByName(name)) > 0 {
		return nil, false, fmt.Errorf("layers: weight %s: the graph has a node of this name already; tell layers apart by Named", name)
	}
	if node, err = graph.Input(x.Graph(), name, value); err != nil {
		return nil, false, fmt.Errorf("layers: %w", err)
	}
	if sharing != nil {
		sharing.weights[name] = node
	}
	return node, true, nil
}

// value returns the tensor of the named weight: one that is given, or a new one.
func (b *Build) value(x *G.Node, name string, init Init, shape []int) (*tensor.Dense, error) {
	if b.Values != nil {
		if v := b.Values(name); v != nil && v.Dtype() == x.Dtype() && v.Shape().Eq(tensor.Shape(shape)) {
			return v, nil
		}
	}
	w, err := b.draw(name, init, shape)
	if err != nil {
		return nil, err
	}
	return denseOf(x.Dtype(), shape, w), nil
}

// draw returns the first values of the named weight.
func (b *Build) draw(name string, init Init, shape []int) ([]float64, error) {
	if len(shape) > 0 && slices.Min(shape) < 1 {
		return nil, fmt.Errorf("shape is %v, want axes of at least 1", shape)
	}
	n, err := limit.Within(maxWeights, shape...)
	if err != nil {
		return nil, err
	}
	if b.drawn += n; b.Most > 0 && b.drawn > b.Most {
		return nil, fmt.Errorf("with it weights have %d elements, want at most %d", b.drawn, b.Most)
	}
	w := make([]float64, n)
	err = guard.Call("Draw", "initialiser", init, func() error { return init.Draw(b.Rand(name), shape, w) })
	if err != nil {
		return nil, err
	}
	for i, v := range w {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("the first value of element %d is %v, want a finite number", i, v)
		}
	}
	return w, nil
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

// errorf returns an error of the layer that is being added, of the given kind.
func (b *Build) errorf(kind, format string, args ...any) error {
	where := kind
	if len(b.path) > 0 {
		where += " " + b.Path()
	}
	return fmt.Errorf("layers: "+where+": "+format, args...)
}

// takes returns an error unless x fits a layer of the given kind: want shows the
// shape it takes, which has from least to most axes.
func (b *Build) takes(kind string, x *G.Node, want string, least, most int) error {
	switch {
	case b == nil:
		return fmt.Errorf("layers: %s: the Build is nil, want one made by NewBuild", kind)
	case x == nil:
		return b.errorf(kind, "x is nil")
	case x.Dtype() != tensor.Float32 && x.Dtype() != tensor.Float64:
		return b.errorf(kind, "x has elements of type %v, want float32 or float64", x.Dtype())
	}
	shape := x.Shape()
	if len(shape) < least || len(shape) > most || slices.Min(shape) < 1 {
		return b.errorf(kind, "x has shape %v, want %s", []int(shape), want)
	}
	return nil
}

// BatchMean returns the mean over the samples of x [batch, …], weighted by
// SampleWeight where it is set: what regularisers average with, so that padding
// does not count.
func (b *Build) BatchMean(x *G.Node) (*G.Node, error) {
	if b == nil || x == nil || x.Dims() < 1 {
		return nil, fmt.Errorf("layers: mean over the batch: the Build or x is nil, or x is a scalar")
	}
	var g graph.Builder
	shape := x.Shape()
	if b.SampleWeight == nil {
		x = g.Scale(x, graph.Const(1/float64(shape[0])))
	} else {
		column := make([]int, len(shape))
		for i := range column {
			column[i] = 1
		}
		column[0] = shape[0]
		x = g.Mul(x, g.Expand(g.Reshape(b.SampleWeight, column...), shape))
	}
	mean := g.Reduce(x, shape[1:])
	err := g.Err()
	if err == nil && b.Ranks != nil {
		mean, err = connect.MeanOverRanks(mean, b.Ranks)
	}
	if err != nil {
		return nil, fmt.Errorf("layers: mean over the batch: %w", err)
	}
	return mean, nil
}
