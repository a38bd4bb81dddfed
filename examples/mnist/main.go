// Mnist trains a network of spiking neurons to read handwritten digits: a convolutional one, which
// sees an image as constant currents, or with -dense one of a single hidden layer, for which every
// pixel is a train of Poisson spikes.
//
//	go run ./examples/mnist -data DIR
//
// DIR holds the IDX files of MNIST, gzipped or not. If it has only the 10,000
// test images, the network learns from the first 8,000 and is tested on the
// last 2,000. With -resume a training that was ended goes on where it was.
//
// With -parallel the processes that mpirun or srun has started train together: each computes a part of every
// batch, and batch norm is over all of it.
//
//	go build ./examples/mnist && mpirun -n 2 ./mnist -parallel -data DIR
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/examples/internal/together"
	"github.com/spikegrad/spikegrad/mpi"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

func main() {
	dir := flag.String("data", "", "folder with the IDX files of MNIST")
	seed := flag.Uint64("seed", 1, "seed of the weights, the spikes and the order of the samples")
	small := flag.Bool("dense", false, "a network of one hidden layer, on Poisson spikes")
	epochs := flag.Int("epochs", 0, "how often every training image is seen (default 8, or 10 with -dense)")
	out := flag.String("out", "out/mnist", "folder for the log, the report, pictures and checkpoints")
	parallel := flag.Bool("parallel", false, "train together with the other processes that mpirun or srun has started, up to 64, a power of two")
	flags := show.TrainingFlags()
	show.Parse("mnist trains a spiking network to read handwritten digits and draws what it gets wrong.")
	ctx, stop := show.Context()
	defer stop()
	v := convolutional()
	if *small {
		v = dense()
	}
	if *epochs > 0 {
		v.epochs = *epochs
	}
	err := together.Run(*parallel, func(world *mpi.Comm) error { return run(ctx, world, v, *dir, *seed, *out, flags) })
	if err != nil {
		fmt.Fprintln(os.Stderr, "mnist:", err)
		os.Exit(1)
	}
}

// run trains, draws and tests; of several processes the first one draws and tests.
func run(ctx context.Context, world *mpi.Comm, of variant, dir string, seed uint64, out string, flags *show.Flags) error {
	if dir == "" {
		return errors.New("no data: give the folder with the IDX files of MNIST as -data DIR")
	}
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	learn, test, note, err := data.OpenMNIST(dir)
	if err != nil {
		return err
	}
	parts := 1
	if world != nil {
		parts = world.Size()
	}
	if batch%parts != 0 {
		return fmt.Errorf("%d processes cannot share batches of %d samples: want a number that divides it", parts, batch)
	}
	first := together.First(world)
	if first && note != "" {
		fmt.Println(note)
	}
	m, err := of.compile(seed, batch/parts)
	if err != nil {
		return err
	}
	changed, err := of.samples(learn, seed)
	if err != nil {
		return err
	}
	if first {
		fmt.Printf("MNIST: %d training and %d test images; %s, %d time steps\n", learn.Len(), test.Len(), of.name, of.steps)
	}
	t := train.Trainer{
		Model: m, Data: changed, Encoder: of.enc, Epochs: of.epochs, Seed: seed, Loaders: 2,
		Optimiser: &optim.Adam{LearningRate: of.rate}, Schedule: optim.Cosine{}, ClipNorm: 1, Doctor: true,
		Observers: []train.Observer{&runlog.Folder{Dir: out, Title: "MNIST", Data: test, Resume: show.Again("mnist")}},
	}
	if world != nil {
		t.Reduce, t.Accumulate, t.Synchronised = world, parts, true
	}
	done := func() {}
	if first {
		if err := flags.Apply(&t, out); err != nil {
			return err
		}
		done = show.Watch(ctx, &t, "mnist")
	}
	result, err := t.Run(ctx)
	done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if !first {
		return nil
	}
	show.Ended(result, of.epochs, err)
	if n := len(result.History); n > 0 {
		last := result.History[n-1].Train
		fmt.Printf("trained in %.1f s, %.2f s an epoch with encoding; training accuracy %.4f, loss %.4f\n",
			show.Seconds(result.History), show.Seconds(result.History)/float64(n), last.Accuracy, last.Loss)
	}
	// What was reached is worth showing however the training ended.
	ctx = context.WithoutCancel(ctx)
	if err := draw(ctx, m, of.enc, test, result, out); err != nil {
		return err
	}
	v, err := m.Evaluate(ctx, test, of.enc)
	if err != nil {
		return err
	}
	fmt.Printf("firing rates of the layers %s of the time steps\n", show.Rates(v.Rates))
	some, err := data.Subset(test, 0, min(test.Len(), 500))
	if err != nil {
		return err
	}
	cost, err := m.Cost(ctx, some, of.enc)
	if err != nil {
		return err
	}
	fmt.Println(cost)
	fmt.Printf("log, report and pictures in %s\n", out)
	fmt.Printf("test accuracy %.4f\n", v.Accuracy)
	return nil
}
