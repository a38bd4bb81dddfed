// Randman trains spiking networks with different surrogates for the derivative of
// a spike, narrow and wide, low and high, on smooth random manifolds: classes of
// spike trains that differ in nothing but the times of their spikes. It draws how
// often the networks are right afterwards. The shape of the surrogate matters
// little; its scale matters.
//
//	go run ./examples/randman
//
// F. Zenke and T. P. Vogels, The remarkable robustness of surrogate gradient
// learning for instilling complex function in spiking neural networks, Neural
// Computation 33 (2021), 899.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

const (
	learnt = 1000 // samples to learn from
	judged = 1000 // and to be judged by
	hidden = 100
	batch  = 100
)

// options are what the command line says.
type options struct {
	seed   uint64
	seeds  int
	epochs int
	out    string
}

func main() {
	var o options
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the first network and its manifolds; the next ones have the next")
	flag.IntVar(&o.seeds, "seeds", 3, "networks behind each number, which is their mean")
	flag.IntVar(&o.epochs, "epochs", 20, "how often every sample is seen")
	flag.StringVar(&o.out, "out", "out/randman", "folder for the picture")
	show.Parse("randman trains spiking networks with surrogates of many shapes and scales and draws how well they learn.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "randman:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.epochs < 1 || o.seeds < 1 {
		return fmt.Errorf("%d epochs and %d seeds asked for, want at least 1 of both", o.epochs, o.seeds)
	}
	if err := plot.CheckDir(o.out); err != nil {
		return err
	}
	s := sweep{options: o, reached: map[cell]*point{}}
	if err := s.generate(); err != nil {
		return err
	}
	networks := len(s.cells()) * o.seeds
	p := data.DefaultRandmanParams()
	fmt.Printf("randman: %d classes of %d units, %d training and %d test samples; %d networks with %d hidden neurons, %d time steps\n",
		p.Classes, p.Units, learnt, judged, networks, hidden, p.Steps)
	began := time.Now()
	s.progress = plot.NewProgress(os.Stderr, "randman", networks)
	err := s.all(ctx)
	s.progress.Done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		fmt.Println("stopped; what is missing stands as 0")
	}
	fmt.Printf("trained in %.1f s\n\n", time.Since(began).Seconds())
	s.table()
	fig, err := s.picture()
	if err := show.Save(o.out, "randman", fig, err); err != nil {
		return err
	}
	fmt.Printf("\npicture in %s\n", o.out)
	return nil
}

// newModel returns the network 20-100-10.
func newModel(spike scaled, seed uint64) (*train.Model, error) {
	p := neurons.DefaultLIFParams()
	p.Spike = spike
	d := data.DefaultRandmanParams()
	return train.Network{
		Net: layers.Sequential{
			// An input spikes once, so its weights are large.
			layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 12}},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, p)),
			layers.Linear{Out: d.Classes},
			layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
			layers.MaxOverTime,
		},
		Shape: []int{d.Units}, Steps: d.Steps, Batch: batch, Seed: seed,
	}.Compile()
}
