package encode

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// An Encoder turns samples into sequences: x holds samples one after the other,
// as the data set gives them, and dst takes [T, batch, …]. r is seeded for the
// batch; an encoder that draws from it and from nothing else gives the same
// sequences in every run.
type Encoder interface {
	Encode(dst, x []float32, steps int, r *rand.Rand) error
}

// A SegmentEncoder can encode any stretch of time alone. A Network with a Segment or a
// Window asks for one stretch after the other, and for each of them again backward,
// so that a long sequence never is in memory as a whole.
type SegmentEncoder interface {
	Encoder

	// EncodeSegment writes the time steps from, …, from+steps−1 of total to dst. r is
	// seeded for the batch and the stretch: asked again, it gives the same.
	EncodeSegment(dst, x []float32, from, steps, total int, r *rand.Rand) error
}

// A SpikeEncoder is an Encoder that can write its sequences as lists of spikes, as
// PoissonParams can. A Network with SpikeInput asks it for them.
type SpikeEncoder interface {
	Encoder

	// EncodeSpikes makes dst, of shape [steps, batch, …], the lists of what Encode
	// writes for as many steps.
	EncodeSpikes(dst *connect.Spikes, x []float32, r *rand.Rand) error
}

// Func is a function as an Encoder.
type Func func(dst, x []float32, steps int, r *rand.Rand) error

// Encode calls f.
func (f Func) Encode(dst, x []float32, steps int, r *rand.Rand) error {
	if f == nil {
		return errors.New("encode: the encoder is nil")
	}
	return f(dst, x, steps, r)
}

// Stationary makes a SegmentEncoder of an encoder to which all time steps are alike
// and independent of each other, such as one that draws Poisson spikes.
func Stationary(e Encoder) SegmentEncoder { return stationary{e} }

type stationary struct{ Encoder }

// Unwrap returns the encoder that was given.
func (s stationary) Unwrap() Encoder { return s.Encoder }

// InTime reports whether samples have time steps.
func (stationary) InTime() bool { return false }

// Encode calls the encoder.
func (s stationary) Encode(dst, x []float32, steps int, r *rand.Rand) error {
	if guard.IsNil(s.Encoder) {
		return errors.New("encode: the encoder is nil")
	}
	return s.Encoder.Encode(dst, x, steps, r)
}

// EncodeSegment encodes so many steps, wherever they are.
func (s stationary) EncodeSegment(dst, x []float32, _, steps, _ int, r *rand.Rand) error {
	return s.Encode(dst, x, steps, r)
}

// Repeat presents a sample at every time step: a constant current.
var Repeat Encoder = repeat{}

type repeat struct{}

// Fixed says that it draws nothing.
func (repeat) Fixed() {}

// InTime reports whether samples have time steps.
func (repeat) InTime() bool { return false }

// Encode copies the samples to every step.
func (repeat) Encode(dst, x []float32, steps int, _ *rand.Rand) error {
	if steps < 1 || len(x) == 0 || len(dst)%steps != 0 || len(dst)/steps != len(x) {
		return fmt.Errorf("samples have %d values, %d time steps have %d", len(x), steps, len(dst))
	}
	for t := range steps {
		copy(dst[t*len(x):], x)
	}
	return nil
}

// EncodeSegment copies the samples to every step.
func (e repeat) EncodeSegment(dst, x []float32, _, steps, _ int, r *rand.Rand) error {
	return e.Encode(dst, x, steps, r)
}

// Sequences is the Encoder of batches of samples that are sequences already,
// [T, …].
func Sequences(batch int) Encoder { return sequences{batch} }

type sequences struct{ batch int }

// Fixed says that it draws nothing.
func (sequences) Fixed() {}

// InTime reports whether samples have time steps.
func (sequences) InTime() bool { return true }

// Encode puts time before the batch.
func (s sequences) Encode(dst, x []float32, steps int, r *rand.Rand) error {
	return s.EncodeSegment(dst, x, 0, steps, steps, r)
}

// EncodeSegment puts time before the batch.
func (s sequences) EncodeSegment(dst, x []float32, from, steps, total int, _ *rand.Rand) error {
	n := 0
	if s.batch > 0 && total > 0 {
		n = len(x) / s.batch / total
	}
	if n < 1 || n*s.batch*total != len(x) || from < 0 || steps < 1 || from > total-steps || len(dst) != n*s.batch*steps {
		return fmt.Errorf("%d samples have %d values, %d time steps of them have %d", s.batch, len(x), steps, len(dst))
	}
	for b := range s.batch {
		for t := range steps {
			copy(dst[(t*s.batch+b)*n:][:n], x[(b*total+from+t)*n:])
		}
	}
	return nil
}
