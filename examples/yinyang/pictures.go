package main

import (
	"context"
	"fmt"
	"math"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// draw writes the pictures: learning curves, decision regions, and what the
// neurons do with one point.
func draw(ctx context.Context, m *train.Model, test *data.Memory, r train.Result, out string) error {
	if len(r.History) > 0 {
		fig, err := show.Curves("Yin-Yang", r.History)
		if err := show.Save(out, "curves", fig, err); err != nil {
			return err
		}
	}
	fig, err := regions(ctx, m, test)
	if err := show.Save(out, "regions", fig, err); err != nil {
		return err
	}
	const sample = 0
	title := fmt.Sprintf("Test point %d", sample)
	rec, err := m.Record(ctx, test, nil, []int{sample}, layers.Probe{Layer: "hidden"})
	if err != nil {
		return err
	}
	fig, err = show.Raster(title, 1e-3, rec, 0)
	if err := show.Save(out, "raster", fig, err); err != nil {
		return err
	}
	some := lively(rec[0], 4)
	rec, err = m.Record(ctx, test, nil, []int{sample}, layers.Probe{Layer: "hidden", Neurons: some},
		layers.Probe{Layer: "hidden", State: "V", Neurons: some}, layers.Probe{Layer: "readout"})
	if err != nil {
		return err
	}
	fig, err = voltages(title, rec)
	return show.Save(out, "voltages", fig, err)
}

// points returns the two coordinates, the labels and the predictions of a set.
func points(ctx context.Context, m *train.Model, d *data.Memory) (xy [][2]float64, labels, preds []int, err error) {
	x := make([]float32, 4)
	for i := range d.Len() {
		label, err := d.Sample(i, x)
		if err != nil {
			return nil, nil, nil, err
		}
		xy, labels = append(xy, [2]float64{float64(x[0]), float64(x[1])}), append(labels, label)
	}
	preds, err = m.Classes(ctx, d, nil)
	return xy, labels, preds, err
}

// regions draws what the network says of every point of the square.
func regions(ctx context.Context, m *train.Model, test *data.Memory) (plot.Figure, error) {
	const cells = 120
	grid, err := plot.GridPoints(cells, cells)
	if err != nil {
		return plot.Figure{}, err
	}
	var x []float32
	for _, p := range grid {
		a, b := float32(p[0]), float32(p[1])
		x = append(x, a, b, 1-a, 1-b)
	}
	everywhere, err := data.New([]int{4}, x, make([]int, len(grid)))
	if err != nil {
		return plot.Figure{}, err
	}
	classes, err := m.Classes(ctx, everywhere, nil)
	if err != nil {
		return plot.Figure{}, err
	}
	pl := plot.Plane{
		Title: "Yin-Yang", Classes: names,
		W: cells, H: cells, Grid: classes, Outline: outline(),
	}
	if pl.Points, pl.Labels, pl.Preds, err = points(ctx, m, test); err != nil {
		return plot.Figure{}, err
	}
	return plot.Regions(pl)
}

// outline returns the true borders: the circle, the dots, and the curve of two
// half circles between yin and yang.
func outline() [][][2]float64 {
	const c, big, small = 0.5, data.YinYangRadius, data.YinYangDotRadius
	arc := func(x, y, r, from, to float64) [][2]float64 {
		var line [][2]float64
		for i := range 101 {
			a := from + (to-from)*float64(i)/100
			line = append(line, [2]float64{x + r*math.Cos(a), y + r*math.Sin(a)})
		}
		return line
	}
	return [][][2]float64{
		arc(c, c, big, 0, 2*math.Pi),
		arc(c-big/2, c, small, 0, 2*math.Pi),
		arc(c+big/2, c, small, 0, 2*math.Pi),
		append(arc(c-big/2, c, big/2, math.Pi, 2*math.Pi), arc(c+big/2, c, big/2, math.Pi, 0)...),
	}
}

// voltages draws the membranes of a few hidden neurons beside those of the
// readout, from recordings of the spikes and the voltages of the former and of the
// outputs of the latter.
func voltages(title string, rec []layers.Recording) (plot.Figure, error) {
	z, v, out := rec[0], rec[1], rec[2]
	a, err := plot.Traces(plot.Voltages[float64]{
		Title: title + ": hidden neurons", N: v.N(), Dt: 1e-3, Thresholds: []float64{1},
		V: v.Sample(0), Spikes: z.Sample(0), Names: show.Names("neuron", v.Neurons),
	})
	if err != nil {
		return plot.Figure{}, err
	}
	b, err := plot.Traces(plot.Voltages[float64]{
		Title: title + ": readout", N: out.N(), Dt: 1e-3, V: out.Sample(0), Names: names, Overlay: true,
	})
	if err != nil {
		return plot.Figure{}, err
	}
	return plot.Panels(1, 2, a, b)
}

// lively returns up to k neurons that spike now and then, and if there are too
// few of them the first k.
func lively(r layers.Recording, k int) []int {
	var some []int
	seen := map[float64]bool{}
	zs, n := r.Sample(0), r.N()
	for i := range n {
		var spikes float64
		for t := i; t < len(zs); t += n {
			spikes += zs[t]
		}
		if spikes >= 2 && spikes <= steps/3 && !seen[spikes] {
			some, seen[spikes] = append(some, i), true
		}
		if len(some) == k {
			return some
		}
	}
	some = some[:0]
	for i := range min(k, n) {
		some = append(some, i)
	}
	return some
}
