// Seqmnist trains networks to read handwritten digits row by row: at any moment
// they see one row of the image, and when they have to answer, the image is gone.
// A network whose neurons adapt, which gives them a memory of half a second, is
// better at that than one whose neurons do not.
//
//	go run ./examples/seqmnist -data DIR
//
// DIR holds the IDX files of MNIST, gzipped or not. If it has only the 10,000
// test images, the networks learn from the first 8,000 and are tested on the
// last 2,000. Without -data made-up images of bars take their place.
//
// G. Bellec, D. Salaj, A. Subramoney, R. Legenstein and W. Maass, Long short-term
// memory and learning-to-learn in networks of spiking neurons, NeurIPS 31 (2018),
// present images pixel by pixel.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/examples/internal/bars"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// options are what the command line says.
type options struct {
	data   string
	seed   uint64
	seeds  int
	epochs int
	out    string
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", "", "folder with the IDX files of MNIST; made-up images without it")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the weights and of the order of the samples, of the first networks; the next ones have the next")
	flag.IntVar(&o.seeds, "seeds", 1, "networks of both kinds")
	flag.IntVar(&o.epochs, "epochs", 5, "how often every training image is seen")
	flag.StringVar(&o.out, "out", "out/seqmnist", "folder for the pictures")
	show.Parse("seqmnist trains spiking networks, adaptive and plain ones, to read digits row by row and compares them.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "seqmnist:", err)
		os.Exit(1)
	}
}

// open returns the images to learn from and to be tested on.
func open(dir string) (learn, test data.Dataset, note string, err error) {
	if dir != "" {
		return data.OpenMNIST(dir)
	}
	const n, held = 1200, 200
	pixels, labels := bars.Images(n, 1)
	x, y := make([]float32, len(pixels)), make([]int, n)
	for i, v := range pixels {
		x[i] = float32(v) / 255
	}
	for i, v := range labels {
		y[i] = int(v)
	}
	all, err := data.New([]int{1, side, side}, x, y)
	if err != nil {
		return nil, nil, "", err
	}
	if learn, err = data.Subset(all, 0, n-held); err != nil {
		return nil, nil, "", err
	}
	test, err = data.Subset(all, n-held, n)
	return learn, test, "no -data: made-up images of bars take the place of digits", err
}

func run(ctx context.Context, o options) error {
	if o.epochs < 1 || o.seeds < 1 {
		return fmt.Errorf("%d epochs and %d seeds asked for, want at least 1 of both", o.epochs, o.seeds)
	}
	if err := plot.CheckDir(o.out); err != nil {
		return err
	}
	learn, test, note, err := open(o.data)
	if err != nil {
		return err
	}
	if note != "" {
		fmt.Println(note)
	}
	fmt.Printf("rows of images: %d to learn from and %d to be tested on; %d-%d-10 neurons, %d time steps\n",
		learn.Len(), test.Len(), inputs, hidden, steps)
	began := time.Now()
	results, err := compare(ctx, o, learn, test)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		fmt.Printf("stopped in network %d of %d\n", len(results), len(kinds)*o.seeds)
	}
	fmt.Printf("trained in %.1f s\n", time.Since(began).Seconds())
	if err := draw(context.WithoutCancel(ctx), results, test, o.out); err != nil {
		return err
	}
	fmt.Printf("pictures in %s\n", o.out)
	table(results)
	return nil
}

// compare trains a network of both kinds for each seed, and returns what they
// reached. The last one may have been stopped by ctx, whose error comes with it.
func compare(ctx context.Context, o options, learn, test data.Dataset) (results []result, err error) {
	for i := range uint64(o.seeds) {
		for k := range kinds {
			m, err := newModel(kinds[k], o.seed+i)
			if err != nil {
				return results, err
			}
			t := train.Trainer{
				Model: m, Data: learn, Encoder: rows, Epochs: o.epochs, Seed: o.seed + i,
				Optimiser: &optim.Adam{LearningRate: 0.01}, Schedule: optim.Cosine{}, ClipNorm: 1,
			}
			done := show.Watch(ctx, &t, fmt.Sprintf("%s, seed %d", kinds[k].name, o.seed+i))
			r, err := t.Run(ctx)
			done()
			if err != nil && !errors.Is(err, context.Canceled) {
				return results, err
			}
			// What was reached is worth showing however the training ended.
			v, e := m.Evaluate(context.WithoutCancel(ctx), test, rows)
			if e != nil {
				return results, e
			}
			results = append(results, result{kind: k, model: m, history: r.History, accuracy: v.Accuracy, rate: v.Rates[0].Value})
			if err != nil {
				return results, err
			}
		}
	}
	return results, nil
}
