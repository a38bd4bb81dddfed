package series

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spikegrad/spikegrad/internal/files"
)

// A Series is how numbered files are called: what comes before the number and behind it.
type Series struct{ Prefix, Ext string }

// Name returns the name of file n.
func (s Series) Name(n int) string { return fmt.Sprintf("%s%09d%s", s.Prefix, n, s.Ext) }

// Number returns the number of a file by its name, −1 for the name of something else.
func (s Series) Number(name string) int {
	rest, ok := strings.CutPrefix(name, s.Prefix)
	digits, ext := strings.CutSuffix(rest, s.Ext)
	n, err := strconv.ParseUint(digits, 10, 31)
	if !ok || !ext || err != nil {
		return -1
	}
	return int(n)
}

// Names returns the names of the files in a folder, those with higher numbers behind the others.
func (s Series) Names(dir string) ([]string, error) {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range found {
		if s.Number(e.Name()) >= 0 {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return s.Number(a) - s.Number(b) })
	return names, nil
}

// Prune removes all but the last files.
func (s Series) Prune(dir string, keep int) error {
	names, err := s.Names(dir)
	if err != nil || len(names) <= keep {
		return err
	}
	if err := remove(dir, names[:len(names)-keep]); err != nil {
		return err
	}
	return files.SyncDir(dir)
}

// SetAside moves files of a folder, of the series or others, to another folder, which it makes,
// or empties of the series and the others.
func (s Series) SetAside(dir, to string, names, others []string) error {
	if err := os.MkdirAll(to, 0o777); err != nil {
		return err
	}
	there, err := s.Names(to)
	if err != nil {
		return err
	}
	if err := remove(to, append(there, others...)); err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(to, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return files.SyncDir(dir)
}

// remove removes files that are there.
func remove(dir string, names []string) error {
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
