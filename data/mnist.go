package data

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spikegrad/spikegrad/internal/files"
)

// Images is a [Dataset] of byte images, as IDX files hold them: one byte a
// pixel in memory, scaled to [0, 1] as a sample is read.
type Images struct {
	shape   []int
	size    int // product of shape
	pixels  []byte
	labels  []byte
	classes int
}

// OpenIDX reads a file of images and a file of their labels, in the IDX format
// ([ReadIDX]), gzipped or not. Images of shape [n rows columns] become samples
// of shape [1 rows columns], channel first; of any other rank, samples have
// the dimensions after n.
//
// Labels must be below classes; where classes is 0, any label is taken and the
// number of classes is the largest plus one. Other errors name the file that
// cannot be read or that is not an IDX file, images of rank 1, labels of a
// rank other than 1, and numbers of images and labels that differ.
func OpenIDX(images, labels string, classes int) (*Images, error) {
	if classes < 0 {
		return nil, fmt.Errorf("data: idx: %d classes, want 0 (unknown) or more", classes)
	}
	shape, pixels, err := readIDXFile(images)
	if err != nil {
		return nil, err
	}
	labelShape, ls, err := readIDXFile(labels)
	if err != nil {
		return nil, err
	}
	switch {
	case len(shape) < 2:
		return nil, fmt.Errorf("data: idx: %s: shape is %v, want [images rows columns]", images, shape)
	case len(labelShape) != 1:
		return nil, fmt.Errorf("data: idx: %s: shape is %v, want [labels]", labels, labelShape)
	case shape[0] != labelShape[0]:
		return nil, fmt.Errorf("data: idx: %d images in %s, %d labels in %s, want as many",
			shape[0], images, labelShape[0], labels)
	}
	most := int(slices.Max(ls))
	if classes == 0 {
		classes = most + 1
	}
	if most >= classes {
		i := slices.Index(ls, byte(most))
		return nil, fmt.Errorf("data: idx: %s: label %d is %d, want 0 to %d", labels, i, most, classes-1)
	}
	sample := shape[1:]
	if len(sample) == 2 {
		sample = []int{1, sample[0], sample[1]}
	}
	return &Images{shape: sample, size: len(pixels) / shape[0], pixels: pixels, labels: ls, classes: classes}, nil
}

// readIDXFile reads the IDX file at path.
func readIDXFile(path string) (shape []int, data []byte, err error) {
	f, _, err := files.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("data: idx: %w", err)
	}
	defer f.Close()
	shape, data, err = readIDX(f)
	if err != nil {
		return nil, nil, fmt.Errorf("data: idx: %s: %w", path, err)
	}
	return shape, data, nil
}

// Len returns the number of images.
func (m *Images) Len() int { return len(m.labels) }

// Shape returns the shape of one image, as [1 28 28].
func (m *Images) Shape() []int { return slices.Clone(m.shape) }

// Classes returns the number of classes.
func (m *Images) Classes() int { return m.classes }

// Sample writes image i into x, 0 for a byte of 0 and 1 for one of 255, and
// returns its label.
func (m *Images) Sample(i int, x []float32) (int, error) {
	if err := checkSample(i, len(m.labels), x, m.size); err != nil {
		return 0, err
	}
	for k, b := range m.pixels[i*m.size : (i+1)*m.size] {
		x[k] = float32(b) / 255
	}
	return int(m.labels[i]), nil
}

// mnistFiles are the four files of MNIST, each of which may end in .gz.
var mnistFiles = [4]string{
	"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
	"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
}

// OpenMNIST reads MNIST from the directory dir: 60,000 images to train on and
// 10,000 to test on, of shape [1 28 28] with values in [0, 1] and labels 0 to
// 9. It looks for
//
//	train-images-idx3-ubyte  train-labels-idx1-ubyte
//	t10k-images-idx3-ubyte   t10k-labels-idx1-ubyte
//
// each as it is or with .gz at its end, and gzipped or not whatever the end.
// Fashion-MNIST and Kuzushiji-MNIST come under the same names and are read
// likewise.
//
// Where only the two t10k files are there, the first four fifths of them (8,000
// of the 10,000) are for training and the rest (2,000) for testing, and note
// says so; results are then not comparable with published ones. Else note is
// empty. An error gives the names that were looked for and not found, or the
// file that is wrong and why ([OpenIDX]).
func OpenMNIST(dir string) (train, test Dataset, note string, err error) {
	var paths [len(mnistFiles)]string
	var missing []string
	for i, name := range mnistFiles {
		if paths[i], err = findIDX(dir, name); err != nil {
			return nil, nil, "", fmt.Errorf("data: mnist: %w", err)
		}
		if paths[i] == "" {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) == 0:
		return openMNIST(paths)
	case slices.Equal(missing, mnistFiles[:2]):
		return splitMNIST(paths[2], paths[3])
	}
	return nil, nil, "", fmt.Errorf("data: mnist: no %s[.gz] in %s: %w",
		strings.Join(missing, "[.gz], "), dir, fs.ErrNotExist)
}

// findIDX returns the path of the file called name, or name.gz, in dir, or ""
// if there is neither.
func findIDX(dir, name string) (string, error) {
	for _, path := range []string{filepath.Join(dir, name), filepath.Join(dir, name+".gz")} {
		_, err := os.Stat(path)
		if err == nil {
			return path, nil
		}
		if !os.IsNotExist(err) {
			return "", err
		}
	}
	return "", nil
}

// openMNIST reads both parts of MNIST from the four files.
func openMNIST(paths [4]string) (train, test Dataset, note string, err error) {
	a, err := OpenIDX(paths[0], paths[1], 10)
	if err != nil {
		return nil, nil, "", err
	}
	b, err := OpenIDX(paths[2], paths[3], 10)
	if err != nil {
		return nil, nil, "", err
	}
	if !slices.Equal(a.shape, b.shape) {
		return nil, nil, "", fmt.Errorf("data: mnist: images of %s have shape %v, of %s %v, want the same",
			paths[0], a.shape, paths[2], b.shape)
	}
	return a, b, "", nil
}

// splitMNIST makes both parts of the test files.
func splitMNIST(images, labels string) (train, test Dataset, note string, err error) {
	all, err := OpenIDX(images, labels, 10)
	if err != nil {
		return nil, nil, "", err
	}
	n := all.Len()
	cut := n - (n+4)/5 // with 2 images, one for each part
	if train, err = Subset(all, 0, cut); err != nil {
		return nil, nil, "", err
	}
	if test, err = Subset(all, cut, n); err != nil {
		return nil, nil, "", err
	}
	note = fmt.Sprintf("only the t10k files of MNIST are in %s: training on their first %d images, testing on their last %d",
		filepath.Dir(images), cut, n-cut)
	return train, test, note, nil
}
