package exact

import (
	"context"
	"errors"
	"fmt"

	"github.com/spikegrad/spikegrad/internal/par"
)

// shards is into how many sums the gradients of a batch go, whatever GOMAXPROCS is.
const shards = 8

// A Tally is what a network did on some samples.
type Tally struct {
	Samples int
	Right   int     // whose answer is their class
	Mute    int     // that gave no answer
	Cost    float64 // mean
	Spikes  []int   // of each layer
	Fired   [][]int // of each layer and neuron, in how many samples it fired
}

// Accuracy returns which share of the samples was told right.
func (t Tally) Accuracy() float64 { return float64(t.Right) / float64(max(1, t.Samples)) }

func (t *Tally) add(o Tally) {
	t.Samples, t.Right, t.Mute, t.Cost = t.Samples+o.Samples, t.Right+o.Right, t.Mute+o.Mute, t.Cost+o.Cost
	if len(t.Spikes) == 0 { // o may be of no samples
		t.Spikes, t.Fired = make([]int, len(o.Spikes)), make([][]int, len(o.Fired))
	}
	for i := range o.Spikes {
		t.Spikes[i] += o.Spikes[i]
		if t.Fired[i] == nil {
			t.Fired[i] = make([]int, len(o.Fired[i]))
		}
		for n, k := range o.Fired[i] {
			t.Fired[i][n] += k
		}
	}
}

// Learn runs a batch, on all processors, and leaves the gradient of the mean loss in the parameters. It
// changes no weight: that is for an optimiser.
func (m *Model) Learn(ctx context.Context, samples [][]Spike, classes []int, loss Loss) (Tally, error) {
	return m.batch(ctx, samples, classes, loss, true)
}

// Evaluate runs samples, on all processors.
func (m *Model) Evaluate(ctx context.Context, samples [][]Spike, classes []int, loss Loss) (Tally, error) {
	return m.batch(ctx, samples, classes, loss, false)
}

func (m *Model) batch(ctx context.Context, samples [][]Spike, classes []int, loss Loss, learn bool) (Tally, error) {
	if len(samples) != len(classes) || len(samples) == 0 {
		return Tally{}, fmt.Errorf("exact: %d samples and %d classes, want as many, and some", len(samples), len(classes))
	}
	if ctx == nil || loss == nil {
		return Tally{}, errors.New("exact: the context or the loss is nil")
	}
	if err := m.check(); err != nil {
		return Tally{}, err
	}
	var grads [shards][][]float64
	var tallies [shards]Tally
	var errs [shards]error
	par.Each(shards, func(s int) {
		if learn {
			for _, p := range m.params {
				grads[s] = append(grads[s], make([]float64, len(p.floats())))
			}
		}
		for i := s * len(samples) / shards; i < (s+1)*len(samples)/shards && errs[s] == nil; i++ {
			if errs[s] = ctx.Err(); errs[s] == nil {
				if errs[s] = m.sample(samples[i], classes[i], loss, grads[s], &tallies[s]); errs[s] != nil {
					errs[s] = fmt.Errorf("sample %d of the batch: %w", i, errs[s])
				}
			}
		}
	})
	var t Tally
	for s := range shards {
		if errs[s] != nil {
			return Tally{}, errs[s]
		}
		t.add(tallies[s])
	}
	t.Cost /= float64(t.Samples)
	if !learn {
		return t, nil
	}
	for i, p := range m.params {
		g := p.grad.Float64s()
		clear(g)
		for s := range shards {
			for k, x := range grads[s][i] {
				g[k] += x / float64(len(samples))
			}
		}
	}
	return t, nil
}

// sample adds one sample to the gradients, unless these are nil, and to the tally.
func (m *Model) sample(in []Spike, class int, loss Loss, into [][]float64, t *Tally) error {
	r, err := m.run(in)
	if err != nil {
		return err
	}
	cost, g, answer, err := loss.Cost(r, class)
	if err != nil {
		return err
	}
	if cost-cost != 0 {
		return fmt.Errorf("exact: the loss is %v, want a finite number", cost)
	}
	one := Tally{Samples: 1, Cost: cost}
	if answer == class {
		one.Right = 1
	}
	if answer < 0 {
		one.Mute = 1
	}
	for _, lr := range r.layers {
		one.Spikes = append(one.Spikes, len(lr.spikes))
		fired := make([]int, len(lr.of))
		for n, of := range lr.of {
			fired[n] = min(1, len(of))
		}
		one.Fired = append(one.Fired, fired)
	}
	t.add(one)
	if into == nil {
		return nil
	}
	_, err = r.backward(g, into)
	return err
}
