// Soak trains for a long time and says whether it could have gone on for ever:
// whether the heap, the goroutines, the open files and the time of a step stay as
// they were.
//
//	go run ./internal/soak -duration 1h
//
// The training does what an overnight one does: it validates, keeps the best
// weights, writes checkpoints, records what the neurons do and runs the network step
// by step, all of it on the Yin-Yang data set. The first tenth of the time is for
// warming up; what grew since then is an error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

type settings struct {
	duration  time.Duration
	intervals int
	drift     float64
	segment   int
	points    int
}

func main() {
	var s settings
	flag.DurationVar(&s.duration, "duration", time.Hour, "how long to train")
	flag.IntVar(&s.intervals, "intervals", 20, "in how many intervals to measure")
	flag.Float64Var(&s.drift, "drift", 0.05, "by what share a step may become slower; 0 only prints it, for a machine that others use")
	flag.IntVar(&s.segment, "segment", 0, "train in segments of so many time steps; 0 trains on whole sequences")
	flag.IntVar(&s.points, "points", 100_000, "points in an epoch")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	if s.duration <= 0 || s.intervals < 10 {
		return fmt.Errorf("duration is %v and there are %d intervals, want more than 0 and at least 10", s.duration, s.intervals)
	}
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t, err := newTrainer(s, dir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.duration)
	defer cancel()
	fmt.Printf("%v of training, %d processors, segments of %d time steps (0: whole sequences)\n",
		s.duration, runtime.GOMAXPROCS(0), s.segment)
	w := newWatch(s.duration / time.Duration(s.intervals))
	var visited error
	t.OnBatch = func(b train.Batch) {
		w.batch(b)
		if b.Step%400 == 399 && visited == nil {
			visited = visit(ctx, t)
			w.pause()
		}
	}
	t.OnEpoch = func(train.Epoch) error { w.epoch(); return nil }
	_, err = t.Run(ctx)
	if err = errors.Join(err, visited); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	w.end()
	return w.judge(s.drift)
}

// newTrainer returns a training that would not end within a year.
func newTrainer(s settings, dir string) (*train.Trainer, error) {
	points, err := data.NewYinYang(s.points, 42)
	if err != nil {
		return nil, err
	}
	validation, err := data.NewYinYang(1000, 41)
	if err != nil {
		return nil, err
	}
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	m, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 100, Init: layers.Scaled{Gain: 4}},
			layers.Lift(neurons.LIFStep, p, layers.Regularise(layers.Rate{Upper: 0.2, Weight: 1})),
			layers.Dropout{P: 0.1},
			layers.Linear{Out: 3},
			layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 30, Batch: 50, Seed: 1, Segment: s.segment,
	}.Compile()
	if err != nil {
		return nil, err
	}
	return &train.Trainer{
		Model: m, Data: points, Validation: validation, Epochs: 1_000_000, ClipNorm: 1, KeepBest: true,
		Optimiser: &optim.Adam{LearningRate: 1e-4}, Checkpoints: &train.Checkpoints{Dir: dir, Every: time.Second},
	}, nil
}

// visit does what a person does who looks in on a training.
func visit(ctx context.Context, t *train.Trainer) error {
	if ctx.Err() != nil {
		return nil
	}
	if _, err := t.Model.Record(ctx, t.Validation, nil, []int{0, 1, 2}); err != nil {
		return err
	}
	s, err := t.Model.Rest(1)
	if err != nil {
		return err
	}
	for range 30 {
		if _, err := t.Model.Step(s, []float32{0.2, 0.8, 0.6, 0.4}); err != nil {
			return err
		}
	}
	return nil
}
