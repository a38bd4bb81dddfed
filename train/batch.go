package train

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	G "gorgonia.org/gorgonia"
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
	if f == nil {
		return errors.New("train: the encoder is nil")
	}
	return f(dst, x, steps, r)
}

// Repeat presents a sample at every time step: a constant current.
var Repeat Encoder = EncoderFunc(func(dst, x []float32, steps int, _ *rand.Rand) error {
	if steps < 1 || len(x) == 0 || len(dst)%steps != 0 || len(dst)/steps != len(x) {
		return fmt.Errorf("samples have %d values, %d time steps have %d", len(x), steps, len(dst))
	}
	for t := range steps {
		copy(dst[t*len(x):], x)
	}
	return nil
})

// Sequences is the Encoder of batches of samples that are sequences already,
// [T, …].
func Sequences(batch int) Encoder {
	return EncoderFunc(func(dst, x []float32, steps int, _ *rand.Rand) error {
		if batch < 1 || steps < 1 || len(x) == 0 || len(dst) != len(x) || len(x)/batch/steps*batch*steps != len(x) {
			return fmt.Errorf("%d samples have %d values, %d time steps of them have %d", batch, len(x), steps, len(dst))
		}
		n := len(x) / batch / steps
		for b := range batch {
			for t := range steps {
				copy(dst[(t*batch+b)*n:][:n], x[(b*steps+t)*n:])
			}
		}
		return nil
	})
}

// A Targeter is a data set whose samples have a target tensor in place of a
// label. Target writes that of sample i to y, in the shape of the outputs for one
// sample: […], or [T, …] where they are sequences.
type Targeter interface {
	Target(i int, y []float32) error
}

// A feeder loads batches of a data set into the inputs of a model.
type feeder struct {
	m       *Model
	d       data.Dataset
	targets Targeter // nil for labels
	enc     Encoder
	varied  Varied // nil where all samples have all steps
	parts   *parts // nil where samples are whole sequences
	present []int  // samples of the present batch
	labels  []int  // their labels, −1 for padding

	samples, sequence       []float32
	target, one, weights    []float32 // one is the target of one sample
	steps, length, starts   []float32 // time steps of each sample, in all and in the present segment; whether a sequence starts
	perSample, perOneTarget int       // values
}

// newFeeder checks that the data set and the encoder fit the model.
func newFeeder(m *Model, d data.Dataset, enc Encoder) (*feeder, error) {
	if isNil(d) {
		return nil, errors.New("the data set is nil")
	}
	if d.Len() < 1 {
		return nil, errors.New("the data set is empty")
	}
	shape := d.Shape()
	n := 1
	for _, k := range shape {
		if k < 1 || n > maxInput/k {
			return nil, fmt.Errorf("samples have shape %v, want axes of at least 1 and at most %d values", shape, maxInput)
		}
		n *= k
	}
	if isNil(enc) {
		switch {
		case n == tensor.Shape(m.Shape).TotalSize():
			enc = Repeat
		case slices.Equal(shape, append([]int{m.Steps}, m.Shape...)):
			enc = Sequences(m.Batch)
		default:
			return nil, fmt.Errorf("samples have shape %v, the model takes %v at each of %d time steps; an encoder is missing",
				shape, m.Shape, m.Steps)
		}
	}
	f := &feeder{
		m: m, d: d, enc: enc, labels: make([]int, m.Batch),
		samples: make([]float32, m.Batch*n), sequence: make([]float32, tensor.Shape(m.inputShape()).TotalSize()),
		weights: make([]float32, m.Batch), steps: make([]float32, m.Batch), length: make([]float32, m.Batch),
		starts: make([]float32, m.Batch), perSample: n, perOneTarget: m.y.Shape().TotalSize() / m.Batch,
	}
	if m.sequences() {
		f.perOneTarget = f.perOneTarget / m.cut.steps * m.Steps
	}
	f.target = make([]float32, m.Batch*f.perOneTarget)
	var ok bool
	if f.varied, ok = d.(Varied); ok {
		if err := readsInWindows(m.out); err != nil {
			return nil, fmt.Errorf("samples may have different lengths: %w", err)
		}
	}
	if c, ok := d.(Continued); ok {
		var err error
		if f.parts, err = newParts(d, c, m); err != nil {
			return nil, err
		}
	}
	if m.y.Dims() == 1 {
		return f, nil
	}
	if f.targets, ok = d.(Targeter); !ok {
		return nil, fmt.Errorf("the loss wants targets of shape %v, which the data set does not have (a method Target)", []int(m.y.Shape()))
	}
	f.one = make([]float32, f.perOneTarget)
	return f, nil
}

// load puts the samples idx, at most a batch of them, into the model. Each counts
// 1/len(idx); the rest of the batch is zeros and does not count.
func (f *feeder) load(idx []int, r *rand.Rand) error {
	clear(f.samples)
	clear(f.target)
	clear(f.weights)
	f.present = idx
	for b := range f.labels {
		f.labels[b], f.steps[b] = -1, float32(f.m.Steps)
	}
	for b, i := range idx {
		if err := f.read(b, i); err != nil {
			return fmt.Errorf("sample %d: %w", i, err)
		}
		f.weights[b] = 1 / float32(len(idx))
	}
	if err := f.enc.Encode(f.sequence, f.samples, f.m.Steps, r); err != nil {
		return fmt.Errorf("encoder: %w", err)
	}
	if err := allFinite(f.sequence); err != nil {
		return fmt.Errorf("encoder: %w", err)
	}
	f.cutOff()
	set(f.m.w.Value(), f.weights)
	set(f.m.total.Value(), f.steps)
	f.put(0)
	return nil
}

// cutOff clears what the encoder wrote behind the length of each sample.
func (f *feeder) cutOff() {
	n := len(f.sequence) / (f.m.Steps * f.m.Batch)
	for b, steps := range f.steps {
		for t := int(steps); t < f.m.Steps; t++ {
			clear(f.sequence[(t*f.m.Batch+b)*n:][:n])
		}
	}
}

// put puts segment k of the batch that is loaded into the model.
func (f *feeder) put(k int) {
	from := k * f.m.cut.steps
	f.segment(f.m.x.Value(), f.sequence, from)
	if f.m.sequences() {
		f.segment(f.m.y.Value(), f.target, from)
	} else if k == 0 {
		set(f.m.y.Value(), f.target)
	}
	for b, steps := range f.steps {
		f.length[b] = min(max(steps-float32(from), 0), float32(f.m.cut.steps))
	}
	set(f.m.length.Value(), f.length)
}

// segment copies the time steps of x [T, …] from the given one on to the tensor
// v, which may have more steps than are left: the rest is zeros.
func (f *feeder) segment(v G.Value, x []float32, from int) {
	n := len(x) / f.m.Steps
	x = x[from*n : min(f.m.Steps, from+f.m.cut.steps)*n]
	if len(x) < f.m.cut.steps*n {
		v.(*tensor.Dense).Zero()
	}
	set(v, x)
}

// loadFrom loads the batch of evaluation that starts at the given sample, and
// returns the numbers of its samples.
func (f *feeder) loadFrom(from int) ([]int, error) {
	idx := make([]int, min(f.m.Batch, f.d.Len()-from))
	for i := range idx {
		idx[i] = from + i
	}
	return idx, f.load(idx, seeded(f.m.Seed, evaluation, from))
}

// read reads sample i, with its label or target, into place b of the batch.
func (f *feeder) read(b, i int) error {
	x := f.samples[b*f.perSample : (b+1)*f.perSample]
	label, err := f.d.Sample(i, x)
	if err != nil {
		return err
	}
	if err := allFinite(x); err != nil {
		return err
	}
	if f.varied != nil {
		steps := f.varied.Steps(i)
		if steps < 1 || steps > f.m.Steps {
			return fmt.Errorf("it has %d time steps, want 1 to %d", steps, f.m.Steps)
		}
		f.steps[b] = float32(steps)
	}
	if f.targets != nil {
		return f.readTarget(b, i)
	}
	if label < 0 {
		return fmt.Errorf("label is %d, want at least 0", label)
	}
	if f.m.classifies() {
		if classes := f.m.out.Shape()[1]; label >= classes {
			return fmt.Errorf("label is %d, want a class from 0 to %d", label, classes-1)
		}
	}
	f.labels[b], f.target[b] = label, float32(label)
	return nil
}

// readTarget reads the target of sample i into place b of [batch, …], or of
// [T, batch, …] where the outputs are sequences.
func (f *feeder) readTarget(b, i int) error {
	clear(f.one)
	if err := f.targets.Target(i, f.one); err != nil {
		return err
	}
	if err := allFinite(f.one); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	steps := 1
	if f.m.sequences() {
		steps = f.m.Steps
	}
	n := f.perOneTarget / steps
	for t := range steps {
		copy(f.target[(t*f.m.Batch+b)*n:], f.one[t*n:(t+1)*n])
	}
	return nil
}

// allFinite returns an error that names the first value that is NaN or infinite.
func allFinite(x []float32) error {
	if vec.For[float32]().Finite(x) {
		return nil
	}
	for i, v := range x {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("value %d is %v, want a finite number", i, v)
		}
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
