package main

import (
	"gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/presets"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// pictures returns what is drawn of each model. Steps drive the neurons well over
// their threshold, noise now and then.
func pictures() []picture {
	lif, lifBox := neurons.DefaultLIFParams(), neurons.DefaultLIFBoxParams()
	li, liBox := neurons.DefaultLIParams(), neurons.DefaultLIBoxParams()
	lifEx, adEx := neurons.DefaultLIFExParams(), neurons.DefaultAdExParams()
	iaf, subtracting := neurons.DefaultIAFParams(), neurons.DefaultIAFParams()
	subtracting.ResetMethod = neurons.ResetSubtract
	coba, lsnn := presets.BioCobaLIF(), presets.BioLSNN()
	adaLIF := neurons.AdaLIFParams{LSNNParams: lsnn}
	tonic, class1, class2 := presets.TonicSpiking.Params(), presets.Class1Excitable.Params(), presets.Class2Excitable.Params()

	resonate, qif, glif, plif := neurons.DefaultResonateParams(), neurons.DefaultQIFParams(), neurons.DefaultGLIF3Params(), neurons.DefaultPLIFParams()
	alpha, sigmaDelta := neurons.DefaultLIFAlphaParams(), neurons.DefaultSigmaDeltaParams()

	alone := []float64{1}
	v, mV, threshold := line{name: "v", state: "V"}, line{name: "v (mV)", state: "V"}, line{name: "threshold", value: 1}
	return []picture{
		{
			file: "lif", run: model(neurons.LIFStep, lif), ms: 1, in: alone,
			length: 120, step: 0.3, mean: 0.2, sd: 0.12, lines: []line{v, threshold}, peak: 1.6,
			curves: []curve{{"LIF", model(neurons.LIFStep, lif)}}, hi: 0.5,
		},
		{
			file: "lif_box", run: model(neurons.LIFBoxStep, lifBox), ms: 1, in: alone,
			length: 120, step: 1.5, mean: 1, sd: 0.5, lines: []line{v, threshold}, peak: 1.6,
			curves: []curve{{"LIF box", model(neurons.LIFBoxStep, lifBox)}}, hi: 2.5,
		},
		{
			file: "iaf", run: model(neurons.IAFStep, iaf), ms: 1, in: alone,
			length: 120, step: 0.065, mean: 0.06, sd: 0.08, lines: []line{v, threshold}, peak: 1.6,
			curves: []curve{{"reset to 0", model(neurons.IAFStep, iaf)}, {"reset by subtraction", model(neurons.IAFStep, subtracting)}}, hi: 1,
		},
		{
			file: "li", run: model(neurons.LIStep, li), ms: 1, in: alone,
			length: 120, step: 0.2, mean: 0.2, sd: 0.12, lines: []line{v},
			curves: []curve{{"LI", model(neurons.LIStep, li)}, {"LI box", model(neurons.LIBoxStep, liBox)}}, lo: 1, hi: 150, filter: true,
		},
		{
			file: "li_box", run: model(neurons.LIBoxStep, liBox), ms: 1, in: alone,
			length: 120, step: 1, mean: 1, sd: 0.5, lines: []line{v},
			curves: []curve{{"LI box", model(neurons.LIBoxStep, liBox)}}, lo: 1, hi: 150, filter: true,
		},
		{
			file: "lif_ex", run: model(neurons.LIFExStep, lifEx), ms: 1, in: alone,
			length: 120, step: 0.2, mean: 0.1, sd: 0.1, lines: []line{v, threshold}, peak: 1.6,
			curves: []curve{{"Δ = 0", sharp(0)}, {"Δ = 0.2", sharp(0.2)}, {"Δ = 0.5", sharp(0.5)}}, hi: 0.4,
		},
		{
			file: "adex", run: model(neurons.AdExStep, adEx), ms: 1, in: alone,
			length: 500, step: 0.35, mean: 0.25, sd: 0.2, lines: []line{v, threshold, {name: "w", state: "A"}}, peak: 1.6,
			curves: []curve{{"LIFEx", model(neurons.LIFExStep, lifEx)}, {"AdEx", model(neurons.AdExStep, adEx)}}, hi: 1,
		},
		{
			file: "coba", run: model(neurons.CobaLIFStep, coba), ms: 0.1, in: alone,
			length: 60, step: 0.039, mean: 0.022, sd: 0.018, lines: []line{mV, {name: "threshold", value: -50}}, peak: -35,
			curves: []curve{{"CobaLIF", model(neurons.CobaLIFStep, coba)}}, hi: 0.06,
		},
		{
			file: "lsnn", run: model(neurons.LSNNStep, lsnn), ms: 0.1, in: alone,
			length: 300, step: 1.5, mean: 0.8, sd: 0.6, lines: []line{mV, {name: "threshold b (mV)", state: "B"}}, peak: -30,
			curves: []curve{{"LIF", model(neurons.LIFStep, presets.BioLIF())}, {"LSNN", model(neurons.LSNNStep, lsnn)}, {"AdaLIF", model(neurons.AdaLIFStep, adaLIF)}}, hi: 4,
		},
		{
			file: "resonate", run: model(neurons.ResonateStep, resonate), ms: 1, in: alone,
			length: 300, step: 0.08, mean: 0, sd: 0.08, lines: []line{v, threshold, {name: "u", state: "U"}}, peak: 1.6,
			curves: []curve{{"resonate-and-fire", model(neurons.ResonateStep, resonate)}}, hi: 0.6,
		},
		{
			file: "qif", run: model(neurons.QIFStep, qif), ms: 1, in: alone,
			length: 200, step: 0.4, mean: 0.1, sd: 0.3, lines: []line{v, threshold, {name: "v_crit", value: 0.5}}, peak: 1.6,
			curves: []curve{{"QIF", model(neurons.QIFStep, qif)}}, hi: 1,
		},
		{
			file: "glif3", run: model(neurons.GLIF3Step, glif), ms: 1, in: alone,
			length: 250, step: 2, mean: 1, sd: 0.8, lines: []line{v, threshold, {name: "i₂", state: "I2"}}, peak: 1.6,
			curves: []curve{{"LIF box", model(neurons.LIFBoxStep, lifBox)}, {"GLIF3", model(neurons.GLIF3Step, glif)}}, hi: 4,
		},
		{
			file: "plif", run: model(neurons.PLIFStep, plif), ms: 1, in: alone,
			length: 60, step: 1.3, mean: 0.8, sd: 0.5, lines: []line{v, threshold}, peak: 1.6,
			curves: []curve{{"k = 0.2", parametric(0.2)}, {"k = 0.5", parametric(0.5)}, {"k = 0.8", parametric(0.8)}}, hi: 3,
		},
		{
			file: "lif_alpha", run: model(neurons.LIFAlphaStep, alpha), ms: 1, in: alone,
			length: 120, step: 0.1, mean: 0.07, sd: 0.06, lines: []line{v, threshold, {name: "i", state: "I"}}, peak: 1.6,
			curves: []curve{{"LIF", model(neurons.LIFStep, lif)}, {"alpha", model(neurons.LIFAlphaStep, alpha)}}, hi: 0.5,
		},
		{
			file: "sigma_delta", run: model(neurons.SigmaDeltaStep, sigmaDelta), ms: 1, in: alone,
			length: 60, step: 0.03, mean: 0.03, sd: 0.06, lines: []line{v, {name: "sent", state: "R"}},
			curves: []curve{{"messages", messages(model(neurons.SigmaDeltaStep, sigmaDelta))}}, hi: 0.2,
		},
		{
			file: "refractory", run: refractory(5), ms: 1, in: alone,
			length: 120, step: 0.5, mean: 0.3, sd: 0.2, lines: []line{v, threshold}, peak: 1.6,
			curves: []curve{{"LIF", model(neurons.LIFStep, lif)}, {"5 steps", refractory(5)}, {"20 steps", refractory(20)}}, hi: 1.5,
		},
		{
			file: "recurrent", run: pairs(-2), ms: 1, in: []float64{1, 0.9},
			length: 120, step: 0.4, mean: 0.3, sd: 0.15, lines: []line{{name: "v of one", state: "V"}, {name: "v of the other", state: "V", neuron: 1}}, peak: 1.6,
			curves: []curve{{"w = 0.3", pairs(0.3)}, {"w = 0", pairs(0)}, {"w = −1", pairs(-1)}}, hi: 0.7,
		},
		{
			file: "coupled", run: compartments(50), ms: 1, in: []float64{0, 1},
			length: 120, step: 1, mean: 0.8, sd: 0.5, lines: []line{{name: "v of the soma", state: "V"}, {name: "of the dendrite", state: "V", neuron: 1}, threshold}, peak: 1.6,
			curves: []curve{{"g = 20", compartments(20)}, {"g = 50", compartments(50)}, {"g = 100", compartments(100)}}, hi: 2,
		},
		{
			file: "izhikevich", run: model(neurons.IzhikevichStep, tonic), ms: 0.25, in: alone,
			length: 200, step: 10, mean: 5, sd: 5, lines: []line{mV}, peak: 30,
			curves: []curve{
				{"tonic spiking", model(neurons.IzhikevichStep, tonic)},
				{"class 1", model(neurons.IzhikevichStep, class1)},
				{"class 2", model(neurons.IzhikevichStep, class2)},
			}, hi: 10,
		},
	}
}

// parametric returns parametric neurons with a decay.
func parametric(k float64) runner {
	p := neurons.DefaultPLIFParams()
	p.K = graph.Const(k)
	return model(neurons.PLIFStep, p)
}

// messages makes spikes of outputs that are not 0, so that they are counted.
func messages(run runner) runner {
	return func(xs []float64, n int, states ...string) (map[string][]float64, error) {
		all, err := run(xs, n, states...)
		for i, z := range all["out"] {
			if z != 0 {
				all["out"][i] = 1
			}
		}
		return all, err
	}
}

// sharp returns exponential neurons of a sharpness.
func sharp(delta float64) runner {
	p := neurons.DefaultLIFExParams()
	p.DeltaT = graph.Const(delta)
	return model(neurons.LIFExStep, p)
}

// refractory returns leaky neurons with a refractory period.
func refractory(steps float64) runner {
	return model(wrap.Refractory(neurons.LIFStep), wrap.RefractoryParams[neurons.LIFState, neurons.LIFParams]{
		Inner: neurons.DefaultLIFParams(), RhoReset: graph.Const(steps),
	})
}

// pairs returns neurons that are connected two by two with weight w.
func pairs(w float64) runner {
	type params = wrap.RecurrentParams[neurons.LIFState, neurons.LIFParams]
	return network(wrap.Recurrent(neurons.LIFStep), func(g *gorgonia.ExprGraph, n int) (params, error) {
		weights, err := blocks(g, "w", n, [][]float64{{0, w}, {w, 0}})
		return params{Inner: neurons.DefaultLIFParams(), W: weights}, err
	})
}

// compartments returns somas, each coupled by a conductance to a dendrite, which
// does not fire.
func compartments(conductance float64) runner {
	type params = wrap.CoupledParams[neurons.LIFState, neurons.LIFParams]
	return network(wrap.Coupled(neurons.LIFStep), func(g *gorgonia.ExprGraph, n int) (params, error) {
		const never = 1e6
		thresholds := make([]float64, n)
		for i := range thresholds {
			thresholds[i] = []float64{1, never}[i%2]
		}
		th, err := input(g, "v_th", thresholds, n)
		if err != nil {
			return params{}, err
		}
		p := params{Inner: neurons.DefaultLIFParams()}
		p.Inner.VTh = graph.Learn(th)
		p.Coupling, err = blocks(g, "coupling", n, [][]float64{{-conductance, conductance}, {conductance, -conductance}})
		return p, err
	})
}
