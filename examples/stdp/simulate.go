package main

import (
	"context"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/plasticity"
)

const (
	chunk      = 1000 // steps of 1 ms
	inhibitory = 200  // inhibitory synapses
	rateIn     = 10   // of each of them, Hz
	gIn        = 0.05 // conductance of each of them, per that of the leak
)

// A simulation is a neuron with its inputs, running.
type simulation struct {
	sim      *plasticity.Simulation
	synapses int
	in       []float32 // [chunk, synapses + 1]
	exc, inh []float32 // spikes of a chunk
	always   []float32 // input of the encoder that makes inh
	rng      *rand.Rand
}

func newSimulation(synapses int, p params, rng *rand.Rand) (*simulation, error) {
	s := &simulation{
		synapses: synapses, rng: rng,
		in: make([]float32, chunk*(synapses+1)), exc: make([]float32, chunk*synapses),
		inh: make([]float32, chunk*inhibitory), always: make([]float32, inhibitory),
	}
	for i := range s.always {
		s.always[i] = 1
	}
	x := tensor.New(tensor.WithShape(chunk, 1, synapses+1), tensor.WithBacking(s.in))
	xs := G.NodeFromAny(G.NewGraph(), x, G.WithName("xs"))
	var err error
	s.sim, err = plasticity.NewSimulation(step, xs, nil, p)
	return s, err
}

// weights returns the weights. Writing to them changes the neuron.
func (s *simulation) weights() ([]float32, error) {
	w, err := s.sim.State("Synapses.W")
	if err != nil {
		return nil, err
	}
	return w.Data().([]float32), nil
}

// run simulates one second. excite writes the excitatory spikes, [chunk, synapses],
// and each spike of the neuron is given to fired.
func (s *simulation) run(ctx context.Context, excite func(dst []float32) error, fired func(step int)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := excite(s.exc); err != nil {
		return err
	}
	p := encode.PoissonParams{FMax: rateIn, Dt: 1e-3}
	if err := encode.Poisson(s.inh, s.always, chunk, p, s.rng); err != nil {
		return err
	}
	for t := range chunk {
		row := s.in[t*(s.synapses+1):][:s.synapses+1]
		copy(row, s.exc[t*s.synapses:])
		var g float32
		for _, z := range s.inh[t*inhibitory:][:inhibitory] {
			g += gIn * z
		}
		row[s.synapses] = g
	}
	if err := s.sim.Run(); err != nil {
		return err
	}
	for t, z := range s.sim.Out().Data().([]float32) {
		if z > 0 {
			fired(t)
		}
	}
	return nil
}
