package augment_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/augment"
)

// images returns a data set of one image, whose pixels are numbered from 1.
func images(t *testing.T, shape ...int) data.Dataset {
	n := 1
	for _, s := range shape {
		n *= s
	}
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(1 + i)
	}
	d, err := data.New(shape, x, []int{3})
	require.NoError(t, err)
	return d
}

func sample(t *testing.T, d data.Dataset, i int) []float32 {
	n := 1
	for _, s := range d.Shape() {
		n *= s
	}
	x := make([]float32, n)
	_, err := d.Sample(i, x)
	require.NoError(t, err)
	return x
}

// fixed is a change that is always the same.
type fixed struct{ augment.Change }

func (fixed) Check(_, _, _ int) error                         { return nil }
func (f fixed) Draw(_ *rand.Rand, _, _, _ int) augment.Change { return f.Change }

func TestFlip(t *testing.T) {
	d, err := augment.New(images(t, 2, 2, 3), 1, augment.Flip{P: 1})
	require.NoError(t, err)
	require.Equal(t, []float32{3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10}, sample(t, d, 0))
	d, err = augment.New(images(t, 2, 3), 1, augment.Flip{P: 1, Vertical: true})
	require.NoError(t, err)
	require.Equal(t, []float32{4, 5, 6, 1, 2, 3}, sample(t, d, 0))
	d, err = augment.New(images(t, 2, 3), 1, augment.Flip{})
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2, 3, 4, 5, 6}, sample(t, d, 0))
}

// Over many epochs a shift is by each number of pixels, and what it moves is where it should be.
func TestShift(t *testing.T) {
	d, err := augment.New(images(t, 4, 5), 7, augment.Shift{Most: 2})
	require.NoError(t, err)
	seen := map[[2]int]int{}
	for e := range 2500 {
		d.(data.Epochal).Epoch(e)
		x := sample(t, d, 0)
		at := slices.IndexFunc(x, func(v float32) bool { return v == 8 }) // pixel (1, 2)
		if at < 0 {
			continue
		}
		dy, dx := at/5-1, at%5-2
		seen[[2]int{dy, dx}]++
		for i, v := range x {
			y, k := i/5-dy, i%5-dx
			want := float32(0)
			if y >= 0 && y < 4 && k >= 0 && k < 5 {
				want = float32(1 + y*5 + k)
			}
			require.Equal(t, want, v)
		}
	}
	require.Len(t, seen, 4*5) // shifts up by two lose the pixel
	for s, n := range seen {
		require.InDelta(t, 100, n, 45, s)
	}
}

// A quarter turn, and a crop of the whole, are exact; cut-out squares have their size in the middle.
func TestGeometry(t *testing.T) {
	turned := 0
	for seed := range uint64(40) {
		d, err := augment.New(images(t, 3, 3), seed, augment.Rotate{Degrees: 90})
		require.NoError(t, err)
		x := sample(t, d, 0)
		require.Equal(t, float32(5), x[4])
		if slices.Equal(x, []float32{3, 6, 9, 2, 5, 8, 1, 4, 7}) || slices.Equal(x, []float32{7, 4, 1, 8, 5, 2, 9, 6, 3}) {
			turned++
		}
	}
	require.Positive(t, turned)
	d, err := augment.New(images(t, 3, 4), 1, augment.Crop{Least: 1}, augment.Rotate{})
	require.NoError(t, err)
	require.Equal(t, sample(t, images(t, 3, 4), 0), sample(t, d, 0))
	d, err = augment.New(images(t, 9, 9), 1, augment.Cutout{Size: 3})
	require.NoError(t, err)
	sizes := map[int]bool{}
	for e := range 300 {
		d.(data.Epochal).Epoch(e)
		n := 0
		for _, v := range sample(t, d, 0) {
			if v == 0 {
				n++
			}
		}
		sizes[n] = true
	}
	require.Equal(t, map[int]bool{9: true, 6: true, 4: true}, sizes)
}

// The mean and the deviation of noise, the share that is dropped.
func TestValues(t *testing.T) {
	d, err := augment.New(images(t, 200, 200), 1, augment.Noise{Std: 0.5})
	require.NoError(t, err)
	was, is := sample(t, images(t, 200, 200), 0), sample(t, d, 0)
	var mean, square float64
	for i := range is {
		v := float64(is[i]) - float64(was[i])
		mean, square = mean+v/40000, square+v*v/40000
	}
	require.InDelta(t, 0, mean, 0.015)
	require.InDelta(t, 0.5, math.Sqrt(square), 0.015)
	d, err = augment.New(images(t, 200, 200), 1, augment.Drop{P: 0.3})
	require.NoError(t, err)
	n := 0
	for _, v := range sample(t, d, 0) {
		if v == 0 {
			n++
		}
	}
	require.InDelta(t, 0.3, float64(n)/40000, 0.015)
}

// The spikes of a data set make its dense samples, whatever is done to them; a flip, a shift and a
// delay do the same to both.
func TestSpikes(t *testing.T) {
	const steps, c, h, w = 5, 2, 6, 7
	r := rand.New(rand.NewPCG(1, 2))
	var samples [][]data.Event
	x := make([]float32, 3*steps*c*h*w)
	for i := range 3 {
		var es []data.Event
		for range 40 {
			e := data.Event{Step: r.IntN(steps), Index: r.IntN(c * h * w)}
			if at := i*steps*c*h*w + e.Step*c*h*w + e.Index; x[at] == 0 {
				x[at] = 1
				es = append(es, e)
			}
		}
		samples = append(samples, es)
	}
	spikes, err := data.NewEvents([]int{steps, c, h, w}, samples, []int{0, 1, 2})
	require.NoError(t, err)
	dense, err := data.New([]int{steps, c, h, w}, x, []int{0, 1, 2})
	require.NoError(t, err)
	same := []augment.Op{augment.Flip{P: 0.5}, augment.Shift{Most: 2}, augment.Delay{Most: 2}, augment.Cutout{Size: 3}, augment.Flip{P: 0.5, Vertical: true}}
	a, err := augment.New(spikes, 3, same...)
	require.NoError(t, err)
	b, err := augment.New(dense, 3, same...)
	require.NoError(t, err)
	for e := range 20 {
		a.(data.Epochal).Epoch(e)
		b.(data.Epochal).Epoch(e)
		for i := range 3 {
			require.Equal(t, sample(t, b, i), sample(t, a, i))
		}
	}
	a, err = augment.New(spikes, 3, augment.Rotate{Degrees: 20}, augment.Crop{Least: 0.5}, augment.Drop{P: 0.2})
	require.NoError(t, err)
	for i := range 3 {
		es, label, err := a.(data.Spiking).Events(i, nil)
		require.NoError(t, err)
		require.Equal(t, i, label)
		want := make([]float32, steps*c*h*w)
		for _, e := range es {
			v := e.Value
			if v == 0 {
				v = 1
			}
			want[e.Step*c*h*w+e.Index] += v
		}
		require.Equal(t, want, sample(t, a, i))
		require.NotEmpty(t, es)
	}
	require.Equal(t, 3, data.Classes(a))
	_, err = augment.New(spikes, 3, augment.Noise{Std: 1})
	require.EqualError(t, err, "augment: noise: it would make all elements of a data set of spikes other than 0; drop some by Drop")
}

// The same seed, epoch and sample give the same; any of them changed, another.
func TestSeeds(t *testing.T) {
	see := func(seed uint64, epoch int) string {
		d, err := augment.New(images(t, 8, 8), seed, augment.Noise{Std: 1})
		require.NoError(t, err)
		d.(data.Epochal).Epoch(epoch)
		return fmt.Sprint(sample(t, d, 0))
	}
	require.Equal(t, see(1, 2), see(1, 2))
	require.NotEqual(t, see(1, 2), see(1, 3))
	require.NotEqual(t, see(1, 2), see(2, 2))
}

func TestBad(t *testing.T) {
	for want, op := range map[string]augment.Op{
		"augment: flip: the probability is 2, want 0 to 1":                                               augment.Flip{P: 2},
		"augment: shift: it is by up to 3 pixels, want 0 to below the 3 × 4 of an image":                 augment.Shift{Most: 3},
		"augment: crop: the least share is 0 of 3 × 4 pixels, want a number up to 1 that leaves a pixel": augment.Crop{},
		"augment: rotate: it is by up to -1 degrees, want 0 to 180":                                      augment.Rotate{Degrees: -1},
		"augment: cutout: the square has -1 pixels a side, want at least 0":                              augment.Cutout{Size: -1},
		"augment: noise: the standard deviation is NaN, want a finite number of at least 0":              augment.Noise{Std: math.NaN()},
		"augment: drop: the probability is -1, want 0 to 1":                                              augment.Drop{P: -1},
		"augment: delay: it is by up to 1 time steps, want 0 to below the 1 of a sample":                 augment.Delay{Most: 1},
		"augment: a change is nil": nil,
	} {
		_, err := augment.New(images(t, 3, 4), 1, op)
		require.EqualError(t, err, want)
	}
	_, err := augment.New(images(t, 12), 1)
	require.EqualError(t, err, "augment: samples have shape [12], want [h w], [c h w] or [T c h w]")
	_, err = augment.New(nil, 1)
	require.EqualError(t, err, "augment: the data set is nil")
	far := fixed{augment.Change{From: func(y, x int) (int, int, bool) { return -y - 1, x + 100, true }}}
	d, err := augment.New(images(t, 3, 4), 1, far)
	require.NoError(t, err)
	require.Equal(t, make([]float32, 12), sample(t, d, 0))
}

// Images that are mirrored or not, and moved by up to a pixel, in another way in each epoch.
func ExampleNew() {
	d, err := data.New([]int{2, 3}, []float32{1, 2, 3, 4, 5, 6}, []int{0})
	if err != nil {
		panic(err)
	}
	more, err := augment.New(d, 42, augment.Flip{P: 1}, augment.Flip{P: 1, Vertical: true})
	if err != nil {
		panic(err)
	}
	x := make([]float32, 6)
	if _, err := more.Sample(0, x); err != nil {
		panic(err)
	}
	fmt.Println(x)
	// Output: [6 5 4 3 2 1]
}
