package recordings

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// gestures are the classes of DVS128 Gesture.
var gestures = []string{
	"hand clapping", "right hand wave", "left hand wave", "right arm clockwise", "right arm counter-clockwise",
	"left arm clockwise", "left arm counter-clockwise", "arm roll", "air drums", "air guitar", "other gestures",
}

func openGesture(dir string) (Folder, error) {
	out := Folder{Classes: gestures}
	for _, part := range []struct {
		list string
		to   *[]Sample
	}{{"trials_to_train.txt", &out.Train}, {"trials_to_test.txt", &out.Test}} {
		path := filepath.Join(dir, part.list)
		err := eachLine(path, func(line string) error {
			name, ok := strings.CutSuffix(line, ".aedat")
			if !ok || !filepath.IsLocal(line) || filepath.Base(line) != line {
				return fmt.Errorf("is %.60q, want the name of a file .aedat", line)
			}
			labels, err := labelsOf(filepath.Join(dir, name+"_labels.csv"))
			if err != nil {
				return fmt.Errorf("names %.60q: %w", line, err)
			}
			for _, l := range labels {
				*part.to = append(*part.to, Sample{Path: filepath.Join(dir, line), Label: l.Class, From: l.From, To: l.To})
			}
			return nil
		})
		if err != nil {
			return Folder{}, err
		}
		if len(*part.to) == 0 {
			return Folder{}, fmt.Errorf("%s names no recordings", path)
		}
	}
	return out, nil
}

// labelsOf reads the labels of one recording.
func labelsOf(path string) ([]events.Label, error) {
	f, _, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	labels, err := ReadLabels(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i, l := range labels {
		if l.Class >= len(gestures) || l.From >= l.To {
			return nil, fmt.Errorf("%s: row %d is of class %d from %d to %d µs, want a class from 1 to %d and some time", path, i+1, l.Class+1, l.From, l.To, len(gestures))
		}
	}
	return labels, nil
}

// ReadLabels reads the labels of a recording of DVS128 Gesture, for [events.ByLabels]: lines
//
//	class,startTime_usec,endTime_usec
//	1,80048239,85092709
//
// of which the classes 1, 2, … become 0, 1, …. Rows are given as they stand: in the set
// some end after the next begins. What is no row, or ends before it begins, is an error
// with its line.
//
// A. Amir et al., CVPR (2017), 7388.
func ReadLabels(r io.Reader) ([]events.Label, error) {
	if guard.IsNil(r) {
		return nil, errors.New("recordings: labels: the reader is nil")
	}
	want := []string{"class", "startTime_usec", "endTime_usec"}
	var out []events.Label
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		cells := strings.Split(strings.Trim(lines.Text(), files.Space), ",")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if n == 1 {
			if !slices.Equal(cells, want) {
				return nil, fmt.Errorf("recordings: labels: the first line is %.60q, want %s", lines.Text(), strings.Join(want, ","))
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
			return nil, fmt.Errorf("recordings: labels: line %d is %.60q, want a class from 1 and two times in order", n, lines.Text())
		}
		out = append(out, events.Label{Class: int(v[0]) - 1, From: v[1], To: v[2]})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("recordings: labels: %w", err)
	}
	return out, nil
}
