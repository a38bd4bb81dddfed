package train

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// setAside moves what an earlier training has left out of the way: all, if this
// one begins anew, else checkpoints from after where it goes on, which would be
// taken for the latest.
func (r *trainRun) setAside() error {
	dir := r.Checkpoints.Dir
	names, err := steps.Names(dir)
	if err != nil {
		return err
	}
	if r.Resume != nil {
		names = slices.DeleteFunc(names, func(n string) bool { return steps.Number(n) <= r.step() })
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
	if err := steps.SetAside(dir, to, names, []string{bestFile, finalFile}); err != nil {
		return err
	}
	if r.Resume == nil {
		r.warn(fmt.Errorf("train: checkpoints of an earlier training in %s: moved to %s", dir, to))
	}
	return nil
}
