package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// What is tried: one height for all widths, and one width for all heights.
var (
	betas   = []float64{1, 3, 10, 30, 100}
	heights = []float64{0.01, 0.1, 1, 10, 100}
)

const (
	usualBeta   = 10
	usualHeight = 1
)

// A cell is a surrogate that is tried.
type cell struct {
	shape        int
	beta, height float64
}

// A point is what networks reached: their mean accuracy on the test samples, and
// how many had a gradient that was not finite. These keep the weights from before.
type point struct {
	accuracy float64
	broken   int
}

// A sweep trains networks with all surrogates.
type sweep struct {
	options
	train, test []data.Dataset // one for each seed
	reached     map[cell]*point
	progress    *plot.Progress
}

func (s *sweep) generate() error {
	for i := range uint64(s.seeds) {
		all, err := data.NewRandman(data.DefaultRandmanParams(), learnt+judged, s.seed+i)
		if err != nil {
			return err
		}
		train, err := data.Subset(all, 0, learnt)
		if err != nil {
			return err
		}
		test, err := data.Subset(all, learnt, learnt+judged)
		if err != nil {
			return err
		}
		s.train, s.test = append(s.train, train), append(s.test, test)
	}
	return nil
}

// cells returns what is to be tried.
func (s *sweep) cells() []cell {
	var cs []cell
	for i := range shapes {
		for _, b := range betas {
			cs = append(cs, cell{i, b, usualHeight})
		}
		for _, h := range heights {
			if h != usualHeight {
				cs = append(cs, cell{i, usualBeta, h})
			}
		}
	}
	return cs
}

// all trains a network for each cell and seed.
func (s *sweep) all(ctx context.Context) error {
	for _, c := range s.cells() {
		var mean point
		for i := range s.seeds {
			accuracy, broken, err := s.one(ctx, c, i)
			if err != nil {
				return err
			}
			mean.accuracy += accuracy / float64(s.seeds)
			if broken {
				mean.broken++
			}
			s.progress.Step(1, fmt.Sprintf("%s, β %v, height %v: %.1f %%", shapes[c.shape].name, c.beta, c.height, 100*accuracy))
		}
		s.reached[c] = &mean
	}
	return nil
}

// one trains the i-th network of a cell.
func (s *sweep) one(ctx context.Context, c cell, i int) (accuracy float64, broken bool, err error) {
	seed := s.seed + uint64(i)
	m, err := newModel(scaled{slope: shapes[c.shape].of(c.beta), height: c.height}, seed)
	if err != nil {
		return 0, false, err
	}
	t := train.Trainer{
		Model: m, Data: s.train[i], Epochs: s.epochs, Seed: seed,
		Optimiser: &optim.Adam{LearningRate: 0.05}, Schedule: optim.Cosine{},
	}
	if _, err := t.Run(ctx); err != nil {
		if errors.Is(err, context.Canceled) {
			return 0, false, err
		}
		broken = true // a gradient is not finite: the network keeps the weights it has
	}
	v, err := m.Evaluate(ctx, s.test[i], nil)
	return v.Accuracy, broken, err
}

// at returns what was reached with a surrogate.
func (s *sweep) at(c cell) point {
	if p := s.reached[c]; p != nil {
		return *p
	}
	return point{}
}
