// Eventprop compares two gradients of one network: that of backpropagation through
// time with a surrogate for the slope of a spike, and that of EventProp, which
// divides by the slope of the potential instead. It measures the angle between the
// two on the hidden weights, before and after training, and what each costs and
// reaches on the Yin-Yang data set.
//
//	go run ./examples/eventprop
//
// T. Wunderlich and C. Pehle, Scientific Reports 11 (2021), 12829.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"time"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

const (
	steps  = 30 // of 1 ms
	hidden = 120
	batch  = 50
)

func main() {
	seed := flag.Uint64("seed", 1, "seed of the weights and of the order of the samples")
	epochs := flag.Int("epochs", 40, "how often every training point is seen")
	out := flag.String("out", "out/eventprop", "folder for the picture")
	show.Parse("eventprop compares the gradients of EventProp and of backpropagation through time.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *seed, *epochs, *out); err != nil {
		fmt.Fprintln(os.Stderr, "eventprop:", err)
		os.Exit(1)
	}
}

type step = graph.Step[neurons.LIFState, neurons.LIFParams]

// newModel returns the network with hidden neurons of one kind or the other.
func newModel(hiddenStep step, alpha float64, batch int, seed uint64) (*train.Model, error) {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: alpha}
	return train.Network{
		Net: layers.Sequential{
			layers.Named("input", layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 4}}),
			layers.Named("hidden", layers.Lift(hiddenStep, p)),
			layers.Linear{Out: 3},
			layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: steps, Batch: batch, Seed: seed,
	}.Compile()
}

// A way is one to get the gradient of the hidden neurons.
type way struct {
	name string
	step step
}

var ways = []way{{"BPTT", neurons.LIFStep}, {"EventProp", neurons.LIFAdjointStep}}

// alphas are the steepnesses of the surrogates.
var alphas = []float64{0.3, 1, 3, 10, 30, 100, 300}

func run(ctx context.Context, seed uint64, epochs int, out string) error {
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	points, err := data.NewYinYang(5000, 42)
	if err != nil {
		return err
	}
	test, err := data.NewYinYang(1000, 40)
	if err != nil {
		return err
	}
	probe, err := data.NewYinYang(1000, 41)
	if err != nil {
		return err
	}
	before, err := newModel(neurons.LIFStep, 10, batch, seed)
	if err != nil {
		return err
	}
	chart := plot.Chart{
		Title: "EventProp against BPTT", XLabel: "Steepness α of the surrogate", YLabel: "Angle between the gradients (°)",
		X: alphas, LogX: true, Dots: true,
	}
	series := func(name string, m *train.Model) error {
		angles, err := angles(ctx, m, probe, seed)
		if err != nil {
			return err
		}
		if angles == nil {
			fmt.Printf("%-26s no gradient: the hidden neurons are silent\n", name)
			return nil
		}
		chart.Series = append(chart.Series, plot.Series{Name: name, Y: angles})
		fmt.Printf("%-26s", name)
		for _, a := range angles {
			fmt.Printf(" %5.1f", a)
		}
		fmt.Println()
		return nil
	}
	fmt.Printf("angle (°) between the gradients of the hidden weights, for the surrogates SuperSpike with α =\n%26s", "")
	for _, a := range alphas {
		fmt.Printf(" %5v", a)
	}
	fmt.Println()
	if err := series("before training", before); err != nil {
		return err
	}
	var results []string
	for _, w := range ways {
		m, err := newModel(w.step, 10, batch, seed)
		if err != nil {
			return err
		}
		t := train.Trainer{
			Model: m, Data: points, Epochs: epochs, Seed: seed,
			Optimiser: &optim.Adam{LearningRate: 1e-3}, Schedule: optim.Cosine{}, ClipNorm: 1,
		}
		done := show.Watch(ctx, &t, w.name)
		begin := time.Now()
		result, err := t.Run(ctx)
		took := time.Since(begin)
		done()
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		metrics, err := m.Evaluate(context.WithoutCancel(ctx), test, nil)
		if err != nil {
			return err
		}
		n := len(result.History) * points.Len() / batch
		results = append(results, fmt.Sprintf("%-10s test accuracy %.1f %%, %.2f ms a training step of %d samples",
			w.name, 100*metrics.Accuracy, float64(took.Milliseconds())/float64(max(n, 1)), batch))
		if err := series("after training by "+w.name, m); err != nil {
			return err
		}
	}
	for _, r := range results {
		fmt.Println(r)
	}
	fig, err := plot.Lines(chart)
	if err != nil {
		return err
	}
	if err := plot.Save(out, "angles", fig); err != nil {
		return err
	}
	fmt.Printf("picture in %s\n", out)
	return nil
}

// angles returns the angles in degrees between the gradient of EventProp and those
// of surrogates, of the hidden weights of m over all points; nil if there is none.
func angles(ctx context.Context, m *train.Model, points *data.Memory, seed uint64) ([]float64, error) {
	ctx = context.WithoutCancel(ctx)
	event, err := gradient(ctx, m, neurons.LIFAdjointStep, 10, points, seed)
	if err != nil {
		return nil, err
	}
	var as []float64
	for _, alpha := range alphas {
		g, err := gradient(ctx, m, neurons.LIFStep, alpha, points, seed)
		if err != nil {
			return nil, err
		}
		a := angle(event, g)
		if math.IsNaN(a) {
			return nil, nil
		}
		as = append(as, a)
	}
	return as, nil
}

// gradient returns that of the hidden weights of a network with the weights of m.
func gradient(ctx context.Context, m *train.Model, s step, alpha float64, points *data.Memory, seed uint64) ([]float32, error) {
	twin, err := newModel(s, alpha, points.Len(), seed)
	if err != nil {
		return nil, err
	}
	if err := twin.SetWeights(m.Weights()); err != nil {
		return nil, err
	}
	r := &recorder{Optimiser: &optim.SGD{}}
	t := train.Trainer{Model: twin, Data: points, Epochs: 1, Optimiser: r}
	if _, err := t.Run(ctx); err != nil {
		return nil, err
	}
	return r.first, nil
}

// A recorder keeps the gradient of the first parameter, and changes nothing.
type recorder struct {
	optim.Optimiser
	first []float32
}

func (r *recorder) Step(ps []G.ValueGrad) error {
	g, err := ps[0].Grad()
	if err != nil {
		return err
	}
	r.first = append([]float32{}, g.Data().([]float32)...)
	return nil
}

// angle returns the angle between two vectors in degrees, NaN if one is 0.
func angle(x, y []float32) float64 {
	var xx, yy, xy float64
	for i := range x {
		xx += float64(x[i]) * float64(x[i])
		yy += float64(y[i]) * float64(y[i])
		xy += float64(x[i]) * float64(y[i])
	}
	return math.Acos(max(-1, min(1, xy/math.Sqrt(xx*yy)))) * 180 / math.Pi
}
