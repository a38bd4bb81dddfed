package encode

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// FilterParams are the parameters of an exponential filter.
type FilterParams struct {
	Decay graph.Param // what is left of a value after one step, exp(−dt/τ)
}

// FilterState is the state of an exponential filter.
type FilterState struct {
	Value *G.Node
}

// Rest returns the value 0.
func (p FilterParams) Rest(x *G.Node) (FilterState, error) {
	var b graph.Builder
	return FilterState{Value: b.Fill(x, graph.Const(0))}, b.Err()
}

// FilterStep is a graph.Step that smooths a sequence with an exponential
// kernel:
//
//	value ← decay value + x
//
// The output is the new value. The shape of all is [batch, …, n]; an error says
// which of them differ.
func FilterStep(x *G.Node, s FilterState, p FilterParams) (value *G.Node, next FilterState, err error) {
	b := graph.NewBuilder(x, &s)
	value = b.Add(b.Scale(s.Value, p.Decay), x)
	if err := b.Err(); err != nil {
		return nil, FilterState{}, fmt.Errorf("encode: filter step: %w", err)
	}
	return value, FilterState{Value: value}, nil
}
