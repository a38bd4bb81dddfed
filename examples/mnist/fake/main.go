// Fake writes a small set of made-up images in MNIST's format, for a trial of the
// examples without the data set.
package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/examples/internal/bars"
	"github.com/spikegrad/spikegrad/examples/internal/show"
)

func main() {
	out := flag.String("out", "out/fake/mnist", "folder for the files")
	n := flag.Int("n", 600, "number of images")
	show.Parse("fake writes a small set of made-up images in the format of MNIST.")
	if err := write(*out, *n); err != nil {
		fmt.Fprintln(os.Stderr, "fake:", err)
		os.Exit(1)
	}
}

func write(dir string, n int) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	var images, labels bytes.Buffer
	for _, v := range []uint32{0x803, uint32(n), bars.Side, bars.Side} {
		_ = binary.Write(&images, binary.BigEndian, v)
	}
	for _, v := range []uint32{0x801, uint32(n)} {
		_ = binary.Write(&labels, binary.BigEndian, v)
	}
	x, y := bars.Images(n, 1)
	images.Write(x)
	labels.Write(y)
	for name, b := range map[string]*bytes.Buffer{"t10k-images-idx3-ubyte": &images, "t10k-labels-idx1-ubyte": &labels} {
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
