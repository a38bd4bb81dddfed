package layers

import (
	"github.com/spikegrad/spikegrad/graph"
)

// Readouts turn a sequence [T, batch, …] into one value a sample, [batch, …].
var (
	Last         Layer = Func(graph.LastStep)     // the value at the last time step
	MaxOverTime  Layer = Func(graph.MaxOverTime)  // the largest value
	MeanOverTime Layer = Func(graph.MeanOverTime) // the mean
	SumOverTime  Layer = Func(graph.SumOverTime)  // the sum
	SpikeCount   Layer = Func(graph.SumOverTime)  // the number of spikes
)

// Flatten joins all axes behind the batch: [T, batch, c, h, w] becomes
// [T, batch, c·h·w].
var Flatten Layer = Func(graph.Flatten)
