package recordings_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/recordings"
)

// N-MNIST, each training recording in four ways.
func ExampleSet_Open() {
	folder, err := recordings.NMNIST.Open("data/n-mnist")
	if err != nil {
		log.Fatal(err) // what is missing, and where the authors offer it
	}
	p := recordings.Params{
		Options: folder.Options,
		Bins:    events.Bins{Dt: 10 * time.Millisecond, Steps: 32},
		Classes: len(folder.Classes),
	}
	test, err := recordings.New(folder.Test, p)
	if err != nil {
		log.Fatal(err)
	}
	p.Copies, p.Transform = 4, func(seed uint64) events.Transform { return events.Drop(0.2, seed) }
	train, err := recordings.New(folder.Train, p)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(train.Len(), test.Len())
}

// Two recordings, whose spikes are read from a file from then on.
func ExampleDataset_Cache() {
	dir, err := os.MkdirTemp("", "recordings")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var samples []recordings.Sample
	for i := range 2 {
		path := filepath.Join(dir, fmt.Sprintf("%d.bin", i))
		if err := events.WriteFile(path, "", events.Of([]events.Event{{T: 100, X: uint16(i)}, {T: 1200, X: 3, On: true}}, 4, 4)); err != nil {
			log.Fatal(err)
		}
		samples = append(samples, recordings.Sample{Path: path, Label: i})
	}

	d, err := recordings.New(samples, recordings.Params{
		Options:   events.Options{Width: 4, Height: 4},
		Bins:      events.Bins{Dt: time.Millisecond, Steps: 2},
		Transform: func(uint64) events.Transform { return events.FlipX() },
	})
	if err != nil {
		log.Fatal(err)
	}
	d, err = d.Cache(context.Background(), recordings.CacheParams{
		Path:     filepath.Join(dir, "train.spikes"),
		Describe: "left is right",
		Progress: func(done, all int) { fmt.Println("read", done, "of", all) },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	spikes, label, err := d.Events(1, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("class", label, "has", len(spikes), "spikes, the first of element", spikes[0].Index)
	// Output:
	// read 2 of 2
	// class 1 has 2 spikes, the first of element 2
}
