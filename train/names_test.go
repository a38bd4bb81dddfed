package train_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
)

// What these things are called stands in files, which a training goes on from: it must not
// change, whatever type or package they are. A type that gets another name in Go keeps the
// one it had by a method Kind.
func TestNamesInFiles(t *testing.T) {
	require.Equal(t, "Adam", describe.Kind(&optim.Adam{}))
	require.Equal(t, "SGD", describe.Kind(&optim.SGD{}))
	require.Equal(t, "RMSProp", describe.Kind(&optim.RMSProp{}))
	require.Equal(t, "gorgonia.AdamSolver", describe.Kind(G.NewAdamSolver()), "that of others has its package")
	require.Equal(t, "lion", describe.Kind(&renamed{}))
	require.Equal(t, "lion{LearningRate: 1}", describe.Value(&renamed{LearningRate: 1}))

	for want, v := range map[string]any{
		"Adam{LearningRate: 0.1, Decoupled: true}":          &optim.Adam{LearningRate: 0.1, Decoupled: true},
		"SGD{Momentum: 0.9}":                                &optim.SGD{Momentum: 0.9},
		"RMSProp{Decay: 0.9}":                               &optim.RMSProp{Decay: 0.9},
		"Constant{}":                                        optim.Constant{},
		"StepDecay{Every: 3, Factor: 0.1}":                  optim.StepDecay{Every: 3, Factor: 0.1},
		"Cosine{Floor: 0.1}":                                optim.Cosine{Floor: 0.1},
		"Warmup{Steps: 2, Then: Cosine{}}":                  optim.Warmup{Steps: 2, Then: optim.Cosine{}},
		"CrossEntropy{}":                                    loss.CrossEntropy{},
		"MeanSquared{Sequence: true}":                       loss.MeanSquared{Sequence: true},
		"SpikeCount{Right: 5, Wrong: 1}":                    loss.SpikeCount{Right: 5, Wrong: 1},
		"PoissonParams{FMax: 100, Dt: 0.001}":               encode.DefaultPoissonParams(),
		"repeat{}":                                          encode.Repeat,
		"Linear{Out: 2, Init: Scaled{Gain: 1}}":             layers.Linear{Out: 2, Init: layers.Scaled{Gain: 1}},
		"Linear{Out: 2, NoBias: true, Init: 0.5}":           layers.Linear{Out: 2, NoBias: true, Init: layers.Constant(0.5)},
		"Linear{Out: 1, Init: [1 2]}":                       layers.Linear{Out: 1, Init: layers.Values{1, 2}},
		"Linear{Out: 1, Init: FluctuationDriven{Rate: 20}}": layers.Linear{Out: 1, Init: layers.FluctuationDriven{Rate: 20}},
		"Conv2D{Out: 8, Kernel: 5, Conv: Conv{Stride: 2}}":  layers.Conv2D{Out: 8, Kernel: 5, Conv: connect.Conv{Stride: 2}},
		"Pool{Size: 2, Max: true}":                          layers.Pool{Size: 2, Max: true},
		"Dropout{P: 0.5}":                                   layers.Dropout{P: 0.5},
		"FirstSpike{}":                                      layers.FirstSpike{},
		"last":                                              layers.Last,
		"max over time":                                     layers.MaxOverTime,
		"mean over time":                                    layers.MeanOverTime,
		"sum over time":                                     layers.SumOverTime,
		"spike count":                                       layers.SpikeCount,
		"Flatten":                                           layers.Flatten,
		"Rectify":                                           layers.Func(G.Rectify),
		"Rate{Lower: 0.1}":                                  layers.Rate{Lower: 0.1},
		"Voltage{Upper: 1}":                                 layers.Voltage{Upper: 1},
		"Heaviside{}":                                       surrogate.Heaviside{},
		"SuperSpike{Alpha: 100}":                            surrogate.SuperSpike{Alpha: 100},
		"Arctan{Alpha: 2}":                                  surrogate.Arctan{Alpha: 2},
		"Boxcar{Width: 1}":                                  surrogate.Boxcar{Width: 1},
		"Circ{Alpha: 1}":                                    surrogate.Circ{Alpha: 1},
		"CircDist{Alpha: 1}":                                surrogate.CircDist{Alpha: 1},
		"Erfc{K: 1}":                                        surrogate.Erfc{K: 1},
		"Gaussian{Sigma: 1}":                                surrogate.Gaussian{Sigma: 1},
		"Logistic{K: 1}":                                    surrogate.Logistic{K: 1},
		"MultiGaussian{Sigma: 1}":                           surrogate.MultiGaussian{Sigma: 1},
		"PiecewiseLinear{Alpha: 1}":                         surrogate.PiecewiseLinear{Alpha: 1},
		"Sigmoid{Alpha: 1}":                                 surrogate.Sigmoid{Alpha: 1},
		"Tanh{K: 1}":                                        surrogate.Tanh{K: 1},
		"Triangle{Alpha: 1}":                                surrogate.Triangle{Alpha: 1},
		"exp":                                               graph.Exp,
		"SpikeAccumulator":                                  wrap.SpikeAccumulator[neurons.LIFState],
	} {
		require.Equal(t, want, describe.Value(v))
	}
}

// Neurons go by their models.
func TestNamesOfNeuronsInFiles(t *testing.T) {
	lif := neurons.DefaultLIFParams()
	for want, l := range map[string]layers.Layer{
		"LIF{TauSynInv: 200, ":   layers.Lift(neurons.LIFStep, lif),
		"LIFBox{":                layers.Lift(neurons.LIFBoxStep, neurons.DefaultLIFBoxParams()),
		"LIFEx{":                 layers.Lift(neurons.LIFExStep, neurons.DefaultLIFExParams()),
		"LIFExBox{":              layers.Lift(neurons.LIFExBoxStep, neurons.DefaultLIFExBoxParams()),
		"LIFMCRefrac{":           layers.Lift(neurons.LIFMCRefracStep, neurons.DefaultLIFMCRefracParams()),
		"LI{":                    layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
		"LIBox{":                 layers.Lift(neurons.LIBoxStep, neurons.DefaultLIBoxParams()),
		"LSNN{":                  layers.Lift(neurons.LSNNStep, neurons.DefaultLSNNParams()),
		"AdaLIF{":                layers.Lift(neurons.AdaLIFStep, neurons.DefaultAdaLIFParams()),
		"AdEx{":                  layers.Lift(neurons.AdExStep, neurons.DefaultAdExParams()),
		"AdExBox{":               layers.Lift(neurons.AdExBoxStep, neurons.DefaultAdExBoxParams()),
		"CobaLIF{":               layers.Lift(neurons.CobaLIFStep, neurons.DefaultCobaLIFParams()),
		"IAF{":                   layers.Lift(neurons.IAFStep, neurons.DefaultIAFParams()),
		"Izhikevich{":            layers.Lift(neurons.IzhikevichStep, neurons.NewIzhikevichParams(0.02, 0.2, -65, 8, -65, -13)),
		"Recurrent LIF{":         layers.Recurrent(neurons.LIFStep, lif),
		"Refractory{Inner: LIFP": layers.Lift(wrap.Refractory(neurons.LIFStep), wrap.RefractoryParams[neurons.LIFState, neurons.LIFParams]{Inner: lif}),
		"Coupled{Inner: LIFPara": layers.Lift(wrap.Coupled(neurons.LIFStep), wrap.CoupledParams[neurons.LIFState, neurons.LIFParams]{Inner: lif}),
		"Regularised{Inner: LIF": layers.Lift(wrap.Regularised(neurons.LIFStep), wrap.RegularisedParams[neurons.LIFState, neurons.LIFParams]{Inner: lif}),
	} {
		name := layers.Describe(l)[0].Settings
		require.True(t, strings.HasPrefix(name, want), name)
	}
	l := layers.Lift(neurons.LIFStep, lif, layers.LearnEach("TauMemInv"), layers.Constrain(graph.Exp, "TauMemInv"), layers.Regularise(layers.Rate{Lower: 0.1}))
	require.Equal(t, "LIF{TauSynInv: 200, TauMemInv: 100, Dt: 0.001, VTh: 1, Spike: SuperSpike{Alpha: 100}, TauMemInv learnt for each neuron within exp, regularised by Rate{Lower: 0.1}}",
		layers.Describe(l)[0].Settings)
}

// A checkpoint says in these words what it is of.
func TestWordsInCheckpoint(t *testing.T) {
	c := courses()["adam, best, patience"].trainer(t, t.TempDir())
	_, err := c.Run(background)
	require.NoError(t, err)
	f := checkpoint(t, c.Checkpoints.Dir, "final.safetensors")
	require.Equal(t, []string{
		"input [4] over 6 time steps of float32", "loss CrossEntropy{}",
		"layer 0 Linear{Out: 12, Init: Scaled{Gain: 4}}",
		"layer hidden Recurrent LIF{TauSynInv: 200, TauMemInv: 100, Dt: 0.001, VTh: 1, Spike: SuperSpike{Alpha: 100}, TauMemInv learnt for each neuron, regularised by Rate{Lower: 0.1, Weight: 1}}",
		"layer 2 Dropout{P: 0.3}", "layer 3 Linear{Out: 3}", "layer 4 LI{TauSynInv: 200, TauMemInv: 100, Dt: 0.001}", "layer 5 max over time",
		"parameter 0.linear.w [4 12]", "parameter 0.linear.b [12]", "parameter hidden.TauMemInv [12]", "parameter hidden.recurrent.w [12 12]",
		"parameter 3.linear.w [12 3]", "parameter 3.linear.b [3]", "neurons hidden, spiking: true", "neurons 4, spiking: false",
		"term loss", "term hidden.rate",
	}, f.Layers)
	require.Equal(t, "Adam{LearningRate: 0.05}", f.Settings["optimiser"])
}

// renamed is an optimiser that had another name.
type renamed struct{ LearningRate float64 }

func (*renamed) Kind() string { return "lion" }
