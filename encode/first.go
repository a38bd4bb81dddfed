package encode

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// SpikeLatency keeps the first spike of each spike train, so that what is left
// of a train is its latency:
//
//	y[t] = x[t] if Σ y[s] ≤ 0 over all s < t, else 0
//
// The shape of x is [T, batch, …, n], that of y the same. The gradient is that
// of x where x passes, else 0. An error says what is wrong with x.
//
// Each call starts from rest. The layer layers.Lift(SpikeLatencyStep,
// SpikeLatencyParams{}) does the same and remembers from window to window and from
// step to step which trains have spiked.
//
// R. Van Rullen and S. J. Thorpe, Neural Computation 13 (2001), 1255.
func SpikeLatency(x *G.Node) (*G.Node, error) {
	run, err := graph.Scan(SpikeLatencyStep, x, nil, SpikeLatencyParams{})
	if err != nil {
		return nil, fmt.Errorf("encode: spike latency: %w", err)
	}
	return run.Out, nil
}

// SpikeLatencyState is what has passed before.
type SpikeLatencyState struct {
	Sum *G.Node
}

// SpikeLatencyParams are the parameters of SpikeLatencyStep: none.
type SpikeLatencyParams struct{}

// Rest returns the state in which nothing has passed.
func (SpikeLatencyParams) Rest(x *G.Node) (SpikeLatencyState, error) {
	var b graph.Builder
	return SpikeLatencyState{Sum: b.Fill(x, graph.Const(0))}, b.Err()
}

// SpikeLatencyStep is the graph.Step of SpikeLatency: x passes as long as nothing
// has passed,
//
//	y = x if sum ≤ 0, else 0
//	sum ← sum + y
//
// The shape of all is [batch, …, n]; an error says which of them differ.
func SpikeLatencyStep(x *G.Node, s SpikeLatencyState, _ SpikeLatencyParams) (y *G.Node, next SpikeLatencyState, err error) {
	b := graph.NewBuilder(x, &s)
	y = b.Mul(x, b.Not(b.Above(s.Sum, 0)))
	next.Sum = b.Add(s.Sum, y)
	if err := b.Err(); err != nil {
		return nil, SpikeLatencyState{}, fmt.Errorf("encode: spike latency step: %w", err)
	}
	return y, next, nil
}
