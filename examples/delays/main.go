// Delays trains spiking neurons on a task that is all in how much later one channel fires than
// another, with a learnt delay for each connection and without delays. The neurons forget within a
// few milliseconds, so that only delays can bring together what is apart.
//
//	go run ./examples/delays
//
// Both channels fire at random, at one rate. The second does what the first did some time before:
// how long before is the class. The first network has to tell two such lags apart, the second four.
//
// I. Hammouamri, I. Khalfaoui-Hassani and T. Masquelier, Learning delays in spiking neural networks
// using dilated convolutions with learnable spacings, ICLR (2024).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

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
	flag.IntVar(&o.epochs, "epochs", 60, "how often every sample is seen")
	flag.StringVar(&o.out, "out", "out/delays", "folder for the pictures")
	show.Parse("delays trains spiking neurons with learnt delays and without and compares them.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "delays:", err)
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
	began := time.Now()
	progress := plot.NewProgress(os.Stderr, "delays", 2*len(tasks)*o.seeds*o.epochs)
	results, err := compare(ctx, o, progress)
	progress.Done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		fmt.Printf("stopped after %d of %d networks\n", len(results), 2*len(tasks)*o.seeds)
	}
	fmt.Printf("trained in %.1f s\n\n", time.Since(began).Seconds())
	table(results)
	if len(results) == 0 {
		return nil
	}
	if err := draw(results, o.out); err != nil {
		return err
	}
	fmt.Printf("\npictures in %s\n", o.out)
	return nil
}

// compare trains networks for each task with delays and without, for each seed, and returns those that
// were trained to the end.
func compare(ctx context.Context, o options, progress *plot.Progress) ([]result, error) {
	var results []result
	for k, lags := range tasks {
		for i := range uint64(o.seeds) {
			learn, err := samples(lags, learnt, 2*(o.seed+i))
			if err != nil {
				return results, err
			}
			test, err := samples(lags, judged, 2*(o.seed+i)+1)
			if err != nil {
				return results, err
			}
			for _, delayed := range []bool{false, true} {
				r, err := fit(ctx, k, delayed, learn, test, o.seed+i, o.epochs, progress)
				if err != nil {
					return results, err
				}
				results = append(results, r)
			}
		}
	}
	return results, nil
}
