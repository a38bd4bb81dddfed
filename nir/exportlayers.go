package nir

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
)

// errContainer says that a layer is made of others.
var errContainer = errors.New("a container")

// layer adds the node of a layer and returns its name; or what went into it, if it does
// nothing in evaluation.
func (e *exporting) layer(a applied) (through *G.Node, name string, err error) {
	for _, act := range e.act {
		if act.Out == a.y && act.Step != nil && act.Name == a.name {
			return nil, a.name, e.neurons(a, act)
		}
	}
	switch l := a.l.(type) {
	case layers.Quantise:
		a.l = l.Layer
		return e.layer(a)
	case layers.Linear:
		return nil, a.name, e.linear(a)
	case layers.Conv2D:
		return nil, a.name, e.conv(a, "Conv2d", l.Conv)
	case layers.Conv1D:
		l.Conv.Width = &connect.Axis{}
		return nil, a.name, e.conv(a, "Conv1d", l.Conv)
	case layers.Pool:
		return nil, a.name, e.pool(a, l)
	case layers.Delay:
		return nil, a.name, e.delay(a, l)
	case layers.DelayedLinear:
		return nil, "", refusal(a, "the format delays elements, not connections; layers.Delay before a layers.Linear can be exported")
	case layers.Dropout, layers.Noise:
		return a.x, "", nil
	case layers.BatchNorm:
		return nil, "", refusal(a, "it does not stand straight behind a Linear or a Conv2D, into which it could be folded")
	case layers.Sequential, layers.Concat, layers.Sum, layers.Residual, layers.Heads:
		return nil, "", errContainer
	case *Network:
		return nil, a.name, e.network(a, l)
	case layers.Func:
		return nil, "", refusal(a, "a function is no node of the format")
	case layers.Readout, layers.FirstSpike:
		return nil, "", refusal(a, "the format has no readouts")
	}
	if a.l == layers.Layer(layers.Flatten) {
		shape := a.x.Shape()[2:]
		return nil, a.name, e.add(a, a.x, "Flatten", map[string]Array{"input_type": shapeArray(shape), "start_dim": Of([]int64{0}), "end_dim": Of([]int64{-1})})
	}
	if inner := len(e.applied[a.y]) > 1; inner || a.l == layers.Layer(layers.Identity) {
		return nil, "", errContainer
	}
	return nil, "", refusal(a, "the format has no such node")
}

// add adds a node with what goes into it.
func (e *exporting) add(a applied, x *G.Node, kind string, params map[string]Array) error {
	return e.enter(a, x, &Node{Type: kind, Params: params})
}

func (e *exporting) enter(a applied, x *G.Node, n *Node) error {
	if a.name == "" {
		return refusal(a, "a layer that stands alone has no name; put it into a Sequential")
	}
	if e.g.Nodes[a.name] != nil {
		return refusal(a, "there is a node of this name already")
	}
	e.g.Nodes[a.name] = n
	return e.edges(x, a.name)
}

// arrayOf returns the values of a weight as an array of the given shape.
func arrayOf(n *G.Node, shape ...int) (Array, error) {
	if n == nil {
		return Array{}, errors.New("a weight is not found")
	}
	v := n.Value()
	if n.Op() != nil { // rounded weights
		m, err := machine.New(n)
		if err == nil {
			err = m.Run()
		}
		if err != nil {
			return Array{}, err
		}
		v = m.Value(0)
	}
	d, ok := v.(*tensor.Dense)
	if !ok {
		return Array{}, fmt.Errorf("%s has no value", n.Name())
	}
	switch v := d.Data().(type) {
	case []float32:
		return Of(slices.Clone(v), shape...), nil
	case []float64:
		return Of(slices.Clone(v), shape...), nil
	}
	return Array{}, fmt.Errorf("%s is of type %v, want float32 or float64", n.Name(), n.Dtype())
}

// matrix returns weights [in out] as the format has them, [out in].
func matrix(w *G.Node) (Array, error) {
	in, out := w.Shape()[0], w.Shape()[1]
	a, err := arrayOf(w, out, in)
	switch v := a.Data.(type) {
	case []float32:
		a.Data = transposed(v, in, out)
	case []float64:
		a.Data = transposed(v, in, out)
	}
	return a, err
}

func (e *exporting) linear(a applied) error {
	if a.x.Dims() != 3 {
		return refusal(a, "it maps the last axis of samples of shape %v, which the format has for samples of one axis: put a Flatten before it", []int(a.x.Shape()[2:]))
	}
	w, err := a.matrix()
	if err != nil {
		return err
	}
	b := a.weight("linear.b")
	if b == nil {
		return e.add(a, a.x, "Linear", map[string]Array{"weight": w})
	}
	bias, err := arrayOf(b, b.Shape()...)
	if err != nil {
		return err
	}
	return e.add(a, a.x, "Affine", map[string]Array{"weight": w, "bias": bias})
}

// matrix returns the weights of a Linear; where it has a Pattern, with zeros for the
// connections that are not there.
func (a applied) matrix() (Array, error) {
	w := a.weight("linear.w")
	if w == nil {
		return Array{}, refusal(a, "its weights linear.w are not found")
	}
	if w.Dims() == 2 {
		return matrix(w)
	}
	vs, err := arrayOf(w, w.Shape()...)
	if err != nil {
		return vs, err
	}
	values, err := vs.Floats()
	if err != nil {
		return vs, err
	}
	var ends [2][]float64
	for i, end := range []string{"linear.w.from", "linear.w.to"} {
		e, err := arrayOf(a.weight(end), len(values))
		if err == nil {
			ends[i], err = e.Floats()
		}
		if err != nil {
			return vs, err
		}
	}
	in, out := a.x.Shape()[2], a.y.Shape()[2]
	full := make([]float64, in*out)
	for k, v := range values {
		from, to := int(ends[0][k]), int(ends[1][k])
		if from < 0 || from >= in || to < 0 || to >= out {
			return vs, fmt.Errorf("connection %d is from %d to %d, of %d inputs and %d outputs", k, from, to, in, out)
		}
		full[to*in+from] = v
	}
	return Of(full, out, in).like(vs), nil
}

// weight returns the weight of a layer whose name ends so, nil if there is none.
func (a applied) weight(end string) *G.Node {
	seen := map[*G.Node]bool{a.x: true}
	var find func(n *G.Node) *G.Node
	find = func(n *G.Node) *G.Node {
		if seen[n] {
			return nil
		}
		seen[n] = true
		if n.Op() == nil && strings.HasSuffix("."+n.Name(), "."+end) {
			return n
		}
		for _, c := range ops.Children(n) {
			if w := find(c); w != nil {
				if _, ok := n.Op().(interface{ Rounds() }); ok && w == c && c == ops.Children(n)[0] {
					return n // they are used rounded
				}
				return w
			}
		}
		return nil
	}
	return find(a.y)
}

// settings returns the stride, padding and dilation of a convolution for each axis.
func settings(c connect.Conv, image, kernel []int) (stride, pad, dilation []int64, err error) {
	axes := []connect.Axis{{Stride: c.Stride, Pad: c.Pad, Dilation: c.Dilation}}
	axes = append(axes, axes[0])
	if c.Width != nil {
		axes[1] = *c.Width
	}
	for i, n := range image {
		s, d, p := cmp.Or(axes[i].Stride, 1), cmp.Or(axes[i].Dilation, 1), axes[i].Pad
		if c.Same {
			both := max(0, ((n+s-1)/s-1)*s+(kernel[i]-1)*d+1-n)
			if p = both / 2; both%2 != 0 {
				return nil, nil, nil, fmt.Errorf("padding Same adds %d pixels to %d, one more behind than before, and the format pads both sides alike", both, n)
			}
		}
		stride, pad, dilation = append(stride, int64(s)), append(pad, int64(p)), append(dilation, int64(d))
	}
	return stride, pad, dilation, nil
}

func (e *exporting) conv(a applied, kind string, c connect.Conv) error {
	kernels := a.weight("conv.w")
	if kernels == nil {
		return refusal(a, "its kernels conv.w are not found")
	}
	w, err := arrayOf(kernels, kernels.Shape()...)
	if err != nil {
		return err
	}
	bias := Array{[]int{w.Shape[0]}, make([]float32, w.Shape[0])}
	if b := a.weight("conv.b"); b != nil {
		if bias, err = arrayOf(b, w.Shape[0]); err != nil {
			return err
		}
	}
	image := a.x.Shape()[3:]
	stride, pad, dilation, err := settings(c, image, w.Shape[2:])
	if err != nil {
		return refusal(a, "%v", err)
	}
	return e.add(a, a.x, kind, map[string]Array{
		"weight": w, "bias": bias.like(w), "input_shape": shapeArray(image), "groups": Of([]int64{int64(max(c.Groups, 1))}),
		"stride": Of(stride, len(stride)), "padding": Of(pad, len(pad)), "dilation": Of(dilation, len(dilation)),
	})
}

func (e *exporting) pool(a applied, l layers.Pool) error {
	if l.Max {
		return refusal(a, "the format has no maximum of a window, but means and sums")
	}
	kind := "AvgPool2d"
	if l.Sum {
		kind = "SumPool2d"
	}
	width := cmp.Or(l.Width, l.Size)
	two := func(y, x int) Array { return Of([]int64{int64(y), int64(x)}, 2) }
	return e.add(a, a.x, kind, map[string]Array{
		"kernel_size": two(l.Size, width), "stride": two(cmp.Or(l.Stride, l.Size), cmp.Or(l.Stride, width)), "padding": two(l.Pad, l.Pad),
	})
}

// network adds the nodes of an imported network, with the weights that it has now.
func (e *exporting) network(a applied, n *Network) error {
	if n == nil || len(n.vs) == 0 {
		return refusal(a, "it is empty")
	}
	if n.readout != nil {
		return refusal(a, "it has a readout at its end; import it without metadata")
	}
	prefix := ""
	if a.name != "" {
		prefix = a.name + "."
	}
	if why := e.stranger(a, n); why != "" {
		return refusal(a, "%s", why)
	}
	begins := func(i int) bool { return len(n.ins) == 1 && i == n.ins[0] && n.vs[i].node.Type == "Input" }
	ends := func(i int) bool { return len(n.outs) == 1 && i == n.outs[0] && n.vs[i].node.Type == "Output" }
	before, err := e.sources(a.x)
	if err != nil {
		return err
	}
	// sum is a sum of the network in that which it is a part of.
	sum := func(terms []int) (names []string) {
		for _, u := range terms {
			switch {
			case u == plusAt:
				names = append(names, plus)
			case begins(u):
				names = append(names, before...)
			default:
				names = append(names, prefix+n.vs[u].name)
			}
		}
		return names
	}
	for i, v := range n.vs {
		if begins(i) || ends(i) {
			continue
		}
		if e.g.Nodes[prefix+v.name] != nil {
			return refusal(a, "there is a node %s already", prefix+v.name)
		}
		node := &Node{Type: v.node.Type, Params: maps.Clone(v.node.Params), Metadata: v.node.Metadata.withoutSum()}
		if err := v.renew(node, a.x.Graph(), prefix); err != nil {
			return err
		}
		e.g.Nodes[prefix+v.name] = node
	}
	e.names[a.y] = []string{prefix + n.vs[n.outs[0]].name}
	for i, v := range n.vs {
		outside := func(int) bool { return true }
		if l := n.loopWith(i); l != nil {
			outside = l.outside
		}
		terms := sum(v.terms(outside))
		switch {
		case begins(i):
			continue
		case ends(i):
			e.names[a.y] = terms
			continue
		case len(v.from) == 0 && len(n.ins) == 1: // of a network without an Input
			terms = before
		}
		noteSum(e.g.Nodes[prefix+v.name], terms)
		for _, u := range v.from {
			if !outside(u) {
				terms = append(slices.Clip(terms), prefix+n.vs[u].name)
			}
		}
		for _, from := range terms {
			if edge := (Edge{from, prefix + v.name}); from != plus {
				e.g.Edges = append(e.g.Edges, edge)
			}
		}
	}
	return nil
}

// stranger says why a network with several inputs or outputs cannot be where it is, "" if it can:
// its own are those of the whole.
func (e *exporting) stranger(a applied, n *Network) string {
	switch {
	case len(n.ins) > 1 && a.x != e.x:
		return "it has several inputs, and is not where the network begins"
	case len(n.outs) > 1 && a.y != e.y:
		return "it has several outputs, and is not where the network ends"
	}
	return ""
}

// renew gives a node the weights that the vertex has in a graph, in the precision of the
// array.
func (v *vertex) renew(n *Node, g *G.ExprGraph, prefix string) error {
	list, err := v.list()
	if err != nil {
		return err
	}
	for _, w := range list {
		if w.fixed {
			continue
		}
		b := layers.NewBuild(0)
		var found G.Nodes
		err := b.In(prefix+v.name, func() error { found = g.ByName(b.Name(w.name)); return nil })
		if err != nil || len(found) != 1 {
			return fmt.Errorf("node %s: its weight %s is there %d times", prefix+v.name, w.name, len(found))
		}
		a, err := arrayOf(found[0], n.Params[w.of].Shape...)
		if err != nil {
			return err
		}
		if v.node.Type == "Linear" || v.node.Type == "Affine" {
			if w.of == "weight" {
				if a, err = matrix(found[0]); err != nil {
					return err
				}
			}
		}
		n.Params[w.of] = a.like(n.Params[w.of])
	}
	return nil
}

// like returns a in the precision of another array.
func (a Array) like(b Array) Array {
	short, isShort := a.Data.([]float32)
	long, isLong := a.Data.([]float64)
	switch b.Data.(type) {
	case []float32:
		if isLong {
			short = make([]float32, len(long))
			for i, v := range long {
				short[i] = float32(v)
			}
			a.Data = short
		}
	default:
		if isShort {
			long = make([]float64, len(short))
			for i, v := range short {
				long[i] = float64(v)
			}
			a.Data = long
		}
	}
	return a
}
