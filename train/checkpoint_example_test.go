package train_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/train"
)

// overnight returns a training that writes checkpoints to a folder and goes on from
// the latest one there, if there is one.
func overnight(dir string) (*train.Trainer, error) {
	points, err := data.NewYinYang(150, 42)
	if err != nil {
		return nil, err
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 20},
			layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()),
			layers.Linear{Out: 3},
			layers.Last,
		},
		Shape: []int{4}, Steps: 10, Batch: 50,
	}.Compile()
	if err != nil {
		return nil, err
	}
	t := &train.Trainer{
		Model: model, Data: points, Epochs: 10,
		Checkpoints: &train.Checkpoints{Dir: dir}, // every ten minutes
	}
	t.Resume, _, err = train.LatestCheckpoint(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // the first time
	}
	return t, err
}

// A training is ended in its second epoch, and goes on from there in what could be
// another process.
func ExampleCheckpoints() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	t, err := overnight(dir)
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.OnBatch = func(b train.Batch) {
		if b.Epoch == 1 && b.Batch == 0 {
			cancel() // as Ctrl-C would
		}
	}
	_, err = t.Run(ctx)
	fmt.Println("ended:", err)

	t, err = overnight(dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("goes on in epoch %d with batch %d of %d\n", t.Resume.Epoch, t.Resume.Batch, t.Resume.Batches)
	result, err := t.Run(context.Background())
	fmt.Println(len(result.History), "epochs, error", err)
	// Output:
	// ended: context canceled
	// goes on in epoch 1 with batch 1 of 3
	// 10 epochs, error <nil>
}
