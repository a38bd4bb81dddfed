package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// The network is healthy as it is, before the training and in it, and is not with
// first weights that are badly scaled.
func TestDiagnose(t *testing.T) {
	long.Test(t)
	s, err := generate()
	require.NoError(t, err)
	for scale, want := range map[float32]diagnose.Kind{0.01: diagnose.SilentLayer, 1: 0, 100: diagnose.SaturatedLayer} {
		m, err := newModel(1, batch)
		require.NoError(t, err)
		w := m.Params()[0].Value().Data().([]float32)
		for i := range w {
			w[i] *= scale
		}
		if scale == 1 {
			tr := train.Trainer{
				Model: m, Data: s.test, Epochs: 6, Optimiser: &optim.Adam{LearningRate: 5e-3},
				Doctor: true, OnFinding: func(f diagnose.Finding) { t.Error(f) },
			}
			_, err := tr.Run(context.Background())
			require.NoError(t, err)
			continue
		}
		fs, err := train.Diagnose(context.Background(), m, s.test, nil)
		require.NoError(t, err)
		require.Len(t, fs, 1)
		require.Equal(t, want, fs[0].Kind)
		require.Equal(t, "hidden", fs[0].Layer)
	}
}
