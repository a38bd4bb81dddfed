package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// An Encoder turns samples into sequences: x holds samples one after the other,
// as the data set gives them, and dst takes [T, batch, …]. r is seeded for the
// batch; an encoder that draws from it and from nothing else gives the same
// sequences in every run.
type Encoder interface {
	Encode(dst, x []float32, steps int, r *rand.Rand) error
}

// EncoderFunc is a function as an Encoder.
type EncoderFunc func(dst, x []float32, steps int, r *rand.Rand) error

// Encode calls f.
func (f EncoderFunc) Encode(dst, x []float32, steps int, r *rand.Rand) error {
	return f(dst, x, steps, r)
}

// Repeat presents a sample at every time step: a constant current.
var Repeat Encoder = EncoderFunc(func(dst, x []float32, steps int, _ *rand.Rand) error {
	if len(dst) != steps*len(x) {
		return fmt.Errorf("samples have %d values, %d time steps have %d", len(x), steps, len(dst))
	}
	for t := range steps {
		copy(dst[t*len(x):], x)
	}
	return nil
})

// A Targeter is a data set whose samples have a target tensor in place of a
// label.
type Targeter interface {
	Target(i int, y []float32) error
}

// Sequences is the Encoder of samples that are sequences already, [T, …].
func Sequences(batch int) Encoder {
	return EncoderFunc(func(dst, x []float32, steps int, _ *rand.Rand) error {
		if batch < 1 || len(dst) != len(x) || len(x)%(batch*steps) != 0 {
			return fmt.Errorf("%d samples have %d values, %d time steps of them have %d", batch, len(x), steps, len(dst))
		}
		n := len(x) / (batch * steps)
		for b := range batch {
			for t := range steps {
				copy(dst[(t*batch+b)*n:][:n], x[(b*steps+t)*n:])
			}
		}
		return nil
	})
}

// A feeder loads batches of a data set into the inputs of a model.
type feeder struct {
	m        *Model
	d        data.Dataset
	enc      Encoder
	samples  []float32
	sequence []float32
	target   []float32
	Labels   []int // of the present batch, −1 for padding
}

// newFeeder checks that the data set and the encoder fit the model.
func newFeeder(m *Model, d data.Dataset, enc Encoder) (*feeder, error) {
	if d == nil {
		return nil, fmt.Errorf("train: the data set is nil")
	}
	if d.Len() < 1 {
		return nil, fmt.Errorf("train: the data set is empty")
	}
	shape := d.Shape()
	n := 1
	for _, k := range shape {
		n *= k
	}
	if enc == nil {
		switch {
		case slices.Equal(shape, append([]int{m.Steps}, m.Shape...)):
			enc = Sequences(m.Batch)
		case n == tensor.Shape(m.Shape).TotalSize():
			enc = Repeat
		default:
			return nil, fmt.Errorf("train: samples have shape %v, the model takes %v at each of %d time steps; an encoder is missing",
				shape, m.Shape, m.Steps)
		}
	}
	f := &feeder{m: m, d: d, enc: enc, Labels: make([]int, m.Batch)}
	f.samples = make([]float32, m.Batch*n)
	f.sequence = make([]float32, m.x.Shape().TotalSize())
	if _, ok := d.(Targeter); !ok && m.y.Dims() != 1 {
		return nil, fmt.Errorf("train: the loss wants targets of shape %v, which the data set does not have (a method Target)", []int(m.y.Shape()))
	}
	f.target = make([]float32, m.y.Shape().TotalSize())
	return f, nil
}

// load puts the samples idx, at most a batch of them, into the model. Each counts
// 1/len(idx).
func (f *feeder) load(idx []int, r *rand.Rand) error {
	m := f.m
	n := len(f.samples) / m.Batch
	clear(f.samples)
	clear(f.target)
	weights := make([]float32, m.Batch)
	for b := range m.Batch {
		f.Labels[b] = -1
		if b >= len(idx) {
			continue
		}
		if err := f.sample(b, idx[b], f.samples[b*n:(b+1)*n]); err != nil {
			return fmt.Errorf("sample %d: %w", idx[b], err)
		}
		weights[b] = 1 / float32(len(idx))
	}
	if !vec.For[float32]().Finite(f.samples) {
		for i, v := range f.samples {
			if x := float64(v); math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("sample %d: value %d is %v, want a finite number", idx[i/n], i%n, v)
			}
		}
	}
	if err := f.enc.Encode(f.sequence, f.samples, m.Steps, r); err != nil {
		return fmt.Errorf("encoder: %w", err)
	}
	if !vec.For[float32]().Finite(f.sequence) {
		return fmt.Errorf("encoder: a value is not finite")
	}
	set(m.x.Value(), f.sequence)
	set(m.y.Value(), f.target)
	set(m.w.Value(), weights)
	return nil
}

// sample reads sample i into x, and its target into place b of the batch.
func (f *feeder) sample(b, i int, x []float32) error {
	label, err := f.d.Sample(i, x)
	if err != nil {
		return err
	}
	if t, ok := f.d.(Targeter); ok && f.m.y.Dims() != 1 {
		return f.readTarget(t, b, i)
	}
	if classes := f.m.out.Shape()[1]; label < 0 || label >= classes {
		return fmt.Errorf("label is %d, want a class from 0 to %d", label, classes-1)
	}
	f.Labels[b] = label
	f.target[b] = float32(label)
	return nil
}

// readTarget reads the target of sample i into place b of [batch, …], or of
// [T, batch, …] where the outputs are sequences.
func (f *feeder) readTarget(t Targeter, b, i int) error {
	batch := f.m.Batch
	n := len(f.target) / batch
	y := make([]float32, n)
	if err := t.Target(i, y); err != nil {
		return err
	}
	if !vec.For[float32]().Finite(y) {
		return fmt.Errorf("a target value is not finite")
	}
	outer := 1
	if f.m.y.Shape()[0] != batch || f.m.sequenceTarget() {
		outer = f.m.Steps
	}
	for k := range outer {
		copy(f.target[(k*batch+b)*n/outer:][:n/outer], y[k*n/outer:])
	}
	return nil
}

// set copies x to the elements of a tensor of float32 or float64.
func set(v any, x []float32) {
	switch d := v.(*tensor.Dense).Data().(type) {
	case []float32:
		copy(d, x)
	case []float64:
		for i, f := range x {
			d[i] = float64(f)
		}
	}
}
