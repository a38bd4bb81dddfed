// Storerecall trains a network with adaptive neurons (LSNN) to remember a bit for
// a second or two. Among the values that pass by, each for 200 ms, one comes with
// the command to store it; later, at the command to recall, the network has to say
// which it was. Ten of the twenty neurons have a threshold that rises with each of
// their spikes and falls again within 1.2 s: that is the memory.
//
//	go run ./examples/storerecall
//
// With -learning it learns by e-prop in the place of backpropagation through time, the error coming back through
// symmetric, random or adaptive weights.
//
// G. Bellec, D. Salaj, A. Subramoney, R. Legenstein and W. Maass, Long short-term
// memory and learning-to-learn in networks of spiking neurons, NeurIPS 31 (2018).
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/online"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

const (
	regular  = 10 // neurons with a fixed threshold
	adaptive = 10 // neurons with one that adapts
	hidden   = regular + adaptive
	batch    = 128
	goal     = 0.05 // recall error
	every    = 10   // iterations between two looks at the test sequences
	rate     = 0.01 // spikes per ms that neurons are kept near: 10 Hz
)

func main() {
	seed := flag.Uint64("seed", 1, "seed of the weights, the sequences and the spikes")
	iterations := flag.Int("iterations", 200, "how many batches to learn from")
	beta := flag.Float64("beta", 1.7, "strength of the adaptation; 0 for a network that has none")
	learning := flag.String("learning", "bptt", "how to learn: bptt, or by e-prop symmetric, random or adaptive")
	out := flag.String("out", "out/storerecall", "folder for the pictures")
	show.Parse("storerecall trains a network with adaptive neurons to remember a bit and draws how it does.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *seed, *iterations, *beta, *learning, *out); err != nil {
		fmt.Fprintln(os.Stderr, "storerecall:", err)
		os.Exit(1)
	}
}

// newModel returns the network 40-20-2. The threshold, 0.03, sets the scale of the
// weights: for these, drawn with a variance of 1 over the number of inputs, and for
// a learning rate of 0.01 it is right.
//
// Online the outputs are those of each time step, and what keeps the rates at 10 Hz is the rule.
func newModel(seed uint64, beta float64, forward bool) (*train.Model, error) {
	const threshold, tauAdapt = 0.03, 1.2
	p := neurons.DefaultLSNNParams()
	p.TauSynInv = graph.Const(1 / p.Dt) // an input lasts one step: no synapses
	p.TauMemInv = graph.Const(1 / 20e-3)
	p.TauAdaptInv = graph.Const(1 / tauAdapt)
	p.VTh = graph.Const(threshold)
	p.ResetMethod = neurons.ResetSubtract
	p.Spike = surrogate.Triangle{Alpha: 0.3 / threshold, Width: threshold}
	adapts := make(layers.Values, hidden)
	for i := regular; i < hidden; i++ {
		adapts[i] = beta * p.Dt / tauAdapt // of a low-pass filter of the spikes
	}
	// The readout is the spikes' postsynaptic potentials, which decay within 20 ms.
	readout := neurons.DefaultLIParams()
	readout.TauSynInv = graph.Const(1 / 20e-3)
	readout.TauMemInv = graph.Const(1 / readout.Dt)
	options := []layers.LiftOption{layers.Each(adapts, "Beta")}
	if !forward {
		options = append(options, layers.Regularise(layers.Rate{Lower: rate, Upper: rate, Weight: 1000}))
	}
	net := layers.Sequential{
		layers.Linear{Out: hidden, NoBias: true},
		layers.Named("hidden", layers.Recurrent(neurons.LSNNStep, p, options...)),
		layers.Linear{Out: 2, NoBias: true},
		layers.Named("readout", layers.Lift(neurons.LIStep, readout)),
	}
	n := train.Network{Net: net, Loss: stepwise{}, Shape: []int{inputs}, Steps: steps, Batch: batch, Seed: seed}
	if !forward {
		n.Net, n.Loss = append(net, slotMeans), recalled{}
	}
	return n.Compile()
}

// rule returns the learning of a name, nil for backpropagation through time.
func rule(name string) (train.Learning, error) {
	e := online.EProp{Firing: online.Firing{Target: rate, Weight: 2. * 1000 / hidden / steps}} // of the same size as the penalty
	switch name {
	case "bptt":
		return nil, nil
	case "symmetric":
	case "random":
		e.Feedback = online.Random
	case "adaptive":
		e.Feedback = online.Adaptive
	default:
		return nil, fmt.Errorf("learning is %q, want bptt, symmetric, random or adaptive", name)
	}
	return e, nil
}

func run(ctx context.Context, seed uint64, iterations int, beta float64, learning, out string) error {
	l, err := rule(learning)
	switch {
	case err != nil:
		return err
	case iterations < 1:
		return fmt.Errorf("number of iterations is %d, want at least 1", iterations)
	case !(beta >= 0):
		return fmt.Errorf("strength of the adaptation is %v, want at least 0", beta)
	}
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	m, err := newModel(seed, beta, l != nil)
	if err != nil {
		return err
	}
	// No sequence is seen twice, and the test sequences are others.
	learn, test := sequences{n: iterations * batch, seed: 2 * seed}, sequences{n: 2 * batch, seed: 2*seed + 1}
	fmt.Printf("store and recall: %d batches of %d sequences of %d ms, and %d to be judged by; %d regular and %d adaptive neurons, learning: %s\n",
		iterations, batch, steps, test.n, regular, adaptive, learning)
	began := time.Now()
	curve, err := learnt(ctx, m, l, learn, test, seed)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		fmt.Println("stopped")
	}
	fmt.Printf("trained in %.1f s\n", time.Since(began).Seconds())
	// What was reached is worth showing however the training ended.
	ctx = context.WithoutCancel(ctx)
	if err := draw(ctx, m, test, curve, out); err != nil {
		return err
	}
	fmt.Printf("pictures in %s\n", out)
	share, recalls, err := judge(ctx, m, test)
	if err != nil {
		return err
	}
	reached := fmt.Sprintf("not below %.0f %%", 100*goal)
	if i := curve.reached(); i > 0 {
		reached = fmt.Sprintf("below %.0f %% after %d iterations", 100*goal, i)
	}
	fmt.Printf("recall error %s; in the end %.1f %% of %d recalls\n", reached, 100*share, recalls)
	return nil
}

// judge returns the share of wrong answers, and how many there were to give.
func judge(ctx context.Context, m *train.Model, test sequences) (share float64, recalls int, err error) {
	y, err := m.Predict(ctx, test, spikes)
	if err != nil {
		return 0, 0, err
	}
	answers := y.Data().([]float32)
	if len(answers) == test.n*steps*2 {
		answers = slotMean(answers)
	}
	share, recalls = test.recallError(answers)
	return share, recalls, nil
}

// A course is how the recall error fell.
type course struct{ iterations, errors []float64 }

// reached returns after how many iterations the error was below the goal for the
// first time, or 0.
func (c course) reached() int {
	for i, e := range c.errors {
		if e < goal {
			return int(c.iterations[i])
		}
	}
	return 0
}

// learnt trains the model on each sequence once.
func learnt(ctx context.Context, m *train.Model, l train.Learning, learn, test sequences, seed uint64) (c course, err error) {
	t := train.Trainer{
		Model: m, Data: learn, Encoder: spikes, Epochs: 1, Seed: seed,
		Optimiser: &optim.Adam{LearningRate: 0.01}, Schedule: optim.StepDecay{Every: 100, Factor: 0.3}, ClipNorm: 1,
		Learning: l,
	}
	if l != nil { // the decay is what makes adaptive feedback and weights alike
		t.Optimiser = optim.NewAdamW(0.01, 0.1)
	}
	progress := plot.NewProgress(os.Stderr, "storerecall", learn.n/batch)
	defer progress.Done()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	note := ""
	t.OnBatch = func(b train.Batch) {
		if (b.Batch+1)%every == 0 {
			share, _, err := judge(ctx, m, test)
			if err != nil {
				stop(err)
				return
			}
			c.iterations, c.errors = append(c.iterations, float64(b.Batch+1)), append(c.errors, share)
			note = fmt.Sprintf(", recall error %.1f %%", 100*share)
		}
		progress.Step(1, fmt.Sprintf("loss %.3f%s", b.Loss, note))
	}
	if _, err := t.Run(ctx); err != nil {
		return c, cmp.Or(context.Cause(ctx), err)
	}
	return c, nil
}
