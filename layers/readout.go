package layers

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// A Readout is a layer that turns a sequence [T, batch, …] into one value a sample,
// [batch, …]. Steps beyond the length of a sample do not count. In a window of a longer
// sequence it gives what it has read so far.
type Readout uint8

const (
	Last         Readout = iota // the value at the last time step
	MaxOverTime                 // the largest value
	MeanOverTime                // the mean
	SumOverTime                 // the sum
	SpikeCount                  // the number of spikes
)

var readouts = [...]struct {
	name string
	read func(b *Build, x *G.Node) (*G.Node, error)
}{
	Last:         {"last", (*Build).LastStep},
	MaxOverTime:  {"max over time", (*Build).MaxOverTime},
	MeanOverTime: {"mean over time", (*Build).MeanOverTime},
	SumOverTime:  {"sum over time", (*Build).SumOverTime},
	SpikeCount:   {"spike count", (*Build).SumOverTime},
}

// String returns the name of the readout, by which it goes in files.
func (r Readout) String() string {
	if int(r) < len(readouts) {
		return readouts[r].name
	}
	return fmt.Sprintf("readout %d", uint8(r))
}

// Apply adds the readout.
func (r Readout) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes(r.String(), x, "[T batch …]", 2, math.MaxInt); err != nil {
		return nil, err
	}
	if int(r) >= len(readouts) {
		return nil, b.errorf(r.String(), "there is none of this number, want Last to SpikeCount")
	}
	y, err := readouts[r].read(b, x)
	if err != nil {
		return nil, b.errorf(r.String(), "%w", err)
	}
	return y, nil
}

// Flatten is a layer that joins all axes behind the batch: [T, batch, c, h, w] becomes
// [T, batch, c·h·w].
const Flatten flatten = 0

type flatten uint8

// String returns the name by which the layer goes in files.
func (flatten) String() string { return "Flatten" }

// Apply joins the axes.
func (flatten) Apply(b *Build, x *G.Node) (*G.Node, error) { return Func(graph.Flatten).Apply(b, x) }
