package plot

import (
	"fmt"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A History is what [Curves] draws: one number per epoch and curve.
type History struct {
	Title string

	TrainLoss, ValidLoss []float64 // any unit; ValidLoss may be nil
	TrainAcc, ValidAcc   []float64 // shares of the samples, from 0 to 1; may be nil
}

// Curves draws learning curves: loss on the left and accuracy in percent on the
// right, training against validation, over epochs that count from 1. Without
// accuracies the panel of the loss stands alone.
//
// It is an error if there is no training loss, if the lengths differ, if a number
// is not finite or an accuracy outside of [0, 1].
func Curves(h History) (Figure, error) {
	n := len(h.TrainLoss)
	if n == 0 {
		return Figure{}, fmt.Errorf("plot: curves: training loss is empty, want a number for each epoch")
	}
	for _, s := range []struct {
		name string
		vs   []float64
		acc  bool
	}{
		{"training loss", h.TrainLoss, false},
		{"validation loss", h.ValidLoss, false},
		{"training accuracy", h.TrainAcc, true},
		{"validation accuracy", h.ValidAcc, true},
	} {
		if len(s.vs) != 0 && len(s.vs) != n {
			return Figure{}, fmt.Errorf("plot: curves: %s has %d epochs, want %d as the training loss has", s.name, len(s.vs), n)
		}
		if err := finite(s.name, s.vs); err != nil {
			return Figure{}, fmt.Errorf("plot: curves: %w", err)
		}
		for i, v := range s.vs {
			if s.acc && (v < 0 || v > 1) {
				return Figure{}, fmt.Errorf("plot: curves: %s[%d] is %g, want a share from 0 to 1", s.name, i, v)
			}
		}
	}

	epochs := make([]float64, n)
	for i := range epochs {
		epochs[i] = float64(i + 1)
	}
	loss := [][]float64{scaled(h.TrainLoss, false), scaled(h.ValidLoss, false)}
	acc := [][]float64{percent(h.TrainAcc), percent(h.ValidAcc)}
	var keys []key
	for i, name := range []string{"training", "validation"} {
		if len(loss[i])+len(acc[i]) > 0 {
			keys = append(keys, key{name: name, line: seriesStyle(i)})
		}
	}
	panels := []*gplot.Plot{epochPlot(epochs, "Loss", loss)}
	if len(acc[0])+len(acc[1]) > 0 {
		panels = append(panels, epochPlot(epochs, "Accuracy (%)", acc))
		panels[1].Y.Max = min(panels[1].Y.Max, 101) // the padding promises no more than all
	}
	return Figure{Width: 3.6 * float64(len(panels)), Height: 3, paint: func(c draw.Canvas) error {
		c = header(c, h.Title, keys)
		n := vg.Length(len(panels))
		width := (c.Max.X - c.Min.X - gap*(n-1)) / n
		top := c.Max.Y
		for _, p := range panels {
			top = min(top, p.DataCanvas(c).Max.Y)
		}
		for i, p := range panels {
			cell := c
			cell.Min.X += vg.Length(i) * (width + gap)
			cell.Max.X = cell.Min.X + width
			// A number at the upper end of one axis must not set the panels askew.
			cell.Max.Y += top - p.DataCanvas(cell).Max.Y
			if err := drawPlot(cell, p); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}

// epochPlot draws the training and the validation curve of one quantity.
func epochPlot(epochs []float64, label string, series [][]float64) *gplot.Plot {
	const few = 25 // points that can be told apart
	x0, x1 := span(epochs[0], epochs[len(epochs)-1], 0.02)
	y0, y1 := extent(series...)
	y0, y1 = span(y0, y1, 0.05)
	p := newPlot(
		axis{min: x0, max: x1, label: "Epoch", ticks: ticker{count: 5, integer: true}},
		axis{min: y0, max: y1, label: label, ticks: ticker{count: 5}},
		true)
	for i, y := range series {
		if len(y) == 0 {
			continue
		}
		l := curve{x: epochs, y: y, style: seriesStyle(i)}
		if len(epochs) <= few {
			l.dots = markRadius
		}
		p.Add(l)
	}
	return p
}

func percent(shares []float64) []float64 {
	out := make([]float64, len(shares))
	for i, s := range shares {
		out[i] = 100 * s
	}
	return out
}
