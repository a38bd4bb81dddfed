package nir

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spikegrad/spikegrad/internal/h5"
	"github.com/spikegrad/spikegrad/internal/limit"
)

func compareEdges(a, b Edge) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) }

// Check returns an error unless Python's nir would read the network with its type check:
// every node has the arrays of its type, every edge is between nodes that are there, and
// the shapes at its ends are the same.
func (g *Graph) Check() error {
	_, err := g.Shapes()
	return err
}

// A Shape is what goes into a node and what comes out of it, without batch and time.
type Shape struct{ In, Out []int }

// Shapes returns the shapes of all nodes, as they are declared or as they follow from the
// nodes before. Nil are those that do not follow from anything. An error says where the
// network is wrong.
func (g *Graph) Shapes() (map[string]Shape, error) {
	if g == nil {
		return nil, errors.New("nir: the graph is nil")
	}
	s, err := g.shapes("", 0)
	if err != nil {
		return nil, fmt.Errorf("nir: %w", err)
	}
	return s, nil
}

// dangling returns an error if an edge is from or to a node that is not there.
func (g *Graph) dangling(path string) error {
	for _, e := range g.edges() {
		for _, end := range []string{e.From, e.To} {
			if g.Nodes[end] == nil {
				return fmt.Errorf("%sthe edge from %q to %q: there is no node %q, have %s", path, e.From, e.To, end, strings.Join(g.names(), ", "))
			}
		}
	}
	for _, name := range g.names() {
		if n := g.Nodes[name]; n.Graph != nil {
			if err := n.Graph.dangling(path + "graph " + name + ": "); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *Graph) shapes(path string, depth int) (map[string]Shape, error) {
	if depth > mostDeep {
		return nil, fmt.Errorf("%s…: graphs stand one in the other more than %d times: does one contain itself?", path[:min(len(path), 200)], mostDeep)
	}
	if path == "" {
		if err := g.valid(path, 0); err != nil {
			return nil, err
		}
	}
	at := map[string]Shape{}
	var next []string // whose output is known
	set := func(name string, in []int) error {
		s, err := g.Nodes[name].shape(in, path+name+": ", depth)
		if err != nil {
			return fmt.Errorf("%snode %s: %w", path, name, err)
		}
		at[name] = s
		if s.Out != nil {
			next = append(next, name)
		}
		return nil
	}
	for _, name := range g.names() {
		if err := set(name, nil); err != nil {
			return nil, err
		}
	}
	to := map[string][]string{}
	for _, e := range g.edges() {
		to[e.From] = append(to[e.From], e.To)
	}
	for len(next) > 0 {
		from := next[0]
		next = next[1:]
		for _, name := range to[from] {
			out, in := at[from].Out, at[name].In
			if in == nil {
				if err := set(name, out); err != nil {
					return nil, err
				}
				continue
			}
			if !slices.Equal(in, out) {
				return nil, fmt.Errorf("%sthe edge from %q to %q: the shape %v goes into %v", path, from, name, out, in)
			}
		}
	}
	return at, nil
}

// valid returns an error unless each node has what its type asks for.
func (g *Graph) valid(path string, depth int) error {
	if depth > mostDeep {
		return fmt.Errorf("%s…: graphs stand one in the other more than %d times: does one contain itself?", path[:min(len(path), 200)], mostDeep)
	}
	for _, name := range g.names() {
		n := g.Nodes[name]
		if err := h5.ValidName(name); err != nil {
			return fmt.Errorf("%s%w", path, err)
		}
		err := n.validate()
		if err == nil && n.Graph != nil {
			if err = n.Graph.valid(path+"graph "+name+": ", depth+1); err != nil {
				return err
			}
		}
		if err != nil {
			return fmt.Errorf("%snode %s: %w", path, name, err)
		}
	}
	if depth == 0 {
		return g.dangling(path)
	}
	return nil
}

// port returns the one node of a type, Input or Output, in a graph.
func (g *Graph) port(kind string) (string, error) {
	var found []string
	for _, name := range g.names() {
		if g.Nodes[name].Type == kind {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d nodes of type %s %q, want one", len(found), kind, found)
	}
	return found[0], nil
}

// shape returns what the node says of its shapes, or what follows from that of its input,
// if that is not nil.
func (n *Node) shape(in []int, path string, depth int) (s Shape, err error) {
	ints := func(name string) (v []int) {
		if a, ok := n.Params[name]; ok && err == nil {
			v, err = a.Ints()
		}
		return v
	}
	w := n.Params["weight"].Shape
	switch n.Type {
	case "Input", "Output":
		s.In = ints("shape")
		s.Out = s.In
		for _, d := range s.In {
			if d < 1 {
				return s, fmt.Errorf("shape is %v, want axes of at least 1", s.In)
			}
		}
		return s, err
	case "Affine", "Linear":
		lead := slices.Clone(w[:len(w)-2])
		return Shape{append(slices.Clip(lead), w[len(w)-1]), append(slices.Clip(lead), w[len(w)-2])}, nil
	case "Conv1d", "Conv2d":
		return n.convolved(in)
	case "SumPool2d", "AvgPool2d":
		return n.pooled(in)
	case "Flatten":
		return n.flattened(in)
	case subgraph:
		inner, err := n.Graph.shapes(path, depth+1)
		if err != nil {
			return s, err
		}
		from, err := n.Graph.port("Input")
		if err != nil {
			return s, err
		}
		to, err := n.Graph.port("Output")
		if err != nil {
			return s, err
		}
		return Shape{inner[from].In, inner[to].Out}, nil
	}
	shape := n.Params[population(n.Type)].Shape
	return Shape{shape, shape}, nil
}

// A sliding is how a window goes over one axis.
type sliding struct{ kernel, stride, pad, dilation int }

// over returns the length of what comes out of n elements.
func (s sliding) over(n int) (int, error) {
	m := (n+2*s.pad-s.dilation*(s.kernel-1)-1)/max(s.stride, 1) + 1
	if s.kernel < 1 || s.stride < 1 || s.dilation < 1 || s.pad < 0 || n+2*s.pad < s.dilation*(s.kernel-1)+1 || m < 1 {
		return 0, fmt.Errorf("a window of %d with stride %d, padding %d and dilation %d over %d elements", s.kernel, s.stride, s.pad, s.dilation, n)
	}
	return m, nil
}

// axes returns an array of one whole number for each of n axes; one stands for all.
func (n *Node) axes(name string, count int) ([]int, error) {
	v, err := n.Params[name].Ints()
	if err == nil && len(v) == 1 {
		v = slices.Repeat(v, count)
	}
	if err == nil && len(v) != count {
		err = fmt.Errorf("%d numbers, want %d", len(v), count)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// slides returns how the kernel of a convolution goes over each axis.
func (n *Node) slides() ([]sliding, error) {
	kernel := n.Params["weight"].Shape[2:]
	stride, err := n.axes("stride", len(kernel))
	if err != nil {
		return nil, err
	}
	dilation, err := n.axes("dilation", len(kernel))
	if err != nil {
		return nil, err
	}
	pad := make([]int, len(kernel))
	if how, ok := n.Params["padding"].Data.([]string); ok {
		switch how[0] {
		case "valid":
		case "same":
			for i, k := range kernel {
				reach := dilation[i] * (k - 1)
				if stride[i] != 1 || reach%2 != 0 {
					return nil, fmt.Errorf("padding: same, with a kernel of %v, dilation %v and stride %v: it is the same on both sides for odd kernels and stride 1 alone", kernel, dilation, stride)
				}
				pad[i] = reach / 2
			}
		default:
			return nil, fmt.Errorf("padding: it is %q, want numbers, same or valid", how[0])
		}
	} else if pad, err = n.axes("padding", len(kernel)); err != nil {
		return nil, err
	}
	var ss []sliding
	for i, k := range kernel {
		ss = append(ss, sliding{k, stride[i], pad[i], dilation[i]})
	}
	return ss, nil
}

func (n *Node) convolved(in []int) (s Shape, err error) {
	w := n.Params["weight"].Shape
	groups, err := n.axes("groups", 1)
	if err != nil {
		return s, err
	}
	if groups[0] < 1 || w[0]%groups[0] != 0 {
		return s, fmt.Errorf("groups: %d, for %d channels", groups[0], w[0])
	}
	ss, err := n.slides()
	if err != nil {
		return s, err
	}
	if _, ok := n.Params["input_shape"]; ok {
		image, err := n.axes("input_shape", len(ss))
		if err != nil {
			return s, err
		}
		want := append([]int{w[1] * groups[0]}, image...)
		if in != nil && !slices.Equal(in, want) {
			return s, fmt.Errorf("the input has the shape %v, want %v", in, want)
		}
		in = want
	}
	if in == nil {
		return s, nil
	}
	if len(in) != len(ss)+1 || in[0] != w[1]*groups[0] {
		return s, fmt.Errorf("the input has the shape %v, want %d channels and %d axes more", in, w[1]*groups[0], len(ss))
	}
	out := []int{w[0]}
	for i, k := range ss {
		m, err := k.over(in[i+1])
		if err != nil {
			return s, err
		}
		out = append(out, m)
	}
	return Shape{in, out}, nil
}

// window returns how the window of a pooling goes over both axes.
func (n *Node) window() (ss []sliding, err error) {
	var of [3][]int
	for i, name := range []string{"kernel_size", "stride", "padding"} {
		if of[i], err = n.axes(name, 2); err != nil {
			return nil, err
		}
	}
	for i := range 2 {
		ss = append(ss, sliding{of[0][i], of[1][i], of[2][i], 1})
	}
	return ss, nil
}

func (n *Node) pooled(in []int) (s Shape, err error) {
	ss, err := n.window()
	if err != nil || in == nil {
		return s, err
	}
	if len(in) != 3 {
		return s, fmt.Errorf("the input has the shape %v, want [channels height width]", in)
	}
	out := []int{in[0]}
	for i, k := range ss {
		m, err := k.over(in[i+1])
		if err != nil {
			return s, err
		}
		out = append(out, m)
	}
	return Shape{in, out}, nil
}

func (n *Node) flattened(in []int) (s Shape, err error) {
	want, err := n.Params["input_type"].Ints()
	if err != nil {
		return s, err
	}
	if in != nil && !slices.Equal(in, want) {
		return s, fmt.Errorf("the input has the shape %v, want %v", in, want)
	}
	first, err := n.axes("start_dim", 1)
	if err != nil {
		return s, err
	}
	last, err := n.axes("end_dim", 1)
	if err != nil {
		return s, err
	}
	from, to := first[0], last[0]
	if from < 0 {
		from += len(want)
	}
	if to < 0 {
		to += len(want)
	}
	if from < 0 || to < from || to >= len(want) {
		return s, fmt.Errorf("axes %d to %d of the shape %v", first[0], last[0], want)
	}
	n1, err := limit.Elements(want[from : to+1]...)
	if err == nil && n1 < 1 {
		err = errors.New("want axes of at least 1")
	}
	if err != nil {
		return s, fmt.Errorf("input_type: %v: %w", want, err)
	}
	return Shape{want, slices.Concat(want[:from], []int{n1}, want[to+1:])}, nil
}
