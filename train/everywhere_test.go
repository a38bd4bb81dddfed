package train_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/train"
)

// A training gives the same bits on processors of different kinds: those that AVX2 and
// AVX-512 gave.
func TestSameEverywhere(t *testing.T) {
	if cpu.Kernels() == cpu.Go {
		t.Skip("plain Go rounds exponentials in its own way")
	}
	r := train.Trainer{Model: smallModel(t, 4), Data: yinyang(t, 40), Epochs: 2}
	_, err := r.Run(context.Background())
	require.NoError(t, err)
	h := sha256.New()
	for _, w := range bits(r.Model) {
		for _, x := range w {
			fmt.Fprintf(h, "%x ", x)
		}
	}
	require.Equal(t, "dfd49fea081b2edad0e7723c9e707c0ba53acb4893a3cd81765c53e2624716f3", fmt.Sprintf("%x", h.Sum(nil)))
}
