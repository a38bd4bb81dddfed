package layers

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Readouts turn a sequence [T, batch, …] into one value a sample, [batch, …]. Steps
// beyond the length of a sample do not count. In a window of a longer sequence they
// give what they have read so far.
var (
	Last         Layer = overTime{"last", (*Build).LastStep}               // the value at the last time step
	MaxOverTime  Layer = overTime{"max over time", (*Build).MaxOverTime}   // the largest value
	MeanOverTime Layer = overTime{"mean over time", (*Build).MeanOverTime} // the mean
	SumOverTime  Layer = overTime{"sum over time", (*Build).SumOverTime}   // the sum
	SpikeCount   Layer = overTime{"spike count", (*Build).SumOverTime}     // the number of spikes
)

// Flatten joins all axes behind the batch: [T, batch, c, h, w] becomes
// [T, batch, c·h·w].
var Flatten Layer = Func(graph.Flatten)

type overTime struct {
	name string
	read func(b *Build, x *G.Node) (*G.Node, error)
}

// Apply adds the readout.
func (r overTime) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes(r.name, x, "[T batch …]", 2, math.MaxInt); err != nil {
		return nil, err
	}
	y, err := r.read(b, x)
	if err != nil {
		return nil, b.errorf(r.name, "%w", err)
	}
	return y, nil
}
