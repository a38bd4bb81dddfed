package recordings_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/events/eventstest"
	"github.com/spikegrad/spikegrad/data/recordings"
)

// cached returns a data set with its cache, and whether that was made anew.
func cached(t *testing.T, d *recordings.Dataset, p recordings.CacheParams) (*recordings.Dataset, bool) {
	t.Helper()
	made, last := false, 0
	p.Progress = func(done, all int) {
		made = true
		require.Equal(t, d.Len(), all)
		require.Greater(t, done, last)
		last = done
	}
	c, err := d.Cache(t.Context(), p)
	require.NoError(t, err)
	require.True(t, !made || last == d.Len())
	t.Cleanup(func() { c.Close() })
	return c, made
}

// same holds two data sets to the same samples.
func same(t *testing.T, a, b *recordings.Dataset) {
	t.Helper()
	require.Equal(t, a.Len(), b.Len())
	require.Equal(t, a.Shape(), b.Shape())
	require.Equal(t, a.Classes(), b.Classes())
	for i := range a.Len() {
		x, label, err := a.Events(i, nil)
		require.NoError(t, err)
		y, other, err := b.Events(i, []data.Event{{Step: 1}})
		require.NoError(t, err)
		require.Equal(t, label, other)
		require.Equal(t, data.Event{Step: 1}, y[0])
		require.Equal(t, len(x), len(y)-1)
		for k := range x {
			require.Equal(t, x[k], y[k+1])
		}
	}
}

func params() recordings.Params {
	return recordings.Params{Options: events.Options{Width: 34, Height: 34}, Bins: events.Bins{Dt: ms, Steps: 5}}
}

// A cache gives what the files give, in several ways too, and its bytes are the same for
// any number of goroutines.
func TestCache(t *testing.T) {
	samples, _ := written(t, 70)
	samples[3].From, samples[3].To = 1000, 2500
	p := params()
	p.Copies = 2
	p.Transform = func(seed uint64) events.Transform { return events.Drop(0.3, seed) }
	d, err := recordings.New(samples, p)
	require.NoError(t, err)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var files [2][]byte
	for k, procs := range []int{1, 7} {
		runtime.GOMAXPROCS(procs)
		path := filepath.Join(t.TempDir(), "a.spikes")
		c, made := cached(t, d, recordings.CacheParams{Path: path, Describe: "drop 0.3"})
		require.True(t, made)
		same(t, d, c)
		_, made = cached(t, d, recordings.CacheParams{Path: path, Describe: "drop 0.3"})
		require.False(t, made)
		files[k], err = os.ReadFile(path)
		require.NoError(t, err)
	}
	require.True(t, bytes.Equal(files[0], files[1]))

	// It is read by several at once.
	c, _ := cached(t, d, recordings.CacheParams{Path: filepath.Join(t.TempDir(), "a.spikes"), Describe: "drop 0.3"})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range c.Len() {
				x, _, err := c.Events(i, nil)
				y, _, err2 := d.Events(i, nil)
				if err != nil || err2 != nil || len(x) != len(y) {
					t.Error(err, err2, len(x), len(y))
				}
			}
		})
	}
	all.Wait()
	_, _, err = c.Events(140, nil)
	require.EqualError(t, err, "recordings: data set: sample 140 asked for, want 0 to 139")
	require.NoError(t, d.Close())
}

// A cache of something else is made anew, and one of the same is not.
func TestCacheKey(t *testing.T) {
	samples, _ := written(t, 3)
	dir := t.TempDir()
	path := filepath.Join(dir, "a.spikes")
	fresh := func(change func(p *recordings.Params, c *recordings.CacheParams)) bool {
		p, c := params(), recordings.CacheParams{Path: path}
		if change != nil {
			change(&p, &c)
		}
		d, err := recordings.New(samples, p)
		require.NoError(t, err)
		cache, made := cached(t, d, c)
		same(t, d, cache)
		return made
	}
	require.True(t, fresh(nil))
	require.False(t, fresh(nil))
	none := func(uint64) events.Transform { return events.Join() }
	for name, change := range map[string]func(p *recordings.Params, c *recordings.CacheParams){
		"dt":     func(p *recordings.Params, _ *recordings.CacheParams) { p.Bins.Dt = 2 * ms },
		"steps":  func(p *recordings.Params, _ *recordings.CacheParams) { p.Bins.Steps = 4 },
		"binary": func(p *recordings.Params, _ *recordings.CacheParams) { p.Bins.Binary = true },
		"from":   func(p *recordings.Params, _ *recordings.CacheParams) { p.Bins.From = 3 },
		"sensor": func(p *recordings.Params, _ *recordings.CacheParams) { p.Options.Width = 35 },
		"copies": func(p *recordings.Params, _ *recordings.CacheParams) { p.Copies = 2 },
		"transform": func(p *recordings.Params, c *recordings.CacheParams) {
			p.Transform, c.Describe = none, "a"
		},
		"description": func(p *recordings.Params, c *recordings.CacheParams) { p.Transform, c.Describe = none, "b" },
		"content":     func(_ *recordings.Params, c *recordings.CacheParams) { c.Content = true },
	} {
		require.True(t, fresh(change), name)
		require.False(t, fresh(change), name)
		require.True(t, fresh(nil), name)
	}
	samples[1].Label++
	require.True(t, fresh(nil), "a label")
	samples[1].From, samples[1].To = 100, 2000
	require.True(t, fresh(nil), "a stretch")
	samples[0], samples[2] = samples[2], samples[0]
	require.True(t, fresh(nil), "the order")
	require.False(t, fresh(nil))

	// A file that is another by now, by its size, its time or its content.
	b, err := os.ReadFile(samples[0].Path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(samples[0].Path, b[:len(b)-5], 0o600))
	require.True(t, fresh(nil), "size")
	require.NoError(t, os.Chtimes(samples[0].Path, time.Time{}, time.Unix(1e9, 0)))
	require.True(t, fresh(nil), "time")
	content := func(_ *recordings.Params, c *recordings.CacheParams) { c.Content = true }
	require.True(t, fresh(content))
	require.NoError(t, os.Chtimes(samples[0].Path, time.Time{}, time.Unix(2e9, 0)))
	require.False(t, fresh(content), "a time says nothing of the content")
	b[0] ^= 1
	require.NoError(t, os.WriteFile(samples[0].Path, b[:len(b)-5], 0o600))
	require.True(t, fresh(content), "content")
	moved := filepath.Join(dir, "moved.bin")
	require.NoError(t, os.Rename(samples[0].Path, moved))
	samples[0].Path = moved
	require.False(t, fresh(content), "nor does a name")
}

// Any byte that is damaged, and any that is missing or too many, is noticed, and the cache
// is made anew as it was.
func TestCacheDamaged(t *testing.T) {
	samples, _ := written(t, 2)
	for _, s := range samples {
		require.NoError(t, os.Truncate(s.Path, 40))
	}
	d, err := recordings.New(samples, params())
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "a.spikes")
	cached(t, d, recordings.CacheParams{Path: path})
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	try := func(b []byte) {
		t.Helper()
		require.NoError(t, os.WriteFile(path, b, 0o600))
		c, made := cached(t, d, recordings.CacheParams{Path: path})
		require.True(t, made)
		require.NoError(t, c.Close())
		again, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(good, again))
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		try(bad)
	}
	for i := 0; i < len(good); i += 7 {
		try(good[:i])
	}
	try(append(bytes.Clone(good), 0))
	try(nil)

	// What is damaged while it is open does not become spikes.
	c, _ := cached(t, d, recordings.CacheParams{Path: path})
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{good[45] ^ 1}, 45)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, _, err = c.Events(0, nil)
	require.EqualError(t, err, "recordings: cache: "+path+": sample 0: the cache is of something else, or damaged")
	require.NoError(t, os.Truncate(path, 50))
	_, _, err = c.Events(1, nil)
	require.ErrorIs(t, err, io.EOF)
}

func TestCacheErrors(t *testing.T) {
	samples, _ := written(t, 40)
	d, err := recordings.New(samples, params())
	require.NoError(t, err)
	dir := t.TempDir()
	path := filepath.Join(dir, "a.spikes")
	var none context.Context
	_, err = d.Cache(none, recordings.CacheParams{Path: path})
	require.EqualError(t, err, "recordings: cache: the context is nil")
	for _, name := range []string{"", "a.bin", ".spikes", "recording.npy"} {
		_, err = d.Cache(t.Context(), recordings.CacheParams{Path: name})
		require.EqualError(t, err, fmt.Sprintf("recordings: cache: the path is %q, want that of a file *.spikes", name))
	}
	_, err = d.Cache(t.Context(), recordings.CacheParams{Path: filepath.Join(dir, "none", "a.spikes")})
	require.ErrorIs(t, err, os.ErrNotExist)
	p := params()
	p.Transform = func(uint64) events.Transform { panic("no") }
	_, err = recordings.New(samples, p)
	require.ErrorContains(t, err, "Transform panicked: no")
	p = params()
	p.Open = func(string, events.Options) (rec events.Recording, end func() error, err error) { return }
	_, err = recordings.New(samples, p)
	require.ErrorContains(t, err, "gave no events, or no function to close it")
	p = params()
	p.Transform = func(seed uint64) events.Transform {
		if seed == 35 {
			panic("no more")
		}
		return events.Join()
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	odd, err := recordings.New(samples, p)
	require.NoError(t, err)
	_, err = odd.Cache(t.Context(), recordings.CacheParams{Path: path})
	require.ErrorContains(t, err, "Describe is empty, want what Transform and Open do")
	_, err = odd.Cache(t.Context(), recordings.CacheParams{Path: path, Describe: "odd"})
	require.ErrorContains(t, err, "panicked: no more")
	_, err = d.Cache(t.Context(), recordings.CacheParams{Path: path, Progress: func(int, int) { panic("tired") }})
	require.ErrorContains(t, err, "Progress panicked: tired")

	// It ends with its context, and leaves nothing.
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	_, err = d.Cache(ctx, recordings.CacheParams{Path: path, Progress: func(done, _ int) { require.Equal(t, 32, done); cancel(enough) }})
	require.ErrorIs(t, err, enough)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)

	// A recording that is damaged, or changed meanwhile.
	_, err = d.Cache(t.Context(), recordings.CacheParams{Path: path, Progress: func(done, _ int) {
		require.NoError(t, os.Chtimes(samples[0].Path, time.Time{}, time.Unix(int64(done), 0)))
	}})
	require.EqualError(t, err, "recordings: cache: the recordings have been changed while they were read: try again")
	require.NoError(t, os.Truncate(samples[38].Path, 12))
	require.NoError(t, os.Truncate(samples[36].Path, 13))
	_, err = d.Cache(t.Context(), recordings.CacheParams{Path: path})
	require.ErrorContains(t, err, samples[36].Path+": bin: byte 10: the file ends within an event")
	require.NoError(t, os.Remove(samples[36].Path))
	_, err = d.Cache(t.Context(), recordings.CacheParams{Path: path})
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A data set of a file of many recordings has a cache too.
func TestCacheSHD(t *testing.T) {
	d, err := recordings.OpenSHD(shdFile(t, nil))
	require.NoError(t, err)
	defer d.Close()
	set, err := d.Dataset(nil, recordings.Params{Bins: events.Bins{Dt: 10 * ms, Steps: 101}})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "a.spikes")
	c, made := cached(t, set, recordings.CacheParams{Path: path})
	require.True(t, made)
	require.Equal(t, []int{101, 700}, c.Shape())
	same(t, set, c)
	set, err = d.Dataset([]int{2, 0}, recordings.Params{Bins: events.Bins{Dt: 10 * ms, Steps: 101}})
	require.NoError(t, err)
	_, made = cached(t, set, recordings.CacheParams{Path: path})
	require.True(t, made, "other recordings of it")
}

// A cache that somebody has made up is no reason to panic, nor to take more memory than
// it is long.
func FuzzCache(f *testing.F) {
	dir := f.TempDir()
	src := filepath.Join(dir, "a.bin")
	require.NoError(f, os.WriteFile(src, eventstest.Bin(eventstest.Some(40, 34, 34, 0)), 0o600))
	d, err := recordings.New([]recordings.Sample{{Path: src}, {Path: src, From: 100, To: 900}}, params())
	require.NoError(f, err)
	path := filepath.Join(dir, "a.spikes")
	c, err := d.Cache(f.Context(), recordings.CacheParams{Path: path})
	require.NoError(f, err)
	require.NoError(f, c.Close())
	good, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(good)
	f.Add(good[:60])
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "a.spikes")
		require.NoError(t, os.WriteFile(path, b, 0o600))
		c, err := d.Cache(t.Context(), recordings.CacheParams{Path: path})
		require.NoError(t, err)
		defer c.Close()
		same(t, d, c)
	})
}
