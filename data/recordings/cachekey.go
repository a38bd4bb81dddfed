package recordings

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/par"
)

// A cacheKey stands for all that a cache depends on.
type cacheKey [sha256.Size]byte

// cacheVersion is raised when a cache becomes wrong that was right: with its layout, or
// when a reader gives other events of the same file.
const cacheVersion = 1

// key hashes what the spikes of a data set depend on.
func (d *Dataset) key(ctx context.Context, p CacheParams) (key cacheKey, err error) {
	n := len(d.labels)
	paths, at := []string{}, map[string]int{}
	for i := range n {
		path, _ := d.from.file(i)
		if _, ok := at[path]; !ok {
			at[path] = len(paths)
			paths = append(paths, path)
		}
	}
	known := make([]string, len(paths))
	err = par.Blocks(len(paths), 1, func(int) struct{} { return struct{}{} }, func(_ struct{}, i, _ int) (err error) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		known[i], err = identify(ctx, paths[i], p.Content)
		return err
	})
	if err != nil {
		return key, err
	}
	h := sha256.New()
	head, err := json.Marshal(map[string]any{
		"version": cacheVersion, "recordings": n, "labels": d.labels, "options": d.p.Options, "bins": d.p.Bins, "copies": d.p.Copies,
		"shape": d.shape, "flat": d.flat, "describe": p.Describe, "transform": d.p.Transform != nil, "open": d.p.Open != nil,
	})
	if err != nil {
		return key, err
	}
	fmt.Fprintf(h, "%s\n", head)
	for i := range n {
		path, part := d.from.file(i)
		fmt.Fprintf(h, "%s %q\n", known[at[path]], part)
	}
	return cacheKey(h.Sum(nil)), nil
}

// identify says by what a file is known.
func identify(ctx context.Context, path string, content bool) (string, error) {
	if !content {
		info, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		if path, err = filepath.Abs(path); err != nil {
			return "", err
		}
		return fmt.Sprintf("%q %d %d", path, info.Size(), info.ModTime().UnixNano()), nil
	}
	f, _, err := files.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	for {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if _, err := io.CopyN(h, f, 1<<20); err == io.EOF {
			return fmt.Sprintf("%x", h.Sum(nil)), nil
		} else if err != nil {
			return "", err
		}
	}
}
