package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

const (
	steps  = 150  // of 1 ms
	rate   = 0.06 // spikes of a channel per step
	learnt = 1000 // samples to learn from
	judged = 1000 // and to be judged by
	hidden = 48
	batch  = 50

	tau     = 1.5e-3 // s, of membranes: of a spike little is left some steps later
	longest = 30     // the longest delay, in steps
)

// tasks are the lags that are to be told apart, in steps.
var tasks = [][]int{{8, 20}, {8, 14, 20, 26}}

// samples draws samples of two channels. The first fires at random, and has done so before the first step,
// so that each of the channels by itself looks the same for all lags.
func samples(lags []int, n int, seed uint64) (data.Dataset, error) {
	r := rand.New(rand.NewPCG(seed, 17))
	all, labels := make([][]data.Event, n), make([]int, n)
	for i := range all {
		labels[i] = i % len(lags)
		lag := lags[labels[i]]
		for t := -lag; t < steps; t++ {
			if r.Float64() >= rate {
				continue
			}
			if t >= 0 {
				all[i] = append(all[i], data.Event{Step: t, Index: 0})
			}
			if t+lag < steps {
				all[i] = append(all[i], data.Event{Step: t + lag, Index: 1})
			}
		}
	}
	return data.NewEvents([]int{steps, 2}, all, labels)
}

// newModel returns the network 2-48-n. It has delays during batches of training until they are whole steps.
func newModel(classes int, delayed bool, over int, seed uint64) (*train.Model, error) {
	p := neurons.DefaultLIFBoxParams()
	p.TauMemInv = graph.Const(1 / tau)
	p.Spike = surrogate.SuperSpike{Alpha: 5}
	readout := neurons.LIParams{TauMemInv: graph.Const(1 / 20e-3), TauSynInv: graph.Const(1 / 10e-3), Dt: p.Dt}
	var in layers.Layer = layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 3}}
	if delayed {
		in = layers.DelayedLinear{Out: hidden, Init: layers.Scaled{Gain: 3}, Delay: layers.Delay{Max: longest, Over: over}}
	}
	return train.Network{
		Net: layers.Sequential{
			in,
			layers.Named("hidden", layers.Lift(neurons.LIFBoxStep, p)),
			layers.Linear{Out: classes},
			layers.Named("readout", layers.Lift(neurons.LIStep, readout)),
			layers.MeanOverTime,
		},
		Shape: []int{2}, Steps: steps, Batch: batch, Seed: seed,
	}.Compile()
}

// A result is what a network reached.
type result struct {
	task        int
	delayed     bool
	accuracy    float64   // on the test samples
	at, weights []float32 // [2 hidden], of the connections from the channels; nil without delays
}

// fit trains a network for the k-th task.
func fit(ctx context.Context, k int, delayed bool, learn, test data.Dataset, seed uint64, epochs int, progress *plot.Progress) (result, error) {
	r := result{task: k, delayed: delayed}
	batches := epochs * ((learnt + batch - 1) / batch)
	m, err := newModel(len(tasks[k]), delayed, max(1, batches*3/4), seed)
	if err != nil {
		return r, err
	}
	t := train.Trainer{
		Model: m, Data: learn, Epochs: epochs, Seed: seed, Schedule: optim.Cosine{}, ClipNorm: 1,
		Optimiser: &optim.Groups{
			Default: &optim.Adam{LearningRate: 0.01},
			Of:      []optim.Group{{Match: "*delay.at", Optimiser: &optim.Adam{LearningRate: 0.2}}},
		},
		OnEpoch: func(e train.Epoch) error {
			progress.Step(1, fmt.Sprintf("%d lags, epoch %d, loss %.3f", len(tasks[k]), e.Epoch+1, e.Train.Loss))
			return nil
		},
	}
	if !delayed {
		t.Optimiser = &optim.Adam{LearningRate: 0.01}
	}
	if _, err := t.Run(ctx); err != nil {
		return r, err
	}
	for _, p := range m.Params() {
		switch p.Name() {
		case "0.delay.at":
			r.at = p.Values().Float32s()
		case "0.linear.w":
			r.weights = p.Values().Float32s()
		}
	}
	v, err := m.Evaluate(ctx, test, nil)
	r.accuracy = v.Accuracy
	return r, err
}
