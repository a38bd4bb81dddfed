package feed

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/flat"
)

// Inputs are the inputs of a graph that a Feeder fills, and what it must know of them.
type Inputs struct {
	X, Y    *G.Node // samples and targets, of one segment
	Weights *G.Node // of the samples, [batch]
	Length  *G.Node // time steps of each sample in the segment
	Total   *G.Node // and in all

	Shape     []int // of a sample at one time step
	Steps     int   // of a sample, at most
	Batch     int
	Segment   int    // time steps of a segment
	Segments  int    // of a sample
	Carries   bool   // states are handed from one to the next
	Sequences bool   // targets are sequences
	Classes   int    // labels are from 0 to that; 0 if they are no classes
	Seed      uint64 // of evaluations

	CheckLengths func() error               // returns why samples may not have different lengths
	Lend         func(f func() error) error // runs f, which calls what somebody else has written
}

// whole returns the shape of all time steps.
func (in Inputs) whole() []int { return append([]int{in.Steps, in.Batch}, in.Shape...) }

// SetTarget puts a target of all samples in its place, where no Feeder does.
func (in Inputs) SetTarget(y []float32) error {
	if n := in.Y.Shape().TotalSize(); len(y) != n {
		return fmt.Errorf("the target has %d values, want %d of shape %v", len(y), n, []int(in.Y.Shape()))
	}
	if err := flat.Finite(y); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	if in.Classes > 0 {
		for b, v := range y {
			if v != float32(int(v)) || v < 0 || int(v) >= in.Classes {
				return fmt.Errorf("label %d is %v, want a class from 0 to %d", b, v, in.Classes-1)
			}
		}
	}
	flat.Set(in.Y.Value(), y)
	return nil
}
