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
// R. Van Rullen and S. J. Thorpe, Neural Computation 13 (2001), 1255.
func SpikeLatency(x *G.Node) (*G.Node, error) {
	run, err := graph.Scan(firstStep, x, nil, firstParams{})
	if err != nil {
		return nil, fmt.Errorf("encode: spike latency: %w", err)
	}
	return run.Out, nil
}

// firstState is what has passed before.
type firstState struct {
	Sum *G.Node
}

type firstParams struct{}

func (firstParams) Rest(x *G.Node) (firstState, error) {
	var b graph.Builder
	return firstState{Sum: b.Fill(x, graph.Const(0))}, b.Err()
}

func firstStep(x *G.Node, s firstState, _ firstParams) (y *G.Node, next firstState, err error) {
	b := graph.NewBuilder(x, &s)
	y = b.Mul(x, b.Not(b.Above(s.Sum, 0)))
	next.Sum = b.Add(s.Sum, y)
	return y, next, b.Err()
}
