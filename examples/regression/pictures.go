package main

import (
	"context"
	"fmt"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// sample is the test signal that is drawn.
const sample = 0

// draw writes the pictures: the loss of the epochs; a test signal, and how the
// voltages follow its targets; the spikes behind that.
func draw(ctx context.Context, m *train.Model, test *signals, voltages []float32, r train.Result, out string) error {
	if len(r.History) > 0 {
		fig, err := show.Curves("Regression", r.History)
		if err := show.Save(out, "curves", fig, err); err != nil {
			return err
		}
	}
	fig, err := following(test, voltages)
	if err := show.Save(out, "following", fig, err); err != nil {
		return err
	}
	rec, err := m.Record(ctx, test, nil, []int{sample}, layers.Probe{})
	if err != nil {
		return err
	}
	fig, err = show.Raster(fmt.Sprintf("Test signal %d", sample), 1e-3, rec, 0)
	return show.Save(out, "raster", fig, err)
}

// following draws the signal, and both targets with the voltages.
func following(test *signals, voltages []float32) (plot.Figure, error) {
	t := make([]float64, steps)
	for i := range t {
		t[i] = float64(i)
	}
	charts := []plot.Chart{{YLabel: "Signal", X: t, Series: []plot.Series{{Y: test.u[sample], Faint: true}}}}
	for k, name := range [targets]string{"Running mean", "Running power"} {
		want, got := make([]float64, steps), make([]float64, steps)
		for i := range t {
			want[i], got[i] = test.y[sample][i][k], float64(voltages[(sample*steps+i)*targets+k])
		}
		charts = append(charts, plot.Chart{YLabel: name, X: t, Series: []plot.Series{{Name: "target", Y: want}, {Name: "voltage", Y: got}}})
	}
	charts[targets].XLabel = "Time (ms)"
	return plot.Stack(fmt.Sprintf("Test signal %d", sample), charts...)
}
