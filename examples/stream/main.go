// Stream lets a spiking network learn from a signal that does not end, in the memory of one time step. It follows
// what a plant makes of the signal, its running mean, times a gain; and the plant changes: every ten minutes the gain has
// the other sign. Weights learn at every millisecond, by e-prop, while the network answers. Nothing is kept of what was.
//
//	go run ./examples/stream               # an hour
//	go run ./examples/stream -minutes 5
//
// Errors are mean squares over the variance of the target: 1 is what the best constant has.
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/online"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

const (
	second = 1000 // time steps, of 1 ms
	minute = 60 * second
	turn   = 10 * minute // the plant changes so often
	hidden = 60
	memory = 30. // ms, of the running mean
)

func main() {
	minutes := flag.Int("minutes", 60, "simulated time")
	seed := flag.Uint64("seed", 1, "seed of the weights and of the signal")
	rate := flag.Float64("rate", 1e-4, "learning rate")
	out := flag.String("out", "out/stream", "folder for the picture")
	show.Parse("stream lets a spiking network learn from a signal that does not end.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *minutes, *seed, *rate, *out); err != nil {
		fmt.Fprintln(os.Stderr, "stream:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, minutes int, seed uint64, rate float64, out string) error {
	if minutes < 1 || !(rate >= 0) {
		return fmt.Errorf("%d minutes and a rate of %v, want at least 1 and 0", minutes, rate)
	}
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	l, err := newLearner(seed, rate)
	if err != nil {
		return err
	}
	began := time.Now()
	p := newPlant(seed)
	var errs []float64 // of each minute
	for k := 0; k < minutes && ctx.Err() == nil; k++ {
		e, err := follow(ctx, l, p, minute)
		if err != nil {
			return fmt.Errorf("minute %d: %w", k+1, err)
		}
		if math.IsNaN(e) {
			break // stopped before anything was learnt of it
		}
		errs = append(errs, e)
		fmt.Printf("minute %2d: error %.3f, %.1f MB of memory in use, %.0f µs a step\n", k+1, e, inUse(), time.Since(began).Seconds()*1e6/float64(p.t))
	}
	if len(errs) == 0 {
		fmt.Println("stopped")
		return nil
	}
	x := make([]float64, len(errs))
	for i := range x {
		x[i] = float64(i + 1)
	}
	fig, err := plot.Lines(plot.Chart{
		Title: "Learning from a stream whose plant changes every ten minutes", XLabel: "Minute", YLabel: "Error over variance",
		X: x, Series: []plot.Series{{Name: "mean of a minute", Y: errs}},
	})
	if err := show.Save(out, "error", fig, err); err != nil {
		return err
	}
	fmt.Printf("%.1f minutes of %d in %.1f s; picture in %s\n", float64(p.t)/minute, minutes, time.Since(began).Seconds(), out)
	return nil
}

// newLearner returns a network of one input and one output that learns at every time step.
func newLearner(seed uint64, rate float64) (*online.Learner, error) {
	p := neurons.DefaultLIFParams()
	p.VTh, p.TauMemInv = graph.Const(0.3), graph.Const(1e3/memory)
	q := neurons.DefaultLIParams()
	q.TauMemInv = graph.Const(1e3 / memory)
	m, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 3}},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, p)),
			layers.Linear{Out: 1, Init: layers.Scaled{Gain: 0.5}},
			layers.Named("readout", layers.Lift(neurons.LIStep, q)),
		},
		Loss:  loss.MeanSquared{Sequence: true},
		Shape: []int{1}, Steps: 1, Batch: 1, Seed: seed,
	}.Compile()
	if err != nil {
		return nil, err
	}
	t := train.Trainer{Model: m, Learning: online.EProp{Every: 1}, Optimiser: &optim.Adam{LearningRate: rate}}
	return t.Live()
}

// follow lets the network learn for so many steps, and returns its error; NaN if it was stopped at once.
func follow(ctx context.Context, l *online.Learner, p *plant, steps int) (float64, error) {
	x, y := make([]float32, 1), make([]float32, 1)
	var sum float64
	n := 0
	for ; n < steps && (n%second > 0 || ctx.Err() == nil); n++ {
		u, target := p.next()
		x[0], y[0] = float32(u), float32(target)
		_, loss, err := l.Step(x, y)
		if err != nil {
			return 0, err
		}
		sum += loss
	}
	return sum / float64(n) / variance, nil
}

// A plant is what the network follows: the running mean of a signal that wanders, times a gain of either sign.
type plant struct {
	r    *rand.Rand
	t    int
	u, y float64
}

func newPlant(seed uint64) *plant { return &plant{r: rand.New(rand.NewPCG(seed, 9))} }

// wander is how long the signal remembers, ms. It has mean 0 and variance 1, u ← k u + √(1 − k²) n with n normal and
// k = 1 − 1/wander.
const wander = 100.

// variance is that of the target: of y ← y + (u − y)/memory, whose answer is (1 − a) aⁿ with a = 1 − 1/memory, to an
// input whose correlations are kⁿ.
var variance = func() float64 {
	a, k := 1-1/memory, 1-1/wander
	return (1 - a) / (1 + a) * (1 + a*k) / (1 - a*k)
}()

// next returns the signal and the target of the next time step.
func (p *plant) next() (u, target float64) {
	const k = 1 - 1/wander
	p.u = k*p.u + math.Sqrt(1-k*k)*p.r.NormFloat64()
	p.y += (p.u - p.y) / memory
	gain := 1.
	if p.t/turn%2 == 1 {
		gain = -1
	}
	p.t++
	return p.u, gain * p.y
}

// inUse returns the MB of memory that are in use.
func inUse() float64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return float64(s.HeapAlloc) / 1e6
}
