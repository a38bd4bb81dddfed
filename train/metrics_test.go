package train_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// The metrics of a data set, in whatever batches, are those of its outputs; the last batch is
// short.
func TestMetrics(t *testing.T) {
	d := currents(7, 9, 4)
	body := layers.Sequential{layers.Linear{Out: 8, Init: layers.Scaled{Gain: 4}}, lif(), layers.Linear{Out: 3}, li()}
	for name, c := range map[string]struct {
		net  layers.Layer
		loss loss.Loss
	}{
		"readout":   {append(body, layers.MaxOverTime), nil},
		"each step": {body, loss.CrossEntropy{Sequence: true}},
	} {
		for _, segment := range []int{0, 4} {
			of := train.Network{
				Net: c.net, Loss: c.loss, Shape: []int{4}, Steps: 9, Batch: 3, Segment: segment, Seed: 2,
				Metrics: []metric.Metric{metric.TopK{K: 2}, metric.F1{}, metric.Confusion{}},
			}
			m := newModel(t, of)
			for _, d := range []data.Dataset{d, varied{d, []int{9, 3, 5, 1, 9, 7, 2}}} {
				steps := func(i int) int { return 9 }
				if v, ok := d.(varied); ok {
					steps = v.Steps
				}
				y, err := m.Predict(background, d, nil)
				require.NoError(t, err)
				got, err := m.Evaluate(background, d, nil)
				require.NoError(t, err)
				classes, err := m.Classes(background, d, nil)
				require.NoError(t, err)
				x := make([]float32, 36)
				sums := [][]float64{make([]float64, 2), make([]float64, 2), make([]float64, 9), make([]float64, 9)}
				ms := []metric.Metric{metric.Accuracy{}, metric.TopK{K: 2}, metric.F1{}, metric.Confusion{}}
				outputs := elements(y)
				for i := range 7 {
					label, err := d.Sample(i, x)
					require.NoError(t, err)
					row := make([]float64, 3)
					if c.loss == nil {
						row = outputs[i*3 : i*3+3]
					} else {
						for s := range steps(i) {
							for k := range row {
								row[k] += outputs[(i*9+s)*3+k] / float64(steps(i))
							}
						}
					}
					for k, of := range ms {
						of.Add(sums[k], row, []float64{float64(label)})
					}
					require.Equal(t, row[classes[i]], max(row[0], row[1], row[2]), "%s", name)
				}
				var want []metric.Value
				for k, of := range ms[:3] {
					want = append(want, metric.Value{Name: of.Name(), Value: of.Value(sums[k])})
				}
				want = append(want, metric.Value{Name: "confusion", Table: metric.Confusion{}.Table(sums[3])})
				require.Equal(t, want, got.Values, "%s in segments of %d", name, segment)
				require.Equal(t, want[0].Value, got.Accuracy)
				require.NotContains(t, got.String(), "NaN")
			}
		}
	}
}

// Regression over time has no accuracy, and prints none.
func TestMetricsOfSequences(t *testing.T) {
	d := answers(5, 6, []int{4})
	m := newModel(t, train.Network{
		Net: layers.Sequential{layers.Linear{Out: 3}, li()}, Loss: loss.MeanSquared{Sequence: true}, Shape: []int{4}, Steps: 6, Batch: 2, Segment: 4,
		Metrics: []metric.Metric{metric.RootMeanSquare{}, metric.MeanAbsoluteError{}},
	})
	got, err := m.Evaluate(background, d, nil)
	require.NoError(t, err)
	require.True(t, math.IsNaN(got.Accuracy))
	require.InDelta(t, math.Sqrt(got.Loss), got.Values[0].Value, 1e-6)
	require.Equal(t, fmt.Sprintf("loss %.4g, root mean square error %.4f, mean absolute error %.4f", got.Loss, got.Values[0].Value, got.Values[1].Value), got.String())
	_, err = train.Network{Net: layers.Sequential{layers.Linear{Out: 3}, li()}, Loss: loss.VanRossum{Tau: 5}, Shape: []int{4}, Steps: 6, Batch: 2, Segment: 3}.Compile()
	require.EqualError(t, err, "train: loss: loss.VanRossum reads whole sequences, and the network goes through them in parts; leave out Segment and Window")
}

// In the midst of a training the metrics of the epoch are part of a checkpoint.
func TestMetricsResume(t *testing.T) {
	d := currents(7, 9, 4)
	run := func(epochs int, stop bool, dir string, from *train.Checkpoint) train.Result {
		m := newModel(t, train.Network{
			Net:   layers.Sequential{layers.Linear{Out: 8, Init: layers.Scaled{Gain: 4}}, lif(), layers.Linear{Out: 3}, li()},
			Shape: []int{4}, Steps: 9, Batch: 3, Loss: loss.TET{}, Metrics: []metric.Metric{metric.F1{}, metric.Confusion{}},
		})
		tr := train.Trainer{Model: m, Data: d, Validation: d, Epochs: epochs, Optimiser: &optim.SGD{LearningRate: 0.1}, Resume: from}
		if dir != "" {
			tr.Checkpoints = &train.Checkpoints{Dir: dir, EverySteps: 1, Keep: 100}
		}
		r, err := tr.Run(background)
		require.NoError(t, err)
		for i := range r.History {
			r.History[i].Duration = 0
		}
		return r
	}
	dir := t.TempDir()
	want := run(2, false, dir, nil)
	c, err := train.ReadCheckpoint(dir + "/step-000000002.safetensors")
	require.NoError(t, err)
	require.Equal(t, want.History, run(2, false, "", c).History)
	require.Len(t, want.History[0].Train.Values, 3)
}

// A training may go on with other metrics: those that were there go on, a new one begins, and a warning
// says so.
func TestOtherMetricsResume(t *testing.T) {
	d, dir := currents(7, 9, 4), t.TempDir()
	run := func(from *train.Checkpoint, ms ...metric.Metric) (train.Result, []string) {
		m := newModel(t, train.Network{
			Net:   layers.Sequential{layers.Linear{Out: 3}, li(), layers.MaxOverTime},
			Shape: []int{4}, Steps: 9, Batch: 3, Metrics: ms,
		})
		var warnings []string
		tr := train.Trainer{Model: m, Data: d, Epochs: 1, Resume: from, OnWarning: func(err error) { warnings = append(warnings, err.Error()) }}
		if from == nil {
			tr.Checkpoints = &train.Checkpoints{Dir: dir, EverySteps: 1, Keep: 100}
		}
		r, err := tr.Run(background)
		require.NoError(t, err)
		return r, warnings
	}
	want, _ := run(nil, metric.TopK{K: 2}, metric.Confusion{})
	c, err := train.ReadCheckpoint(dir + "/step-000000002.safetensors")
	require.NoError(t, err)
	got, warnings := run(c, metric.F1{}, metric.TopK{K: 2})
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0], "metrics was accuracy, top-2 accuracy, confusion, is accuracy, F1, top-2 accuracy")
	require.Equal(t, want.History[0].Train.Values[:2], []metric.Value{got.History[0].Train.Values[0], got.History[0].Train.Values[2]})
	require.Equal(t, want.History[0].Train.Loss, got.History[0].Train.Loss)
}

// A network whose neurons are all silent at the start: the times of first spikes wake them.
func TestFirstSpikeFromSilence(t *testing.T) {
	d := list{shape: []int{3}, x: [][]float32{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, labels: []int{0, 1, 2}}
	m := newModel(t, train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 8, Init: layers.Scaled{Gain: 0.1}}, lif(),
			layers.Linear{Out: 3, Init: layers.Scaled{Gain: 0.1}}, lif(), layers.FirstSpike{Latest: 30},
		},
		Shape: []int{3}, Steps: 30, Batch: 3, Seed: 1, Loss: loss.FirstSpike{Alpha: 0.01},
	})
	y, err := m.Predict(background, d, nil)
	require.NoError(t, err)
	require.Equal(t, []float64{30, 30, 30, 30, 30, 30, 30, 30, 30}, elements(y))
	tr := train.Trainer{Model: m, Data: d, Epochs: 300, Optimiser: &optim.Adam{LearningRate: 0.02}}
	r, err := tr.Run(background)
	require.NoError(t, err)
	first, last := r.History[0].Train, r.History[299].Train
	require.InDelta(t, math.Log(3)+0.01*(math.Exp(3)-1), first.Loss, 1e-6)
	require.Less(t, last.Loss, first.Loss/4)
	require.Equal(t, 1.0, last.Accuracy)
}
