package findrate_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/findrate"
)

// one is a data set of a single 1, whose target is 3.
type one struct{}

func (one) Len() int                               { return 1 }
func (one) Shape() []int                           { return []int{1} }
func (one) Sample(_ int, x []float32) (int, error) { x[0] = 1; return 0, nil }
func (one) Target(_ int, y []float32) error        { y[0] = 3; return nil }

// parabola is the loss (w − 3)², of which w ← w − 2 r (w − 3) is a step: for rates above 1 it
// blows up.
func parabola(t testing.TB) *train.Model {
	m, err := train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 1, NoBias: true, Init: layers.Constant(1)}, layers.Last},
		Shape: []int{1}, Steps: 1, Batch: 1, Loss: loss.MeanSquared{},
	}.Compile()
	require.NoError(t, err)
	return m
}

// The losses are those of the recurrence, and the search ends where it has blown up. The model and
// the optimiser are as they were.
func TestSearch(t *testing.T) {
	m, o := parabola(t), &optim.SGD{LearningRate: 0.123}
	c, err := findrate.Search{From: 1e-3, To: 100, Batches: 200}.Run(context.Background(), train.Trainer{Model: m, Data: one{}, Optimiser: o})
	require.NoError(t, err)
	w, sum, weight := 1.0, 0.0, 0.0
	for i, rate := range c.Rates {
		require.InEpsilon(t, 1e-3*math.Pow(1e5, float64(i)/199), rate, 1e-12)
		l := (w - 3) * (w - 3)
		require.InDelta(t, l, c.Losses[i], 1e-4*(1+l))
		sum, weight = 0.95*sum+c.Losses[i], 0.95*weight+1
		require.InEpsilon(t, sum/weight, c.Smooth[i], 1e-12)
		w -= 2 * rate * (w - 3)
	}
	require.Greater(t, c.Lowest(), 0.3)
	require.Equal(t, c.Lowest()/10, c.Proposal())
	require.Equal(t, []float32{1}, m.Weights()[0].Float32s())
	require.Equal(t, 0.123, o.Rate())
	require.Zero(t, o.State().Steps)
	_, err = c.Plot()
	require.NoError(t, err)
}

// two are samples of which no weight suits both: the loss cannot become 0, and rises where the rate is
// above 1.
type two struct{ one }

func (two) Len() int                        { return 2 }
func (two) Target(i int, y []float32) error { y[0] = float32(2 + 2*i); return nil }

// The search ends where the loss has blown up, or is infinite.
func TestBlowUp(t *testing.T) {
	for _, to := range []float64{100, 1e30} {
		c, err := findrate.Search{From: 1e-3, To: to, Batches: 200}.Run(context.Background(), train.Trainer{Model: parabola(t), Data: two{}, Optimiser: &optim.SGD{LearningRate: 1}})
		require.NoError(t, err)
		require.Less(t, len(c.Rates), 200)
		require.Greater(t, c.Rates[len(c.Rates)-1], 1.0)
		require.Less(t, c.Lowest(), 1.5)
	}
}

func TestBad(t *testing.T) {
	m := parabola(t)
	for want, s := range map[string]findrate.Search{
		"findrate: the rates are from 1 to 0.5, want finite numbers above 0, the second above the first":  {From: 1, To: 0.5},
		"findrate: the rates are from -1 to 0.5, want finite numbers above 0, the second above the first": {From: -1, To: 0.5},
		"findrate: the search has 1 batches, want at least 2":                                             {Batches: 1},
	} {
		_, err := s.Run(context.Background(), train.Trainer{Model: m, Data: one{}})
		require.EqualError(t, err, want)
	}
	_, err := findrate.Search{}.Run(context.Background(), train.Trainer{})
	require.EqualError(t, err, "findrate: the context or the model is nil")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = findrate.Search{}.Run(ctx, train.Trainer{Model: m, Data: one{}})
	require.ErrorIs(t, err, context.Canceled)
	_, err = findrate.Search{}.Run(context.Background(), train.Trainer{Model: m, Data: one{}, Optimiser: own{&optim.SGD{}}})
	require.ErrorContains(t, err, "findrate: optim: clone: the optimiser is a findrate_test.own, want one of this package")
}

type own struct{ *optim.SGD }

// A rate for a network that tells the regions of the Yin-Yang symbol apart: between 0.0003 and 0.1.
func ExampleSearch() {
	points, err := data.NewYinYang(1000, 42)
	if err != nil {
		log.Fatal(err)
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 50, Init: layers.Scaled{Gain: 4}}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()),
			layers.Linear{Out: 3}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 20, Batch: 50, Seed: 1,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	curve, err := findrate.Search{}.Run(context.Background(), train.Trainer{Model: model, Data: points})
	if err != nil {
		log.Fatal(err)
	}
	rate := curve.Proposal()
	fmt.Println(rate > 3e-4 && rate < 0.1)
	// Output: true
}
