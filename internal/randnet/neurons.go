package randnet

import (
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/surrogate"
)

func (d *drawing) between(lo, hi float64) float64 { return lo + (hi-lo)*d.Float64() }

func (d *drawing) param(lo, hi float64) graph.Param { return graph.Const(d.between(lo, hi)) }

// firing draws a low threshold, so that neurons do fire.
func (d *drawing) firing() neurons.Firing {
	return neurons.Firing{
		VTh: d.param(0.05, 0.5), VReset: d.param(-0.3, 0.04), DetachReset: d.chance(0.3),
		Spike:       []graph.Func{surrogate.SuperSpike{Alpha: d.between(1, 100)}, surrogate.Arctan{Alpha: 2}, surrogate.Triangle{Alpha: 0.5}, surrogate.Heaviside{}}[d.IntN(4)],
		ResetMethod: neurons.Reset(d.IntN(3)),
	}
}

func (d *drawing) lif() neurons.LIFParams {
	return neurons.LIFParams{TauSynInv: d.param(50, 500), TauMemInv: d.param(30, 500), VLeak: d.param(-0.1, 0.1), Dt: 1e-3, Integration: d.integration(), Firing: d.firing()}
}

func (d *drawing) integration() graph.Integration {
	return []graph.Integration{graph.Euler, graph.Exponential}[d.IntN(2)]
}

// box is neurons that have no synapse of their own.
func (d *drawing) box() layers.Layer {
	p := neurons.LIFBoxParams{TauMemInv: d.param(100, 500), Dt: 1e-3, Integration: d.integration(), Firing: d.firing()}
	p.ResetMethod = neurons.ResetValue
	return layers.Lift(neurons.LIFBoxStep, p)
}

// options gives parameters a value for each neuron, or lets them be learnt.
func (d *drawing) options(rates []string, rest ...string) (opts []layers.LiftOption) {
	n := tensor.Shape(d.shape).TotalSize()
	pick := func(names []string, lo, hi float64) {
		for _, name := range names {
			each := make(layers.Values, n)
			for i := range each {
				each[i] = d.between(lo, hi)
			}
			switch d.IntN(6) {
			case 0:
				opts = append(opts, layers.Each(each, name))
			case 1:
				opts = append(opts, layers.Learn(name))
			case 2:
				opts = append(opts, layers.LearnEach(name), layers.Each(each, name))
				if d.chance(0.5) {
					opts = append(opts, layers.Constrain(graph.Exp, name))
				}
			}
		}
	}
	pick(rates, 30, 500)
	pick(rest, 0.05, 0.5)
	if d.chance(0.1) {
		opts = append(opts, layers.KeepEvery(2))
	}
	return opts
}

// neurons draws a model, its parameters, and how its spikes come back.
func (d *drawing) neurons() layers.Layer {
	switch d.IntN(14) {
	case 0:
		p := neurons.LIParams{TauSynInv: d.param(50, 500), TauMemInv: d.param(30, 500), VLeak: d.param(-0.1, 0.1), Dt: 1e-3, Integration: d.integration()}
		return layers.Lift(neurons.LIStep, p, d.options([]string{"TauSynInv", "TauMemInv"})...)
	case 1:
		p := neurons.DefaultIAFParams()
		p.Firing = d.firing()
		return lifted(d, neurons.IAFStep, p, d.options(nil, "VTh")...)
	case 2:
		p := neurons.PLIFParams{K: d.param(0.1, 0.9), Firing: d.firing()}
		return lifted(d, neurons.PLIFStep, p, d.options(nil, "K", "VTh")...)
	case 3:
		return lifted(d, neurons.LIFAlphaStep, neurons.LIFAlphaParams{LIFParams: d.lif()}, d.options([]string{"TauMemInv"}, "VTh")...)
	case 4:
		p := neurons.LIFExParams{LIFParams: d.lif(), DeltaT: d.param(0.3, 0.6)}
		return lifted(d, neurons.LIFExStep, p, d.options([]string{"TauMemInv"}, "VTh")...)
	case 5:
		p := neurons.LSNNParams{LIFParams: d.lif(), TauAdaptInv: d.param(2, 50), Beta: d.param(0.1, 2)}
		return lifted(d, neurons.LSNNStep, p, d.options([]string{"TauMemInv"}, "VTh")...)
	case 6:
		p := neurons.DefaultGLIF3Params()
		p.TauMemInv, p.Integration, p.Firing = d.param(30, 500), d.integration(), d.firing()
		return lifted(d, neurons.GLIF3Step, p, d.options([]string{"TauMemInv", "Tau1Inv"}, "VTh", "Jump1")...)
	case 7:
		p := neurons.DefaultResonateParams()
		p.Firing = d.firing()
		return lifted(d, neurons.ResonateStep, p, d.options([]string{"TauInv"}, "VTh")...)
	case 8:
		return layers.Lift(neurons.SigmaDeltaStep, neurons.DefaultSigmaDeltaParams(), d.options(nil, "VTh")...)
	case 9:
		p := neurons.DefaultQIFParams()
		p.Firing = d.firing()
		return lifted(d, neurons.QIFStep, p, d.options([]string{"TauMemInv"}, "VTh")...)
	case 10:
		p := wrap.RefractoryParams[neurons.LIFState, neurons.LIFParams]{Inner: d.lif(), RhoReset: graph.Const(float64(1 + d.IntN(4)))}
		return lifted(d, wrap.Refractory(neurons.LIFStep), p, d.options([]string{"TauMemInv"}, "VTh")...)
	case 11:
		p := neurons.LIFBoxParams{TauMemInv: d.param(30, 500), VLeak: d.param(-0.1, 0.1), Dt: 1e-3, Integration: d.integration(), Firing: d.firing()}
		return lifted(d, neurons.LIFBoxStep, p, d.options([]string{"TauMemInv"}, "VTh")...)
	}
	return lifted(d, neurons.LIFStep, d.lif(), d.options([]string{"TauSynInv", "TauMemInv"}, "VLeak", "VTh")...)
}

// lifted draws how the spikes of neurons come back to them, if they do.
func lifted[S any, P graph.Params[S]](d *drawing, step graph.Step[S, P], p P, opts ...layers.LiftOption) layers.Layer {
	flat, image := len(d.shape) == 1, len(d.shape) == 3
	switch k := d.IntN(12); {
	case k == 0 && flat:
		return layers.Recurrent(step, p, opts...)
	case k == 1:
		return layers.RecurrentThrough(layers.BackOneToOne{}, step, p, opts...)
	case k == 2 && flat:
		return layers.RecurrentThrough(layers.BackSparse{Pattern: layers.FanIn(1 + d.IntN(d.shape[0]))}, step, p, opts...)
	case k < 5 && flat:
		return layers.RecurrentThrough(layers.BackLate{Delay: d.delay(true), Channels: d.chance(0.5)}, step, p, opts...)
	case k == 2 && image:
		return layers.RecurrentThrough(layers.BackConv2D{Kernel: 1 + 2*d.IntN(2)}, step, p, opts...)
	}
	return layers.Lift(step, p, opts...)
}
