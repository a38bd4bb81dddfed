package train

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spikegrad/spikegrad/internal/files"
)

// setAside moves what an earlier training has left out of the way: all, if this
// one begins anew, else checkpoints from after where it goes on, which would be
// taken for the latest.
func (r *trainRun) setAside() error {
	dir := r.Checkpoints.Dir
	names, err := stepFiles(dir)
	if err != nil {
		return err
	}
	if r.Resume != nil {
		names = slices.DeleteFunc(names, func(n string) bool { return stepOf(n) <= r.step() })
		if c, err := ReadCheckpoint(filepath.Join(dir, bestFile)); err == nil && c.seen() > r.at.epoch*c.Samples+min(r.at.batch*r.Model.net.Batch, c.Samples) {
			names = append(names, bestFile)
		}
	} else {
		for _, name := range []string{bestFile, finalFile} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	to := filepath.Join(dir, earlierDir)
	if err := clearEarlier(to); err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(to, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if r.Resume == nil {
		r.warn(fmt.Errorf("train: checkpoints of an earlier training in %s: moved to %s", dir, to))
	}
	return files.SyncDir(dir)
}

// clearEarlier makes the folder of files set aside, and empties it.
func clearEarlier(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	names, err := stepFiles(dir)
	if err != nil {
		return err
	}
	for _, name := range append(names, bestFile, finalFile) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// prune removes all checkpoints but the last ones.
func (r *trainRun) prune() error {
	dir, keep := r.Checkpoints.Dir, r.Checkpoints.Keep
	if keep == 0 {
		keep = 2
	}
	names, err := stepFiles(dir)
	if err != nil || len(names) <= keep {
		return err
	}
	for _, name := range names[:len(names)-keep] {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return files.SyncDir(dir)
}
