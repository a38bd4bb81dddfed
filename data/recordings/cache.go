package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/par"
)

// CacheParams say where the spikes of a data set are kept, and how it is known what they
// are of.
type CacheParams struct {
	Path string // of the file, which has to end in .spikes

	// Describe says what Transform and Open of the Params do, with all their numbers: a
	// cache of another text is made anew. It has to be there if one of the two is.
	Describe string
	// Content knows a file by all of its bytes, wherever it lies, and not by its path,
	// its size and the time when it was last written. That takes as long as to read all
	// files, each time.
	Content bool
	// Progress is called after some samples each, by one goroutine, while the cache is
	// made, and never if it is right already; may be nil.
	Progress func(done, all int)
}

// Cache returns the data set d with its spikes in a file, which it makes if there is none:
// it reads all samples, on as many goroutines as GOMAXPROCS says, and writes them in
// their order, so that the file is the same for any number of them. In memory there are
// some of them at a time.
//
// The file is made anew if it is of something else, that is of other recordings, labels,
// Options, Bins, Copies or Describe, or of files that have been changed; and if any byte
// of it is not what it was when it was written. It appears once it is whole, in the place
// of what was there. d stays as it is; the caller closes the other one.
func (d *Dataset) Cache(ctx context.Context, p CacheParams) (*Dataset, error) {
	switch {
	case ctx == nil:
		return nil, errors.New("recordings: cache: the context is nil")
	case d == nil || d.from == nil:
		return nil, errors.New("recordings: cache: the data set is nil or was not made by New")
	case filepath.Ext(p.Path) != cacheExtension || filepath.Base(p.Path) == cacheExtension:
		return nil, fmt.Errorf("recordings: cache: the path is %q, want that of a file *%s", p.Path, cacheExtension)
	case (d.p.Transform != nil || d.p.Open != nil) && p.Describe == "":
		return nil, errors.New("recordings: cache: Describe is empty, want what Transform and Open do: nothing else tells when they do something else")
	}
	c, err := d.cached(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("recordings: cache: %w", err)
	}
	out := *d
	out.cache = c
	return &out, nil
}

func (d *Dataset) cached(ctx context.Context, p CacheParams) (*cache, error) {
	key, err := d.key(ctx, p)
	if err != nil {
		return nil, err
	}
	c, err := d.openCache(ctx, p.Path, key)
	if err == nil || !errors.Is(err, errStale) && !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	if err := files.Replace(p.Path, func(w io.Writer) error { return d.writeCache(ctx, w, key, p.Progress) }); err != nil {
		return nil, err
	}
	if after, err := d.key(ctx, p); err != nil {
		return nil, err
	} else if after != key {
		return nil, errors.New("the recordings have been changed while they were read: try again")
	}
	return d.openCache(ctx, p.Path, key)
}

// Close closes the file of a data set that [Dataset.Cache] has returned; of another it
// does nothing.
func (d *Dataset) Close() error {
	if d.cache == nil {
		return nil
	}
	return d.cache.file.Close()
}

// together is how many samples are read before they are written.
const together = 32

// writeCache reads all samples and writes them.
func (d *Dataset) writeCache(ctx context.Context, w io.Writer, key cacheKey, progress func(done, all int)) error {
	out := newCacheWriter(w, key)
	var packed [together][]byte
	var spikes [together]int
	n := d.Len()
	for from := 0; from < n; from += together {
		k := min(together, n-from)
		err := par.Blocks(k, 1, func(int) *[]data.Event { return new([]data.Event) }, func(es *[]data.Event, i, _ int) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return guard.Call("Events", "data set", d, func() (err error) {
				if *es, _, err = d.Events(from+i, (*es)[:0]); err != nil {
					return err
				}
				packed[i], spikes[i] = pack(packed[i][:0], *es), len(*es)
				return nil
			})
		})
		if err != nil {
			return err
		}
		for i := range k {
			if err := out.sample(packed[i], spikes[i]); err != nil {
				return err
			}
		}
		if progress != nil {
			if err := guard.Call("", "Progress", nil, func() error { progress(from+k, n); return nil }); err != nil {
				return err
			}
		}
	}
	return out.finish()
}
