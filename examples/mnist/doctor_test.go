package main

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// bars returns images of a bright bar at the height of its label, in some noise, as
// bright on the whole as digits are.
func bars(t *testing.T, n int) data.Dataset {
	t.Helper()
	const side = 28
	r := rand.New(rand.NewPCG(1, 1))
	x, labels := make([]float32, n*side*side), make([]int, n)
	for i := range labels {
		labels[i] = i % 10
		for k := range side * side {
			x[i*side*side+k] = 0.05 * r.Float32()
			if y := k / side; y/2 == labels[i]+2 {
				x[i*side*side+k] = 0.8 + 0.2*r.Float32()
			}
		}
	}
	d, err := data.New([]int{side, side}, x, labels)
	require.NoError(t, err)
	return d
}

// The network is healthy as it is, before the training and in it, and is not with
// first weights that are badly scaled.
func TestDiagnose(t *testing.T) {
	long.Test(t)
	d := bars(t, 640)
	for scale, want := range map[float32]diagnose.Kind{0.01: diagnose.SilentLayer, 1: 0, 100: diagnose.SaturatedLayer} {
		m, err := dense().compile(1, batch)
		require.NoError(t, err)
		w := m.Params()[0].Value().Data().([]float32)
		for i := range w {
			w[i] *= scale
		}
		if scale == 1 {
			tr := train.Trainer{
				Model: m, Data: d, Encoder: poisson, Epochs: 3, Optimiser: &optim.Adam{LearningRate: 5e-3}, ClipNorm: 1,
				Doctor: true, OnFinding: func(f diagnose.Finding) { t.Error(f) },
			}
			_, err := tr.Run(context.Background())
			require.NoError(t, err)
			continue
		}
		fs, err := train.Diagnose(context.Background(), m, d, poisson)
		require.NoError(t, err)
		require.Len(t, fs, 1)
		require.Equal(t, want, fs[0].Kind)
		require.Equal(t, "hidden", fs[0].Layer)
	}
}
