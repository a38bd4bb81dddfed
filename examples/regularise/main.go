// Regularise shows what it costs to fire less: it trains the same network on the
// Yin-Yang data set with penalties on the activity of its neurons, from weak to
// strong, and draws how often they fire and how often they are right.
//
//	go run ./examples/regularise
//
// One penalty is on the firing rates above 1 %, the other on the membrane
// potentials above half of the threshold. Both make spikes rare long before they
// make the network worse.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

const (
	steps  = 30 // of 1 ms
	hidden = 150
	batch  = 50
	seeds  = 2 // networks behind each number, which is their mean
)

// weights are those of the penalties, in the order in which they are tried.
var weights = []float64{0.1, 0.3, 1, 3, 10}

// A penalty is a regulariser of which only the weight is missing.
type penalty struct {
	name string
	with func(weight float64) layers.Regulariser
}

var penalties = []penalty{
	{"rate", func(w float64) layers.Regulariser { return layers.Rate{Upper: 0.01, Weight: w} }},
	{"voltage", func(w float64) layers.Regulariser {
		return layers.Voltage{Lower: math.Inf(-1), Upper: 0.5, Weight: w}
	}},
}

func main() {
	seed := flag.Uint64("seed", 1, "seed of the first network; the next one has the next")
	epochs := flag.Int("epochs", 10, "how often every training point is seen")
	out := flag.String("out", "out/regularise", "folder for the picture")
	show.Parse("regularise trains a spiking network with stronger and stronger penalties on its activity and draws what that costs.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *seed, *epochs, *out); err != nil {
		fmt.Fprintln(os.Stderr, "regularise:", err)
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
	s := sweep{seed: seed, epochs: epochs}
	var err error
	if s.train, err = data.NewYinYang(3000, 42); err != nil {
		return err
	}
	if s.test, err = data.NewYinYang(1000, 40); err != nil {
		return err
	}
	networks := (1 + len(weights)*len(penalties)) * seeds
	fmt.Printf("Yin-Yang: %d training and %d test points; %d networks of 4-%d-3 neurons, %d time steps\n",
		s.train.Len(), s.test.Len(), networks, hidden, steps)
	began := time.Now()
	s.progress = plot.NewProgress(os.Stderr, "regularise", networks*epochs)
	free, curves, err := s.all(ctx)
	s.progress.Done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	done := len(curves[len(curves)-1]) // weights tried with all penalties
	if err != nil {
		fmt.Printf("stopped after %d of %d weights\n", done, len(weights))
	}
	if done == 0 {
		return nil
	}
	fmt.Printf("trained in %.1f s\n\n", time.Since(began).Seconds())
	table(free, curves)
	fig, err := picture(free, curves, done)
	if err != nil {
		return err
	}
	if err := plot.Save(out, "regularise", fig); err != nil {
		return err
	}
	fmt.Printf("\npicture in %s\n", out)
	return nil
}

// A sweep trains a network again and again, with other penalties.
type sweep struct {
	train, test *data.Memory
	seed        uint64
	epochs      int
	progress    *plot.Progress
}

// A point is what networks reached: means over the seeds, on the test points.
type point struct {
	rate     float64 // spikes per neuron and time step
	accuracy float64
}

// all returns what is reached without a penalty, and for each of the penalties
// what is reached with each of the weights: all of them, or those before an
// error.
func (s *sweep) all(ctx context.Context) (free point, curves [][]point, err error) {
	curves = make([][]point, len(penalties))
	if free, err = s.point(ctx, "no penalty"); err != nil {
		return free, curves, err
	}
	for _, w := range weights {
		for i, p := range penalties {
			pt, err := s.point(ctx, fmt.Sprintf("%s %v", p.name, w), p.with(w))
			if err != nil {
				return free, curves, err
			}
			curves[i] = append(curves[i], pt)
		}
	}
	return free, curves, nil
}

// point trains a network for each of the seeds.
func (s *sweep) point(ctx context.Context, name string, rs ...layers.Regulariser) (mean point, err error) {
	for i := range uint64(seeds) {
		m, err := newModel(s.seed+i, rs...)
		if err != nil {
			return mean, err
		}
		t := train.Trainer{
			Model: m, Data: s.train, Epochs: s.epochs, Seed: s.seed + i,
			Optimiser: &optim.Adam{LearningRate: 1e-2}, Schedule: optim.Cosine{}, ClipNorm: 1,
			OnEpoch: func(e train.Epoch) error {
				s.progress.Step(1, fmt.Sprintf("%s, epoch %d, loss %.3f", name, e.Epoch+1, e.Train.Loss))
				return nil
			},
		}
		if _, err := t.Run(ctx); err != nil {
			return mean, err
		}
		v, err := m.Evaluate(ctx, s.test, nil)
		if err != nil {
			return mean, err
		}
		mean.rate += v.Rates[0].Value / seeds
		mean.accuracy += v.Accuracy / seeds
	}
	return mean, nil
}

// newModel returns the network of examples/yinyang, somewhat smaller, with
// penalties on its hidden neurons.
func newModel(seed uint64, rs ...layers.Regulariser) (*train.Model, error) {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 4}},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, p, layers.Regularise(rs...))),
			layers.Linear{Out: 3},
			layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: steps, Batch: batch, Seed: seed,
	}.Compile()
}
