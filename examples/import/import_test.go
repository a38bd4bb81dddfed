package main

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
)

// Gorgonia's solver changes their weights and ours, and the loss falls.
func TestEpoch(t *testing.T) {
	p, err := newProgram(1)
	require.NoError(t, err)
	d, err := data.NewYinYang(1000, 42)
	require.NoError(t, err)
	var before [][]float32
	for _, n := range p.learnables {
		before = append(before, slices.Clone(n.Value().Data().([]float32)))
	}
	first, err := p.epoch(context.Background(), d, order(d.Len(), 1, 0))
	require.NoError(t, err)
	for i, n := range p.learnables {
		require.NotEqual(t, before[i], n.Value().Data(), n.Name())
	}
	accuracy, err := p.accuracy(d)
	require.NoError(t, err)
	for e := range 4 {
		_, err = p.epoch(context.Background(), d, order(d.Len(), 1, e+1))
		require.NoError(t, err)
	}
	last, err := p.epoch(context.Background(), d, order(d.Len(), 1, 5))
	require.NoError(t, err)
	require.Less(t, last, 0.8*first)
	later, err := p.accuracy(d)
	require.NoError(t, err)
	require.Greater(t, later, accuracy)
	require.Greater(t, later, 0.7)
}

func TestRun(t *testing.T) {
	require.NoError(t, run(context.Background(), 1, 1, t.TempDir()))
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, run(stopped, 1, 1, t.TempDir()))
	require.EqualError(t, run(context.Background(), 1, 0, t.TempDir()), "number of epochs is 0, want at least 1")
}

// order is data.Order of so few that there is no error.
func order(n int, seed uint64, epoch int) []int {
	idx, err := data.Order(n, seed, epoch)
	if err != nil {
		panic(err)
	}
	return idx
}
