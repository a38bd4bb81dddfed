package events

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spikegrad/spikegrad/internal/files"
)

// NMNIST is the sensor of N-MNIST: 34 × 34 pixels.
const NMNIST = 34

// OpenNMNIST finds the recordings of N-MNIST below a folder: the digits of MNIST as an
// event camera saw them while it moved in three jerks of about 105 ms. They lie as their
// authors give them, unpacked,
//
//	Train/0/00002.bin … Train/9/…   60,000 to learn from
//	Test/0/00004.bin … Test/9/…     10,000 to test on
//
// or, as some of them, with a line "number class" for each in a list:
//
//	train.txt  test.txt  1.bin  2.bin …
//
// It looks for the files and opens none. An error names what is missing, and where the
// authors offer it.
//
// G. Orchard et al., Frontiers in Neuroscience 9 (2015), 437.
func OpenNMNIST(dir string) (train, test []Sample, err error) {
	parts := [2][]Sample{}
	for i, names := range [2][2]string{{"Train", "train.txt"}, {"Test", "test.txt"}} {
		parts[i], err = byFolder(filepath.Join(dir, names[0]), 10)
		if errors.Is(err, fs.ErrNotExist) {
			parts[i], err = byList(dir, names[1], 10)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("events: n-mnist: %s has neither a folder %s with folders 0 to 9 nor a list %s: its authors offer the recordings at https://www.garrickorchard.com/datasets/n-mnist: %w", dir, names[0], names[1], err)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("events: n-mnist: %w", err)
		}
	}
	return parts[0], parts[1], nil
}

// byFolder returns the .bin files in folders whose names are their classes, in the order
// of their names.
func byFolder(dir string, classes int) (out []Sample, err error) {
	for class := range classes {
		folder := filepath.Join(dir, strconv.Itoa(class))
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		n := len(out)
		for _, e := range entries {
			if !e.IsDir() && strings.HasSuffix(e.Name(), ".bin") {
				out = append(out, Sample{filepath.Join(folder, e.Name()), class})
			}
		}
		if len(out) == n {
			return nil, fmt.Errorf("%s has no .bin files", folder)
		}
	}
	return out, nil
}

// byList returns the files that a list of lines "number class" names.
func byList(dir, name string, classes int) (out []Sample, err error) {
	path := filepath.Join(dir, name)
	f, _, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		if len(words) != 2 {
			return nil, fmt.Errorf("%s: line %d is %.40q, want a number and a class", path, n, lines.Text())
		}
		number, err1 := strconv.ParseUint(words[0], 10, 32)
		class, err2 := strconv.ParseUint(words[1], 10, 31)
		if err1 != nil || err2 != nil || class >= uint64(classes) {
			return nil, fmt.Errorf("%s: line %d is %.40q, want a number and a class from 0 to %d", path, n, lines.Text(), classes-1)
		}
		out = append(out, Sample{filepath.Join(dir, strconv.FormatUint(number, 10)+".bin"), int(class)})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	return out, nil
}
