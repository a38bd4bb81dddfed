package main

import (
	"math"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/exact"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/plot"
)

// draw writes what the network says of every point of the square, and of the test points.
func draw(m *exact.Model, test data.Dataset, out string) error {
	const cells = 100
	grid, err := plot.GridPoints(cells, cells)
	if err != nil {
		return err
	}
	pl := plot.Plane{Title: "Yin-Yang by first spikes", Classes: []string{"yin", "yang", "dot"}, W: cells, H: cells}
	for _, p := range grid {
		x, y := float32(p[0]), float32(p[1])
		class, err := answer(m, []float32{x, y, 1 - x, 1 - y})
		if err != nil {
			return err
		}
		pl.Grid = append(pl.Grid, class)
	}
	x := make([]float32, 4)
	for i := range test.Len() {
		label, err := test.Sample(i, x)
		if err != nil {
			return err
		}
		class, err := answer(m, x)
		if err != nil {
			return err
		}
		pl.Points, pl.Labels, pl.Preds = append(pl.Points, [2]float64{float64(x[0]), float64(x[1])}), append(pl.Labels, label), append(pl.Preds, class)
	}
	fig, err := plot.Regions(pl)
	return show.Save(out, "regions", fig, err)
}

// answer returns which output neuron fires first; 0 if none does.
func answer(m *exact.Model, x []float32) (class int, err error) {
	r, err := m.Run(encode(x))
	if err != nil {
		return 0, err
	}
	best := math.Inf(1)
	for k, t := range r.First(1) {
		if t < best {
			best, class = t, k
		}
	}
	return class, nil
}
