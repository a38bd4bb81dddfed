package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// learn writes a model to a file that has learnt the Yin-Yang set for a few epochs: something to
// serve.
func learn(ctx context.Context, path string) error {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	m, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 200, Init: layers.Scaled{Gain: 4}}, layers.Lift(neurons.LIFStep, p),
			layers.Linear{Out: 3}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 30, Batch: 50, Seed: 1, Classes: []string{"yin", "yang", "dot"},
	}.Compile()
	if err != nil {
		return err
	}
	d, err := data.NewYinYang(5000, 42)
	if err != nil {
		return err
	}
	t := train.Trainer{Model: m, Data: d, Epochs: 5, Seed: 1, Optimiser: &optim.Adam{LearningRate: 5e-3}, ClipNorm: 1}
	r, err := t.Run(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("learnt the Yin-Yang set: accuracy %.3f in the last of %d epochs\n", r.History[len(r.History)-1].Train.Accuracy, len(r.History))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return model.Save(path, m)
}
