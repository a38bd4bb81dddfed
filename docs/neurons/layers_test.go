package neurons_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/presets"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// The functions show how each model is trained. The pages in this folder have
// them as "How to train it", and TestTraining trains them.

// lifLayer returns neurons that learn both time constants, kept positive, and a
// threshold each.
func lifLayer() layers.Layer {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(neurons.LIFStep, p,
		layers.Learn("TauSynInv", "TauMemInv"),
		layers.LearnEach("VTh"),
		layers.Constrain(graph.Exp, "TauSynInv", "TauMemInv"))
}

// lifBoxLayer returns neurons that learn a time constant each.
func lifBoxLayer() layers.Layer {
	p := neurons.DefaultLIFBoxParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(neurons.LIFBoxStep, p,
		layers.LearnEach("TauMemInv"),
		layers.Constrain(graph.Exp, "TauMemInv"))
}

// resonateLayer returns neurons that learn a frequency each, kept positive.
func resonateLayer() layers.Layer {
	p := neurons.DefaultResonateParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(neurons.ResonateStep, p,
		layers.LearnEach("Omega"),
		layers.Constrain(graph.Exp, "Omega"))
}

// qifLayer returns neurons that learn a time constant each, kept positive.
func qifLayer() layers.Layer {
	p := neurons.DefaultQIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(neurons.QIFStep, p,
		layers.LearnEach("TauMemInv"),
		layers.Constrain(graph.Exp, "TauMemInv"))
}

// glif3Layer returns neurons that learn how much their spikes leave behind.
func glif3Layer() layers.Layer {
	p := neurons.DefaultGLIF3Params()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(neurons.GLIF3Step, p,
		layers.LearnEach("Jump1", "Jump2"))
}

// plifLayer returns neurons that learn one decay for all of them, through the sigmoid of the paper.
func plifLayer() layers.Layer {
	p := neurons.DefaultPLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(neurons.PLIFStep, p,
		layers.Learn("K"),
		layers.Constrain(graph.Sigmoid, "K"))
}

// lifAlphaLayer returns neurons that learn both time constants, kept positive.
func lifAlphaLayer() layers.Layer {
	p := neurons.DefaultLIFAlphaParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(neurons.LIFAlphaStep, p,
		layers.Learn("TauSynInv", "TauMemInv"),
		layers.Constrain(graph.Exp, "TauSynInv", "TauMemInv"))
}

// sigmaDeltaLayer returns neurons that learn a threshold each, kept positive.
func sigmaDeltaLayer() layers.Layer {
	p := neurons.DefaultSigmaDeltaParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(neurons.SigmaDeltaStep, p,
		layers.LearnEach("VTh"),
		layers.Constrain(graph.Softplus, "VTh"))
}

// iafLayer returns neurons that learn a threshold each.
func iafLayer() layers.Layer {
	p := neurons.DefaultIAFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	p.ResetMethod = neurons.ResetSubtract
	return layers.Lift(neurons.IAFStep, p,
		layers.LearnEach("VTh"),
		layers.Constrain(graph.Softplus, "VTh"))
}

// liLayer returns integrators that learn their time constants.
func liLayer() layers.Layer {
	return layers.Lift(neurons.LIStep, neurons.DefaultLIParams(),
		layers.LearnEach("TauSynInv", "TauMemInv"),
		layers.Constrain(graph.Exp, "TauSynInv", "TauMemInv"))
}

// liBoxLayer returns low-pass filters that learn their time constants.
func liBoxLayer() layers.Layer {
	return layers.Lift(neurons.LIBoxStep, neurons.DefaultLIBoxParams(),
		layers.LearnEach("TauMemInv"),
		layers.Constrain(graph.Exp, "TauMemInv"))
}

// lifExLayer returns neurons that learn how sharp their spikes are.
func lifExLayer() layers.Layer {
	p := neurons.DefaultLIFExParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(neurons.LIFExStep, p,
		layers.Learn("DeltaT"),
		layers.Constrain(graph.Clip(0.1, 1), "DeltaT"))
}

// adExLayer returns neurons that learn to adapt: each by how much, and all how fast.
func adExLayer() layers.Layer {
	p := neurons.DefaultAdExParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(neurons.AdExStep, p,
		layers.LearnEach("AdaptationCurrent", "AdaptationSpike"),
		layers.Learn("TauAdaInv"),
		layers.Constrain(graph.Exp, "TauAdaInv"))
}

// cobaLayer returns neurons that learn their leak. Potentials are in mV, so the
// surrogate is a wide one.
func cobaLayer() layers.Layer {
	p := presets.BioCobaLIF()
	p.Spike = surrogate.SuperSpike{Alpha: 1}
	return layers.Lift(neurons.CobaLIFStep, p,
		layers.LearnEach("GL"),
		layers.Constrain(graph.Exp, "GL"))
}

// lsnnLayer returns a recurrent network of neurons that learn by how much their
// thresholds adapt, and how fast.
func lsnnLayer() layers.Layer {
	p := neurons.DefaultLSNNParams()
	p.Spike = surrogate.Triangle{Alpha: 0.3}
	p.TauAdaptInv = graph.Const(5) // 200 ms
	return layers.Recurrent(neurons.LSNNStep, p,
		layers.LearnEach("Beta"),
		layers.Learn("TauAdaptInv"),
		layers.Constrain(graph.Exp, "TauAdaptInv"))
}

// refractoryLayer returns neurons that rest for two steps after each spike, and
// learn their time constants. The names are those of the neurons inside.
func refractoryLayer() layers.Layer {
	p := wrap.RefractoryParams[neurons.LIFState, neurons.LIFParams]{
		Inner:    neurons.DefaultLIFParams(),
		RhoReset: graph.Const(2),
	}
	p.Inner.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(wrap.Refractory(neurons.LIFStep), p,
		layers.LearnEach("TauMemInv"),
		layers.Constrain(graph.Exp, "TauMemInv"))
}

// recurrentLayer returns neurons that learn the weights among themselves, which
// start small.
func recurrentLayer() layers.Layer {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Recurrent(neurons.LIFStep, p,
		layers.RecurrentInit(layers.Scaled{Gain: 0.5}))
}

// compartments is a layer of neurons that learn the conductances between them.
type compartments struct{}

// Apply adds the conductances to the weights of the network.
func (compartments) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	n := x.Shape()[2]
	g, err := b.Weight(x, "coupling", layers.Constant(1), n, n)
	if err != nil {
		return nil, err
	}
	p := wrap.CoupledParams[neurons.LIFState, neurons.LIFParams]{Inner: neurons.DefaultLIFParams(), Coupling: g}
	p.Inner.Spike = surrogate.SuperSpike{Alpha: 10}
	return layers.Lift(wrap.Coupled(neurons.LIFStep), p).Apply(b, x)
}

// izhikevichLayer returns neurons that learn what kind they are. They start as
// spiking ones. Potentials are in mV, so the surrogate is a wide one.
func izhikevichLayer() layers.Layer {
	p := presets.TonicSpiking.Params()
	p.Spike = surrogate.SuperSpike{Alpha: 0.1}
	return layers.Lift(neurons.IzhikevichStep, p, layers.LearnEach("A", "B", "C", "D"))
}

// Any of the layers goes where the neurons of a network go.
func Example_training() {
	points, err := data.NewYinYang(1000, 42)
	if err != nil {
		log.Fatal(err)
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 30, Init: layers.Scaled{Gain: 4}},
			layers.Named("hidden", lifLayer()),
			layers.Linear{Out: 3},
			layers.Named("readout", liLayer()),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 30, Batch: 50,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	t := train.Trainer{Model: model, Data: points, Epochs: 2, Optimiser: &optim.Adam{LearningRate: 5e-3}}
	result, err := t.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the loss falls:", result.History[1].Train.Loss < result.History[0].Train.Loss)
	for _, p := range model.Params() {
		fmt.Println(p.Name())
	}
	// Output:
	// the loss falls: true
	// 0.linear.w
	// 0.linear.b
	// hidden.TauSynInv
	// hidden.TauMemInv
	// hidden.VTh
	// 2.linear.w
	// 2.linear.b
	// readout.TauSynInv
	// readout.TauMemInv
}

// TestTraining trains each layer for a few batches: every parameter that it
// learns has to move, and to stay a number.
func TestTraining(t *testing.T) {
	points, err := data.NewYinYang(100, 42)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		layer  layers.Layer
		gain   float64 // of the input weights, so that the neurons fire
		learns []string
	}{
		"LIF":         {lifLayer(), 4, []string{"TauSynInv", "TauMemInv", "VTh"}},
		"LIF box":     {lifBoxLayer(), 16, []string{"TauMemInv"}},
		"IAF":         {iafLayer(), 1, []string{"VTh"}},
		"LI":          {liLayer(), 1, []string{"TauSynInv", "TauMemInv"}},
		"LI box":      {liBoxLayer(), 1, []string{"TauMemInv"}},
		"LIFEx":       {lifExLayer(), 4, []string{"DeltaT"}},
		"AdEx":        {adExLayer(), 4, []string{"AdaptationCurrent", "AdaptationSpike", "TauAdaInv"}},
		"CobaLIF":     {cobaLayer(), 0.3, []string{"GL"}},
		"LSNN":        {lsnnLayer(), 4, []string{"Beta", "TauAdaptInv", "recurrent.w"}},
		"refractory":  {refractoryLayer(), 4, []string{"TauMemInv"}},
		"recurrent":   {recurrentLayer(), 4, []string{"recurrent.w"}},
		"compartment": {compartments{}, 4, []string{"coupling"}},
		"Resonate":    {resonateLayer(), 4, []string{"Omega"}},
		"QIF":         {qifLayer(), 4, []string{"TauMemInv"}},
		"GLIF3":       {glif3Layer(), 16, []string{"Jump1", "Jump2"}},
		"PLIF":        {plifLayer(), 8, []string{"K"}},
		"LIF alpha":   {lifAlphaLayer(), 4, []string{"TauSynInv", "TauMemInv"}},
		"Sigma-delta": {sigmaDeltaLayer(), 1, []string{"VTh"}},
		"Izhikevich":  {izhikevichLayer(), 100, []string{"A", "B", "C", "D"}},
	} {
		t.Run(name, func(t *testing.T) {
			model, err := train.Network{
				Net: layers.Sequential{
					layers.Linear{Out: 8, Init: layers.Scaled{Gain: c.gain}},
					layers.Named("hidden", c.layer),
					layers.Linear{Out: 3},
					layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
					layers.MaxOverTime,
				},
				Shape: []int{4}, Steps: 30, Batch: 50,
			}.Compile()
			require.NoError(t, err)
			require.Empty(t, model.Warnings())
			before := weights(model)
			var learnt []string
			for name := range before {
				if rest, ok := strings.CutPrefix(name, "hidden."); ok {
					learnt = append(learnt, rest)
				}
			}
			require.ElementsMatch(t, c.learns, learnt)
			trainer := train.Trainer{Model: model, Data: points, Epochs: 3}
			result, err := trainer.Run(context.Background())
			require.NoError(t, err)
			require.False(t, math.IsNaN(result.History[2].Train.Loss))
			for name, after := range weights(model) {
				require.NotEqual(t, before[name], after, "%s stays as it was", name)
				require.False(t, slices.ContainsFunc(after, func(w float32) bool { return w != w }), name)
			}
		})
	}
}

// weights returns the learnable values of a model by name.
func weights(m *train.Model) map[string][]float32 {
	ws := map[string][]float32{}
	for _, p := range m.Params() {
		ws[p.Name()] = slices.Clone(p.Value().(*tensor.Dense).Data().([]float32))
	}
	return ws
}
