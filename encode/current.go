package encode

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
)

// ConstantCurrentLIF turns values into regular spike trains: each value of x is
// a current that flows into a leaky integrate-and-fire neuron in every step. The
// neuron is that of neurons.LIFBoxStep, from a potential of 0 on.
//
// The shape of x is [batch, …, n] and that of the spikes [steps, batch, …, n].
// Gradients flow into x, summed over the steps, and into learnt parameters. An
// error says what is wrong with x, steps or p.
//
// W. Gerstner et al., Neuronal Dynamics (2014), §1.3.
func ConstantCurrentLIF(x *G.Node, steps int, p neurons.LIFBoxParams) (*G.Node, error) {
	z, err := constantCurrent(x, steps, p)
	if err != nil {
		return nil, fmt.Errorf("encode: constant current: %w", err)
	}
	return z, nil
}

// SpikeLatencyLIF is ConstantCurrentLIF with only the first spike of each
// neuron kept. The neuron goes on behind, and its later spikes are not seen.
// Gradients flow through the spikes of a step while none has come before it.
func SpikeLatencyLIF(x *G.Node, steps int, p neurons.LIFBoxParams) (*G.Node, error) {
	z, err := constantCurrent(x, steps, p)
	if err != nil {
		return nil, fmt.Errorf("encode: spike latency LIF: %w", err)
	}
	return SpikeLatency(z)
}

func constantCurrent(x *G.Node, steps int, p neurons.LIFBoxParams) (*G.Node, error) {
	b := begin("x", x)
	if steps <= 0 {
		b.Fail(fmt.Errorf("%d steps, want at least 1", steps))
	}
	s := neurons.BoxState{V: b.Fill(x, graph.Const(0))}
	if err := b.Err(); err != nil {
		return nil, err
	}
	xs := b.Expand(x, append([]int{steps}, x.Shape()...))
	if err := b.Err(); err != nil {
		return nil, err
	}
	run, err := graph.Scan(neurons.LIFBoxStep, xs, &s, p)
	if err != nil {
		return nil, err
	}
	return run.Out, nil
}
