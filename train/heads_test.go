package train_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// labelAndAngles are samples whose targets are a label of 3 classes and two numbers.
func labelAndAngles(n, steps int) regression {
	r := regression{currents(n, steps, 4).(list)}
	for i := range n {
		y := graphtest.Random(2, uint64(90+i))
		r.targets = append(r.targets, []float32{float32(i % 3), float32(y[0]), float32(y[1])})
	}
	return r
}

func twoHeads(read ...layers.Layer) layers.Layer {
	head := func(n int) layers.Layer { return append(layers.Sequential{layers.Linear{Out: n}, li()}, read...) }
	return layers.Sequential{
		layers.Linear{Out: 8, Init: layers.Scaled{Gain: 4}}, lif(),
		layers.Heads{layers.Named("class", head(3)), layers.Named("angle", head(2))},
	}
}

// The loss of two heads is the weighted sum of what each would have, from the outputs, and so are
// the metrics; the last batch is short.
func TestHeads(t *testing.T) {
	const n, steps = 7, 9
	d := labelAndAngles(n, steps)
	for dt, tol := range tolerances {
		for _, segment := range []int{0, 4} {
			m := newModel(t, train.Network{
				Net: twoHeads(layers.MeanOverTime), Shape: []int{4}, Steps: steps, Batch: 4, Segment: segment, Seed: 5, Dtype: dt,
				Heads: []train.Head{{Output: "angle", Loss: loss.MeanSquared{}, Weight: 0.5, Metrics: []metric.Metric{metric.MeanAbsoluteError{}}}, {Output: "class"}},
			})
			e := regression{d.list}
			e.targets = nil
			for _, y := range d.targets { // in the order of Heads
				e.targets = append(e.targets, []float32{y[1], y[2], y[0]})
			}
			y, err := m.Predict(background, e, nil)
			require.NoError(t, err)
			require.Equal(t, tensor.Shape{n, 5}, y.Shape())
			got, err := m.Evaluate(background, e, nil)
			require.NoError(t, err)
			var entropy, square, abs, right float64
			for i := range n {
				row := elements(y)[i*5 : i*5+5]
				l, _ := crossEntropy(row[2:], i%3)
				entropy += l / n
				for k := range 2 {
					square += math.Pow(row[k]-float64(d.targets[i][1+k]), 2) / (2 * n)
					abs += math.Abs(row[k]-float64(d.targets[i][1+k])) / (2 * n)
				}
				if row[2+i%3] == max(row[2], row[3], row[4]) {
					right += 1. / n
				}
			}
			require.InDelta(t, 0.5*square+entropy, got.Loss, 10*tol)
			require.InDelta(t, square, got.Terms["angle loss"], 10*tol)
			require.InDelta(t, entropy, got.Terms["class loss"], 10*tol)
			require.Len(t, got.Values, 2)
			require.Equal(t, "angle mean absolute error", got.Values[0].Name)
			require.InDelta(t, abs, got.Values[0].Value, 10*tol)
			require.Equal(t, "class accuracy", got.Values[1].Name)
			require.InDelta(t, right, got.Values[1].Value, 1e-12)
			require.True(t, math.IsNaN(got.Accuracy))
			require.NotContains(t, got.String(), "NaN")
			_, err = m.Classes(background, e, nil)
			require.ErrorContains(t, err, "train: classes: outputs have shape [4 5], want [batch classes]")
		}
	}
}

// The gradient of two heads is the weighted sum of those that each has by itself, in segments and
// on the whole, where labels are learnt at every step, too.
func TestHeadGradients(t *testing.T) {
	const n, steps = 4, 9
	d := labelAndAngles(n, steps)
	angles := regression{d.list}
	angles.targets = nil
	labels := d.list
	labels.targets, labels.labels = nil, nil
	for i, y := range d.targets {
		angles.targets = append(angles.targets, y[1:])
		labels.labels = append(labels.labels, i%3)
	}
	sequences := regression{d.list}
	angleSequences := regression{d.list}
	sequences.targets, angleSequences.targets = nil, nil
	for _, y := range d.targets {
		var s, a []float32
		for k := range steps {
			s = append(s, y[0], y[1]+float32(k), y[2])
			a = append(a, y[1]+float32(k), y[2])
		}
		sequences.targets, angleSequences.targets = append(sequences.targets, s), append(angleSequences.targets, a)
	}
	for name, c := range map[string]struct {
		read          []layers.Layer
		class, angle  loss.Loss
		both, ofAngle data.Dataset
	}{
		"readouts":  {[]layers.Layer{layers.MeanOverTime}, loss.CrossEntropy{}, loss.MeanSquared{}, d, angles},
		"sequences": {nil, loss.CrossEntropy{Sequence: true}, loss.MeanSquared{Sequence: true}, sequences, angleSequences},
	} {
		for _, segment := range []int{0, 4} {
			grads := func(d data.Dataset, heads ...train.Head) map[string][]float64 {
				return gradientsOf(t, newModel(t, train.Network{
					Net: twoHeads(c.read...), Shape: []int{4}, Steps: steps, Batch: 4, Segment: segment, Seed: 5, Heads: heads, Dtype: tensor.Float64,
				}), d)
			}
			got := grads(c.both, train.Head{Output: "class", Loss: c.class, Weight: 2}, train.Head{Output: "angle", Loss: c.angle, Weight: 0.25})
			// A single head's labels are a column of targets, too.
			one := regression{labels}
			for i := range n {
				one.targets = append(one.targets, []float32{float32(i % 3)})
			}
			class, angle := grads(one, train.Head{Output: "class", Loss: c.class}), grads(c.ofAngle, train.Head{Output: "angle", Loss: c.angle})
			for p, g := range got {
				for i := range g {
					require.InDelta(t, 2*class[p][i]+0.25*angle[p][i], g[i], 1e-12, "%s, segments of %d, %s", name, segment, p)
				}
			}
		}
	}
}

// Heads are in checkpoints and in the structure of a network, and their curves go on.
func TestHeadsResume(t *testing.T) {
	d, dir := labelAndAngles(7, 9), t.TempDir()
	run := func(from *train.Checkpoint, weight float64) (train.Result, error) {
		m := newModel(t, train.Network{
			Net: twoHeads(layers.MeanOverTime), Shape: []int{4}, Steps: 9, Batch: 3, Seed: 5,
			Heads: []train.Head{{Output: "class", Weight: weight}, {Output: "angle", Loss: loss.MeanSquared{}}},
		})
		tr := train.Trainer{Model: m, Data: d, Validation: d, Epochs: 2, Optimiser: &optim.Adam{LearningRate: 0.05}, Resume: from}
		if from == nil {
			tr.Checkpoints = &train.Checkpoints{Dir: dir, EverySteps: 1, Keep: 100}
		}
		r, err := tr.Run(background)
		for i := range r.History {
			r.History[i].Duration = 0
		}
		return r, err
	}
	want, err := run(nil, 2)
	require.NoError(t, err)
	c, err := train.ReadCheckpoint(fmt.Sprintf("%s/step-%09d.safetensors", dir, 2))
	require.NoError(t, err)
	got, err := run(c, 2)
	require.NoError(t, err)
	a, err := json.Marshal(want.History) // in which NaN is null
	require.NoError(t, err)
	b, err := json.Marshal(got.History)
	require.NoError(t, err)
	require.JSONEq(t, string(a), string(b))
	_, err = run(c, 3)
	require.ErrorContains(t, err, `it belongs to another network: "class loss CrossEntropy{}, weighted 2" there is "class loss CrossEntropy{}, weighted 3" here`)
}

func TestBadHeads(t *testing.T) {
	compile := func(n train.Network) error {
		n.Shape, n.Steps, n.Batch = []int{4}, 9, 3
		_, err := n.Compile()
		return err
	}
	read := twoHeads(layers.MeanOverTime)
	for want, n := range map[string]train.Network{
		`train: network: it has the outputs ["class" "angle"], and one loss; want Network.Heads, with a loss for each`: {Net: read},
		`train: a network has Heads with their losses and metrics, or Loss and Metrics of one output, not both`:        {Net: read, Loss: loss.MeanSquared{}, Heads: []train.Head{{Output: "class"}}},
		`train: head 1: its output is "class", want the name of another output for each`:                               {Net: read, Heads: []train.Head{{Output: "class"}, {Output: "class"}}},
		`train: head class: its weight is -1, want a finite number of at least 0`:                                      {Net: read, Heads: []train.Head{{Output: "class", Weight: -1}}},
		`train: network: there is no output clas; it has ["class" "angle"], those of layers.Heads`:                     {Net: read, Heads: []train.Head{{Output: "clas"}}},
		`train: loss: head class: outputs have shape [9 3 3], want [batch …] with a batch of 3; is a readout missing?`: {Net: twoHeads(), Heads: []train.Head{{Output: "class"}}},
		`train: loss: metric mean absolute error: it is for targets that are numbers, one for each of 3 outputs`:       {Net: read, Heads: []train.Head{{Output: "class", Metrics: []metric.Metric{metric.MeanAbsoluteError{}}}}},
	} {
		require.EqualError(t, compile(n), want)
	}
	require.ErrorContains(t, compile(train.Network{Net: twoHeads(), Heads: []train.Head{{Output: "class", Loss: loss.TET{}}, {Output: "angle", Loss: loss.MeanSquared{}}}}),
		"output angle has shape [9 3 2], want [batch …] behind a readout, or [T batch …] with a loss of sequences, as all heads")
}
