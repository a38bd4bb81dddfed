package events

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// OpenFolders finds recordings in folders whose names are their classes, as N-Caltech101,
// NCARS, CIFAR10-DVS and ASL-DVS come once they are unpacked:
//
//	dir/airplane/cifar10_airplane_0.aedat …
//	dir/automobile/…
//
// The classes are the folders in the order of their names, and the recordings the files
// in them whose names end in extension, ".aedat", in the order of theirs. It looks for
// the files and opens none; an error says that a folder has none.
func OpenFolders(dir, extension string) (samples []Sample, classes []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("events: folders: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		more, err := inFolder(filepath.Join(dir, e.Name()), extension, len(classes))
		if err != nil {
			return nil, nil, fmt.Errorf("events: folders: %w", err)
		}
		samples, classes = append(samples, more...), append(classes, e.Name())
	}
	if len(classes) == 0 {
		return nil, nil, fmt.Errorf("events: folders: %s has no folders, want one for each class", dir)
	}
	return samples, classes, nil
}

// inFolder returns the files of a folder, which are all of one class.
func inFolder(dir, extension string, class int) (out []Sample, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(strings.ToLower(e.Name()), strings.ToLower(extension)) {
			out = append(out, Sample{filepath.Join(dir, e.Name()), class})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s has no %s files", dir, extension)
	}
	return out, nil
}

// ReadLabels reads the labels of a recording of DVS128 Gesture, for [ByLabels]: lines
//
//	class,startTime_usec,endTime_usec
//	1,80048239,85092709
//
// of which the classes 1, 2, … become 0, 1, …. Rows are given as they stand: in the set
// some end after the next begins. What is no row, or ends before it begins, is an error
// with its line.
//
// A. Amir et al., CVPR (2017), 7388.
func ReadLabels(r io.Reader) ([]Label, error) {
	if guard.IsNil(r) {
		return nil, errors.New("events: labels: the reader is nil")
	}
	want := []string{"class", "startTime_usec", "endTime_usec"}
	var out []Label
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		cells := strings.Split(strings.TrimSpace(lines.Text()), ",")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if n == 1 {
			if !slices.Equal(cells, want) {
				return nil, fmt.Errorf("events: labels: the first line is %.60q, want %s", lines.Text(), strings.Join(want, ","))
			}
			continue
		}
		if len(cells) == 1 && cells[0] == "" {
			continue
		}
		var v [3]int64
		ok := len(cells) == 3
		for i := range v {
			if ok {
				var err error
				v[i], err = strconv.ParseInt(cells[i], 10, 62)
				ok = err == nil
			}
		}
		if !ok || v[0] < 1 || v[0] > 1<<20 || v[1] > v[2] {
			return nil, fmt.Errorf("events: labels: line %d is %.60q, want a class from 1 and two times in order", n, lines.Text())
		}
		out = append(out, Label{Class: int(v[0]) - 1, From: v[1], To: v[2]})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("events: labels: %w", err)
	}
	return out, nil
}
