package train_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/ranks"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// together trains on n ranks, each with the trainer that of returns, and returns how each
// ended. A rank whose training is over leaves, so that nobody waits for it.
func together(t testing.TB, ctx context.Context, n int, of func(rank int) *train.Trainer) ([]*train.Trainer, []train.Result, []error) {
	t.Helper()
	ts, rs, errs := make([]*train.Trainer, n), make([]train.Result, n), make([]error, n)
	var all sync.WaitGroup
	for i, r := range ranks.New(n) {
		ts[i] = of(i)
		ts[i].Reduce = r
		all.Go(func() {
			defer r.Leave()
			rs[i], errs[i] = ts[i].Run(ctx)
		})
	}
	all.Wait()
	return ts, rs, errs
}

// sharing is a training with all that draws at random and all that is measured: 17 samples are
// eight batches of 2 and one of 1, of which steps have four.
func sharing(t testing.TB, dt tensor.Dtype) *train.Trainer {
	m := newModel(t, train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 8, Init: layers.Scaled{Gain: 4}}, lif(layers.Regularise(layers.Rate{Upper: 0.02, Weight: 3})), layers.Dropout{P: 0.3},
			layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 9, Batch: 2, Seed: 4, Dtype: dt, Metrics: []metric.Metric{metric.TopK{K: 2}},
	})
	p := encode.DefaultPoissonParams()
	p.FMax = 300
	return &train.Trainer{
		Model: m, Data: currents(17, 4), Validation: currents(7, 4), Encoder: p, Epochs: 4, Seed: 7, ClipNorm: 0.5, Accumulate: 4, KeepBest: true,
		Optimiser: &optim.SGD{LearningRate: 0.3, Momentum: 0.9}, Schedule: optim.Cosine{}, OnWarning: func(err error) { t.Error(err) },
	}
}

// What ranks train is what one process trains with the same settings, which draws the same: the
// weights, losses, penalties, metrics and norms are the same up to rounding; where batches are
// added up in order to the last bit, and in order they are those of a process that trains
// alone.
func TestRanks(t *testing.T) {
	for dt, tol := range map[tensor.Dtype]float64{tensor.Float32: 2e-5, tensor.Float64: 1e-12} {
		alone := sharing(t, dt)
		var batches []train.Batch
		alone.OnBatch = func(b train.Batch) { batches = append(batches, b) }
		want, err := alone.Run(background)
		require.NoError(t, err)
		for _, n := range []int{1, 2, 4} {
			for _, inOrder := range []bool{false, true} {
				t.Run(fmt.Sprint(dt, n, inOrder), func(t *testing.T) {
					var heard []train.Batch
					ts, rs, errs := together(t, background, n, func(rank int) *train.Trainer {
						tr := sharing(t, dt)
						tr.Deterministic = inOrder
						tr.Loaders = rank % 2
						tr.OnBatch = func(b train.Batch) { heard = append(heard, b) }
						return tr
					})
					require.NoError(t, errors.Join(errs...))
					require.Len(t, heard, len(batches), "from rank 0 alone")
					for i, b := range batches {
						h := heard[i]
						require.Equal(t, []any{b.Epoch, b.Batch, b.Step, b.Samples, b.LearningRate}, []any{h.Epoch, h.Batch, h.Step, h.Samples, h.LearningRate})
						require.InDelta(t, b.Loss, h.Loss, tol)
						require.InDelta(t, b.GradNorm, h.GradNorm, 10*tol)
						require.InDelta(t, b.Terms["1.rate"], h.Terms["1.rate"], tol)
						require.Equal(t, b.Values, h.Values)
					}
					for i, tr := range ts {
						require.Equal(t, timeless(rs[0]), timeless(rs[i]), "rank %d", i)
						require.Equal(t, bits(ts[0].Model), bits(tr.Model), "rank %d", i)
					}
					for i, w := range bits(alone.Model) {
						if inOrder {
							require.Equal(t, w, bits(ts[0].Model)[i])
						}
						require.InDeltaSlice(t, w, bits(ts[0].Model)[i], tol)
					}
					for i, e := range want.History {
						got := rs[0].History[i]
						require.InDelta(t, e.Train.Loss, got.Train.Loss, tol)
						require.InDelta(t, e.Train.Terms["1.rate"], got.Train.Terms["1.rate"], tol)
						require.InDelta(t, e.Validation.Loss, got.Validation.Loss, tol)
						require.Equal(t, []any{e.Train.Values, e.Train.Samples, e.Validation.Values, e.Validation.Samples}, []any{got.Train.Values, got.Train.Samples, got.Validation.Values, got.Validation.Samples})
					}
				})
			}
		}
	}
}

// A training that is asked to end at any rank ends at all, with a checkpoint between two steps,
// from which any number of ranks goes on; the end has the same bytes.
func TestRanksResume(t *testing.T) {
	run := func(ctx context.Context, n int, dir string, from *train.Checkpoint, hear func(train.Batch)) []error {
		_, _, errs := together(t, ctx, n, func(rank int) *train.Trainer {
			tr := sharing(t, tensor.Float32)
			tr.Deterministic, tr.OnBatch = true, hear
			tr.Optimiser = &optim.Adam{LearningRate: 0.02}
			tr.Checkpoints = &train.Checkpoints{Dir: dir, EverySteps: 5, Keep: 100}
			if rank == 0 { // which alone can read it, perhaps
				tr.Resume = from
			}
			return tr
		})
		return errs
	}
	whole, parts := t.TempDir(), t.TempDir()
	require.NoError(t, errors.Join(run(background, 1, whole, nil, nil)...))
	// Due after 5, 10, …: at the end of the steps of 4, 4 and 1 batches; epochs have 9.
	require.Equal(t, []string{
		"best.safetensors", "final.safetensors", "step-000000008.safetensors", "step-000000013.safetensors", "step-000000017.safetensors",
		"step-000000022.safetensors", "step-000000026.safetensors", "step-000000031.safetensors", "step-000000035.safetensors", "step-000000036.safetensors",
	}, fileNames(t, whole))
	ctx, cancel := context.WithCancel(background)
	for _, err := range run(ctx, 2, parts, nil, func(b train.Batch) {
		if b.Step == 9 {
			cancel()
		}
	}) {
		require.ErrorIs(t, err, context.Canceled)
	}
	c, passed, err := train.LatestCheckpoint(parts)
	require.NoError(t, err)
	require.Empty(t, passed)
	require.Equal(t, 13, c.Steps())
	require.NoError(t, errors.Join(run(background, 4, parts, c, nil)...))
	require.Equal(t, read(t, whole, "final.safetensors"), read(t, parts, "final.safetensors"))
	// A process alone goes on from there as well, and stops within steps, from where ranks do not go on.
	alone := sharing(t, tensor.Float32)
	alone.Optimiser = &optim.Adam{LearningRate: 0.02}
	alone.Resume = c
	alone.Checkpoints = &train.Checkpoints{Dir: t.TempDir(), EverySteps: 1, Keep: 100}
	_, err = alone.Run(background)
	require.NoError(t, err)
	mid := filepath.Join(alone.Checkpoints.Dir, "step-000000015.safetensors")
	for _, err := range run(background, 2, t.TempDir(), checkpoint(t, mid), nil) {
		require.ErrorContains(t, err, "it was written in the midst of a step of several batches, which ranks take as a whole; go on without Reduce until the step is over")
	}
}

// unreadable is a data set with a sample that cannot be read.
type unreadable struct {
	data.Dataset
	at int
}

func (b unreadable) Sample(i int, x []float32) (int, error) {
	if i == b.at {
		return 0, errors.New("no such file")
	}
	return b.Dataset.Sample(i, x)
}

// drifting is SGD that goes elsewhere at one of its steps.
type drifting struct {
	*optim.SGD
	at *int // steps left
}

func (d drifting) Step(ps []G.ValueGrad) error {
	if *d.at--; *d.at == 0 {
		ps[2].Value().(*tensor.Dense).Set(0, float32(5))
	}
	return d.SGD.Step(ps)
}

// What goes wrong at one rank ends all, with an error that names it.
func TestRanksEndTogether(t *testing.T) {
	change := map[string]func(tr *train.Trainer, rank int){
		"read: epoch 0, batches 0 to 3": func(tr *train.Trainer, rank int) {
			if rank == 1 {
				tr.Data = unreadable{tr.Data, 3}
				tr.Epochs = 4
			}
		},
		"rank 1 has another training than rank 0: ClipNorm is 0.25, and 0.5 on rank 0": func(tr *train.Trainer, rank int) {
			tr.ClipNorm /= float64(1 + rank)
		},
		"has other weights than rank 0: those of": func(tr *train.Trainer, rank int) {
			at := -1
			if rank == 1 {
				at = 2
			}
			tr.Optimiser = &drifting{tr.Optimiser.(*optim.SGD), &at}
		},
		"epoch 1: enough": func(tr *train.Trainer, rank int) {
			tr.OnEpoch = func(e train.Epoch) error {
				if e.Epoch == 1 {
					return errors.New("enough")
				}
				return nil
			}
		},
	}
	for want, f := range change {
		t.Run(want, func(t *testing.T) {
			_, _, errs := together(t, background, 2, func(rank int) *train.Trainer {
				tr := sharing(t, tensor.Float32)
				f(tr, rank)
				return tr
			})
			if want == "read: epoch 0, batches 0 to 3" {
				require.ErrorContains(t, errs[1], "sample 3: no such file")
				require.ErrorContains(t, errs[0], "rank 1 ended with: ")
				require.ErrorContains(t, errs[0], "sample 3: no such file")
				return
			}
			for _, err := range errs {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// Ranks that are gone are an error of the others, and not a wait.
func TestRankLeaves(t *testing.T) {
	_, _, errs := together(t, background, 2, func(rank int) *train.Trainer {
		tr := sharing(t, tensor.Float32)
		if rank == 1 {
			tr.Epochs = -1
			tr.Model = nil
		}
		return tr
	})
	require.EqualError(t, errs[0], "rank 0 of 2: Gather: ranks: rank 1 has left")
	require.Error(t, errs[1])
}

// counted counts batches.
type counted struct{}

func (counted) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	n, err := b.Buffer(x, "n", layers.Constant(0), 1)
	if err != nil {
		return nil, err
	}
	var g graph.Builder
	n.Next = g.Shift(n.Node, graph.Const(1))
	return x, g.Err()
}

// What ranks cannot share is refused, on all.
func TestRanksRefuse(t *testing.T) {
	net := func(n train.Network) func(*train.Trainer) {
		return func(tr *train.Trainer) {
			n.Shape, n.Steps, n.Batch, n.Seed = []int{4}, 9, 2, 4
			tr.Model = newModel(t, n)
		}
	}
	for want, f := range map[string]func(*train.Trainer){
		"train: there are 2 ranks, and Accumulate is 0: want a multiple of the ranks, which share the batches of a step": func(tr *train.Trainer) { tr.Accumulate = 0 },
		"train: there are 2 ranks, and Accumulate is 3: want a multiple of the ranks, which share the batches of a step": func(tr *train.Trainer) { tr.Accumulate = 3 },
		"train: ranks cannot share a step where the weights change within a batch; leave out Window or Reduce, or learn at the end of sequences": func(tr *train.Trainer) {
			net(train.Network{Net: small(), Window: 3})(tr)
			tr.Accumulate = 0
		},
		"train: the network has statistics of a batch, 1.norm.mean, which go on from batch to batch: want Synchronised, with which they are of all batches of a step, or one rank, or a normalisation without them": net(train.Network{Net: layers.Sequential{layers.Linear{Out: 3}, layers.BatchNorm{}, li(), layers.MaxOverTime}}),
		"train: the network has a buffer, 0.n, that each batch changes, and ranks would change in different ways: want one rank, or a Next that is Joined":                                                          net(train.Network{Net: layers.Sequential{counted{}, layers.Linear{Out: 3}, li(), layers.MaxOverTime}}),
		"train: Synchronised makes the batches of a step one, a part for each rank: Accumulate is 4, and there are 2 ranks; want as many, or larger batches":                                                        func(tr *train.Trainer) { tr.Synchronised = true },
		"train: the encoder has a state of its own, which goes on from batch to batch: want one rank":                                                                                                               func(tr *train.Trainer) { tr.Encoder = walk{rand.NewPCG(1, 2)} },
	} {
		_, _, errs := together(t, background, 2, func(int) *train.Trainer {
			tr := sharing(t, tensor.Float32)
			f(tr)
			return tr
		})
		for _, err := range errs {
			require.EqualError(t, err, want)
		}
	}
	tr := sharing(t, tensor.Float32)
	tr.Synchronised = true
	_, err := tr.Run(background)
	require.EqualError(t, err, "train: Synchronised makes the batches of a step one, a part for each rank: Accumulate is 4, and there are 1 ranks; want as many, or larger batches")
	tr.Synchronised, tr.Reduce = false, (*ranks.Rank)(nil)
	_, err = tr.Run(background)
	require.EqualError(t, err, "train: the Reducer is nil: *ranks.Rank, want one, or none for one process")
}
