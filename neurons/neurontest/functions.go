package neurontest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// functions are those without a state.
var functions = map[string]func(b *graph.Builder, in map[string]*G.Node) *G.Node{
	"reset_value":         reset(neurons.ResetValue),
	"reset_subtract":      reset(neurons.ResetSubtract),
	"spike_accumulator":   accumulator(wrap.SpikeAccumulator[neurons.BoxState]),
	"voltage_accumulator": accumulator(wrap.VoltageAccumulator[neurons.BoxState]),
}

func reset(r neurons.Reset) func(*graph.Builder, map[string]*G.Node) *G.Node {
	return func(b *graph.Builder, in map[string]*G.Node) *G.Node {
		return r.Apply(b, in["z"], in["v"], graph.Learn(in["reset"]), graph.Learn(in["th"]))
	}
}

func accumulator(a wrap.Accumulator[neurons.BoxState]) func(*graph.Builder, map[string]*G.Node) *G.Node {
	return func(b *graph.Builder, in map[string]*G.Node) *G.Node {
		return a(b, in["z"], neurons.BoxState{V: in["v"]}, in["reg"])
	}
}

// Functions lists the functions whose reference cases Reference checks: the
// names of the registered models, and those that are no model of their own.
func Functions() []string {
	names := append(models.Names(), "lift", "regularize_step")
	for name := range functions {
		names = append(names, name)
	}
	for name := range constants {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Owns reports whether a case is for Reference to check: it is of one of
// Functions, and not about the parameters of another package.
func Owns(c graphtest.Case) bool {
	if c.Function == "default_parameters" && slices.Contains(otherClasses, c.Name) {
		return false
	}
	return slices.Contains(Functions(), c.Function)
}

// functionReference checks a case of a function without a state.
func functionReference(t *testing.T, c graphtest.Case, dt tensor.Dtype) {
	r := &refCase{t: t, c: c, g: G.NewGraph(), dt: dt, inputs: map[string]*G.Node{}}
	for name, a := range c.Inputs {
		if name == "reg" && len(a.Shape) == 0 {
			a.Shape = []int{1} // what accumulates is never a scalar here
		}
		r.input(name, a)
	}
	require.Empty(t, c.Params)
	require.Len(t, c.Outputs, 1)
	var b graph.Builder
	y := functions[c.Function](&b, r.inputs)
	require.NoError(t, b.Err())
	for name := range c.Outputs {
		r.compare(map[string]*G.Node{name: y})
	}
}
