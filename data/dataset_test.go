package data_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
)

// six returns six samples of shape [1 2], sample i being (2i, 2i+1) with label
// i mod 3.
func six(t *testing.T) *data.Memory {
	t.Helper()
	x := make([]float32, 12)
	for i := range x {
		x[i] = float32(i)
	}
	d, err := data.New([]int{1, 2}, x, []int{0, 1, 2, 0, 1, 2})
	require.NoError(t, err)
	return d
}

func TestMemory(t *testing.T) {
	d := six(t)
	require.Equal(t, 6, d.Len())
	require.Equal(t, []int{1, 2}, d.Shape())
	require.Equal(t, 3, data.Classes(d))
	x := make([]float32, 2)
	label, err := d.Sample(4, x)
	require.NoError(t, err)
	require.Equal(t, []float32{8, 9}, x)
	require.Equal(t, 1, label)

	d.Shape()[0] = 7 // the caller's own copy
	require.Equal(t, []int{1, 2}, d.Shape())
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = d.Sample(4, x) }))

	empty, err := data.New([]int{4}, nil, nil)
	require.NoError(t, err)
	require.Zero(t, empty.Len())
	require.Zero(t, data.Classes(empty))
}

func TestSampleErrors(t *testing.T) {
	d := six(t)
	part, err := data.Subset(d, 2, 4)
	require.NoError(t, err)
	for _, c := range []struct {
		d    data.Dataset
		i, n int
		want string
	}{
		{d, -1, 2, "data: sample -1 asked for, want 0 to 5"},
		{d, 6, 2, "data: sample 6 asked for, want 0 to 5"},
		{d, 0, 3, "data: sample 0: x has length 3, want 2"},
		{d, 0, 0, "data: sample 0: x has length 0, want 2"},
		{part, -1, 2, "data: subset: sample -1 asked for, want 0 to 1"},
		{part, 2, 2, "data: subset: sample 2 asked for, want 0 to 1"},
	} {
		_, err := c.d.Sample(c.i, make([]float32, c.n))
		require.EqualError(t, err, c.want)
	}
}

func TestNewErrors(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for _, c := range []struct {
		shape  []int
		x      []float32
		labels []int
		want   string
	}{
		{nil, []float32{1}, []int{0}, "data: new: shape is [], want at least one dimension"},
		{[]int{2, 0}, nil, nil, "data: new: shape is [2 0], want every dimension at least 1"},
		{[]int{-2, -1}, []float32{1, 2}, []int{0}, "data: new: shape is [-2 -1], want every dimension at least 1"},
		{[]int{math.MaxInt, 2}, nil, nil, "more values than an int can count"},
		{[]int{2}, []float32{1, 2, 3}, []int{0}, "data: new: x has 3 values, want 2 of shape [2] for each of 1 labels"},
		{[]int{2}, []float32{1, 2}, []int{0, 0}, "data: new: x has 2 values, want 2 of shape [2] for each of 2 labels"},
		{[]int{2}, []float32{1, 2, 3, nan}, []int{0, 0}, "data: new: sample 1: value 1 is NaN, want a finite number"},
		{[]int{2}, []float32{1, 2, inf, 3}, []int{0, 0}, "data: new: sample 1: value 0 is -Inf, want a finite number"},
		{[]int{1}, []float32{1, 2}, []int{0, -3}, "data: new: sample 1: label is -3, want 0 or more"},
		{[]int{1}, []float32{1}, []int{math.MaxInt}, "too large to count classes"},
	} {
		_, err := data.New(c.shape, c.x, c.labels)
		require.ErrorContains(t, err, c.want)
	}
}

func TestSubset(t *testing.T) {
	d := six(t)
	part, err := data.Subset(d, 1, 5)
	require.NoError(t, err)
	part, err = data.Subset(part, 1, 4) // samples 2, 3, 4 of d
	require.NoError(t, err)
	require.Equal(t, 3, part.Len())
	require.Equal(t, []int{1, 2}, part.Shape())
	require.Equal(t, 3, data.Classes(part))
	x := make([]float32, 2)
	for i, want := range []int{2, 0, 1} {
		label, err := part.Sample(i, x)
		require.NoError(t, err)
		require.Equal(t, want, label)
		require.Equal(t, []float32{float32(2 * (i + 2)), float32(2*(i+2) + 1)}, x)
	}

	part, err = data.Subset(d, 6, 6)
	require.NoError(t, err)
	require.Zero(t, part.Len())

	_, err = data.Subset(nil, 0, 0)
	require.EqualError(t, err, "data: subset: the data set is nil")
	for _, r := range [][2]int{{-1, 2}, {3, 2}, {0, 7}, {7, 7}} {
		_, err = data.Subset(d, r[0], r[1])
		require.ErrorContains(t, err, "want one within [0, 6)")
	}
}

// unclassed is a data set that does not know its classes.
type unclassed struct{ data.Dataset }

func TestClassesUnknown(t *testing.T) {
	d := unclassed{six(t)}
	require.Zero(t, data.Classes(d))
	part, err := data.Subset(d, 0, 2)
	require.NoError(t, err)
	require.Zero(t, data.Classes(part))
}
