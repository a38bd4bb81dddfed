package main

import (
	"context"
	"fmt"
	"math"
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
	learn  = 1000 // samples to learn from
	judge  = 1000 // and to be judged by
	hidden = 64
	batch  = 100

	tauMem = 20e-3 // s, those of the paper
	tauSyn = 10e-3

	mem, syn = "TauMemInv", "TauSynInv" // the parameters
)

// task is what is learnt.
var task = data.RandmanParams{Classes: 10, Units: 20, Dim: 1, Alpha: 2, Steps: 300, Spikes: 1}

// A kind is a way to treat the time constants of the hidden neurons.
type kind struct {
	name           string
	learnt, spread bool
}

var kinds = []kind{
	{"fixed, equal", false, false},
	{"fixed, spread", false, true},
	{"learnt from equal", true, false},
	{"learnt from spread", true, true},
}

// options returns what makes a layer of neurons be of the kind.
func (k kind) options() []layers.LiftOption {
	var opts []layers.LiftOption
	if k.spread {
		opts = append(opts, layers.Each(gamma{tauMem}, mem), layers.Each(gamma{tauSyn}, syn))
	}
	if k.learnt {
		opts = append(opts, layers.LearnEach(mem, syn), layers.Constrain(graph.Exp, mem, syn))
	}
	return opts
}

// gamma draws the inverses of time constants that are gamma distributed with the
// shape 3, as in the paper, which is the distribution of a sum of three
// exponential ones.
type gamma struct {
	mean float64 // of the time constants, s
}

// Draw fills w with 1/τ. Euler's method wants τ well above the time step.
func (g gamma) Draw(r *rand.Rand, _ []int, w []float64) error {
	const shape, least = 3, 2e-3
	for i := range w {
		var tau float64
		for range shape {
			tau += g.mean / shape * r.ExpFloat64()
		}
		w[i] = 1 / math.Max(tau, least)
	}
	return nil
}

// newModel returns the network 20-64-10 with hidden neurons of a kind.
func newModel(k kind, seed uint64) (*train.Model, error) {
	p := neurons.DefaultLIFParams()
	p.TauMemInv, p.TauSynInv = graph.Const(1/tauMem), graph.Const(1/tauSyn)
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	readout := neurons.LIParams{TauMemInv: p.TauMemInv, TauSynInv: p.TauSynInv, Dt: p.Dt}
	return train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 8}}, // an input spikes once
			layers.Named("hidden", layers.Lift(neurons.LIFStep, p, k.options()...)),
			layers.Linear{Out: task.Classes},
			layers.Named("readout", layers.Lift(neurons.LIStep, readout)),
			layers.MaxOverTime,
		},
		Shape: []int{task.Units}, Steps: task.Steps, Batch: batch, Seed: seed,
	}.Compile()
}

// A result is what a network of a kind reached.
type result struct {
	kind     int
	accuracy float64   // on the test samples
	mem, syn []float64 // learnt time constants of membranes and synapses, s; nil if they are fixed
}

// fit trains a network of the k-th kind.
func fit(ctx context.Context, k int, all data.Dataset, seed uint64, epochs int, progress *plot.Progress) (result, error) {
	r := result{kind: k}
	samples, err := data.Subset(all, 0, learn)
	if err != nil {
		return r, err
	}
	test, err := data.Subset(all, learn, learn+judge)
	if err != nil {
		return r, err
	}
	m, err := newModel(kinds[k], seed)
	if err != nil {
		return r, err
	}
	t := train.Trainer{
		Model: m, Data: samples, Epochs: epochs, Seed: seed,
		Optimiser: &optim.Adam{LearningRate: 0.02}, Schedule: optim.Cosine{}, ClipNorm: 1,
		OnEpoch: func(e train.Epoch) error {
			progress.Step(1, fmt.Sprintf("%s, epoch %d, loss %.3f", kinds[k].name, e.Epoch+1, e.Train.Loss))
			return nil
		},
	}
	if _, err := t.Run(ctx); err != nil {
		return r, err
	}
	v, err := m.Evaluate(ctx, test, nil)
	r.accuracy, r.mem, r.syn = v.Accuracy, taus(m, mem), taus(m, syn)
	return r, err
}

// taus returns the learnt time constants whose inverses are the named parameter.
func taus(m *train.Model, name string) []float64 {
	var t []float64
	for _, p := range m.Params() {
		if p.Name() == "hidden."+name {
			for _, v := range p.Values().Float32s() {
				t = append(t, 1/float64(v))
			}
		}
	}
	return t
}
