package main

import (
	"fmt"
	"strings"

	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/presets"
	"github.com/spikegrad/spikegrad/plot"
)

// A drawing is a file and what is in it.
type drawing struct {
	file   string
	figure func() (plot.Figure, error)
}

// drawings returns all pictures of the pages.
func drawings() []drawing {
	var all []drawing
	for _, p := range pictures() {
		all = append(all, drawing{p.file, p.figure})
	}
	return append(all, drawing{"adex_patterns", patterns})
}

// patterns draws the firing patterns of the adaptive exponential neuron, one a panel.
func patterns() (plot.Figure, error) {
	const before, length = 50, 550 // ms
	var figs []plot.Figure
	for _, k := range presets.AdExPatterns() {
		p := k.Params()
		peak, _ := p.VPeak.Value()
		pic := picture{
			run: model(neurons.AdExBoxStep, p), ms: p.Dt, in: []float64{1},
			lines: []line{{name: "v (mV)", state: "V"}}, peak: peak, unit: " mV",
		}
		xs := make([]float64, int(length/p.Dt))
		for t := int(before / p.Dt); t < len(xs); t++ {
			xs[t] = k.Current()
		}
		name := strings.ReplaceAll(k.String(), "_", " ")
		fig, err := pic.response(strings.ToUpper(name[:1])+name[1:], xs)
		if err != nil {
			return plot.Figure{}, fmt.Errorf("%v: %w", k, err)
		}
		fig.Width, fig.Height = 4, 1.65
		figs = append(figs, fig)
	}
	return plot.Panels(4, 2, figs...)
}
