package main

import (
	"context"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat"

	"github.com/spikegrad/spikegrad/encode"
)

// A competition is what becomes of synapses with independent Poisson trains.
type competition struct {
	before, after []float32 // weights, between 0 and 1
	rate          []float64 // of the neuron in each second, Hz
	times         []float64 // of its spikes, ms
}

// near returns the shares of weights within a tenth of the lower and of the upper
// bound, and of those in the middle fifth.
func near(w []float32) (low, middle, high float64) {
	n := float64(len(w))
	for _, v := range w {
		switch {
		case v <= 0.1:
			low += 1 / n
		case v >= 0.9:
			high += 1 / n
		case v >= 0.4 && v <= 0.6:
			middle += 1 / n
		}
	}
	return low, middle, high
}

// irregularity returns the coefficient of variation of the intervals between the
// spikes of the second half: 0 for a clock, 1 for a Poisson process.
func (c competition) irregularity() float64 {
	half := float64(len(c.rate)*chunk) / 2
	var intervals []float64
	for i := 1; i < len(c.times); i++ {
		if c.times[i-1] >= half {
			intervals = append(intervals, c.times[i]-c.times[i-1])
		}
	}
	if len(intervals) < 2 {
		return 0
	}
	mean, sd := stat.MeanStdDev(intervals, nil)
	return sd / mean
}

// compete lets synapses with Poisson trains of a rate in Hz learn for some seconds,
// from weights drawn uniformly. If ctx ends, what there is so far is returned.
func compete(ctx context.Context, o options, each func(rate float64)) (c competition, err error) {
	rng := rand.New(rand.NewPCG(o.seed, 1))
	s, err := newSimulation(o.synapses, song(o.aPlus, 1.05, 0), rng)
	if err != nil {
		return c, err
	}
	w, err := s.weights()
	if err != nil {
		return c, err
	}
	for i := range w {
		w[i] = rng.Float32()
	}
	c.before = append(c.before, w...)
	x := make([]float32, o.synapses)
	for i := range x {
		x[i] = 1
	}
	p := encode.PoissonParams{FMax: o.rate, Dt: 1e-3}
	for range o.seconds {
		var spikes float64
		began := float64(len(c.rate) * chunk)
		err = s.run(ctx,
			func(dst []float32) error { return encode.Poisson(dst, x, chunk, p, rng) },
			func(t int) { spikes++; c.times = append(c.times, began+float64(t)) })
		if err != nil {
			break
		}
		c.rate = append(c.rate, spikes)
		each(spikes)
	}
	c.after = append(c.after, w...)
	return c, err
}
