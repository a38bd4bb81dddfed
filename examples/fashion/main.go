// Fashion trains a residual network of spiking neurons to tell clothes apart, on Fashion-MNIST.
//
//	go run ./examples/fashion -data DIR
//
// DIR holds the IDX files, gzipped or not. With -resume a training that was ended goes on where it was.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/augment"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

func main() {
	dir := flag.String("data", "", "folder with the IDX files of Fashion-MNIST")
	seed := flag.Uint64("seed", 1, "seed of the weights, the changes of images and the order of the samples")
	epochs := flag.Int("epochs", 16, "how often every training image is seen")
	images := flag.Int("images", 0, "learn from so many images only (0: from all)")
	out := flag.String("out", "out/fashion", "folder for the log, the report, pictures and checkpoints")
	flags := show.TrainingFlags()
	show.Parse("fashion trains a residual spiking network to tell clothes apart.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *dir, *seed, *epochs, *images, *out, flags); err != nil {
		fmt.Fprintln(os.Stderr, "fashion:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, seed uint64, epochs, images int, out string, flags *show.Flags) error {
	if dir == "" {
		return errors.New("no data: give the folder with the IDX files of Fashion-MNIST as -data DIR")
	}
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	learn, test, note, err := data.OpenMNIST(dir)
	if err != nil {
		return err
	}
	if note != "" {
		fmt.Println(note)
	}
	if images > 0 {
		if learn, err = data.Subset(learn, 0, min(images, learn.Len())); err != nil {
			return err
		}
	}
	changed, err := augment.New(learn, seed, augment.Flip{P: 0.5})
	if err != nil {
		return err
	}
	n := network(seed)
	n.Metrics = []metric.Metric{metric.Confusion{}}
	m, err := n.Compile()
	if err != nil {
		return err
	}
	fmt.Printf("Fashion-MNIST: %d training and %d test images, %d time steps\n", learn.Len(), test.Len(), steps)
	t := train.Trainer{
		Model: m, Data: changed, Epochs: epochs, Seed: seed, Loaders: 2,
		Optimiser: optim.NewAdamW(2e-3, 1e-2), Schedule: optim.Cosine{}, ClipNorm: 1, Doctor: true,
		Observers: []train.Observer{&runlog.Folder{Dir: out, Title: "Fashion-MNIST", Data: test, Resume: show.Again("fashion")}},
	}
	if err := flags.Apply(&t, out); err != nil {
		return err
	}
	done := show.Watch(ctx, &t, "fashion")
	result, err := t.Run(ctx)
	done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	show.Ended(result, epochs, err)
	// What was reached is worth showing however the training ended.
	ctx = context.WithoutCancel(ctx)
	if len(result.History) > 0 {
		fig, err := show.Curves("Fashion-MNIST", result.History)
		if err := show.Save(out, "curves", fig, err); err != nil {
			return err
		}
		s := show.Seconds(result.History)
		fmt.Printf("trained in %.1f s, %.1f s an epoch\n", s, s/float64(len(result.History)))
	}
	if err := show.Wrong(ctx, out, m, nil, test, classes); err != nil {
		return err
	}
	v, err := m.Evaluate(ctx, test, nil)
	if err != nil {
		return err
	}
	fmt.Printf("firing rates of the layers %s of the time steps\n", show.Rates(v.Rates))
	fmt.Printf("log, report and pictures in %s\n", out)
	fmt.Printf("test accuracy %.4f\n", v.Accuracy)
	return nil
}
