package recordings_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
	"github.com/spikegrad/spikegrad/data/recordings"
)

// written writes n of them, of 34 × 34 pixels, and returns them with labels 0, 1, 2, …
// by turns.
func written(t *testing.T, n int) (samples []recordings.Sample, es [][]events.Event) {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		es = append(es, eventstest.Some(50+i, 34, 34, 0))
		path := filepath.Join(dir, fmt.Sprintf("%d.bin", i))
		require.NoError(t, os.WriteFile(path, eventstest.Bin(es[i]), 0o600))
		samples = append(samples, recordings.Sample{Path: path, Label: i % 3})
	}
	return samples, es
}

// Samples are the spikes of their files, and the same each time, whoever asks.
func TestDataset(t *testing.T) {
	samples, es := written(t, 7)
	p := recordings.Params{Options: events.Options{Width: 34, Height: 34}, Bins: events.Bins{Dt: ms, Steps: 5}}
	d, err := recordings.New(samples, p)
	require.NoError(t, err)
	require.Equal(t, 7, d.Len())
	require.Equal(t, 3, data.Classes(d))
	require.Equal(t, []int{5, 2, 34, 34}, d.Shape())
	x := make([]float32, 5*2*34*34)
	for i := range 7 {
		want, err := p.Bins.Events(nil, events.Of(es[i], 34, 34))
		require.NoError(t, err)
		got, label, err := d.Events(i, nil)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, i%3, label)
		label, err = d.Sample(i, x)
		require.NoError(t, err)
		require.Equal(t, i%3, label)
		for _, e := range got {
			x[e.Step*2*34*34+e.Index]--
		}
		for _, v := range x {
			require.Zero(t, v)
		}
	}

	// In several ways, by several goroutines at once.
	p.Copies = 4
	p.Transform = func(seed uint64) events.Transform {
		r := rand.New(rand.NewPCG(seed, 1))
		return events.Join(events.Rotate(20*r.Float64()), events.Drop(0.3, seed))
	}
	d, err = recordings.New(samples, p)
	require.NoError(t, err)
	require.Equal(t, 28, d.Len())
	all := make([][2][]data.Event, 28)
	var wg sync.WaitGroup
	for k := range 2 {
		wg.Go(func() {
			for i := range all {
				var label int
				var err error
				if all[i][k], label, err = d.Events(i, nil); err != nil || label != i%7%3 {
					t.Error(label, err)
				}
			}
		})
	}
	wg.Wait()
	for i := range all {
		require.Equal(t, all[i][0], all[i][1])
		require.NotEqual(t, all[i][0], all[(i+7)%28][0]) // the same recording in another way
	}
}

func TestDatasetErrors(t *testing.T) {
	samples, _ := written(t, 2)
	size := events.Options{Width: 34, Height: 34}
	ok := recordings.Params{Options: size, Bins: events.Bins{Dt: ms, Steps: 5}}
	with := func(change func(p *recordings.Params)) recordings.Params {
		p := ok
		change(&p)
		return p
	}
	for want, c := range map[string]struct {
		samples []recordings.Sample
		p       recordings.Params
	}{
		"recordings: data set: there are no recordings":                                                                            {nil, ok},
		"recordings: data set: recording 1 has the label 1, of 1 classes":                                                          {samples, with(func(p *recordings.Params) { p.Classes = 1 })},
		"recordings: data set: recording 1 is a.bin from 5 to 5 µs, want times in order":                                           {[]recordings.Sample{{}, {Path: "a.bin", From: 5, To: 5}}, ok},
		"recordings: data set: recording 0 has the label -1, of 0 classes":                                                         {[]recordings.Sample{{Label: -1}}, ok},
		"recordings: data set: 2 recordings -1 times, want at most 2147483648 samples":                                             {samples, with(func(p *recordings.Params) { p.Copies = -1 })},
		"events: bins: the sensor is 0 × 0, want its size: give it in Options.Width and Height":                                    {samples, with(func(p *recordings.Params) { p.Options = events.Options{} })},
		"events: bins: the time is 0s, want whole µs, at least one":                                                                {samples, with(func(p *recordings.Params) { p.Bins.Dt = 0 })},
		"recordings: data set: shape [9223372036854775807 2 34 34] has more elements than can be counted, want at most 2147483648": {samples, with(func(p *recordings.Params) { p.Bins.Steps = math.MaxInt })},
	} {
		_, err := recordings.New(c.samples, c.p)
		require.EqualError(t, err, want)
	}
	_, err := recordings.New([]recordings.Sample{{Path: "none.bin"}}, ok)
	require.ErrorIs(t, err, os.ErrNotExist)
	d, err := recordings.New(samples, ok)
	require.NoError(t, err)
	_, _, err = d.Events(2, nil)
	require.EqualError(t, err, "recordings: data set: sample 2 asked for, want 0 to 1")
	_, err = d.Sample(0, nil)
	require.EqualError(t, err, "recordings: data set: sample 0: x has length 0, want 11560")
	// A file that is damaged or another one by now.
	require.NoError(t, os.Truncate(samples[1].Path, 12))
	_, _, err = d.Events(1, nil)
	require.ErrorContains(t, err, samples[1].Path+": bin: byte 10: the file ends within an event")
	require.NoError(t, os.Remove(samples[1].Path))
	_, err = d.Sample(1, make([]float32, 11560))
	require.ErrorIs(t, err, os.ErrNotExist)
	// Recordings of different sizes.
	cut := with(func(p *recordings.Params) {
		p.Copies = 2
		p.Transform = func(seed uint64) events.Transform { return events.Crop(0, 0, 34-int(seed), 34) }
	})
	d, err = recordings.New(samples[:1], cut)
	require.NoError(t, err)
	_, _, err = d.Events(1, nil)
	require.ErrorContains(t, err, "becomes a sample of shape [5 2 34 33], and the first recording one of [5 2 34 34]")
}
