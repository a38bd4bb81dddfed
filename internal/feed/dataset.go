package feed

import (
	"errors"
	"fmt"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/guard"
)

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

// CheckLen returns an error unless the data set still has as many samples as it had.
func (f *Feeder) CheckLen() error {
	n, err := lengthOf(f.d)
	if err == nil && n != f.N {
		err = fmt.Errorf("the data set had %d samples and has %d: their number must not change while they are used", f.N, n)
	}
	return err
}

// sample reads sample i, and returns its label.
func (f *Feeder) sample(i int, x []float32) (label int, err error) {
	err = guard.Call("Sample", "data set", f.d, func() (err error) { label, err = f.d.Sample(i, x); return err })
	return label, err
}

// stepsOf returns the number of time steps of sample i.
func (f *Feeder) stepsOf(i int) (steps int, err error) {
	if f.varied == nil {
		return f.in.Steps, nil
	}
	err = guard.Call("Steps", "data set", f.d, func() error { steps = f.varied.Steps(i); return nil })
	return steps, err
}

// PartOf returns the sequence of which sample i is a part, and which part.
func (f *Feeder) PartOf(c data.Continued, i int) (sequence, part int, err error) {
	err = guard.Call("Part", "data set", f.d, func() error { sequence, part = c.Part(i); return nil })
	return sequence, part, err
}

// Label reads the label of sample i.
func (f *Feeder) Label(i int) (int, error) { return f.sample(i, f.samples[:f.perSample]) }
