package train

import (
	"errors"
	"fmt"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// A Targeter is a data set whose samples have a target tensor in place of a
// label. Target writes that of sample i to y, in the shape of the outputs for one
// sample: […], or [T, …] where they are sequences.
type Targeter interface {
	Target(i int, y []float32) error
}

// A Varied data set has sequences of different lengths. What a sample has behind
// its length, values, events and targets, is neither read nor counted, whatever it is,
// NaN too: not by readouts, losses, regularisers or metrics. Only an encoder of your own gets it to
// see, with the rest of the sample; what it makes of these time steps is not looked at.
// The network runs on with zeros.
type Varied interface {
	// Steps returns the number of time steps of sample i, from 1 to the model's.
	Steps(i int) int
}

// A Continued data set has sequences that are longer than the model's number of time
// steps, cut into samples. The network goes on with a sample where it stood at the
// end of the one before, for which the model needs a Window. Gradients end at the
// cut. In every epoch the sequences come in a new order, the parts of one always in
// theirs, and no two parts of one in one batch.
type Continued interface {
	// Part returns the sequence of which sample i is a part, and which part of it, 0
	// being the first.
	Part(i int) (sequence, part int)
}

// measure returns the number and the shape of the samples of a data set.
func measure(d data.Dataset) (n int, shape []int, err error) {
	if n, err = lengthOf(d); err != nil {
		return 0, nil, err
	}
	if n < 1 {
		return 0, nil, errors.New("the data set is empty")
	}
	err = guard.Call("Shape", "data set", d, func() error { shape = d.Shape(); return nil })
	return n, shape, err
}

func lengthOf(d data.Dataset) (n int, err error) {
	err = guard.Call("Len", "data set", d, func() error { n = d.Len(); return nil })
	return n, err
}

// checkLen returns an error unless the data set still has as many samples as it had.
func (f *feeder) checkLen() error {
	n, err := lengthOf(f.d)
	if err == nil && n != f.n {
		err = fmt.Errorf("the data set had %d samples and has %d: their number must not change while they are used", f.n, n)
	}
	return err
}

// sample reads sample i, and returns its label.
func (f *feeder) sample(i int, x []float32) (label int, err error) {
	err = guard.Call("Sample", "data set", f.d, func() (err error) { label, err = f.d.Sample(i, x); return err })
	return label, err
}

// stepsOf returns the number of time steps of sample i.
func (f *feeder) stepsOf(i int) (steps int, err error) {
	if f.varied == nil {
		return f.m.net.Steps, nil
	}
	err = guard.Call("Steps", "data set", f.d, func() error { steps = f.varied.Steps(i); return nil })
	return steps, err
}

// partOf returns the sequence of which sample i is a part, and which part.
func (f *feeder) partOf(c Continued, i int) (sequence, part int, err error) {
	err = guard.Call("Part", "data set", f.d, func() error { sequence, part = c.Part(i); return nil })
	return sequence, part, err
}
