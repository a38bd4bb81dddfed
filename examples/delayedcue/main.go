// Delayedcue trains a network with adaptive neurons (LSNN) to count evidence and to remember what came of it. Seven cues
// come on the left or on the right, 100 ms each; more than a second later, at a signal, the network has to say which
// side had more. Fifty of its hundred neurons have a threshold that rises with each of their spikes and falls again
// within 2 s: that is the memory.
//
//	go run ./examples/delayedcue
//
// It learns by e-prop, the error coming back through symmetric, random or adaptive weights, or by backpropagation through
// time, with -learning bptt. -cues and -delay make a trial shorter, and the task easier.
//
// G. Bellec et al., A solution to the learning dilemma for recurrent networks of spiking neurons, Nature
// Communications 11 (2020), 3625: the task of its figure 3, with the timing of the authors' program.
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
	regular  = 50 // neurons with a fixed threshold
	adaptive = 50 // neurons with one that adapts
	hidden   = regular + adaptive
	batch    = 64
	every    = 10   // iterations between two looks at the test trials
	judges   = 512  // test trials
	rate     = 0.01 // spikes per ms that neurons are kept near: 10 Hz
)

// options are the flags.
type options struct {
	setting
	seed       uint64
	iterations int
	goal       float64
	learning   string
	out        string
}

func main() {
	var o options
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the weights, the trials and the spikes")
	flag.IntVar(&o.iterations, "iterations", 500, "how many batches to learn from, at most")
	flag.IntVar(&o.cues, "cues", 7, "how many cues there are, an odd number")
	flag.IntVar(&o.delay, "delay", 1050, "time from the last cue to the decision, ms")
	flag.Float64Var(&o.goal, "goal", 0.07, "share of wrong decisions at which the training ends")
	flag.StringVar(&o.learning, "learning", "symmetric", "how to learn: by e-prop symmetric, random or adaptive, or bptt")
	flag.StringVar(&o.out, "out", "out/delayedcue", "folder for the pictures")
	show.Parse("delayedcue trains a network with adaptive neurons to count cues and to remember what came of it.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "delayedcue:", err)
		os.Exit(1)
	}
}

// newModel returns the network 40-100-2. As in examples/storerecall, the threshold of 0.03 sets the scale of weights that
// are drawn with a variance of 1 over the number of inputs.
func newModel(s setting, seed uint64, forward bool) (*train.Model, error) {
	const threshold, tauAdapt, beta = 0.03, 2, 1.7
	p := neurons.DefaultLSNNParams()
	p.TauSynInv = graph.Const(1 / p.Dt) // an input lasts one step: no synapses
	p.TauMemInv = graph.Const(1 / 20e-3)
	p.TauAdaptInv = graph.Const(1. / tauAdapt)
	p.VTh = graph.Const(threshold)
	p.ResetMethod = neurons.ResetSubtract
	p.Spike = surrogate.Triangle{Alpha: 0.3 / threshold, Width: threshold}
	adapts := make(layers.Values, hidden)
	for i := regular; i < hidden; i++ {
		adapts[i] = beta * p.Dt / tauAdapt
	}
	readout := neurons.DefaultLIParams()
	readout.TauSynInv = graph.Const(1 / 20e-3)
	readout.TauMemInv = graph.Const(1 / readout.Dt)
	each := []layers.LiftOption{layers.Each(adapts, "Beta")}
	if !forward {
		each = append(each, layers.Regularise(layers.Rate{Lower: rate, Upper: rate, Weight: hidden}))
	}
	return train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: hidden, NoBias: true},
			layers.Named("hidden", layers.Recurrent(neurons.LSNNStep, p, each...)),
			layers.Linear{Out: 2, NoBias: true},
			layers.Named("readout", layers.Lift(neurons.LIStep, readout)),
		},
		Loss: decided{float64(s.steps()) / decision}, Shape: []int{inputs}, Steps: s.steps(), Batch: batch, Seed: seed,
	}.Compile()
}

// rule returns the learning of a name, nil for backpropagation through time, and an optimiser for it.
func rule(name string, steps int) (train.Learning, optim.Optimiser, error) {
	e := online.EProp{Firing: online.Firing{Target: rate, Weight: 2. / float64(steps)}} // of the same size as the penalty
	opt := optim.Optimiser(&optim.Adam{LearningRate: 0.005})
	switch name {
	case "bptt":
		return nil, opt, nil
	case "symmetric":
	case "random":
		e.Feedback = online.Random
	case "adaptive":
		e.Feedback = online.Adaptive
		opt = optim.NewAdamW(0.005, 0.1) // the decay is what makes feedback and weights alike
	default:
		return nil, nil, fmt.Errorf("learning is %q, want symmetric, random, adaptive or bptt", name)
	}
	return e, opt, nil
}

func run(ctx context.Context, o options) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.iterations < 1 || !(o.goal >= 0) {
		return fmt.Errorf("number of iterations is %d and the goal %v, want at least 1 and 0", o.iterations, o.goal)
	}
	l, opt, err := rule(o.learning, o.steps())
	if err != nil {
		return err
	}
	if err := plot.CheckDir(o.out); err != nil {
		return err
	}
	m, err := newModel(o.setting, o.seed, l != nil)
	if err != nil {
		return err
	}
	// No trial is seen twice, and the test trials are others.
	test := trials{o.setting, judges, 2*o.seed + 1}
	t := train.Trainer{
		Model: m, Data: trials{o.setting, o.iterations * batch, 2 * o.seed}, Encoder: o.spikes(), Epochs: 1, Seed: o.seed,
		Optimiser: opt, ClipNorm: 1, Learning: l,
	}
	fmt.Printf("delayed cues: batches of %d trials of %d ms, %d cues and a delay of %d ms, and %d to be judged by; %d regular and %d adaptive neurons, learning: %s\n",
		batch, o.steps(), o.cues, o.delay, judges, regular, adaptive, o.learning)
	began := time.Now()
	c, err := learnt(ctx, &t, o, test)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Println("stopped")
	case err != nil:
		return err
	}
	fmt.Printf("trained in %.1f s\n", time.Since(began).Seconds())
	// What was reached is worth showing however the training ended.
	ctx = context.WithoutCancel(ctx)
	if err := draw(ctx, m, test, c, o.out); err != nil {
		return err
	}
	fmt.Printf("pictures in %s\n", o.out)
	share, err := judge(ctx, m, test)
	if err != nil {
		return err
	}
	reached := fmt.Sprintf("not at %.0f %% wrong decisions", 100*o.goal)
	if c.reached {
		reached = fmt.Sprintf("at %.0f %% wrong decisions after %.0f iterations", 100*o.goal, c.iterations[len(c.iterations)-1])
	}
	fmt.Printf("%s; in the end %.1f %%\n", reached, 100*share)
	return nil
}

// judge returns the share of wrong decisions.
func judge(ctx context.Context, m *train.Model, test trials) (float64, error) {
	y, err := m.Predict(ctx, test, test.spikes())
	if err != nil {
		return 0, err
	}
	return test.wrong(y.Data().([]float32))
}

// A course is how the share of wrong decisions fell.
type course struct {
	iterations, wrong []float64
	reached           bool // the goal
}

var errReached = errors.New("the goal is reached")

// learnt trains until the goal is reached.
func learnt(ctx context.Context, t *train.Trainer, o options, test trials) (c course, err error) {
	progress := plot.NewProgress(os.Stderr, "delayedcue", o.iterations)
	defer progress.Done()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	note := ""
	t.OnBatch = func(b train.Batch) {
		if (b.Batch+1)%every == 0 {
			share, err := judge(ctx, t.Model, test)
			if err != nil {
				stop(err)
				return
			}
			c.iterations, c.wrong = append(c.iterations, float64(b.Batch+1)), append(c.wrong, share)
			note = fmt.Sprintf(", %.1f %% wrong", 100*share)
			if share <= o.goal {
				stop(errReached)
			}
		}
		progress.Step(1, fmt.Sprintf("loss %.3f%s", b.Loss, note))
	}
	_, err = t.Run(ctx)
	err = cmp.Or(context.Cause(ctx), err)
	c.reached = errors.Is(err, errReached)
	if c.reached {
		err = nil
	}
	return c, err
}
