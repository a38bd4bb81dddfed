package model_test

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/blueprint"
	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/tensorfile"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// samples returns some images in two classes.
func samples(t *testing.T, shape ...int) data.Dataset {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	n := tensor.Shape(shape).TotalSize()
	x, labels := make([]float32, 16*n), make([]int, 16)
	for i := range x {
		x[i] = r.Float32()
	}
	for i := range labels {
		labels[i] = i % 2
	}
	d, err := data.New(shape, x, labels)
	require.NoError(t, err)
	return d
}

// back trains a network for a moment, saves and loads it, and holds what comes back to
// it: the same outputs, bit by bit.
func back(t *testing.T, n train.Network) *train.Model {
	t.Helper()
	d := samples(t, n.Shape...)
	m, err := n.Compile()
	require.NoError(t, err)
	_, err = (&train.Trainer{Model: m, Data: d, Optimiser: &optim.Adam{LearningRate: 0.01}, Epochs: 1}).Run(context.Background())
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, model.Save(path, m))
	o, err := model.Load(path)
	require.NoError(t, err)
	want, err := m.Predict(context.Background(), d, nil)
	require.NoError(t, err)
	got, err := o.Predict(context.Background(), d, nil)
	require.NoError(t, err)
	require.Equal(t, want.Data(), got.Data())
	wantM, err := m.Evaluate(context.Background(), d, nil)
	require.NoError(t, err)
	gotM, err := o.Evaluate(context.Background(), d, nil)
	require.NoError(t, err)
	require.Equal(t, wantM.Loss, gotM.Loss)
	require.Equal(t, wantM.Terms, gotM.Terms)
	again := filepath.Join(t.TempDir(), "again.safetensors")
	require.NoError(t, model.Save(again, o))
	a, err := os.ReadFile(path)
	require.NoError(t, err)
	b, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, a, b)
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1) // nothing else is left
	return o
}

func TestSaveLoad(t *testing.T) {
	lif := neurons.DefaultLIFParams()
	lif.Spike = surrogate.Arctan{Alpha: 3}
	lif.ResetMethod, lif.Integration, lif.VTh = neurons.ResetSubtract, graph.Exponential, graph.Const(0.3)
	eye := layers.Shared("eye", layers.Sequential{layers.Conv2D{Out: 3, Kernel: 3, Conv: connect.Conv{Pad: 1, Width: &connect.Axis{Stride: 2, Pad: 1}}}, layers.BatchNorm{}})
	back(t, train.Network{
		Net: layers.Sequential{
			layers.Sum{eye, eye}, layers.Lift(neurons.LIFBoxStep, neurons.DefaultLIFBoxParams(), layers.Learn("VTh"), layers.Constrain(graph.Exp, "VTh")),
			layers.Residual{Body: layers.Conv2D{Out: 3, Kernel: 1}, Join: layers.JoinIAnd}, layers.Pool{Size: 2, Max: true}, layers.Flatten,
			layers.Dropout{P: 0.2}, layers.Concat{layers.Linear{Out: 5, Init: layers.Scaled{Gain: 2}, Pattern: layers.Chance(0.5)}, layers.Linear{Out: 4}},
			layers.Named("hidden", layers.Recurrent(neurons.LIFStep, lif, layers.LearnEach("TauMemInv"), layers.Each(layers.Values{0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3}, "VLeak"),
				layers.Regularise(layers.Rate{Upper: 0.1, Weight: 0.5}))),
			layers.Linear{Out: 2}, layers.MeanOverTime,
		},
		Shape: []int{1, 6, 8}, Steps: 6, Batch: 4, Loss: loss.CrossEntropy{Smoothing: 0.1}, Segment: 3, Seed: 7, Classes: []string{"a", "b"},
	})
	o := back(t, train.Network{Net: layers.Sequential{layers.Linear{Out: 2}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.Last}, Shape: []int{3}, Steps: 4, Batch: 4, Dtype: tensor.Float64})
	require.Equal(t, tensor.Float64, o.Network().Dtype)
}

// Neurons of each model of the library come back.
func TestNeurons(t *testing.T) {
	lift := map[string]layers.Layer{
		"LIFStep": layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()), "LIFExStep": layers.Lift(neurons.LIFExStep, neurons.DefaultLIFExParams()),
		"LSNNStep": layers.Lift(neurons.LSNNStep, neurons.DefaultLSNNParams()), "AdExStep": layers.Lift(neurons.AdExStep, neurons.DefaultAdExParams()),
		"IzhikevichStep": layers.Lift(neurons.IzhikevichStep, neurons.NewIzhikevichParams(0.02, 0.2, -65, 8, -65, -13)), "CobaLIFStep": layers.Lift(neurons.CobaLIFStep, neurons.DefaultCobaLIFParams()),
		"AdaLIFStep": layers.Lift(neurons.AdaLIFStep, neurons.DefaultAdaLIFParams()), "IAFStep": layers.Lift(neurons.IAFStep, neurons.DefaultIAFParams()),
		"LIFAdjointStep": layers.Lift(neurons.LIFAdjointStep, neurons.DefaultLIFParams()), "PLIFStep": layers.Lift(neurons.PLIFStep, neurons.DefaultPLIFParams()),
	}
	for name, l := range lift {
		text, err := blueprint.Write(l)
		require.NoError(t, err, name)
		require.Contains(t, string(text), `"model":"`+name+`"`)
		got, err := blueprint.Read(text)
		require.NoError(t, err, name)
		require.Equal(t, layers.Describe(l), layers.Describe(got), name)
	}
}

// own is a layer of somebody's own.
type own struct{ Factor float64 }

func (o own) Apply(_ *layers.Build, x *G.Node) (*G.Node, error) {
	var b graph.Builder
	return b.Scale(x, graph.Const(o.Factor)), b.Err()
}

var refractory = wrap.Refractory(neurons.LIFBoxStep)

// What is somebody's own is registered by name, and else an error that says which.
func TestRegister(t *testing.T) {
	p := wrap.RefractoryParams[neurons.BoxState, neurons.LIFBoxParams]{Inner: neurons.DefaultLIFBoxParams(), RhoReset: graph.Const(2)}
	other := func(x *G.Node, s neurons.BoxState, p neurons.LIFBoxParams) (*G.Node, neurons.BoxState, error) {
		return neurons.LIFBoxStep(x, s, p)
	}
	net := layers.Sequential{layers.Linear{Out: 2}, layers.Named("twice", own{2}), layers.Lift(refractory, p), layers.Last}
	_, err := blueprint.Write(net)
	require.EqualError(t, err, "blueprint: net.1: the type model_test.own is registered under no name: Register gives it one")
	require.NoError(t, blueprint.Register("own", own{}))
	require.NoError(t, blueprint.RegisterNeurons("refractory", refractory))
	text, err := blueprint.Write(net)
	require.NoError(t, err)
	require.Contains(t, string(text), `"model":"refractory"`)                        // the name of its own
	text, err = blueprint.Write(layers.Lift(wrap.Refractory(neurons.LIFBoxStep), p)) // the same code, another value
	require.NoError(t, err)
	require.Contains(t, string(text), `"model":"LIFBoxStep","params":`)
	_, err = blueprint.Write(layers.Lift(wrap.Refractory(other), p))
	require.ErrorContains(t, err, "is registered under no name")
	back(t, train.Network{Net: net, Shape: []int{3}, Steps: 4, Batch: 4})
	require.ErrorContains(t, blueprint.Register("own", struct{}{}), "there is one of this name already")
	require.ErrorContains(t, blueprint.Register("other", own{}), `is registered as "own"`)
	require.Error(t, blueprint.RegisterNeurons("refractory", refractory))
}

// Texts that say what cannot be give errors that say where.
func TestReadRefuses(t *testing.T) {
	deep := `{"type": "Linear", "Out": 1}`
	for range 200 {
		deep = `{"type": "Sequential", "layers": [` + deep + `]}`
	}
	for text, want := range map[string]string{
		``:                         "blueprint: the text is no JSON: EOF",
		`{"net": 1}`:               "blueprint: the text has no version",
		`{"version": 2}`:           "blueprint: the text has version 2, and this library reads up to 1: a newer one has written it",
		`{"version": 1}`:           "blueprint: net: there is no network",
		`{"version": 1, "net": 3}`: "blueprint: net: 3 is no object",
		`{"version": 1, "net": {"type": "../../x"}}`:                                                                                           `blueprint: net: the type "../../x" is not registered: Register enters it`,
		`{"version": 1, "net": {"type": "Linear", "Out": "many"}}`:                                                                             "blueprint: net.Out: many is no int",
		`{"version": 1, "net": {"type": "Linear", "Out": 1e99}}`:                                                                               "blueprint: net.Out: 1e99 is no int",
		`{"version": 1, "net": {"type": "Linear", "In": 3}}`:                                                                                   `blueprint: net: layers.Linear has no field "In"`,
		`{"version": 1, "net": {"type": "SuperSpike", "Alpha": 3}}`:                                                                            "blueprint: net: a SuperSpike is no layers.Layer",
		`{"version": 1, "net": {"type": "Flatten", "Axis": 3}}`:                                                                                "blueprint: net: a Flatten has no fields",
		`{"version": 1, "net": {"type": "Sequential", "layers": [{"type": "Named", "layer": {}}]}}`:                                            "blueprint: net.0: a Named layer has a name and a layer, and nothing else",
		`{"version": 1, "net": {"type": "Neurons", "model": "mine", "params": {}}}`:                                                            `blueprint: net: neurons "mine" are not registered: RegisterNeurons enters them`,
		`{"version": 1, "net": {"type": "Neurons", "model": "LIFStep"}}`:                                                                       "blueprint: net: the neurons have no params",
		`{"version": 1, "net": {"type": "Neurons", "model": "LIFStep", "params": {"Integration": "magic"}}}`:                                   `blueprint: net.params.Integration: graph: integration: got method "magic"`,
		`{"version": 1, "net": {"type": "Neurons", "model": "LIFStep", "params": {"Firing": {"VTh": "x"}}}}`:                                   "blueprint: net.params.Firing.VTh: x is no graph.Param",
		`{"version": 1, "net": {"type": "Neurons", "model": "LIFMCRefracStep", "params": {"Coupling": {}}}}`:                                   "blueprint: net.params.Coupling: map[] is no *gorgonia.Node",
		`{"version": 1, "net": {"type": "Neurons", "model": "LIFStep", "params": {}, "through": {"type": "Linear"}}}`:                          "blueprint: net.through: a Linear is no layers.Feedback",
		`{"version": 1, "net": {"type": "Neurons", "model": "LIFStep", "params": {}, "recurrent": true, "through": {"type": "BackOneToOne"}}}`: "blueprint: net: the neurons are recurrent and recurrent through",
		`{"version": 1, "net": {"type": "Neurons", "model": "LIFStep", "refractory": true, "params": {"VTh": 1}}}`:                             "blueprint: net.params: wrap.RefractoryParams",
		`{"version": 1, "net": ` + deep + `}`:                                                                                                  "layers stand one in the other more than 128 times",
	} {
		_, err := blueprint.Read([]byte(text))
		require.ErrorContains(t, err, want)
	}
	path := filepath.Join(t.TempDir(), "w.safetensors")
	m, err := train.Network{Net: layers.Sequential{layers.Linear{Out: 2}, layers.Last}, Shape: []int{2}, Steps: 2, Batch: 1}.Compile()
	require.NoError(t, err)
	require.NoError(t, m.SaveWeights(path))
	_, err = model.Load(path)
	require.ErrorContains(t, err, "it has weights and no network: LoadWeights of a train.Model reads it")
	require.ErrorContains(t, model.Save(filepath.Join(t.TempDir(), "w.bin"), m), "does not end in .safetensors")
	require.EqualError(t, model.Save(path, nil), "model: save: the model is nil")
	require.NoError(t, model.Save(path, m))
	require.NoError(t, m.LoadWeights(path)) // it is still a file of weights
	_, err = blueprint.Write(layers.Func(func(x *G.Node) (*G.Node, error) { return x, nil }))
	require.EqualError(t, err, "blueprint: net: the function, a layers.Func, is registered under no name: RegisterFunc gives it one")
	loop := layers.Sequential{nil}
	loop[0] = loop
	_, err = blueprint.Write(loop)
	require.ErrorContains(t, err, "does one contain itself?")
}

// What was measured of a model is in its file, and what is no measurement is not.
func TestRecorded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	m, err := train.Network{Net: layers.Sequential{layers.Linear{Out: 2}, layers.Lift(neurons.IAFStep, neurons.DefaultIAFParams()), layers.Last}, Shape: []int{3}, Steps: 4, Batch: 4}.Compile()
	require.NoError(t, err)
	require.NoError(t, model.Save(path, m))
	got, err := model.Recorded(path)
	require.NoError(t, err)
	require.Nil(t, got)
	c, err := m.Cost(context.Background(), samples(t, 3), nil)
	require.NoError(t, err)
	require.NotNil(t, c.Layers[0].Each)
	require.NoError(t, model.Save(path, m, model.Measured{Data: "all of them", Cost: c}))
	require.NotNil(t, c.Layers[0].Each) // what was given is as it was
	got, err = model.Recorded(path)
	require.NoError(t, err)
	c.Layers[0].Each = nil
	require.Equal(t, []model.Measured{{Data: "all of them", Cost: c}}, got)
	_, err = model.Load(path)
	require.NoError(t, err)

	require.EqualError(t, model.Save(path, m, model.Measured{Data: "none"}), `model: save: what was measured: number 0 is of 0 samples of the data "none", want at least 1, and what data it is`)
	require.ErrorContains(t, model.Save(path, m, model.Measured{Cost: c}), `of the data ""`)
	c.Steps = math.NaN()
	require.ErrorContains(t, model.Save(path, m, model.Measured{Data: "some", Cost: c}), "what was measured: json: unsupported value: NaN")
	f, err := tensorfile.Read(path)
	require.NoError(t, err)
	f.Metadata["measured"] = "[3]"
	require.NoError(t, files.Replace(path, f.Write))
	_, err = model.Recorded(path)
	require.ErrorContains(t, err, "model: recorded in "+path+": what was measured: json: cannot unmarshal")
}

// A file cannot make a program take memory for weights that it does not have.
func TestLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	m, err := train.Network{Net: layers.Sequential{layers.Linear{Out: 2}, layers.Last}, Shape: []int{2}, Steps: 2, Batch: 1}.Compile()
	require.NoError(t, err)
	require.NoError(t, model.Save(path, m))
	for old, change := range map[string][2]string{
		`"Out":2`:     {`"Out":100000000`, "weight 0.linear.w: with it weights have 200000000 elements, want at most 4194310"},
		`"Batch":1`:   {`"Batch":1000000000`, "the input of a batch: "},
		`"Shape":[2]`: {`"Shape":[2000000000]`, "a sample: "},
	} {
		f, err := tensorfile.Read(path)
		require.NoError(t, err)
		require.Contains(t, f.Metadata["network"], old)
		f.Metadata["network"] = strings.Replace(f.Metadata["network"], old, change[0], 1)
		other := filepath.Join(t.TempDir(), "m.safetensors")
		require.NoError(t, files.Replace(other, f.Write))
		_, err = model.Load(other)
		require.ErrorContains(t, err, change[1])
	}
}
