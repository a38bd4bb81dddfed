package main

import (
	"math/rand/v2"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

const (
	side   = 28               // pixels
	dwell  = 8                // ms for each row
	cue    = 16               // ms behind the image, in which to answer
	steps  = side*dwell + cue // of 1 ms
	inputs = side + 1         // a row, and the cue
	hidden = 100
	batch  = 100
)

// rows presents images from top to bottom, a row of pixels at a time as currents,
// and then the cue.
var rows = encode.Func(func(dst, x []float32, steps int, _ *rand.Rand) error {
	n := len(x) / (side * side)
	clear(dst)
	for b := range n {
		for t := range steps {
			in := dst[(t*n+b)*inputs:][:inputs]
			if row := t / dwell; row < side {
				copy(in, x[(b*side+row)*side:][:side])
			} else {
				in[side] = 1
			}
		}
	}
	return nil
})

// A kind is a network with or without adaptive neurons.
type kind struct {
	name     string
	adaptive int // of the hidden neurons
}

var kinds = []kind{{"plain", 0}, {"adaptive", hidden / 2}}

// newModel returns the network 29-100-10 of a kind. Weights, threshold and
// surrogate are on the scale of the authors'; the answer is the state of the
// readout at the end.
func newModel(k kind, seed uint64) (*train.Model, error) {
	const threshold, tauAdapt, beta = 0.03, 0.7, 1.8
	p := neurons.DefaultLSNNParams()
	p.TauSynInv = graph.Const(1 / p.Dt) // an input lasts one step: no synapses
	p.TauMemInv = graph.Const(1 / 20e-3)
	p.TauAdaptInv = graph.Const(1 / tauAdapt)
	p.VTh = graph.Const(threshold)
	p.ResetMethod = neurons.ResetSubtract
	p.Spike = surrogate.Triangle{Alpha: 0.3 / threshold, Width: threshold}
	jumps := make(layers.Values, hidden)
	for i := hidden - k.adaptive; i < hidden; i++ {
		jumps[i] = beta * p.Dt / tauAdapt // of a low-pass filter of the spikes
	}
	// The readout is the spikes' postsynaptic potentials, which decay within 20 ms.
	readout := neurons.DefaultLIParams()
	readout.TauSynInv = graph.Const(1 / 20e-3)
	readout.TauMemInv = graph.Const(1 / readout.Dt)
	return train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: hidden},
			layers.Named("hidden", layers.Recurrent(neurons.LSNNStep, p,
				layers.Each(jumps, "Beta"),
				layers.Regularise(layers.Rate{Upper: 0.02, Weight: 10}))), // 20 Hz
			layers.Linear{Out: 10},
			layers.Named("readout", layers.Lift(neurons.LIStep, readout)),
			layers.Last,
		},
		Shape: []int{inputs}, Steps: steps, Batch: batch, Seed: seed,
	}.Compile()
}
