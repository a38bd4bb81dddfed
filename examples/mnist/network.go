package main

import (
	"math/rand/v2"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/augment"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// A variant is a network with what belongs to it.
type variant struct {
	name    string
	net     layers.Layer
	shape   []int
	steps   int
	enc     encode.Encoder
	rate    float64 // learning rate
	epochs  int
	augment []augment.Op
}

// batch is how many samples a batch has; of several processes each has a part of them.
const batch = 64

// dense is a network of one hidden layer that sees Poisson spikes, 25 steps of 1 ms: new ones for every
// batch, and of a white pixel in a quarter of the steps.
func dense() variant {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return variant{
		name: "784-256-10 neurons",
		net: layers.Sequential{
			layers.Linear{Out: 256, Init: layers.Scaled{Gain: 2}},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, p)),
			layers.Dropout{P: 0.3},
			layers.Linear{Out: 10},
			layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
			layers.MaxOverTime,
		},
		shape: []int{28 * 28}, steps: 25, enc: poisson, rate: 5e-3, epochs: 10,
	}
}

var poisson = encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
	return encode.Poisson(dst, x, steps, encode.PoissonParams{FMax: 250, Dt: 1e-3}, r)
})

// convolutional is a network of three convolutions with threshold-dependent batch norm, which sees
// an image as constant currents for 4 steps. Half of a potential is left after a step. The images are
// moved, turned and cropped a little, in another way in each epoch.
func convolutional() variant {
	p := neurons.DefaultLIFBoxParams()
	p.TauMemInv, p.Spike = graph.Const(500), surrogate.Arctan{Alpha: 2}
	lif := layers.Lift(neurons.LIFBoxStep, p)
	conv := func(name string, out int) layers.Layer {
		return layers.Named(name, layers.Sequential{
			layers.Conv2D{Out: out, Kernel: 3, Conv: connect.Conv{Pad: 1}, NoBias: true}, layers.BatchNorm{Scale: 2}, lif,
		})
	}
	return variant{
		name: "16C3-P2-32C3-64C3-P2-128-10 neurons",
		net: layers.Sequential{
			conv("first", 16), layers.Pool{Size: 2, Max: true},
			conv("second", 32), conv("third", 64), layers.Pool{Size: 2, Max: true},
			layers.Flatten, layers.Dropout{P: 0.3},
			layers.Named("hidden", layers.Sequential{layers.Linear{Out: 128, NoBias: true}, layers.BatchNorm{Scale: 2}, lif}),
			layers.Linear{Out: 10}, layers.MeanOverTime,
		},
		shape: []int{1, 28, 28}, steps: 4, rate: 2e-3, epochs: 8,
		augment: []augment.Op{augment.Rotate{Degrees: 10}, augment.Crop{Least: 0.9}, augment.Shift{Most: 2}},
	}
}

// compile returns the model of a variant, for batches of a size.
func (v variant) compile(seed uint64, batch int) (*train.Model, error) {
	return train.Network{Net: v.net, Shape: v.shape, Steps: v.steps, Batch: batch, Seed: seed}.Compile()
}

// samples returns the images to learn from, changed as the variant wants.
func (v variant) samples(learn data.Dataset, seed uint64) (data.Dataset, error) {
	if v.augment == nil {
		return learn, nil
	}
	return augment.New(learn, seed, v.augment...)
}
