package main

import (
	"fmt"

	"github.com/spikegrad/spikegrad/plot"
)

// table prints what was reached, a line for each penalty and weight.
func table(free point, curves [][]point) {
	fmt.Println("penalty   weight   accuracy   spikes per neuron and step")
	line := func(name string, weight float64, p point) {
		fmt.Printf("%-8s %7v   %8.4f   %26.4f\n", name, weight, p.accuracy, p.rate)
	}
	line("none", 0, free)
	for i, curve := range curves {
		for k, p := range curve {
			line(penalties[i].name, weights[k], p)
		}
	}
}

// picture draws the firing rate and the accuracy against the first n weights,
// beside those without a penalty.
func picture(free point, curves [][]point, n int) (plot.Figure, error) {
	rate, err := against("Activity", "Spikes per neuron and step", free, curves, n, func(p point) float64 { return p.rate })
	if err != nil {
		return plot.Figure{}, err
	}
	accuracy, err := against("Performance", "Test accuracy (%)", free, curves, n, func(p point) float64 { return 100 * p.accuracy })
	if err != nil {
		return plot.Figure{}, err
	}
	return plot.Panels(1, 2, rate, accuracy)
}

func against(title, label string, free point, curves [][]point, n int, y func(point) float64) (plot.Figure, error) {
	ch := plot.Chart{Title: title, XLabel: "Weight of the penalty", YLabel: label, X: weights[:n], LogX: true, Dots: true}
	for i, p := range penalties {
		ch.Series = append(ch.Series, series(p.name, curves[i][:n], y))
	}
	none := make([]point, n)
	for k := range none {
		none[k] = free
	}
	ch.Series = append(ch.Series, series("none", none, y))
	return plot.Lines(ch)
}

func series(name string, ps []point, y func(point) float64) plot.Series {
	s := plot.Series{Name: name}
	for _, p := range ps {
		s.Y = append(s.Y, y(p))
	}
	return s
}
