package main

import (
	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

const (
	steps = 4
	batch = 64
)

var classes = []string{"T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"}

// network is a residual network with threshold-dependent batch norm. Each block halves the image or
// leaves its size; an image comes as constant currents for 4 steps.
func network(seed uint64) train.Network {
	return train.Network{
		Net: layers.Sequential{
			layers.Named("stem", conv(32, 3, 1, layers.Pool{Size: 2, Max: true})),
			layers.Named("block1", block(32, 1)),
			layers.Named("block2", block(64, 2)),
			layers.Named("block3", block(64, 1)),
			layers.Named("block4", block(128, 2)),
			layers.Flatten, layers.Dropout{P: 0.3},
			layers.Linear{Out: 10}, layers.MeanOverTime,
		},
		Shape: []int{1, 28, 28}, Steps: steps, Batch: batch, Seed: seed, Classes: classes,
		Loss: loss.CrossEntropy{Smoothing: 0.1},
	}
}

// block is two convolutions and a way past them (SEW-ResNet's ADD), which is a convolution with kernels
// of 1×1 where the number of channels or the size changes.
func block(out, stride int) layers.Layer {
	r := layers.Residual{Body: layers.Sequential{conv(out, 3, stride), conv(out, 3, 1)}}
	if stride > 1 {
		r.Shortcut = conv(out, 1, stride)
	}
	return r
}

// conv is a convolution, what else is done to its currents, tdBN, and neurons that keep half of their
// potential from step to step.
func conv(out, kernel, stride int, then ...layers.Layer) layers.Layer {
	p := neurons.DefaultLIFBoxParams()
	p.TauMemInv, p.Spike = graph.Const(500), surrogate.Arctan{Alpha: 2}
	l := layers.Sequential{layers.Conv2D{Out: out, Kernel: kernel, Conv: connect.Conv{Stride: stride, Pad: kernel / 2}, NoBias: true}}
	l = append(l, then...)
	return append(l, layers.BatchNorm{Scale: 2}, layers.Lift(neurons.LIFBoxStep, p))
}
