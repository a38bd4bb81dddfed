package feed

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// allocate makes the memory for samples and sequences on their way to the input of
// the model.
func (f *Feeder) allocate() {
	if f.spikes = newSpikeFeed(f); f.spikes == nil || f.spikes.events == nil {
		f.samples = make([]float32, f.in.Batch*f.perSample)
	}
	switch {
	case f.spikes == nil:
		f.segmentIn = f.in.X.Value().(*tensor.Dense)
	case f.spikes.dense():
		f.segmentIn = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(f.in.X.Shape()...))
	default:
		return
	}
	switch {
	case f.bySegment == nil:
		f.sequence = make([]float32, tensor.Shape(f.in.whole()).TotalSize())
	case f.segmentIn.Dtype() == tensor.Float32:
		f.sequence = f.segmentIn.Float32s()
	default:
		f.sequence = make([]float32, f.segmentIn.DataSize())
	}
}

// encodeAll encodes all time steps.
func (f *Feeder) encodeAll(r *rand.Rand) error {
	if !f.spikes.dense() {
		return f.spikes.encode(r)
	}
	err := guard.Call("Encode", "encoder", f.enc, func() error { return f.enc.Encode(f.sequence, f.samples, f.in.Steps, r) })
	if err != nil {
		return fmt.Errorf("encoder: %w", err)
	}
	return f.check(f.sequence, 0)
}

// check clears what the encoder wrote behind the length of each sample, and returns an
// error unless all else are finite numbers. The time steps in x begin at from.
func (f *Feeder) check(x []float32, from int) error {
	n := tensor.Shape(f.in.Shape).TotalSize()
	for t := range len(x) / (f.in.Batch * n) {
		for b, steps := range f.Steps {
			if from+t >= int(steps) {
				clear(x[(t*f.in.Batch+b)*n:][:n])
			}
		}
	}
	if err := flat.Finite(x); err != nil {
		return fmt.Errorf("encoder: %w", err)
	}
	return nil
}

// encode encodes segment k.
func (f *Feeder) encode(k int) error {
	from := k * f.in.Segment
	steps := min(f.in.Segment, f.in.Steps-from)
	x := f.sequence[:steps*f.in.Batch*tensor.Shape(f.in.Shape).TotalSize()]
	r := rand.New(rand.NewPCG(f.seed, uint64(k)))
	err := guard.Call("EncodeSegment", "encoder", f.enc, func() error {
		return f.bySegment.EncodeSegment(x, f.samples, from, steps, f.in.Steps, r)
	})
	if err != nil {
		return fmt.Errorf("encoder: time steps %d to %d: %w", from, from+steps-1, err)
	}
	clear(f.sequence[len(x):])
	if err := f.check(x, from); err != nil {
		return err
	}
	if f.segmentIn.Dtype() != tensor.Float32 {
		flat.Set(f.segmentIn, f.sequence)
	}
	return nil
}

// putInput puts segment k into the input of the model.
func (f *Feeder) putInput(k int) error {
	if f.spikes.dense() {
		if f.bySegment == nil {
			f.segment(f.segmentIn, f.sequence, k*f.in.Segment)
		} else if err := f.encode(k); err != nil {
			return err
		}
	}
	if f.spikes != nil {
		return f.spikes.put(k)
	}
	return nil
}
