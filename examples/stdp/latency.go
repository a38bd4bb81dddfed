package main

import (
	"context"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat"
)

// The inputs fire in volleys: in each of them, input i fires at 100 Hz for 20 ms,
// from its own latency on, which is the same in all volleys.
const (
	period  = 250 // from one volley to the next, ms
	onset   = 60  // mean latency, ms
	spread  = 15  // standard deviation of the latencies, ms
	burst   = 20  // of each input, ms
	burstHz = 100
	probes  = 60 // volleys to measure a response by
)

// A shortening is what learning makes of the response to volleys.
type shortening struct {
	latency       []float64 // of each input, ms
	weights       []float32 // after learning
	before, after response
	learning      []float64 // latency of the response to each volley while learning, ms; −1 for none
}

// A response is what a neuron with constant weights does with volleys.
type response struct {
	latency float64   // of the first spike, mean over the volleys that have one, ms
	spikes  float64   // per volley
	rate    []float64 // of each ms of the period, mean over the volleys, Hz
}

const startWeight = 0.2

// shorten lets a neuron learn from volleys, and compares its responses before and
// after with fixed weights. If ctx ends, what there is so far is returned.
func shorten(ctx context.Context, o options, each func()) (r shortening, err error) {
	rng := rand.New(rand.NewPCG(o.seed, 2))
	r.latency = make([]float64, o.synapses)
	for i := range r.latency {
		r.latency[i] = min(max(onset+spread*rng.NormFloat64(), 0), period-burst)
	}
	s, err := newSimulation(o.synapses, song(o.aPlus, 1.05, startWeight), rng)
	if err != nil {
		return r, err
	}
	fixed, err := newSimulation(o.synapses, song(0, 0, startWeight), rng)
	if err != nil {
		return r, err
	}
	volleys := func(dst []float32) error { volleys(dst, r.latency, rng); return nil }
	if r.before, err = measure(ctx, fixed, volleys, each); err != nil {
		return r, err
	}
	for range (o.volleys*period + chunk - 1) / chunk {
		first := make([]float64, chunk/period)
		for i := range first {
			first[i] = -1
		}
		if err = s.run(ctx, volleys, func(t int) {
			if v := t / period; first[v] < 0 {
				first[v] = float64(t % period)
			}
		}); err != nil {
			return r, err
		}
		r.learning = append(r.learning, first...)
		each()
	}
	learnt, err := s.weights()
	if err != nil {
		return r, err
	}
	r.weights = append(r.weights, learnt...)
	w, err := fixed.weights()
	if err != nil {
		return r, err
	}
	copy(w, learnt)
	r.after, err = measure(ctx, fixed, volleys, each)
	return r, err
}

// volleys writes the spikes of a chunk.
func volleys(dst []float32, latency []float64, rng *rand.Rand) {
	clear(dst)
	n := len(latency)
	for start := 0; start < chunk; start += period {
		for i, l := range latency {
			for t := start + int(l); t < start+int(l)+burst; t++ {
				if rng.Float64() < burstHz*1e-3 {
					dst[t*n+i] = 1
				}
			}
		}
	}
}

// measure returns the response of a neuron whose weights do not change.
func measure(ctx context.Context, s *simulation, volleys func([]float32) error, each func()) (r response, err error) {
	r.rate = make([]float64, period)
	var firsts []float64
	for range probes * period / chunk {
		last := -1
		if err := s.run(ctx, volleys, func(t int) {
			if t/period != last {
				last = t / period
				firsts = append(firsts, float64(t%period))
			}
			r.spikes += 1.0 / probes
			r.rate[t%period] += 1000.0 / probes
		}); err != nil {
			return r, err
		}
		each()
	}
	r.latency = stat.Mean(firsts, nil)
	return r, nil
}
