// Figures draws the pictures of the documents that no example draws: receptive
// fields and their derivatives, and voltages of healthy and sick layers.
//
//	go generate ./docs/...
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/plot"
)

//go:generate go run .

const (
	size   = 33
	domain = 16. // so that points lie 1 apart, as derivatives count them
)

func main() {
	out := flag.String("out", "../images", "folder for the pictures")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "figures draws the pictures of receptive fields and of diagnoses.")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

// run writes the pictures.
func run(out string) error {
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	// Save writes an SVG beside the PNG, which the pages do not need.
	tmp, err := os.MkdirTemp(out, ".figures-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	for name, draw := range map[string]func() (plot.Figure, error){"receptive_fields": fields, "diagnosis": diagnosis} {
		fig, err := draw()
		if err != nil {
			return err
		}
		if err := plot.Save(tmp, name, fig); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(tmp, name+".png"), filepath.Join(out, name+".png")); err != nil {
			return err
		}
	}
	return nil
}

// fields draws a field in a row for each order of its derivative, turned by an
// eighth of a circle from column to column, and at the end at twice the scale and
// round.
func fields() (plot.Figure, error) {
	var images []plot.Digit[float32]
	for _, d := range [][2]int{{0, 0}, {1, 0}, {2, 0}, {1, 1}} {
		for _, c := range []struct{ scale, angle, ratio float64 }{
			{8, 0, math.Sqrt2}, {8, math.Pi / 4, math.Sqrt2}, {8, math.Pi / 2, math.Sqrt2}, {8, 3 * math.Pi / 4, math.Sqrt2},
			{16, 0, math.Sqrt2}, {8, 0, 1},
		} {
			p, err := encode.SpatialParameters[float32](encode.SpatialSet{
				Scales: []float64{c.scale}, Angles: []float64{c.angle}, Ratios: []float64{c.ratio}, Derivatives: [][2]int{d},
			})
			if err != nil {
				return plot.Figure{}, err
			}
			pixels, err := field(p)
			if err != nil {
				return plot.Figure{}, err
			}
			images = append(images, plot.Digit[float32]{
				Pixels: pixels, Caption: fmt.Sprintf("%v %.0f° (%d, %d)", c.scale, c.angle*180/math.Pi, d[0], d[1]),
			})
		}
	}
	return plot.Digits("Receptive fields: scale, angle, order of the derivative", size, size, 6, images...)
}

// field computes a field, its largest value scaled to 1 and −1 being white.
func field(p *tensor.Dense) ([]float32, error) {
	in, err := graph.Input(G.NewGraph(), "parameters", p)
	if err != nil {
		return nil, err
	}
	k, err := encode.SpatialReceptiveFields(in, size, domain)
	if err != nil {
		return nil, err
	}
	m, err := machine.New(k)
	if err != nil {
		return nil, err
	}
	if err := m.Run(); err != nil {
		return nil, err
	}
	pixels := append([]float32{}, m.Value(0).Data().([]float32)...)
	most := float32(0)
	for _, v := range pixels {
		most = max(most, v, -v)
	}
	for i := range pixels {
		pixels[i] /= most
	}
	return pixels, nil
}
