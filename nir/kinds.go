package nir

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A field is an array that nodes of a type have.
type field struct {
	name     string
	whole    bool // whole numbers, or a text where text is set
	text     bool
	optional bool
}

func numbers(names ...string) (fs []field) {
	for _, n := range names {
		fs = append(fs, field{name: n})
	}
	return fs
}

func wholes(names ...string) (fs []field) {
	for _, n := range names {
		fs = append(fs, field{name: n, whole: true})
	}
	return fs
}

func maybe(names ...string) (fs []field) {
	for _, n := range names {
		fs = append(fs, field{name: n, optional: true})
	}
	return fs
}

// moving are the fields of a convolution.
var moving = slices.Concat(numbers("weight", "bias"), wholes("stride", "dilation", "groups"), []field{
	{name: "padding", whole: true, text: true},
	{name: "input_shape", whole: true, optional: true},
})

const subgraph = "NIRGraph"

// kinds are the types of nodes, with their arrays. Reset values are absent in files of
// old versions, which means 0.
var kinds = map[string][]field{
	"Input":     wholes("shape"),
	"Output":    wholes("shape"),
	"Affine":    numbers("weight", "bias"),
	"Linear":    numbers("weight"),
	"Scale":     numbers("scale"),
	"Conv1d":    moving,
	"Conv2d":    moving,
	"SumPool2d": wholes("kernel_size", "stride", "padding"),
	"AvgPool2d": wholes("kernel_size", "stride", "padding"),
	"Flatten":   wholes("input_type", "start_dim", "end_dim"),
	"Delay":     numbers("delay"),
	"Threshold": numbers("threshold"),
	"I":         numbers("r"),
	"IF":        append(numbers("r", "v_threshold"), maybe("v_reset")...),
	"LI":        numbers("tau", "r", "v_leak"),
	"LIF":       append(numbers("tau", "r", "v_leak", "v_threshold"), maybe("v_reset")...),
	"CubaLI":    numbers("tau_syn", "tau_mem", "r", "v_leak", "w_in"),
	"CubaLIF":   append(numbers("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "w_in"), maybe("v_reset")...),
	subgraph:    nil,
}

// Types lists the types of nodes.
func Types() []string { return slices.Sorted(maps.Keys(kinds)) }

// validate returns an error unless the node has the arrays of its type and no others.
func (n *Node) validate() error {
	if n == nil {
		return fmt.Errorf("it is nil")
	}
	fields, ok := kinds[n.Type]
	if !ok {
		return fmt.Errorf("type is %q, want one of %s", n.Type, strings.Join(Types(), ", "))
	}
	if (n.Graph != nil) != (n.Type == subgraph) {
		return fmt.Errorf("a node of type %s has a graph: %v", n.Type, n.Graph != nil)
	}
	for _, name := range slices.Sorted(maps.Keys(n.Params)) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			return fmt.Errorf("it has an array %s, which a node of type %s has not", name, n.Type)
		}
		a := n.Params[name]
		err := a.validate()
		if err == nil {
			err = fields[i].fits(a)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, f := range fields {
		if _, ok := n.Params[f.name]; !ok && !f.optional {
			return fmt.Errorf("it has no array %s, which a node of type %s has", f.name, n.Type)
		}
	}
	return n.alike()
}

func (f field) fits(a Array) error {
	var err error
	switch _, text := a.Data.([]string); {
	case f.text && text:
		if a.Len() != 1 || len(a.Shape) > 0 {
			err = fmt.Errorf("%d texts, want one", a.Len())
		}
	case f.whole:
		_, err = a.Ints()
	default:
		_, err = a.Floats()
	}
	return err
}

// alike returns an error unless the parameters of neurons have one shape, as the format
// asks, and weights have axes.
func (n *Node) alike() error {
	if w, ok := n.Params["weight"]; ok {
		axes := map[string]int{"Conv1d": 3, "Conv2d": 4}[n.Type]
		if axes > 0 && len(w.Shape) != axes || len(w.Shape) < 2 || w.Len() == 0 {
			return fmt.Errorf("weight: shape is %v, want %d axes of at least 1", w.Shape, max(axes, 2))
		}
		out := w.Shape[0]
		if axes == 0 {
			out = w.Shape[len(w.Shape)-2]
		}
		if b, ok := n.Params["bias"]; ok && b.Len() != out {
			return fmt.Errorf("bias: shape is %v, want [%d]", b.Shape, out)
		}
		return nil
	}
	first := population(n.Type)
	if first == "" {
		return nil
	}
	shape := n.Params[first].Shape
	for _, f := range kinds[n.Type] {
		a, ok := n.Params[f.name]
		switch scalar := len(a.Shape) == 0; {
		case !ok || scalar && f.name != first:
		case !slices.Equal(a.Shape, shape):
			return fmt.Errorf("%s: shape is %v, that of %s is %v, want the same", f.name, a.Shape, first, shape)
		}
	}
	return nil
}

// population returns the name of the array whose shape is that of the neurons, "" where a
// node has no such.
func population(kind string) string {
	switch kind {
	case "Scale":
		return "scale"
	case "Delay":
		return "delay"
	case "Threshold":
		return "threshold"
	case "I", "IF":
		return "r"
	case "LI", "LIF":
		return "tau"
	case "CubaLI", "CubaLIF":
		return "tau_mem"
	}
	return ""
}
