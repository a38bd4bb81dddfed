// Sweep trains one network with many settings, and says at the end which was best. Trainings are independent:
// the processes that mpirun or srun has started take them in turn; without these, one process trains them one after
// the other.
//
//	go run ./examples/sweep
//	go build ./examples/sweep && mpirun -n 4 ./sweep
//
// The settings are a file with one in a line, as {"hidden": 100, "rate": 0.01, "tau": 0.01, "seed": 1}; -settings
// names it, and without it there is a grid of them. The same command again goes on where it was ended: what is done is in
// the folder -out, and what was begun has a checkpoint there.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/examples/internal/together"
	"github.com/spikegrad/spikegrad/mpi"
	"github.com/spikegrad/spikegrad/train"
)

func main() {
	path := flag.String("settings", "", "file of settings, one in a line (default: a grid)")
	epochs := flag.Int("epochs", 20, "how often every training point is seen")
	out := flag.String("out", "out/sweep", "folder for results and checkpoints")
	show.Parse("sweep trains one network with many settings, by as many processes as there are, and prints a table.")
	ctx, stop := show.Context()
	defer stop()
	err := together.Run(true, func(world *mpi.Comm) error {
		settings, err := read(*path)
		if err != nil {
			return err
		}
		all, err := sweep(ctx, world, settings, *epochs, *out)
		if err == nil && together.First(world) {
			err = table(os.Stdout, all)
		}
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "sweep:", err)
		os.Exit(1)
	}
}

// A result is what a training with a setting reached.
type result struct {
	Setting  setting
	Epochs   int
	Accuracy float64 // on points for validation
	Loss     float64
	Failed   string `json:",omitempty"` // why it ended before
}

// String says what was reached in a few words.
func (r result) String() string {
	if r.Failed != "" {
		return r.Failed
	}
	return fmt.Sprintf("accuracy %.4f, loss %.4f", r.Accuracy, r.Loss)
}

// sweep trains with those settings that are this process's and not done yet, and returns the results of all, the
// best ones first. A training that fails is a result, too.
func sweep(ctx context.Context, world train.Reducer, settings []setting, epochs int, out string) ([]result, error) {
	if epochs < 1 {
		return nil, fmt.Errorf("%d epochs, want at least 1", epochs)
	}
	var mine []result
	for i, s := range settings {
		if i%world.Size() != world.Rank() {
			continue
		}
		r, err := one(ctx, s, epochs, out)
		switch {
		case errors.Is(err, context.Canceled):
			r = result{Setting: s, Failed: "not done: the same command goes on"}
		case err != nil:
			r = result{Setting: s, Failed: err.Error()}
		}
		mine = append(mine, r)
		fmt.Fprintf(os.Stderr, "training %d of %d: %s\n", i+1, len(settings), r)
	}
	b, err := json.Marshal(mine)
	if err != nil {
		return nil, err
	}
	parts, err := world.Gather(b)
	if err != nil {
		return nil, err
	}
	var all []result
	for _, b := range parts {
		var of []result
		if err := json.Unmarshal(b, &of); err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	slices.SortFunc(all, better)
	return all, nil
}

// table writes the results, one in a line.
func table(w io.Writer, all []result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "hidden\trate\ttau\tseed\taccuracy\tloss\t")
	for _, r := range all {
		s := r.Setting
		fmt.Fprintf(t, "%d\t%g\t%g\t%d\t", s.Hidden, s.Rate, s.Tau, s.Seed)
		if r.Failed != "" {
			fmt.Fprintf(t, "%s\t\t\n", r.Failed)
			continue
		}
		fmt.Fprintf(t, "%.4f\t%.4f\t\n", r.Accuracy, r.Loss)
	}
	return t.Flush()
}
