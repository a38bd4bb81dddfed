package runlog_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

// A training writes down how it goes, and a program reads that afterwards.
func ExampleFolder() {
	points, err := data.NewYinYang(200, 42)
	if err != nil {
		log.Fatal(err)
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 20, Init: layers.Scaled{Gain: 4}},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams())),
			layers.Linear{Out: 3},
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 10, Batch: 50,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "yinyang")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	t := train.Trainer{
		Model: model, Data: points, Epochs: 2,
		Observers: []train.Observer{&runlog.Folder{
			Dir: dir, Title: "Yin-Yang", Classes: []string{"yin", "yang", "dot"},
		}},
	}
	if _, err := t.Run(context.Background()); err != nil {
		log.Fatal(err)
	}

	files, err := os.ReadDir(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(f.Name())
	}
	written, err := runlog.Read(filepath.Join(dir, "log.jsonl"))
	if err != nil {
		log.Fatal(err)
	}
	last := written.Batches[len(written.Batches)-1]
	fmt.Printf("%d batches in %d epochs; neurons spiked in some of the time steps: %t\n",
		len(written.Batches), len(written.Epochs), last.Rates["hidden"] > 0)
	// Output:
	// events.out.tfevents.0
	// log.jsonl
	// report.html
	// run.json
	// 8 batches in 2 epochs; neurons spiked in some of the time steps: true
}
