// Package encode turns data into spike trains.
//
// Encoders of plain data write to a slice, [T, batch, …], before it goes into a
// graph. They allocate nothing, carry no gradient, and work on float32 and
// float64 alike:
//
//   - [Poisson], and [PoissonSpikes] as lists: random spikes at a rate proportional
//     to the value, signed or not;
//   - [LinearLatency], [LogLatency]: one spike, the earlier the larger the value.
//
// A data set's samples go into a network by an [Encoder], which package train asks:
// [PoissonParams] and [Func] are some, [Repeat] and [Sequences] take values as they are.
//
// They take their randomness from a generator, so that the same seed gives the
// same spikes:
//
//	r := rand.New(rand.NewPCG(1, 0))
//	err := encode.Poisson(spikes, pixels, 25, encode.DefaultPoissonParams(), r)
//
// Encoders that are nodes of a graph are differentiable, so that what comes
// before them can be learnt:
//
//   - [ConstantCurrentLIF], [SpikeLatencyLIF]: the value is the current into a
//     neuron, whose spikes, or whose first, are the code;
//   - [SpikeLatency]: of each train, the first spike;
//   - [Population]: neurons that prefer values spaced evenly, with [GaussianRBF]
//     and [SquaredDistance] to build others.
//
// The way back: [Sum] counts spikes, [SpikeTimes] finds when they are, and
// [FilterStep] smooths them.
//
// Receptive fields are kernels to convolve an image with, made of parameters
// that can be learnt: [SpatialReceptiveField] and [SpatialReceptiveFields], of
// [CovarianceMatrix] and [GaussianKernel]; [SpatialParameters] and
// [TemporalScales] lay them out.
package encode
