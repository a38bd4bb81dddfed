package feed

import (
	"fmt"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// read reads sample i, with its label or target, into place b of the batch.
func (f *Feeder) read(b, i int) error {
	if f.varied != nil {
		steps, err := f.stepsOf(i)
		if err != nil {
			return err
		}
		if steps < 1 || steps > f.in.Steps {
			return fmt.Errorf("it has %d time steps, want 1 to %d", steps, f.in.Steps)
		}
		f.Steps[b] = float32(steps)
	}
	label, err := f.readInput(b, i)
	if err != nil {
		return err
	}
	if f.targets != nil {
		return f.readTarget(b, i)
	}
	if label < 0 {
		return fmt.Errorf("label is %d, want at least 0", label)
	}
	if f.in.Classes > 0 && label >= f.in.Classes {
		return fmt.Errorf("label is %d, want a class from 0 to %d", label, f.in.Classes-1)
	}
	f.Labels[b], f.target[b] = label, float32(label)
	return nil
}

// readInput reads the values or the events of sample i, as far as it goes, and returns
// its label.
func (f *Feeder) readInput(b, i int) (label int, err error) {
	if f.spikes != nil && f.spikes.events != nil {
		return f.spikes.read(b, i)
	}
	x := f.samples[b*f.perSample : (b+1)*f.perSample]
	if label, err = f.sample(i, x); err != nil {
		return 0, err
	}
	if f.inTime {
		x = x[:len(x)/f.in.Steps*int(f.Steps[b])]
	}
	return label, flat.Finite(x)
}

// readTarget reads the target of sample i into place b of [batch, …], or of
// [T, batch, …] where the outputs are sequences: the time steps that the sample has.
func (f *Feeder) readTarget(b, i int) error {
	clear(f.one)
	err := guard.Call("Target", "data set", f.d, func() error { return f.targets.Target(i, f.one) })
	if err != nil {
		return err
	}
	n, steps := f.perOneTarget, 1
	if f.in.Sequences {
		n, steps = n/f.in.Steps, int(f.Steps[b])
	}
	if err := flat.Finite(f.one[:steps*n]); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	for t := range steps {
		copy(f.target[(t*f.in.Batch+b)*n:], f.one[t*n:(t+1)*n])
	}
	return nil
}

// inTime reports whether samples of a shape, which an encoder is for, have so many time
// steps in memory, one after the other.
func inTime(enc encode.Encoder, shape []int, steps int) bool {
	if e, ok := enc.(interface{ InTime() bool }); ok {
		return e.InTime()
	}
	return len(shape) > 1 && shape[0] == steps
}
