package main

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/plasticity"
)

const dt = 1e-4 // s

// A synapse is a connection onto a passive membrane.
type synapse struct {
	name                  string
	u                     float64 // U, share of the resources that the first spike uses
	tauFac, tauRec        float64 // of the facilitation and of the recovery, s; no facilitation for 0
	tauIn, tauMem         float64 // of the current and of the membrane, s
	amplitude, resistance float64 // A in pA, the current if all resources are used; R in MΩ
}

// synapses returns the one that depresses and the one that facilitates.
func synapses() []synapse {
	return []synapse{
		{name: "depressing", u: 0.67, tauRec: 0.8, tauIn: 3e-3, tauMem: 50e-3, amplitude: 250, resistance: 100},
		{name: "facilitating", u: 0.03, tauFac: 0.53, tauRec: 0.13, tauIn: 3e-3, tauMem: 50e-3, amplitude: 1540, resistance: 100},
	}
}

func (s synapse) params() plasticity.STPParams {
	p := plasticity.STPParams{TauFInv: graph.Const(1 / dt), TauDInv: graph.Const(1 / s.tauRec), U: graph.Const(s.u), Dt: dt}
	if s.tauFac > 0 {
		p.TauFInv = graph.Const(1 / s.tauFac) // otherwise gone in a step
	}
	return p
}

// A record is what one or more copies of a synapse do with spike trains: y, the
// share of the resources used by each spike, and the potential v of the membrane in
// mV, both [T, copies].
type record struct{ y, v []float64 }

// transmit sends spike trains x, [T, copies], through copies of the synapse.
func (s synapse) transmit(x []float64, copies int) (record, error) {
	g := G.NewGraph()
	xs := G.NodeFromAny(g, tensor.New(tensor.WithShape(len(x)/copies, 1, copies), tensor.WithBacking(x)), G.WithName("spikes"))
	used, err := graph.Scan(plasticity.STPStep, xs, nil, s.params())
	if err != nil {
		return record{}, err
	}
	// pA times MΩ are µV.
	var b graph.Builder
	jump := b.Scale(used.Out, graph.Const(s.amplitude*s.resistance*1e-3))
	if err := b.Err(); err != nil {
		return record{}, err
	}
	membrane := neurons.LIParams{TauSynInv: graph.Const(1 / s.tauIn), TauMemInv: graph.Const(1 / s.tauMem), Dt: dt}
	v, err := graph.Scan(neurons.LIStep, jump, nil, membrane)
	if err != nil {
		return record{}, err
	}
	m, err := machine.New(used.Out, v.Out)
	if err != nil {
		return record{}, err
	}
	if err := m.Run(); err != nil {
		return record{}, fmt.Errorf("%s synapse: %w", s.name, err)
	}
	return record{y: m.Value(0).Data().([]float64), v: m.Value(1).Data().([]float64)}, nil
}

// stationary returns the share of the resources that each spike of a regular train
// of frequency f, in Hz, uses in the end: with a = exp(−1/(f τ_f)) and
// r = exp(−1/(f τ_d)),
//
//	u = U / (1 − (1 − U) a)
//	y = u (1 − r) / (1 − (1 − u) r)
func (s synapse) stationary(f float64) float64 {
	u := s.u
	if s.tauFac > 0 {
		u /= 1 - (1-s.u)*math.Exp(-1/(f*s.tauFac))
	}
	r := math.Exp(-1 / (f * s.tauRec))
	return u * (1 - r) / (1 - (1-u)*r)
}

// limit returns the frequency in Hz above which a synapse without facilitation
// passes on no more than 1/(f τ_d) with each spike.
func (s synapse) limit() float64 { return 1 / (s.u * s.tauRec) }

// best returns the frequency in Hz at which the spikes of a facilitating synapse
// use most: there facilitation gives way to depression.
func (s synapse) best() float64 { return 1 / math.Sqrt(s.u*s.tauFac*s.tauRec) }

// steps returns the number of time steps in a time, in s.
func steps(t float64) int { return int(math.Round(t / dt)) }

// train returns a spike train of some length, with spikes at the times, all in s.
func train(length float64, times ...float64) []float64 {
	x := make([]float64, steps(length))
	for _, t := range times {
		if i := steps(t); i < len(x) {
			x[i] = 1
		}
	}
	return x
}

// regular returns the times of n spikes at f Hz from start on.
func regular(start, f float64, n int) []float64 {
	times := make([]float64, n)
	for i := range times {
		times[i] = start + float64(i)/f
	}
	return times
}

// frequencies returns those from 1 to 200 Hz whose periods are whole numbers of
// steps, evenly spaced on a logarithmic axis.
func frequencies(n int) []float64 {
	fs := make([]float64, n)
	for i := range fs {
		f := math.Pow(200, float64(i)/float64(n-1))
		fs[i] = 1 / (float64(steps(1/f)) * dt)
	}
	return fs
}

// sweep returns what a spike uses after 5 s of regular trains of the frequencies.
func (s synapse) sweep(fs []float64) ([]float64, error) {
	const length = 5.0
	x := make([]float64, steps(length)*len(fs))
	for i, f := range fs {
		for t := 0; t < steps(length); t += steps(1 / f) {
			x[t*len(fs)+i] = 1
		}
	}
	r, err := s.transmit(x, len(fs))
	if err != nil {
		return nil, err
	}
	last := make([]float64, len(fs))
	for j, y := range r.y {
		if y > 0 {
			last[j%len(fs)] = y
		}
	}
	return last, nil
}
