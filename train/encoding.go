package train

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// allocate makes the memory for samples and sequences on their way to the input of
// the model.
func (f *feeder) allocate() {
	if f.spikes = newSpikeFeed(f); f.spikes == nil || f.spikes.events == nil {
		f.samples = make([]float32, f.m.net.Batch*f.perSample)
	}
	switch {
	case f.spikes == nil:
		f.in = f.m.x.Value().(*tensor.Dense)
	case f.spikes.dense():
		f.in = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(f.m.x.Shape()...))
	default:
		return
	}
	switch {
	case f.bySegment == nil:
		f.sequence = make([]float32, tensor.Shape(f.m.net.inputShape()).TotalSize())
	case f.in.Dtype() == tensor.Float32:
		f.sequence = f.in.Float32s()
	default:
		f.sequence = make([]float32, f.in.DataSize())
	}
}

// encodeAll encodes all time steps.
func (f *feeder) encodeAll(r *rand.Rand) error {
	if !f.spikes.dense() {
		return f.spikes.encode(r)
	}
	err := guard.Call("Encode", "encoder", f.enc, func() error { return f.enc.Encode(f.sequence, f.samples, f.m.net.Steps, r) })
	if err != nil {
		return fmt.Errorf("encoder: %w", err)
	}
	return f.check(f.sequence, 0)
}

// check clears what the encoder wrote behind the length of each sample, and returns an
// error unless all else are finite numbers. The time steps in x begin at from.
func (f *feeder) check(x []float32, from int) error {
	n := tensor.Shape(f.m.net.Shape).TotalSize()
	for t := range len(x) / (f.m.net.Batch * n) {
		for b, steps := range f.steps {
			if from+t >= int(steps) {
				clear(x[(t*f.m.net.Batch+b)*n:][:n])
			}
		}
	}
	if err := allFinite(x); err != nil {
		return fmt.Errorf("encoder: %w", err)
	}
	return nil
}

// encode encodes segment k.
func (f *feeder) encode(k int) error {
	from := k * f.m.cut.steps
	steps := min(f.m.cut.steps, f.m.net.Steps-from)
	x := f.sequence[:steps*f.m.net.Batch*tensor.Shape(f.m.net.Shape).TotalSize()]
	r := rand.New(rand.NewPCG(f.seed, uint64(k)))
	err := guard.Call("EncodeSegment", "encoder", f.enc, func() error {
		return f.bySegment.EncodeSegment(x, f.samples, from, steps, f.m.net.Steps, r)
	})
	if err != nil {
		return fmt.Errorf("encoder: time steps %d to %d: %w", from, from+steps-1, err)
	}
	clear(f.sequence[len(x):])
	if err := f.check(x, from); err != nil {
		return err
	}
	if f.in.Dtype() != tensor.Float32 {
		set(f.in, f.sequence)
	}
	return nil
}

// putInput puts segment k into the input of the model.
func (f *feeder) putInput(k int) error {
	if f.spikes.dense() {
		if f.bySegment == nil {
			f.segment(f.in, f.sequence, k*f.m.cut.steps)
		} else if err := f.encode(k); err != nil {
			return err
		}
	}
	if f.spikes != nil {
		return f.spikes.put(k)
	}
	return nil
}
