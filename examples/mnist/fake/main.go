// Fake writes a small set of images in MNIST's format, each a bright bar at the
// height of its label in some noise, for a trial of the example without the data
// set.
package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", ".", "folder for the files")
	n := flag.Int("n", 600, "number of images")
	flag.Parse()
	if err := write(*out, *n); err != nil {
		fmt.Fprintln(os.Stderr, "fake:", err)
		os.Exit(1)
	}
}

func write(dir string, n int) error {
	const side = 28
	r := rand.New(rand.NewPCG(1, 1))
	var images, labels bytes.Buffer
	for _, v := range []uint32{0x803, uint32(n), side, side} {
		_ = binary.Write(&images, binary.BigEndian, v)
	}
	for _, v := range []uint32{0x801, uint32(n)} {
		_ = binary.Write(&labels, binary.BigEndian, v)
	}
	for i := range n {
		label := i % 10
		labels.WriteByte(byte(label))
		for y := range side {
			for range side {
				v := r.IntN(60)
				if d := y - 4 - 2*label; d == 0 || d == 1 {
					v += 180
				}
				images.WriteByte(byte(v))
			}
		}
	}
	for name, b := range map[string]*bytes.Buffer{"t10k-images-idx3-ubyte": &images, "t10k-labels-idx1-ubyte": &labels} {
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
