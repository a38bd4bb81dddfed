package data_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
)

// write writes files, given by name and content, to a new directory.
func write(t *testing.T, files map[string][]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	return dir
}

// digits returns n images of 2×3 pixels, every pixel of image i being i+first,
// and their labels, i mod 10.
func digits(n, first int) (images, labels []byte) {
	for i := range n {
		for range 6 {
			images = append(images, byte(i+first))
		}
		labels = append(labels, byte(i%10))
	}
	return idx(images, n, 2, 3), idx(labels, n)
}

// pixel returns the first pixel of sample i, and its label.
func pixel(t *testing.T, d data.Dataset, i int) (byte, int) {
	t.Helper()
	x := make([]float32, 6)
	label, err := d.Sample(i, x)
	require.NoError(t, err)
	return byte(x[0]*255 + 0.5), label
}

func TestOpenMNIST(t *testing.T) {
	images, labels := digits(30, 0)
	testImages, testLabels := digits(10, 100)
	dir := write(t, map[string][]byte{
		"train-images-idx3-ubyte":    images,
		"train-labels-idx1-ubyte":    zipped(labels), // content counts, not the name
		"t10k-images-idx3-ubyte.gz":  zipped(testImages),
		"t10k-labels-idx1-ubyte":     testLabels,
		"t10k-labels-idx1-ubyte.gz":  []byte("not looked at"),
		"train-images-idx3-ubyte.gz": []byte("not looked at"),
	})
	train, test, note, err := data.OpenMNIST(dir)
	require.NoError(t, err)
	require.Empty(t, note)
	require.Equal(t, 30, train.Len())
	require.Equal(t, 10, test.Len())
	for _, d := range []data.Dataset{train, test} {
		require.Equal(t, []int{1, 2, 3}, d.Shape())
		require.Equal(t, 10, data.Classes(d))
	}
	value, label := pixel(t, train, 27)
	require.Equal(t, byte(27), value)
	require.Equal(t, 7, label)
	value, label = pixel(t, test, 3)
	require.Equal(t, byte(103), value)
	require.Equal(t, 3, label)
}

func TestOpenMNISTTestFilesOnly(t *testing.T) {
	images, labels := digits(20, 0)
	dir := write(t, map[string][]byte{
		"t10k-images-idx3-ubyte.gz": zipped(images), "t10k-labels-idx1-ubyte.gz": zipped(labels),
	})
	train, test, note, err := data.OpenMNIST(dir)
	require.NoError(t, err)
	require.Equal(t, "only the t10k files of MNIST are in "+dir+
		": training on their first 16 images, testing on their last 4", note)
	require.Equal(t, 16, train.Len())
	require.Equal(t, 4, test.Len())
	require.Equal(t, []int{1, 2, 3}, test.Shape())
	require.Equal(t, 10, data.Classes(test))
	value, label := pixel(t, train, 15)
	require.Equal(t, byte(15), value)
	require.Equal(t, 5, label)
	value, label = pixel(t, test, 0)
	require.Equal(t, byte(16), value)
	require.Equal(t, 6, label)
}

func TestOpenMNISTErrors(t *testing.T) {
	const (
		trainImages, trainLabels = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
		testImages, testLabels   = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
		gz                       = "[.gz], "
	)
	images, labels := digits(10, 0)
	_, short := digits(9, 0)
	wide := idx(make([]byte, 70), 10, 1, 7)
	ten := idx([]byte{0, 1, 2, 10, 4, 5, 6, 7, 8, 9}, 10)
	for name, c := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"nothing":            {nil, "data: mnist: no " + trainImages + gz + trainLabels + gz + testImages + gz + testLabels + "[.gz] in "},
		"train only":         {map[string][]byte{trainImages: images, trainLabels: labels}, "data: mnist: no " + testImages + gz + testLabels + "[.gz] in "},
		"images only":        {map[string][]byte{testImages: images}, "data: mnist: no " + trainImages + gz + trainLabels + gz + testLabels + "[.gz] in "},
		"no training labels": {map[string][]byte{trainImages: images, testImages: images, testLabels: labels}, "data: mnist: no " + trainLabels + "[.gz] in "},
		"cut":                {map[string][]byte{testImages: images[:28], testLabels: labels}, testImages + ": header claims shape [10 2 3], 60 bytes of data, file ends after 12: unexpected EOF"},
		"cut labels":         {map[string][]byte{testImages: images, testLabels: labels[:2]}, testLabels + ": header ends after 2 of 4 bytes: unexpected EOF"},
		"fewer labels":       {map[string][]byte{testImages: images, testLabels: short}, testLabels + ", want as many"},
		"label 10":           {map[string][]byte{testImages: images, testLabels: ten}, testLabels + ": label 3 is 10, want 0 to 9"},
		"images for labels":  {map[string][]byte{testImages: images, testLabels: images}, testLabels + ": shape is [10 2 3], want [labels]"},
		"labels for images":  {map[string][]byte{testImages: labels, testLabels: labels}, testImages + ": shape is [10], want [images rows columns]"},
		"bad training set":   {map[string][]byte{trainImages: nil, trainLabels: labels, testImages: images, testLabels: labels}, trainImages + ": header ends after 0 of 4 bytes"},
		"bad test set":       {map[string][]byte{trainImages: images, trainLabels: labels, testImages: nil, testLabels: labels}, testImages + ": header ends after 0 of 4 bytes"},
		"two shapes":         {map[string][]byte{trainImages: wide, trainLabels: labels, testImages: images, testLabels: labels}, "have shape [1 1 7], of "},
	} {
		t.Run(name, func(t *testing.T) {
			train, test, _, err := data.OpenMNIST(write(t, c.files))
			require.Error(t, err)
			require.Nil(t, train)
			require.Nil(t, test)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, _, _, err := data.OpenMNIST(t.TempDir())
	require.ErrorIs(t, err, fs.ErrNotExist)
	file := filepath.Join(write(t, map[string][]byte{"file": nil}), "file")
	_, _, _, err = data.OpenMNIST(file) // a file is no directory
	require.ErrorContains(t, err, "data: mnist: ")
}

func TestOpenIDX(t *testing.T) {
	dir := write(t, map[string][]byte{
		"flat":   idx([]byte{0, 255, 51, 204, 1, 2}, 2, 3),
		"colour": idx([]byte{0, 255, 51, 204, 1, 2, 3, 4}, 2, 2, 1, 2),
		"labels": idx([]byte{46, 3}, 2),
	})
	labels := filepath.Join(dir, "labels")
	d, err := data.OpenIDX(filepath.Join(dir, "flat"), labels, 0)
	require.NoError(t, err)
	require.Equal(t, []int{3}, d.Shape())
	require.Equal(t, 47, d.Classes())
	x := make([]float32, 3)
	label, err := d.Sample(0, x)
	require.NoError(t, err)
	require.Equal(t, 46, label)
	require.Equal(t, []float32{0, 1, 0.2}, x)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = d.Sample(0, x) }))
	_, err = d.Sample(2, x)
	require.EqualError(t, err, "data: sample 2 asked for, want 0 to 1")
	_, err = d.Sample(1, x[:2])
	require.EqualError(t, err, "data: sample 1: x has length 2, want 3")

	d, err = data.OpenIDX(filepath.Join(dir, "colour"), labels, 62)
	require.NoError(t, err)
	require.Equal(t, []int{2, 1, 2}, d.Shape())
	require.Equal(t, 62, d.Classes())

	_, err = data.OpenIDX(filepath.Join(dir, "flat"), labels, -1)
	require.EqualError(t, err, "data: idx: -1 classes, want 0 (unknown) or more")
	_, err = data.OpenIDX(filepath.Join(dir, "none"), labels, 0)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, filepath.Join(dir, "none"))
	_, err = data.OpenIDX(dir, labels, 0)
	require.ErrorContains(t, err, dir)
}
