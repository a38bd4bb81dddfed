// Spokendigits trains a recurrent network of spiking neurons to tell spoken digits
// apart. Sound becomes spikes in 64 channels of an ear (data/sound.Ear).
//
//	go run ./examples/spokendigits -data DIR
//	go run ./examples/spokendigits -data DIR -strangers
//	go run ./examples/spokendigits -data DIR -net delayed
//
// DIR holds the WAV files of the Free Spoken Digit Dataset. The network is tested on
// the first five times that each speaker says each digit, as the authors of the set
// propose. With -strangers it is trained six times, each time without one of the speakers, and
// tested on that one. With -net layered the place of the recurrent weights is taken by as many of a second
// layer, and with -net delayed each connection to a neuron of these layers has a delay that is learnt.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

const (
	steps  = 80 // of 10 ms
	dt     = 10 * time.Millisecond
	inputs = 2 * 64 // fibres of the ear
	hidden = 300
	batch  = 50
	first  = 5 // recordings of each digit by each speaker are for testing

	longest = 25 // delay, in steps: 250 ms
)

// nets are the networks that there are, all of 131,400 weights.
var nets = []string{"recurrent", "layered", "delayed"}

func main() {
	dir := flag.String("data", "", "folder with the WAV files of the Free Spoken Digit Dataset")
	seed := flag.Uint64("seed", 1, "seed of the weights and the order of the samples")
	epochs := flag.Int("epochs", 25, "how often every training recording is heard")
	strangers := flag.Bool("strangers", false, "test on speakers that were not heard, one after the other")
	net := flag.String("net", nets[0], "`network`: recurrent, layered or delayed")
	out := flag.String("out", "out/spokendigits", "folder for the log, the report, pictures and checkpoints")
	flags := show.TrainingFlags()
	show.Parse("spokendigits trains a spiking network to tell spoken digits apart.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *dir, *seed, *epochs, *strangers, *net, *out, flags); err != nil {
		fmt.Fprintln(os.Stderr, "spokendigits:", err)
		os.Exit(1)
	}
}

// newModel returns the network 128-300-10 with recurrent weights, or 128-300-300-10, in which delays
// become whole steps during batches of training.
func newModel(net string, seed uint64, batches int) (*train.Model, error) {
	p := neurons.DefaultLIFParams()
	p.Dt = dt.Seconds()
	p.TauSynInv, p.TauMemInv = graph.Const(1/15e-3), graph.Const(1/40e-3)
	p.Spike = surrogate.SuperSpike{Alpha: 2}
	r := neurons.DefaultLIParams()
	r.Dt, r.TauSynInv, r.TauMemInv = p.Dt, p.TauSynInv, p.TauMemInv
	drop := layers.Dropout{P: 0.15}
	var hear layers.Sequential
	switch net {
	case "recurrent":
		hear = layers.Sequential{
			layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 1}},
			// Recurrent weights start small: with larger ones the neurons go on when the word is over.
			layers.Named("hidden", layers.Recurrent(neurons.LIFStep, p, layers.RecurrentInit(layers.Scaled{Gain: 0.3}))),
			drop,
		}
	default:
		var in layers.Layer = layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 1}}
		if net == "delayed" {
			in = layers.DelayedLinear{Out: hidden, Init: layers.Scaled{Gain: 1}, Delay: layers.Delay{Max: longest, Over: batches}}
		}
		lif := layers.Lift(neurons.LIFStep, p)
		hear = layers.Sequential{in, layers.Named("hidden", lif), drop, in, layers.Named("hidden 2", lif), drop}
	}
	return train.Network{
		Net: append(hear,
			layers.Linear{Out: 10},
			layers.Named("readout", layers.Lift(neurons.LIStep, r)),
			layers.MeanOverTime,
		),
		Shape: []int{inputs}, Steps: steps, Batch: batch, Seed: seed, SpikeInput: true,
	}.Compile()
}

func run(ctx context.Context, dir string, seed uint64, epochs int, strangers bool, net, out string, flags *show.Flags) error {
	if !slices.Contains(nets, net) {
		return fmt.Errorf("-net is %q, want one of %s", net, strings.Join(nets, ", "))
	}
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	rs, err := find(dir)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := hear(ctx, rs); err != nil {
		return err
	}
	who := speakers(rs)
	fmt.Printf("%d recordings of %d speakers, heard in %.1f s\n", len(rs), len(who), time.Since(began).Seconds())
	if !strangers {
		accuracy, err := fit(ctx, rs, func(r *recording) bool { return r.number < first }, seed, epochs, net, out, flags)
		if err != nil {
			return err
		}
		fmt.Printf("log, report and pictures in %s\ntest accuracy %.4f\n", out, accuracy)
		return nil
	}
	mean := 0.0
	for _, name := range who {
		accuracy, err := fit(ctx, rs, func(r *recording) bool { return r.speaker == name }, seed, epochs, net, filepath.Join(out, name), flags)
		if err != nil {
			return err
		}
		fmt.Printf("without %s: %.4f of the digits of %s\n", name, accuracy, name)
		if ctx.Err() != nil {
			return nil // a mean over some of them would be another figure
		}
		mean += accuracy / float64(len(who))
	}
	fmt.Printf("mean over %d strangers %.4f\n", len(who), mean)
	return nil
}

// fit trains a network on all recordings but those to test on, and returns its accuracy
// on these.
func fit(ctx context.Context, rs []*recording, forTest func(*recording) bool, seed uint64, epochs int, net, out string, flags *show.Flags) (float64, error) {
	learn, err := dataset(rs, func(r *recording) bool { return !forTest(r) })
	if err != nil {
		return 0, err
	}
	test, err := dataset(rs, forTest)
	if err != nil {
		return 0, err
	}
	batches := epochs * ((learn.Len() + batch - 1) / batch)
	m, err := newModel(net, seed, max(1, batches*3/4))
	if err != nil {
		return 0, err
	}
	var delays []optim.Group
	if net == "delayed" {
		delays = []optim.Group{{Match: "*delay.at", Optimiser: &optim.Adam{LearningRate: 0.1}}}
	}
	t := train.Trainer{
		Model: m, Data: learn, Epochs: epochs, Seed: seed,
		Optimiser: &optim.Groups{
			Default: &optim.Adam{LearningRate: 4e-3},
			Of:      delays,
		}, Schedule: optim.Cosine{}, ClipNorm: 1,
		Observers: []train.Observer{&runlog.Folder{Dir: out, Title: "Spoken digits", Data: test, Resume: show.Again("spokendigits")}},
	}
	if err := flags.Apply(&t, out); err != nil {
		return 0, err
	}
	done := show.Watch(ctx, &t, "spokendigits")
	result, err := t.Run(ctx)
	done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return 0, err
	}
	show.Ended(result, epochs, err)
	// What was reached is worth showing however the training ended.
	ctx = context.WithoutCancel(ctx)
	if err := draw(ctx, m, test, result, out); err != nil {
		return 0, err
	}
	v, err := m.Evaluate(ctx, test, nil)
	return v.Accuracy, err
}

// draw writes the learning curves, and the spikes of ear and network of a recording.
func draw(ctx context.Context, m *train.Model, test *data.Events, r train.Result, out string) error {
	if len(r.History) > 0 {
		fig, err := show.Curves("Spoken digits", r.History)
		if err := show.Save(out, "curves", fig, err); err != nil {
			return err
		}
	}
	x := make([]float32, steps*inputs)
	label, err := test.Sample(0, x)
	if err != nil {
		return err
	}
	ear := layers.Recording{Layer: "ear: loudness, and onsets above", Spiking: true, Steps: steps, Samples: []int{0}, Neurons: make([]int, inputs)}
	for _, v := range x {
		ear.Values = append(ear.Values, float64(v))
	}
	rec, err := m.Record(ctx, test, nil, []int{0}, layers.Probe{})
	if err != nil {
		return err
	}
	fig, err := show.Raster(fmt.Sprintf("A spoken %d", label), dt.Seconds(), append([]layers.Recording{ear}, rec...), 0)
	return show.Save(out, "raster", fig, err)
}
