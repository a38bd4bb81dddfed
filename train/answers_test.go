package train_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// Answers are what Predict and Classes say of the same samples in a data set: of whole sequences,
// shorter ones, single time steps, and of several heads.
func TestAnswers(t *testing.T) {
	d := currents(5, 9, 4).(list)
	m := newModel(t, train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 8, Init: layers.Scaled{Gain: 4}}, lif(), layers.Linear{Out: 3}, li(), layers.MaxOverTime},
		Shape: []int{4}, Steps: 9, Batch: 2, Seed: 3, Classes: []string{"a", "b", "c"},
	})
	check := func(m *train.Model, d data.Dataset, samples [][]float32) {
		t.Helper()
		y, err := m.Predict(background, d, nil)
		require.NoError(t, err)
		classes, err := m.Classes(background, d, nil)
		require.NoError(t, err)
		got, err := m.Answers(background, nil, samples...)
		require.NoError(t, err)
		n := len(elements(y)) / len(samples)
		for i, a := range got {
			require.Equal(t, elements(y)[i*n:(i+1)*n], a.Outputs)
			require.Equal(t, train.Answer{Class: classes[i], Name: []string{"a", "b", "c"}[classes[i]], Outputs: a.Outputs}, a)
		}
	}
	check(m, d, d.x)
	lengths := []int{9, 2, 5, 3, 7}
	var short [][]float32
	for i, x := range d.x {
		short = append(short, x[:4*lengths[i]])
	}
	check(m, varied{d, lengths}, short)
	constant := currents(3, 4).(list)
	check(m, constant, constant.x)
	one, err := m.Answers(background, nil, d.x[2])
	require.NoError(t, err)
	require.Len(t, one, 1)
	none, err := m.Answers(background, nil)
	require.NoError(t, err)
	require.Empty(t, none)
	for want, samples := range map[string][][]float32{
		"train: answers: sample 1 has 6 values, want 4, those of one time step, or so many times that, up to 9 steps":  {d.x[0], make([]float32, 6)},
		"train: answers: sample 0 has 40 values, want 4, those of one time step, or so many times that, up to 9 steps": {make([]float32, 40)},
		"train: answers: sample 1 is one time step, and sample 0 a sequence; ask for them apart":                       {d.x[0], make([]float32, 4)},
	} {
		_, err := m.Answers(background, nil, samples...)
		require.EqualError(t, err, want)
	}
	_, err = train.Network{Net: layers.Sequential{layers.Linear{Out: 3}, layers.Last}, Shape: []int{4}, Steps: 9, Batch: 2, Classes: []string{"a"}}.Compile()
	require.EqualError(t, err, "train: loss: there are the names of 1 classes, and 3 classes")

	heads := newModel(t, train.Network{
		Net: twoHeads(layers.MeanOverTime), Shape: []int{4}, Steps: 9, Batch: 2, Seed: 3,
		Heads: []train.Head{{Output: "angle", Loss: loss.MeanSquared{}}, {Output: "class"}},
	})
	y, err := heads.Predict(background, regression{list{shape: d.shape, x: d.x, targets: [][]float32{{0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}}}}, nil)
	require.NoError(t, err)
	got, err := heads.Answers(background, nil, d.x...)
	require.NoError(t, err)
	for i, a := range got {
		row := elements(y)[i*5 : i*5+5]
		require.Equal(t, row, a.Outputs)
		require.Equal(t, train.HeadAnswer{Output: "angle", Class: -1, Outputs: row[:2]}, a.Heads[0])
		require.Equal(t, row[2:], a.Heads[1].Outputs)
		require.Equal(t, a.Heads[1].Class, a.Class)
	}
}

// A network answers for one sample: no labels, no data set.
func ExampleModel_Answers() {
	points, err := data.NewYinYang(1000, 42)
	if err != nil {
		log.Fatal(err)
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 50, Init: layers.Scaled{Gain: 4}}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()),
			layers.Linear{Out: 3}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 20, Batch: 50, Seed: 1, Classes: []string{"yin", "yang", "dot"},
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := (&train.Trainer{Model: model, Data: points, Epochs: 5, Optimiser: &optim.Adam{LearningRate: 0.01}}).Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	a, err := model.Answers(context.Background(), nil, []float32{0.75, 0.5, 0.25, 0.5}) // the middle of a dot
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a[0].Name)
	// Output: dot
}
