// Import puts layers of this library into somebody else's Gorgonia graph. The
// graph, its dense layers, its loss, the machine that runs it and the solver that
// trains it are Gorgonia's, as they would be in a program that never heard of
// spikes; between two of the dense layers stands a network of package layers. It
// learns the Yin-Yang data set.
//
//	go run ./examples/import
//
// The pitfalls of such graphs are in docs/gorgonia.md.
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

func main() {
	seed := flag.Uint64("seed", 1, "seed of the weights and of the order of the samples")
	epochs := flag.Int("epochs", 60, "how often every training point is seen")
	out := flag.String("out", "out/import", "folder for the pictures")
	show.Parse("import trains a Gorgonia graph that has spiking layers in its middle, with Gorgonia's own machine and solver.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *seed, *epochs, *out); err != nil {
		fmt.Fprintln(os.Stderr, "import:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, seed uint64, epochs int, out string) error {
	if epochs < 1 {
		return fmt.Errorf("number of epochs is %d, want at least 1", epochs)
	}
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	learn, err := data.NewYinYang(5000, 42)
	if err != nil {
		return err
	}
	test, err := data.NewYinYang(1000, 40)
	if err != nil {
		return err
	}
	p, err := newProgram(seed)
	if err != nil {
		return err
	}
	fmt.Printf("Yin-Yang: %d training and %d test points; 4-%d units, %d-%d spiking neurons for %d time steps, 3 units\n",
		learn.Len(), test.Len(), features, hidden, features, steps)
	fmt.Printf("the graph has %d nodes and %d learnable ones, %d of them of the spiking layers\n",
		len(p.g.AllNodes()), len(p.learnables), len(p.build.Params))
	began := time.Now()
	progress := plot.NewProgress(os.Stderr, "import", epochs)
	var losses []float64
	for epoch := range epochs {
		order, e := data.Order(learn.Len(), seed, epoch)
		if err = e; err != nil {
			break
		}
		loss, e := p.epoch(ctx, learn, order)
		if err = e; err != nil {
			break
		}
		losses = append(losses, loss)
		progress.Step(1, fmt.Sprintf("loss %.3f", loss))
	}
	progress.Done()
	if errors.Is(err, context.Canceled) {
		fmt.Printf("stopped after %d of %d epochs\n", len(losses), epochs)
	} else if err != nil {
		return err
	}
	fmt.Printf("trained in %.1f s\n", time.Since(began).Seconds())
	// What was reached is worth showing however the training ended.
	accuracy, err := p.accuracy(test)
	if err != nil {
		return err
	}
	if err := p.draw(test, losses, out); err != nil {
		return err
	}
	fmt.Printf("pictures in %s\n", out)
	fmt.Printf("test accuracy %.4f\n", accuracy)
	return p.vm.Close()
}
