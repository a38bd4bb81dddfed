package data_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
)

func TestEvents(t *testing.T) {
	samples := [][]data.Event{
		{{Step: 1, Index: 0}, {Step: 0, Index: 2, Value: -1}, {Step: 1, Index: 0}},
		nil,
	}
	d, err := data.NewEvents([]int{2, 3}, samples, []int{4, 0})
	require.NoError(t, err)
	require.Equal(t, 2, d.Len())
	require.Equal(t, []int{2, 3}, d.Shape())
	require.Equal(t, 5, data.Classes(d))
	x := make([]float32, 6)
	label, err := d.Sample(0, x)
	require.NoError(t, err)
	require.Equal(t, 4, label)
	require.Equal(t, []float32{0, 0, -1, 2, 0, 0}, x)
	events, label, err := d.Events(0, nil)
	require.NoError(t, err)
	require.Equal(t, 4, label)
	require.Equal(t, samples[0], events)
	label, err = d.Sample(1, x)
	require.NoError(t, err)
	require.Equal(t, 0, label)
	require.Equal(t, make([]float32, 6), x)

	part, err := data.Subset(d, 1, 2)
	require.NoError(t, err)
	events, label, err = part.(data.Spiking).Events(0, events[:0])
	require.NoError(t, err)
	require.Equal(t, 0, label)
	require.Empty(t, events)
	_, _, err = part.(data.Spiking).Events(1, nil)
	require.EqualError(t, err, "data: subset: sample 1 asked for, want 0 to 0")
	_, _, err = d.Events(2, nil)
	require.EqualError(t, err, "data: sample 2 asked for, want 0 to 1")
	_, err = d.Sample(0, x[:5])
	require.EqualError(t, err, "data: sample 0: x has length 5, want 6")
}

func TestEventsErrors(t *testing.T) {
	one := func(e data.Event) [][]data.Event { return [][]data.Event{{{}, e}} }
	for _, c := range []struct {
		shape   []int
		samples [][]data.Event
		labels  []int
		want    string
	}{
		{[]int{6}, nil, nil, "shape is [6], want [T n …]"},
		{[]int{2, 0}, nil, nil, "shape is [2 0], want every dimension at least 1"},
		{[]int{2, 3}, one(data.Event{}), nil, "1 samples and 0 labels, want as many of both"},
		{[]int{2, 3}, one(data.Event{}), []int{-1}, "sample 0: label is -1, want 0 or more"},
		{[]int{2, 3}, one(data.Event{Step: 2}), []int{0}, "sample 0: event 1 is at time step 2, want 0 to 1"},
		{[]int{2, 3}, one(data.Event{Index: -1}), []int{0}, "sample 0: event 1 is of element -1, want 0 to 2"},
		{[]int{2, 3}, one(data.Event{Value: float32(math.Inf(1))}), []int{0}, "sample 0: event 1 has the value +Inf, want a finite number"},
	} {
		_, err := data.NewEvents(c.shape, c.samples, c.labels)
		require.EqualError(t, err, "data: events: "+c.want)
	}
}

// The events of a data set make its samples.
func TestRandmanEvents(t *testing.T) {
	p := data.DefaultRandmanParams()
	p.Spikes, p.Steps = 5, 12 // so that some coincide
	d, err := data.NewRandman(p, 30, 1)
	require.NoError(t, err)
	x, y := make([]float32, 12*p.Units), make([]float32, 12*p.Units)
	var events []data.Event
	fewest := 5 * p.Units
	for i := range d.Len() {
		label, err := d.Sample(i, x)
		require.NoError(t, err)
		var same int
		events, same, err = d.Events(i, events[:0])
		require.NoError(t, err)
		require.Equal(t, label, same)
		fewest = min(fewest, len(events))
		clear(y)
		for _, e := range events {
			y[e.Step*p.Units+e.Index]++
		}
		require.Equal(t, x, y)
	}
	require.Less(t, fewest, 5*p.Units)
	_, _, err = d.Events(30, nil)
	require.EqualError(t, err, "data: sample 30 asked for, want 0 to 29")
}
