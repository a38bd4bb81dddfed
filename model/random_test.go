package model_test

import (
	"fmt"
	"testing"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/internal/randnet"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/train"
)

// Networks drawn at random, trained a little, come back from a file as the same bits, in both precisions.
func TestRandomNetworks(t *testing.T) {
	count := uint64(8)
	if long.Tests() {
		count = 300
	}
	for seed := range count {
		net, shape := randnet.Draw(seed)
		if !readsOut(net[len(net)-1]) {
			net = append(net, layers.MeanOverTime)
		}
		n := train.Network{Net: net, Shape: shape, Steps: 6, Batch: 4, Seed: seed, Dtype: []tensor.Dtype{tensor.Float32, tensor.Float64}[seed%2]}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Log(layers.Describe(net))
			back(t, n)
		})
	}
}
