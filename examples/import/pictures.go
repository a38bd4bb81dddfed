package main

import (
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/plot"
)

// draw writes the pictures: the loss of the epochs, and the spikes for one point.
func (p *program) draw(test data.Dataset, losses []float64, out string) error {
	if len(losses) > 0 {
		fig, err := plot.Curves(plot.History{Title: "Yin-Yang, in a graph of Gorgonia's", TrainLoss: losses})
		if err := show.Save(out, "curves", fig, err); err != nil {
			return err
		}
	}
	if _, err := p.load(test, span(0, batch)); err != nil {
		return err
	}
	if err := p.answers.Run(); err != nil {
		return err
	}
	all := p.answers.Value(1).Data().([]float32) // [T, batch, hidden]
	var spikes []float32
	for t := range steps {
		spikes = append(spikes, all[t*batch*hidden:][:hidden]...)
	}
	fig, err := plot.Raster("Test point 0", 1e-3, plot.Layer[float32]{Name: "spiking.neurons", N: hidden, Spikes: spikes})
	return show.Save(out, "raster", fig, err)
}
