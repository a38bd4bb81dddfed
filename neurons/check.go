package neurons

import "github.com/spikegrad/spikegrad/internal/steps"

// Check reports what is wrong with the parameters in a struct. It goes by the names of
// the fields, those of embedded structs included:
//
//   - every number is finite
//   - Dt is positive
//   - Tau…Inv, the inverse of a time constant, is not negative, and with Euler
//     below 2/Dt, where that turns unstable
//   - DeltaT and RhoReset are not negative, and a DeltaT with a node is not 0
//   - VTh lies above VReset, to which a spike takes the potential; with a VPeak that
//     is given, VPeak does, and lies at VTh or above it, and where it lies above there
//     is a DeltaT that takes the potential there
//
// Of a parameter with a node, which is learnt or has a value for each neuron, all the
// values are checked that it has when the graph is built, as its constraint makes them;
// where training takes them is another matter, so one of graph.Param.Trained passes, as
// does a node without a value. Every step of this package checks its parameters when its graph is built.
func Check(p any) error { return steps.Check(p) }
