package events_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/events"
)

// recordings writes n of them, of 34 × 34 pixels, and returns them with labels 0, 1, 2, …
// by turns.
func recordings(t *testing.T, n int) (samples []events.Sample, es [][]events.Event) {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		es = append(es, some(50+i, 34, 34, 0))
		path := filepath.Join(dir, fmt.Sprintf("%d.bin", i))
		require.NoError(t, os.WriteFile(path, encodeBin(es[i]), 0o600))
		samples = append(samples, events.Sample{Path: path, Label: i % 3})
	}
	return samples, es
}

// Samples are the spikes of their files, and the same each time, whoever asks.
func TestDataset(t *testing.T) {
	samples, es := recordings(t, 7)
	p := events.DatasetParams{Options: events.Options{Width: 34, Height: 34}, Bins: events.Bins{Dt: ms, Steps: 5}}
	d, err := events.NewDataset(samples, p)
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
	d, err = events.NewDataset(samples, p)
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
	samples, _ := recordings(t, 2)
	size := events.Options{Width: 34, Height: 34}
	ok := events.DatasetParams{Options: size, Bins: events.Bins{Dt: ms, Steps: 5}}
	with := func(change func(p *events.DatasetParams)) events.DatasetParams {
		p := ok
		change(&p)
		return p
	}
	for want, c := range map[string]struct {
		samples []events.Sample
		p       events.DatasetParams
	}{
		"events: data set: there are no recordings":                                                                            {nil, ok},
		"events: data set: recording 1 has the label 1, of 1 classes":                                                          {samples, with(func(p *events.DatasetParams) { p.Classes = 1 })},
		"events: data set: recording 0 has the label -1, of 0 classes":                                                         {[]events.Sample{{Label: -1}}, ok},
		"events: data set: 2 recordings -1 times, want at most 2147483648 samples":                                             {samples, with(func(p *events.DatasetParams) { p.Copies = -1 })},
		"events: bins: the sensor is 0 × 0, want its size: give it in Options.Width and Height":                                {samples, with(func(p *events.DatasetParams) { p.Options = events.Options{} })},
		"events: bins: the time is 0s, want whole µs, at least one":                                                            {samples, with(func(p *events.DatasetParams) { p.Bins.Dt = 0 })},
		"events: data set: shape [9223372036854775807 2 34 34] has more elements than can be counted, want at most 2147483648": {samples, with(func(p *events.DatasetParams) { p.Bins.Steps = math.MaxInt })},
	} {
		_, err := events.NewDataset(c.samples, c.p)
		require.EqualError(t, err, want)
	}
	_, err := events.NewDataset([]events.Sample{{Path: "none.bin"}}, ok)
	require.ErrorIs(t, err, os.ErrNotExist)
	d, err := events.NewDataset(samples, ok)
	require.NoError(t, err)
	_, _, err = d.Events(2, nil)
	require.EqualError(t, err, "events: data set: sample 2 asked for, want 0 to 1")
	_, err = d.Sample(0, nil)
	require.EqualError(t, err, "events: data set: sample 0: x has length 0, want 11560")
	// A file that is damaged or another one by now.
	require.NoError(t, os.Truncate(samples[1].Path, 12))
	_, _, err = d.Events(1, nil)
	require.ErrorContains(t, err, samples[1].Path+": bin: byte 10: the file ends within an event")
	require.NoError(t, os.Remove(samples[1].Path))
	_, err = d.Sample(1, make([]float32, 11560))
	require.ErrorIs(t, err, os.ErrNotExist)
	// Recordings of different sizes.
	cut := with(func(p *events.DatasetParams) {
		p.Copies = 2
		p.Transform = func(seed uint64) events.Transform { return events.Crop(0, 0, 34-int(seed), 34) }
	})
	d, err = events.NewDataset(samples[:1], cut)
	require.NoError(t, err)
	_, _, err = d.Events(1, nil)
	require.ErrorContains(t, err, "becomes a sample of shape [5 2 34 33], and the first recording one of [5 2 34 34]")
}

// The two ways in which N-MNIST lies in a folder, and what is said where it does not.
func TestOpenNMNIST(t *testing.T) {
	dir := t.TempDir()
	_, _, err := events.OpenNMNIST(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "events: n-mnist: "+dir+" has neither a folder Train with folders 0 to 9 nor a list train.txt: its authors offer the recordings at https://www.garrickorchard.com/datasets/n-mnist")
	write := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	write("train.txt", "7 3\n\n60001 0\n")
	_, _, err = events.OpenNMNIST(dir)
	require.ErrorContains(t, err, "has neither a folder Test with folders 0 to 9 nor a list test.txt")
	write("test.txt", "12 9\n")
	train, test, err := events.OpenNMNIST(dir)
	require.NoError(t, err)
	require.Equal(t, []events.Sample{{Path: filepath.Join(dir, "7.bin"), Label: 3}, {Path: filepath.Join(dir, "60001.bin"), Label: 0}}, train)
	require.Equal(t, []events.Sample{{Path: filepath.Join(dir, "12.bin"), Label: 9}}, test)
	for text, want := range map[string]string{
		"":                         "is empty",
		"1\n":                      `line 1 is "1", want a number and a class`,
		"1 2\nx 3":                 `line 2 is "x 3", want a number and a class from 0 to 9`,
		"1 10":                     `line 1 is "1 10", want a number and a class from 0 to 9`,
		"../1 3":                   `line 1 is "../1 3", want a number and a class from 0 to 9`,
		strings.Repeat("1", 1<<17): "token too long",
	} {
		write("test.txt", text)
		_, _, err := events.OpenNMNIST(dir)
		require.ErrorContains(t, err, want)
	}
	for i := range 10 {
		write(fmt.Sprintf("Train/%d/0000%d.bin", i, i), "")
		write(fmt.Sprintf("Test/%d/b.bin", i), "")
		write(fmt.Sprintf("Test/%d/a.bin", i), "")
		write(fmt.Sprintf("Test/%d/note.txt", i), "")
	}
	train, test, err = events.OpenNMNIST(dir)
	require.NoError(t, err)
	require.Len(t, train, 10)
	require.Len(t, test, 20)
	require.Equal(t, events.Sample{Path: filepath.Join(dir, "Test", "3", "a.bin"), Label: 3}, test[6])
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "Test", "4")))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "Test", "4"), 0o700))
	_, _, err = events.OpenNMNIST(dir)
	require.EqualError(t, err, "events: n-mnist: "+filepath.Join(dir, "Test", "4")+" has no .bin files")
}
