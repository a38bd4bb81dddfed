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
	chart := func(title string, series ...plot.Series) (plot.Figure, error) {
		fig, err := plot.Lines(plot.Chart{Title: title, XLabel: "Time (ms)", X: t, Series: series})
		fig.Width, fig.Height = 6.5, 2
		return fig, err
	}
	signal, err := chart(fmt.Sprintf("Test signal %d", sample), plot.Series{Y: test.u[sample]})
	if err != nil {
		return plot.Figure{}, err
	}
	figs := []plot.Figure{signal}
	for k, name := range [targets]string{"Running mean", "Running power"} {
		want, got := make([]float64, steps), make([]float64, steps)
		for i := range t {
			want[i], got[i] = test.y[sample][i][k], float64(voltages[(sample*steps+i)*targets+k])
		}
		fig, err := chart(name, plot.Series{Name: "target", Y: want}, plot.Series{Name: "voltage", Y: got})
		if err != nil {
			return plot.Figure{}, err
		}
		figs = append(figs, fig)
	}
	return plot.Panels(len(figs), 1, figs...)
}
