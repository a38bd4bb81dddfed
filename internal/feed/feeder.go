package feed

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/limit"
)

// A Feeder loads batches of a data set into the inputs of a graph.
type Feeder struct {
	in      Inputs
	d       data.Dataset
	N       int           // samples
	targets data.Targeter // nil for labels
	enc     encode.Encoder
	// bySegment is the encoder where it encodes each segment as that is needed, in
	// which case sequence holds a segment, in float32 that in the model itself, and
	// seed is that of the spikes; else nil.
	bySegment encode.SegmentEncoder
	seed      uint64
	segmentIn *tensor.Dense // a segment; nil where there are lists of spikes
	spikes    *spikeFeed    // nil unless the model takes lists
	varied    data.Varied   // nil where all samples have all steps
	inTime    bool          // samples lie in memory time step by time step, and may be shorter
	Parts     *Parts        // nil where samples are whole sequences
	Present   []int         // samples of the present batch
	Labels    []int         // their labels, −1 for padding

	samples, sequence       []float32
	weights                 []float64 // of the samples
	target, one             []float32 // one is the target of one sample
	Steps, Length, Starts   []float32 // time steps of each sample, in all and in the present segment; whether a sequence starts
	perSample, perOneTarget int       // values
}

// New checks that the data set and the encoder fit the graph.
func New(in Inputs, d data.Dataset, enc encode.Encoder) (*Feeder, error) {
	if guard.IsNil(d) {
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
	if guard.IsNil(enc) {
		switch {
		case n == tensor.Shape(in.Shape).TotalSize():
			enc = encode.Repeat
		case slices.Equal(shape, append([]int{in.Steps}, in.Shape...)):
			enc = encode.Sequences(in.Batch)
		default:
			return nil, fmt.Errorf("samples have shape %v, the model takes %v at each of %d time steps; an encoder is missing",
				shape, in.Shape, in.Steps)
		}
	}
	f := &Feeder{
		in: in, d: d, N: count, enc: enc, Labels: make([]int, in.Batch),
		weights: make([]float64, in.Batch), Steps: make([]float32, in.Batch), Length: make([]float32, in.Batch),
		Starts: make([]float32, in.Batch), perSample: n, perOneTarget: in.Y.Shape().TotalSize() / in.Batch,
	}
	if e, ok := enc.(encode.SegmentEncoder); ok && in.Segments > 1 {
		f.bySegment = e
	}
	f.allocate()
	if in.Sequences {
		f.perOneTarget = f.perOneTarget / in.Segment * in.Steps
	}
	f.target = make([]float32, in.Batch*f.perOneTarget)
	var ok bool
	if f.varied, ok = d.(data.Varied); ok {
		f.inTime = inTime(enc, shape, in.Steps)
		if err := in.CheckLengths(); err != nil {
			return nil, fmt.Errorf("samples may have different lengths: %w", err)
		}
	}
	if c, ok := d.(data.Continued); ok {
		if f.Parts, err = newParts(f, c); err != nil {
			return nil, err
		}
	}
	if in.Y.Dims() == 1 {
		return f, nil
	}
	if f.targets, ok = d.(data.Targeter); !ok {
		return nil, fmt.Errorf("the loss wants targets of shape %v, which the data set does not have (a method Target)", []int(in.Y.Shape()))
	}
	f.one = make([]float32, f.perOneTarget)
	return f, nil
}

// Load puts the samples idx, at most a batch of them, into the model. Each counts
// 1/len(idx); the rest of the batch is zeros and does not count.
func (f *Feeder) Load(idx []int, r *rand.Rand) error {
	if err := f.Fetch(idx, r); err != nil {
		return err
	}
	return f.Put(0)
}

// Fetch reads the samples idx, and encodes them unless that is done segment by
// segment. Whoever gives them may use the model meanwhile.
func (f *Feeder) Fetch(idx []int, r *rand.Rand) error {
	clear(f.samples)
	f.spikes.clear()
	clear(f.target)
	clear(f.weights)
	f.Present = idx
	for b := range f.Labels {
		f.Labels[b], f.Steps[b] = -1, float32(f.in.Steps)
	}
	if _, fixed := f.enc.(interface{ Fixed() }); f.bySegment != nil && !fixed {
		f.seed = r.Uint64()
	}
	return f.in.Lend(func() error {
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

// Put puts segment k of the batch that is loaded into the model.
func (f *Feeder) Put(k int) error {
	if k == 0 {
		flat.Set(f.in.Weights.Value(), f.weights)
		flat.Set(f.in.Total.Value(), f.Steps)
	}
	from := k * f.in.Segment
	if err := f.putInput(k); err != nil {
		return err
	}
	if f.in.Sequences {
		f.segment(f.in.Y.Value(), f.target, from)
	} else if k == 0 {
		flat.Set(f.in.Y.Value(), f.target)
	}
	for b, steps := range f.Steps {
		f.Length[b] = min(max(steps-float32(from), 0), float32(f.in.Segment))
	}
	flat.Set(f.in.Length.Value(), f.Length)
	return nil
}

// segment copies the time steps of x [T, …] from the given one on to the tensor
// v, which may have more steps than are left: the rest is zeros.
func (f *Feeder) segment(v G.Value, x []float32, from int) {
	n := len(x) / f.in.Steps
	x = x[from*n : min(f.in.Steps, from+f.in.Segment)*n]
	if len(x) < f.in.Segment*n {
		v.(*tensor.Dense).Zero()
	}
	flat.Set(v, x)
}

// Target returns the target of sample b of the batch that is loaded: of a sequence those of the
// steps that it has, one after the other.
func (f *Feeder) Target(b int) []float64 {
	n, steps := f.perOneTarget, 1
	if f.in.Sequences {
		n, steps = n/f.in.Steps, int(f.Steps[b])
	}
	y := make([]float64, 0, steps*n)
	for t := range steps {
		for _, v := range f.target[(t*f.in.Batch+b)*n:][:n] {
			y = append(y, float64(v))
		}
	}
	return y
}

// LoadFrom loads the batch of evaluation that starts at the given sample, and
// returns the numbers of its samples.
func (f *Feeder) LoadFrom(from int) ([]int, error) {
	idx := make([]int, min(f.in.Batch, f.N-from))
	for i := range idx {
		idx[i] = from + i
	}
	return idx, f.Load(idx, Seeded(f.in.Seed, Evaluation, from))
}
