package train_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/online"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// Adaptive feedback takes the steps that the weights to the outputs take, so that by the decay alone the two become
// alike: after k steps their difference is (1 − η λ)^k of what it was. Checkpoints have the feedback, files of weights
// are of the network.
func TestAdaptiveFeedback(t *testing.T) {
	const rate, decay = 1e-2, 0.5
	for name, opt := range map[string]func() optim.Optimiser{
		"Adam": func() optim.Optimiser { return optim.NewAdamW(rate, decay) },
		"SGD":  func() optim.Optimiser { return &optim.SGD{LearningRate: rate, Momentum: 0, WeightDecay: decay} },
	} {
		t.Run(name, func(t *testing.T) {
			n, d := recurring(tensor.Float64)
			rng := layers.NewBuild(n.Seed).Rand("feedback to 1")
			m, err := n.Compile()
			require.NoError(t, err)
			gap := graphtest.Floats(m.Params()[3].Value()) // 2.linear.w [6, 1]
			for i := range gap {
				gap[i] -= rng.NormFloat64() / math.Sqrt(6)
			}
			e := online.EProp{Every: 4, Feedback: online.Adaptive, Firing: online.Firing{Target: 0.1, Weight: 1e-3, Tau: 10}}
			dir := t.TempDir()
			steps := 0
			tr := train.Trainer{Model: m, Data: d, Epochs: 2, Seed: 1, Learning: e, Optimiser: opt(), Checkpoints: &train.Checkpoints{Dir: dir}}
			ctx, cancel := context.WithCancel(context.Background())
			tr.OnBatch = func(train.Batch) {
				if steps++; steps == 4 {
					cancel()
				}
			}
			_, err = tr.Run(ctx)
			require.ErrorIs(t, err, context.Canceled)
			again, err := n.Compile()
			require.NoError(t, err)
			tr.Model, tr.Optimiser, tr.OnBatch = again, opt(), nil
			tr.Resume, _, err = train.LatestCheckpoint(dir)
			require.NoError(t, err)
			_, err = tr.Run(context.Background())
			require.NoError(t, err)

			whole, err := n.Compile()
			require.NoError(t, err)
			_, err = (&train.Trainer{Model: whole, Data: d, Epochs: 2, Seed: 1, Learning: e, Optimiser: opt()}).Run(context.Background())
			require.NoError(t, err)
			require.Equal(t, copied(whole), copied(again))

			read, err := n.Compile()
			require.NoError(t, err)
			require.NoError(t, read.LoadWeights(filepath.Join(dir, "final.safetensors")))
			require.Equal(t, copied(whole), copied(read))
			c, err := train.ReadCheckpoint(filepath.Join(dir, "final.safetensors"))
			require.NoError(t, err)
			kept, err := c.Tensor("feedback to 1")
			require.NoError(t, err)
			back := graphtest.Floats(kept)
			w := graphtest.Floats(again.Params()[3].Value())
			for i := range gap {
				gap[i] *= math.Pow(1-rate*decay, 2*3*5)
				back[i] = w[i] - back[i]
			}
			graphtest.Close(t, "difference", gap, back, 1e-9)
		})
	}
}

// What a Learner goes on from has the feedback.
func TestLiveAdaptive(t *testing.T) {
	n, d := recurring(tensor.Float32)
	e := online.EProp{Every: 1, Feedback: online.Adaptive, Firing: online.Firing{Target: 0.1, Weight: 1e-3}}
	_, l, _ := live(t, n, e)
	before, err := l.State()
	require.NoError(t, err)
	for k := range 5 {
		_, _, err = l.Step(d.at(k, 0, 1))
		require.NoError(t, err)
	}
	s, err := l.State()
	require.NoError(t, err)
	require.NotEqual(t, before.Tensors["feedback to 1"].Data(), s.Tensors["feedback to 1"].Data())
	require.NoError(t, l.Restore(before))
	s, err = l.State()
	require.NoError(t, err)
	require.Equal(t, before.Tensors["feedback to 1"].Data(), s.Tensors["feedback to 1"].Data())
}
