package nir

import (
	"errors"
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/limit"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/layers"
)

// ExportOptions say how a network is exported.
type ExportOptions struct {
	// Metadata keeps in metadata what the format cannot say and an import with
	// Options.Metadata honours: resets that take v_threshold off a potential, for which
	// others will read a reset to v_reset, and a readout at the end of the network,
	// without which others will read sequences.
	Metadata bool
	// Dt is the time step of neurons that have none, those without a leak, where no other
	// neuron of the network has one: their r is 1/Dt. 0 makes it 1, which Import and
	// Sinabs take to count in steps.
	Dt float64
}

// Export returns a network of package layers as a graph. A sample has this shape at one
// time step; values are its weights and buffers by name, train.Model.Tensors, or nil for
// those that it draws first. Nodes have the names of the layers, "0" or "hidden",
// recurrent weights "hidden.rec". A BatchNorm is folded into the map before it, and
// dropout and noise are left out.
//
// Neurons are written such that others give the same spikes by Euler's method for the
// same time step: without a factor for their input, which is R of 1 where they have no
// synapse, and w_in of τ_syn/dt where they have one. Gradients, surrogates and how a
// time step is taken are not in the format.
//
// What the format cannot say is refused with the name of the layer and the reason.
func Export(net layers.Layer, shape []int, values map[string]*tensor.Dense, o ExportOptions) (*Graph, error) {
	g, err := export(net, shape, values, o)
	if err != nil {
		return nil, fmt.Errorf("nir: export: %w", err)
	}
	return g, nil
}

// An exporting is an export that is going on.
type exporting struct {
	ExportOptions
	g       *Graph
	x, y    *G.Node // of the whole network
	dt      float64
	applied map[*G.Node][]applied // by what came out
	act     []layers.Activity
	names   map[*G.Node][]string // of the node that an output has become, or the sum of several
}

// An applied layer is a layer with what went in and what came out.
type applied struct {
	name string
	l    layers.Layer
	x, y *G.Node
}

func export(net layers.Layer, shape []int, values map[string]*tensor.Dense, o ExportOptions) (*Graph, error) {
	if net == nil {
		return nil, errors.New("the network is nil")
	}
	if !(o.Dt >= 0) {
		return nil, fmt.Errorf("dt is %v s, want 0 or more", o.Dt)
	}
	dt := tensor.Float32
	for _, v := range values {
		if v != nil && v.Dtype() == tensor.Float64 {
			dt = v.Dtype()
		}
	}
	if _, err := limit.Within(1<<28, shape...); err != nil || len(shape) == 0 || slices.Min(shape) < 1 {
		return nil, fmt.Errorf("a sample has shape %v, want axes of at least 1 and at most 2²⁸ elements", shape)
	}
	if folded, err := layers.Fold(net, shape, values); err == nil {
		net, values = folded, nil
	}
	x, err := graph.Input(G.NewGraph(), "x", tensor.New(tensor.Of(dt), tensor.WithShape(append([]int{1, 1}, shape...)...)))
	if err != nil {
		return nil, err
	}
	b := layers.NewBuild(0)
	b.Carry = &layers.Carry{} // so that layers know that there are more time steps
	e := &exporting{ExportOptions: o, g: &Graph{Nodes: map[string]*Node{}}, x: x, applied: map[*G.Node][]applied{}, names: map[*G.Node][]string{}}
	b.Applied = func(name string, l layers.Layer, x, y *G.Node) {
		e.applied[y] = append(e.applied[y], applied{name, l, x, y})
	}
	filled := net
	if len(values) > 0 {
		filled = layers.Given(values, net)
	}
	y, err := filled.Apply(b, x)
	if err != nil {
		return nil, err
	}
	if len(e.applied[y]) == 0 { // no container
		b.Applied("", net, x, y)
	}
	e.y, e.act = y, b.Activities
	e.dt = e.timeStep()
	return e.g, e.all(y, b.Outputs, shape)
}

// all adds the nodes that y is made of, and the ends of the network.
func (e *exporting) all(y *G.Node, outputs []layers.Output, shape []int) error {
	in, out := "input", "output"
	for _, as := range e.applied {
		for _, a := range as {
			for a.name == in {
				in += "_"
			}
			for a.name == out {
				out += "_"
			}
		}
	}
	e.names[e.x] = []string{in}
	if len(outputs) < 2 {
		outputs = []layers.Output{{Node: y}}
	}
	for _, o := range outputs {
		name := out
		if o.Name != "" {
			name += "." + o.Name
		}
		if err := e.end(name, o.Node); err != nil {
			return err
		}
	}
	own := false // inputs of an imported network, which are several
	for _, n := range e.g.Nodes {
		own = own || n.Type == "Input"
	}
	used := slices.ContainsFunc(e.g.Edges, func(edge Edge) bool { return edge.From == in })
	switch {
	case own && used:
		return errors.New("the input goes into a network with several inputs and into another layer, which the format cannot say")
	case !own:
		e.g.Nodes[in] = &Node{Type: "Input", Params: map[string]Array{"shape": shapeArray(shape)}}
	}
	return e.g.Check()
}

// end adds an output with what y is made of.
func (e *exporting) end(name string, y *G.Node) error {
	y, err := e.readout(y)
	if err != nil {
		return err
	}
	if y.Dims() < 3 {
		return fmt.Errorf("the output has shape %v, want a sequence [T batch …]", []int(y.Shape()))
	}
	if y == e.y && slices.ContainsFunc(e.applied[y], func(a applied) bool { n, ok := a.l.(*Network); return ok && len(n.outs) > 1 }) {
		_, err := e.sources(y) // whose outputs are those of the whole
		return err
	}
	e.g.Nodes[name] = &Node{Type: "Output", Params: map[string]Array{"shape": shapeArray(y.Shape()[2:])}}
	return e.edges(y, name)
}

func shapeArray(shape []int) Array {
	v := make([]int64, len(shape))
	for i, d := range shape {
		v[i] = int64(d)
	}
	return Of(v, len(v))
}

// readout takes a readout off the end of the network.
func (e *exporting) readout(y *G.Node) (*G.Node, error) {
	for _, a := range e.applied[y] {
		r, ok := a.l.(layers.Readout)
		if !ok {
			continue
		}
		if !e.Metadata {
			return nil, refusal(a, "the format has no readouts; export the network without it, or ask for Metadata, in which it is kept")
		}
		tell(&e.g.Metadata, "readout", Of([]string{r.String()}))
		return a.x, nil
	}
	return y, nil
}

// refusal is the error of a layer that is not exported.
func refusal(a applied, format string, args ...any) error {
	what := layers.Describe(a.l)
	kind := fmt.Sprintf("%T", a.l)
	if len(what) > 0 {
		kind = what[0].Settings
	}
	if a.name != "" {
		kind = a.name + ", " + kind
	}
	return fmt.Errorf("layer %s: %s", kind, fmt.Sprintf(format, args...))
}

// edges adds edges to a node from what y is made of.
func (e *exporting) edges(y *G.Node, to string) error {
	from, err := e.sources(y)
	if err != nil {
		return err
	}
	noteSum(e.g.Nodes[to], from)
	for _, name := range from {
		if name == plus {
			continue
		}
		edge := Edge{name, to}
		if slices.Contains(e.g.Edges, edge) {
			return fmt.Errorf("%s is added to itself on the way to %s, which edges cannot say", name, to)
		}
		e.g.Edges = append(e.g.Edges, edge)
	}
	return nil
}

// sources returns the names of the nodes whose sum y is, as noteSum has them.
func (e *exporting) sources(y *G.Node) ([]string, error) {
	if sum, ok := e.names[y]; ok {
		return sum, nil
	}
	var last error
	for _, a := range e.applied[y] { // the innermost is first
		if a.x == y {
			continue // it hands on its input
		}
		through, name, err := e.layer(a)
		switch {
		case errors.Is(err, errContainer):
			last = refusal(a, "what joins its parts is no node of the format")
		case err != nil:
			return nil, err
		case through != nil:
			return e.sources(through)
		default:
			if e.names[y] == nil {
				e.names[y] = []string{name}
			}
			return e.names[y], nil
		}
	}
	if isSum(y) {
		in := ops.Children(y)
		a, err := e.sources(in[0])
		if err != nil {
			return nil, err
		}
		b, err := e.sources(in[1])
		return slices.Concat(a, b, []string{plus}), err
	}
	if last == nil {
		last = fmt.Errorf("%v, between layers, is no node of the format", y)
	}
	return nil, last
}

// isSum reports whether a node is the sum of two of the same shape.
func isSum(y *G.Node) bool {
	in := ops.Children(y)
	if len(in) != 2 || ops.GorgoniaName(y.Op()) != "elemBinOp" {
		return false
	}
	return y.Op().String() == sumName && in[0].Shape().Eq(in[1].Shape())
}

// sumName is how Gorgonia writes an addition.
var sumName = func() string {
	g := G.NewGraph()
	a := G.NewVector(g, tensor.Float32, G.WithShape(2), G.WithName("a"))
	b := G.NewVector(g, tensor.Float32, G.WithShape(2), G.WithName("b"))
	n, err := G.Add(a, b)
	if err != nil {
		return ""
	}
	return n.Op().String()
}()
