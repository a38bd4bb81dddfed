package train

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// LatestCheckpoint reads the checkpoint with the most batches in a folder, be it
// that of the best epoch. One that is damaged is passed over for the one before;
// passed has the reasons. An error says that there is none,
// errors.Is(err, fs.ErrNotExist), or none that can be read.
func LatestCheckpoint(dir string) (c *Checkpoint, passed []error, err error) {
	for range 5 {
		c, passed, err = latest(dir)
		// A process that is still training there may have removed one meanwhile.
		if !errors.Is(errors.Join(passed...), fs.ErrNotExist) {
			break
		}
	}
	return c, passed, err
}

func latest(dir string) (c *Checkpoint, passed []error, err error) {
	names, err := steps.Names(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("train: latest checkpoint: %w", err)
	}
	slices.Reverse(names)
	if _, err := os.Stat(filepath.Join(dir, bestFile)); err == nil {
		names = append(names, bestFile)
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("train: latest checkpoint: no file %s*%s in %q: %w", steps.Prefix, steps.Ext, dir, fs.ErrNotExist)
	}
	for _, name := range names {
		if c != nil && name != bestFile {
			continue // has fewer batches
		}
		found, err := ReadCheckpoint(filepath.Join(dir, name))
		switch {
		case errors.Is(err, ErrNewer):
			return nil, passed, err
		case err != nil:
			passed = append(passed, err)
		case c == nil || found.seen() > c.seen():
			c = found
		}
	}
	if c == nil {
		return nil, passed, fmt.Errorf("train: latest checkpoint: none in %q can be read: %w; remove them to begin anew", dir, errors.Join(passed...))
	}
	return c, passed, nil
}
