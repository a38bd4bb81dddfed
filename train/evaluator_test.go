package train_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/ranks"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/train"
)

// asking has n ranks ask, each a model of its own.
func asking(n int, ask func(e train.Evaluator, rank int) error, models ...*train.Model) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i, r := range ranks.New(n) {
		all.Go(func() {
			defer r.Leave()
			errs[i] = ask(train.Evaluator{Model: models[i], Reduce: r}, i)
		})
	}
	all.Wait()
	return errs
}

// Ranks answer as one process does, each for batches of its own, also where there are fewer of these than
// ranks: sums up to rounding and the same on all, outputs and classes to the last bit.
func TestEvaluator(t *testing.T) {
	p := encode.DefaultPoissonParams()
	for _, n := range []int{1, 2, 3} {
		for _, samples := range []int{2, 7} {
			var models []*train.Model
			for range n {
				models = append(models, sharing(t, tensor.Float32).Model)
			}
			d := currents(samples, 4)
			want, err := models[0].Evaluate(background, d, p)
			require.NoError(t, err)
			outputs, err := models[0].Predict(background, d, p)
			require.NoError(t, err)
			classes, err := models[0].Classes(background, d, p)
			require.NoError(t, err)
			got := make([]metric.Summary, n)
			require.NoError(t, errors.Join(asking(n, func(e train.Evaluator, rank int) (err error) {
				if got[rank], err = e.Evaluate(background, d, p); err != nil {
					return err
				}
				y, err := e.Predict(background, d, p)
				if err != nil {
					return err
				}
				k, err := e.Classes(background, d, p)
				if err == nil && (fmt.Sprint(y.Shape(), y.Data()) != fmt.Sprint(outputs.Shape(), outputs.Data()) || fmt.Sprint(k) != fmt.Sprint(classes)) {
					err = errors.New("other outputs or classes")
				}
				return err
			}, models...)...), "%d ranks, %d samples", n, samples)
			for _, g := range got {
				require.Equal(t, got[0], g)
				require.InDelta(t, want.Loss, g.Loss, 1e-12)
				require.Equal(t, []any{want.Values, want.Accuracy, want.Samples}, []any{g.Values, g.Accuracy, g.Samples})
			}
		}
	}
}

// What goes wrong at one rank, or differs between them, is an error of all; nobody waits.
func TestEvaluatorEndsTogether(t *testing.T) {
	for want, change := range map[string]func(m *train.Model, d *data.Dataset, enc *encode.Encoder){
		"sample 3: no such file":             func(_ *train.Model, d *data.Dataset, _ *encode.Encoder) { *d = unreadable{*d, 3} },
		"rank 1 has 5 samples, and rank 0 7": func(_ *train.Model, d *data.Dataset, _ *encode.Encoder) { *d = currents(5, 4) },
		"rank 1 has other weights than rank 0: those of 0.linear": func(m *train.Model, _ *data.Dataset, _ *encode.Encoder) {
			m.Params()[0].Value().Data().([]float32)[0] = 2
		},
	} {
		models := []*train.Model{sharing(t, tensor.Float32).Model, sharing(t, tensor.Float32).Model}
		for _, err := range asking(2, func(e train.Evaluator, rank int) error {
			d, enc := currents(7, 4), encode.Encoder(encode.DefaultPoissonParams())
			if rank == 1 {
				change(e.Model, &d, &enc)
			}
			v, err := e.Evaluate(background, d, enc)
			require.Zero(t, v)
			return err
		}, models...) {
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, err, "train: evaluate: ")
		}
	}
	models := []*train.Model{sharing(t, tensor.Float32).Model, nil}
	for _, err := range asking(2, func(e train.Evaluator, rank int) error {
		_, err := e.Predict(background, currents(7, 4), encode.DefaultPoissonParams())
		return err
	}, models...) {
		require.ErrorContains(t, err, "the model is nil or was not made by Network.Compile")
	}
	models[1] = models[0]
	for _, err := range asking(2, func(e train.Evaluator, rank int) error {
		e.Model = sharing(t, tensor.Float32).Model
		_, err := e.Classes(background, currents(7, 4), walk{rand.NewPCG(1, 2)})
		return err
	}, models...) {
		require.ErrorContains(t, err, "train: classes: the encoder has a state of its own, which goes on from batch to batch: want one rank")
	}
}

// A Doctor finds on ranks what it finds in one process, and tells it on rank 0.
func TestRanksDoctor(t *testing.T) {
	trainer := func() *train.Trainer {
		tr := sharing(t, tensor.Float32)
		tr.Doctor, tr.Deterministic, tr.OnFinding = true, true, func(diagnose.Finding) {}
		for i, v := range tr.Model.Weights()[0].Float32s() {
			tr.Model.Params()[0].Value().Data().([]float32)[i] = v / 100
		}
		return tr
	}
	alone := trainer()
	want, err := alone.Run(background)
	require.NoError(t, err)
	require.NotEmpty(t, want.Findings)
	told := 0
	_, rs, errs := together(t, context.Background(), 2, func(int) *train.Trainer {
		tr := trainer()
		tr.OnFinding = func(diagnose.Finding) { told++ }
		return tr
	})
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, want.Findings, rs[0].Findings)
	require.Len(t, want.Findings, told)
}
