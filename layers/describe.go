package layers

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/fields"
)

// A Description is a layer in words: its name in the network, and its kind with
// the settings that are not zero, "Linear{Out: 200}".
type Description struct{ Name, Settings string }

// Describe lists the layers of a network, in order. Of a container that contains
// itself it says so.
func Describe(l Layer) []Description { return describeIn("", l, nil) }

// describeIn describes l, which stands in the containers within.
func describeIn(name string, l Layer, within []*Layer) []Description {
	under := func(part string) string { return strings.TrimPrefix(name+"."+part, ".") }
	several := func(kind string, l []Layer) []Description {
		first := unsafe.SliceData(l) // so that one is known again
		if len(l) > 0 && slices.Contains(within, first) {
			return []Description{{name, "contains itself"}}
		}
		within := append(slices.Clip(within), first)
		var all []Description
		if kind != "" {
			all = append(all, Description{name, kind})
		}
		for i, part := range l {
			n := numbered(i, part)
			all = append(all, describeIn(under(n.name), n.Layer, within)...)
		}
		return all
	}
	switch l := l.(type) {
	case Sequential:
		return several("", l)
	case Concat:
		return several("Concat", l)
	case Sum:
		return several("Sum", l)
	case Heads:
		return several("Heads", l)
	case Residual:
		all := []Description{{name, l.String()}}
		if len(within) > mostNested {
			return append(all, Description{name, "contains itself"})
		}
		within = append(slices.Clip(within), nil) // a place in it
		all = append(all, describeIn(under("body"), l.Body, within)...)
		if l.Shortcut != nil {
			all = append(all, describeIn(under("shortcut"), l.Shortcut, within)...)
		}
		return all
	case Quantise:
		if len(within) > mostNested {
			return []Description{{name, "contains itself"}}
		}
		return append([]Description{{name, fmt.Sprintf("Quantise{%d bits}", l.Bits)}}, describeIn(name, l.Layer, append(slices.Clip(within), nil))...)
	case given:
		return describeIn(name, l.Layer, within)
	case *shared:
		if l == nil {
			return []Description{{name, "nil"}}
		}
		if slices.Contains(within, &l.layer) {
			return []Description{{name, "contains itself"}}
		}
		return append([]Description{{name, "shared " + l.name}}, describeIn(l.name, l.layer, append(slices.Clip(within), &l.layer))...)
	case named:
		return describeIn(under(l.name), l.Layer, within)
	case nil:
		return []Description{{name, "nil"}}
	}
	return []Description{{name, describe.Value(l)}}
}

// String returns the model of the neurons, and the parameters that are not zero.
func (l lifted) String() string {
	kind, p := "", l.own()
	if l.recurrent {
		if inner, err := fields.Field(p, "Inner"); err == nil {
			kind, p = "Recurrent ", inner
		}
	}
	if l.wiring != nil {
		if inner, err := fields.Field(p, "Inner"); err == nil {
			kind, p = "Recurrent through "+l.wiring.name+" ", inner
		}
	}
	fields := describe.Fields(p)
	for _, n := range l.learn {
		what := "learnt"
		if n.perNeuron {
			what = "learnt for each neuron"
		}
		if n.keep != (graph.Constraint{}) {
			what += " within " + n.keep.String()
		}
		fields = append(fields, n.name+" "+what)
	}
	for _, r := range l.regs {
		fields = append(fields, "regularised by "+describe.Value(r))
	}
	return kind + strings.TrimSuffix(describe.Name(p), "Params") + "{" + strings.Join(fields, ", ") + "}"
}
