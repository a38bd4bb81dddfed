// Heterogeneity trains spiking neurons on a task that is all in the timing of
// spikes, with one time constant for all neurons or with a spread of them, and with
// time constants that are fixed or that each neuron learns. Learning them helps.
//
//	go run ./examples/heterogeneity
//
// The samples are smooth random manifolds: what tells their classes apart are
// spikes that are from milliseconds to 300 ms apart.
//
// N. Perez-Nieves, V. C. H. Leung, P. L. Dragotti and D. F. M. Goodman, Neural
// heterogeneity promotes robust learning, Nature Communications 12 (2021), 5791.
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
	"github.com/spikegrad/spikegrad/plot"
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
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the first networks and their samples; the next ones have the next")
	flag.IntVar(&o.seeds, "seeds", 3, "networks of each kind")
	flag.IntVar(&o.epochs, "epochs", 30, "how often every sample is seen")
	flag.StringVar(&o.out, "out", "out/heterogeneity", "folder for the picture")
	show.Parse("heterogeneity trains spiking neurons with fixed and with learnt time constants and compares them.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "heterogeneity:", err)
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
	fmt.Printf("randman: %d classes, %d training and %d test samples of %d ms; %d networks with %d hidden neurons\n",
		task.Classes, learn, judge, task.Steps, len(kinds)*o.seeds, hidden)
	began := time.Now()
	progress := plot.NewProgress(os.Stderr, "heterogeneity", len(kinds)*o.seeds*o.epochs)
	results, err := compare(ctx, o, progress)
	progress.Done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		fmt.Printf("stopped after %d of %d networks\n", len(results), len(kinds)*o.seeds)
	}
	fmt.Printf("trained in %.1f s\n\n", time.Since(began).Seconds())
	table(results)
	if len(results) == 0 {
		return nil
	}
	if err := draw(results, o.out); err != nil {
		return err
	}
	fmt.Printf("\npicture in %s\n", o.out)
	return nil
}

// compare trains networks of all kinds for each seed, and returns those that were
// trained to the end.
func compare(ctx context.Context, o options, progress *plot.Progress) ([]result, error) {
	var results []result
	for i := range uint64(o.seeds) {
		all, err := data.NewRandman(task, learn+judge, o.seed+i)
		if err != nil {
			return results, err
		}
		for k := range kinds {
			r, err := fit(ctx, k, all, o.seed+i, o.epochs, progress)
			if err != nil {
				return results, err
			}
			results = append(results, r)
		}
	}
	return results, nil
}
