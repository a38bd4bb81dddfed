// Stdp lets a neuron with 1,000 excitatory synapses learn by spike timing, without
// a gradient.
//
// First all its inputs are independent Poisson trains. Depression outweighs
// potentiation a little, so the synapses compete for the control of the neuron's
// spikes: some win and grow to the upper bound, the others shrink to the lower one,
// and the rate of the neuron settles where its spikes are irregular. Then the inputs
// fire in volleys that repeat, each with its own latency. Synapses that fire before
// the neuron does grow, so that it fires earlier and earlier, and in the end the
// first inputs alone make it fire, which ends the response sooner too.
//
//	go run ./examples/stdp
//
// S. Song, K. D. Miller and L. F. Abbott, Competitive Hebbian learning through
// spike-timing-dependent synaptic plasticity, Nat. Neurosci. 3 (2000), 919: the
// neuron, the synapses and the rule are theirs. The volleys are in their manner; the
// numbers stand in latency.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/plot"
)

// options are what the command line says.
type options struct {
	seed     uint64
	synapses int
	seconds  int     // of the competition
	rate     float64 // of its inputs, Hz
	volleys  int     // to learn from
	aPlus    float64 // A₊, change of a weight by one pair of spikes
	out      string
}

func main() {
	var o options
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the weights and of the spikes")
	flag.IntVar(&o.synapses, "synapses", 1000, "number of excitatory synapses")
	flag.IntVar(&o.seconds, "seconds", 500, "seconds that the competition lasts, of simulated time")
	flag.Float64Var(&o.rate, "rate", 20, "rate of the inputs that compete, Hz")
	flag.IntVar(&o.volleys, "volleys", 400, "number of volleys to learn the latencies from")
	flag.Float64Var(&o.aPlus, "aplus", 0.005, "change of a weight by one pair of spikes, per the largest weight")
	flag.StringVar(&o.out, "out", "out/stdp", "folder for the pictures")
	show.Parse("stdp lets the synapses of one neuron compete, and learn the latencies of its inputs.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "stdp:", err)
		os.Exit(1)
	}
}

func (o options) check() error {
	switch {
	case o.synapses < 1:
		return fmt.Errorf("%d synapses, want at least 1", o.synapses)
	case o.seconds < 1:
		return fmt.Errorf("%d seconds, want at least 1", o.seconds)
	case o.volleys < 1:
		return fmt.Errorf("%d volleys, want at least 1", o.volleys)
	case !(o.aPlus >= 0 && o.aPlus <= 1):
		return fmt.Errorf("a change of %v by one pair of spikes, want 0 to 1", o.aPlus)
	case !(o.rate > 0 && o.rate <= 1000):
		return fmt.Errorf("inputs of %v Hz, want above 0, up to 1000", o.rate)
	}
	return plot.CheckDir(o.out)
}

func run(ctx context.Context, o options) error {
	if err := o.check(); err != nil {
		return err
	}
	began := time.Now()
	progress := plot.NewProgress(os.Stderr, "stdp", o.seconds+o.volleys*period/chunk+2*probes*period/chunk)
	c, err := compete(ctx, o, func(rate float64) { progress.Step(1, fmt.Sprintf("competition, %.0f Hz", rate)) })
	var r shortening
	if err == nil {
		r, err = shorten(ctx, o, func() { progress.Step(1, "volleys") })
	}
	progress.Done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	fmt.Printf("simulated in %.1f s\n", time.Since(began).Seconds())
	// What was reached is worth showing however it ended.
	c.report(o)
	if err := c.draw(o); err != nil {
		return err
	}
	if err != nil {
		fmt.Println("stopped")
	} else {
		r.report()
		if err := r.draw(o.out); err != nil {
			return err
		}
	}
	fmt.Printf("pictures in %s\n", o.out)
	return nil
}

func (c competition) report(o options) {
	n := len(c.rate)
	if n == 0 {
		return
	}
	some := min(10, n)
	low, middle, high := near(c.after)
	fmt.Printf("competition: %d inputs of %g Hz for %d s; the neuron fires at %.1f Hz in the first %d s, %.1f Hz in the last\n",
		o.synapses, o.rate, n, stat.Mean(c.rate[:some], nil), some, stat.Mean(c.rate[n-some:], nil))
	fmt.Printf("intervals between its spikes: coefficient of variation %.2f in the second half\n", c.irregularity())
	fmt.Printf("weights: %.1f %% within a tenth of 0, %.1f %% within a tenth of the maximum, %.1f %% in the middle fifth\n",
		100*low, 100*high, 100*middle)
}

func (r shortening) report() {
	early, late := r.bySide()
	fmt.Printf("volleys: the first spike comes after %.1f ms before learning, after %.1f ms after it; %.1f and %.1f spikes a volley\n",
		r.before.latency, r.after.latency, r.before.spikes, r.after.spikes)
	fmt.Printf("weights: mean of the earlier half of the inputs %.2f, of the later half %.2f; all were %.2f\n", early, late, startWeight)
}

// bySide returns the mean weights of the inputs that come before the mean latency,
// and after it.
func (r shortening) bySide() (early, late float64) {
	var e, l []float64
	for i, w := range r.weights {
		if r.latency[i] < onset {
			e = append(e, float64(w))
		} else {
			l = append(l, float64(w))
		}
	}
	return stat.Mean(e, nil), stat.Mean(l, nil)
}
