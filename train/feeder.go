package train

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/limit"
)

// A feeder loads batches of a data set into the inputs of a model.
type feeder struct {
	m       *Model
	d       data.Dataset
	n       int      // samples
	targets Targeter // nil for labels
	enc     Encoder
	// bySegment is the encoder where it encodes each segment as that is needed, in
	// which case sequence holds a segment, in float32 that in the model itself, and
	// seed is that of the spikes; else nil.
	bySegment SegmentEncoder
	seed      uint64
	in        *tensor.Dense // a segment; nil where there are lists of spikes
	spikes    *spikeFeed    // nil unless the model takes lists
	varied    Varied        // nil where all samples have all steps
	inTime    bool          // samples lie in memory time step by time step, and may be shorter
	parts     *parts        // nil where samples are whole sequences
	present   []int         // samples of the present batch
	labels    []int         // their labels, −1 for padding

	samples, sequence       []float32
	weights                 []float64 // of the samples
	target, one             []float32 // one is the target of one sample
	steps, length, starts   []float32 // time steps of each sample, in all and in the present segment; whether a sequence starts
	perSample, perOneTarget int       // values
}

// newFeeder checks that the data set and the encoder fit the model.
func newFeeder(m *Model, d data.Dataset, enc Encoder) (*feeder, error) {
	if isNil(d) {
		return nil, errors.New("the data set is nil")
	}
	count, shape, err := measure(d)
	if err != nil {
		return nil, err
	}
	if count > limit.Most {
		return nil, fmt.Errorf("the data set has %d samples, want at most %d", count, limit.Most)
	}
	if len(shape) > 0 && slices.Min(shape) < 1 {
		return nil, fmt.Errorf("samples have shape %v, want axes of at least 1", shape)
	}
	n, err := limit.Elements(shape...)
	if err != nil {
		return nil, fmt.Errorf("samples: %w", err)
	}
	if isNil(enc) {
		switch {
		case n == tensor.Shape(m.net.Shape).TotalSize():
			enc = Repeat
		case slices.Equal(shape, append([]int{m.net.Steps}, m.net.Shape...)):
			enc = Sequences(m.net.Batch)
		default:
			return nil, fmt.Errorf("samples have shape %v, the model takes %v at each of %d time steps; an encoder is missing",
				shape, m.net.Shape, m.net.Steps)
		}
	}
	f := &feeder{
		m: m, d: d, n: count, enc: enc, labels: make([]int, m.net.Batch),
		weights: make([]float64, m.net.Batch), steps: make([]float32, m.net.Batch), length: make([]float32, m.net.Batch),
		starts: make([]float32, m.net.Batch), perSample: n, perOneTarget: m.y.Shape().TotalSize() / m.net.Batch,
	}
	if e, ok := enc.(SegmentEncoder); ok && m.cut.segments > 1 {
		f.bySegment = e
	}
	f.allocate()
	if m.sequences() {
		f.perOneTarget = f.perOneTarget / m.cut.steps * m.net.Steps
	}
	f.target = make([]float32, m.net.Batch*f.perOneTarget)
	var ok bool
	if f.varied, ok = d.(Varied); ok {
		f.inTime = inTime(enc, shape, m.net.Steps)
		if err := m.checkTime(true); err != nil {
			return nil, fmt.Errorf("samples may have different lengths: %w", err)
		}
	}
	if c, ok := d.(Continued); ok {
		if f.parts, err = newParts(f, c); err != nil {
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
	if err := f.fetch(idx, r); err != nil {
		return err
	}
	return f.put(0)
}

// fetch reads the samples idx, and encodes them unless that is done segment by
// segment. Whoever gives them may use the model meanwhile.
func (f *feeder) fetch(idx []int, r *rand.Rand) error {
	clear(f.samples)
	f.spikes.clear()
	clear(f.target)
	clear(f.weights)
	f.present = idx
	for b := range f.labels {
		f.labels[b], f.steps[b] = -1, float32(f.m.net.Steps)
	}
	if _, fixed := f.enc.(fixedEncoder); f.bySegment != nil && !fixed {
		f.seed = r.Uint64()
	}
	return f.m.use.Lend(func() error {
		for b, i := range idx {
			if err := f.read(b, i); err != nil {
				return fmt.Errorf("sample %d: %w", i, err)
			}
			f.weights[b] = 1 / float64(len(idx))
		}
		if f.bySegment == nil {
			return f.encodeAll(r)
		}
		return nil
	})
}

// put puts segment k of the batch that is loaded into the model.
func (f *feeder) put(k int) error {
	if k == 0 {
		set(f.m.w.Value(), f.weights)
		set(f.m.total.Value(), f.steps)
	}
	from := k * f.m.cut.steps
	if err := f.putInput(k); err != nil {
		return err
	}
	if f.m.sequences() {
		f.segment(f.m.y.Value(), f.target, from)
	} else if k == 0 {
		set(f.m.y.Value(), f.target)
	}
	for b, steps := range f.steps {
		f.length[b] = min(max(steps-float32(from), 0), float32(f.m.cut.steps))
	}
	set(f.m.length.Value(), f.length)
	return nil
}

// segment copies the time steps of x [T, …] from the given one on to the tensor
// v, which may have more steps than are left: the rest is zeros.
func (f *feeder) segment(v G.Value, x []float32, from int) {
	n := len(x) / f.m.net.Steps
	x = x[from*n : min(f.m.net.Steps, from+f.m.cut.steps)*n]
	if len(x) < f.m.cut.steps*n {
		v.(*tensor.Dense).Zero()
	}
	set(v, x)
}

// loadFrom loads the batch of evaluation that starts at the given sample, and
// returns the numbers of its samples.
func (f *feeder) loadFrom(from int) ([]int, error) {
	idx := make([]int, min(f.m.net.Batch, f.n-from))
	for i := range idx {
		idx[i] = from + i
	}
	return idx, f.load(idx, seeded(f.m.net.Seed, evaluation, from))
}
