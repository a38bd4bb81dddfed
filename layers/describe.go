package layers

import (
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/describe"
)

// A Description is a layer in words: its name in the network, and its kind with
// the settings that are not zero, "Linear{Out: 200}".
type Description struct{ Name, Settings string }

// Describe lists the layers of a network, in order. Of a container that contains
// itself it says so.
func Describe(l Layer) []Description { return describeIn("", l, nil) }

// describeIn describes l, which stands in the containers within.
func describeIn(name string, l Layer, within []*Layer) []Description {
	switch l := l.(type) {
	case Sequential:
		first := unsafe.SliceData(l) // so that one is known again
		if len(l) > 0 && slices.Contains(within, first) {
			return []Description{{name, "contains itself"}}
		}
		within = append(slices.Clip(within), first)
		var all []Description
		for i, part := range l {
			at := strconv.Itoa(i)
			if n, ok := part.(named); ok {
				at, part = n.name, n.Layer
			}
			if name != "" {
				at = name + "." + at
			}
			all = append(all, describeIn(at, part, within)...)
		}
		return all
	case named:
		return describeIn(strings.TrimPrefix(name+"."+l.name, "."), l.Layer, within)
	case nil:
		return []Description{{name, "nil"}}
	}
	return []Description{{name, describe.Value(l)}}
}

// String returns the model of the neurons, and the parameters that are not zero.
func (l lifted[S, P]) String() string {
	kind, p := "", any(&l.p)
	if l.recurrent {
		if inner, err := graph.Field(&l.p, "Inner"); err == nil {
			kind, p = "Recurrent ", inner
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
