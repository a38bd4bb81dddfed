package main

import (
	"context"
	"fmt"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// gains are those of the first weights of networks that are silent, healthy and
// saturated.
var gains = []float64{0.1, 2, 30}

// diagnosis draws voltages in a layer with weights that are too small, with good
// ones, and with weights that are too large, and what the Doctor says of it.
func diagnosis() (plot.Figure, error) {
	var figs []plot.Figure
	for _, gain := range gains {
		findings, voltages, spikes, err := patient(gain)
		if err != nil {
			return plot.Figure{}, err
		}
		said := "healthy"
		if len(findings) > 0 {
			said = fmt.Sprint(findings[0].Kind)
		}
		fig, err := plot.Traces(plot.Voltages[float64]{
			Title: fmt.Sprintf("%s (gain %v)", said, gain), N: voltages.N(), Dt: 1e-3, Thresholds: []float64{1},
			V: voltages.Sample(0), Spikes: spikes.Sample(0), Names: []string{"neuron 0", "neuron 1", "neuron 2"},
		})
		if err != nil {
			return plot.Figure{}, err
		}
		fig.Width = 3.2
		figs = append(figs, fig)
	}
	return plot.Panels(1, len(figs), figs...)
}

// patient diagnoses a network, and records three of its hidden neurons.
func patient(gain float64) (fs []diagnose.Finding, voltages, spikes layers.Recording, err error) {
	points, err := data.NewYinYang(200, 42)
	if err != nil {
		return nil, voltages, spikes, err
	}
	lif := neurons.DefaultLIFParams()
	lif.Spike = surrogate.SuperSpike{Alpha: 10}
	m, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 50, Init: layers.Scaled{Gain: gain}},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, lif)),
			layers.Linear{Out: 3},
			layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 60, Batch: 50, Seed: 3,
	}.Compile()
	if err != nil {
		return nil, voltages, spikes, err
	}
	if fs, err = train.Diagnose(context.Background(), m, points, nil); err != nil {
		return nil, voltages, spikes, err
	}
	some := []int{0, 1, 2}
	rs, err := m.Record(context.Background(), points, nil, []int{0},
		layers.Probe{Layer: "hidden", State: "V", Neurons: some}, layers.Probe{Layer: "hidden", Neurons: some})
	if err != nil {
		return nil, voltages, spikes, err
	}
	return fs, rs[0], rs[1], nil
}
