package train_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/npy"
	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// ranges are constraints of parameters, and values to start from.
var ranges = map[string]struct {
	keep  graph.Constraint
	start []float64
}{
	"TauMemInv": {graph.Exp, []float64{335, 100, 20}},
	"TauSynInv": {graph.Softplus, []float64{200, 0.5, 3}},
	"VTh":       {graph.Sigmoid, []float64{0.9, 0.5, 0.25}},
	"VLeak":     {graph.Clip(-0.25, 0.1), []float64{0.1, -0.25, 0.05}},
}

// within returns a model of neurons with learnt parameters, each in its range if it is
// constrained at all.
func within(t testing.TB, dt tensor.Dtype, constrained bool, seed uint64) *train.Model {
	var opts []layers.LiftOption
	for _, name := range slices.Sorted(maps.Keys(ranges)) {
		r := ranges[name]
		opts = append(opts, layers.Each(layers.Values(r.start), name), layers.LearnEach(name))
		if constrained {
			opts = append(opts, layers.Constrain(r.keep, name))
		}
	}
	net := layers.Sequential{layers.Linear{Out: 3, Init: layers.Scaled{Gain: 4}}, layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), opts...)), layers.Linear{Out: 3}, layers.MaxOverTime}
	return newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 12, Batch: 5, Seed: seed, Dtype: dt})
}

// named returns the parameter of the hidden neurons.
func named(m *train.Model, name string) *train.Parameter {
	for _, p := range m.Params() {
		if p.Name() == "hidden."+name {
			return p
		}
	}
	return nil
}

// outside puts what is learnt where rounding has taken the values to the ends of their ranges,
// or beyond them.
func outside(m *train.Model) {
	for name, x := range map[string]float64{"TauMemInv": -0x1p10, "TauSynInv": -0x1p10, "VTh": 80, "VLeak": 7} {
		v := named(m, name).Value().(*tensor.Dense)
		if v.Dtype() == tensor.Float32 {
			v.Float32s()[1] = float32(x)
		} else {
			v.Float64s()[1] = x
		}
	}
}

func outputsOf(t *testing.T, m *train.Model) []float64 {
	y, err := m.Predict(background, yinyang(t, 10), nil)
	require.NoError(t, err)
	return elements(y)
}

func TestWeightsAreValues(t *testing.T) {
	for dt, eps := range map[tensor.Dtype]float64{tensor.Float32: 1e-6, tensor.Float64: 1e-14} {
		m := within(t, dt, true, 1)
		for i, p := range m.Params() {
			r, ok := ranges[strings.TrimPrefix(p.Name(), "hidden.")]
			if !ok {
				require.Zero(t, p.Constraint())
				require.Equal(t, elements(p.Value()), elements(m.Weights()[i]))
				continue
			}
			require.Equal(t, r.keep, p.Constraint())
			require.InEpsilonSlice(t, r.start, elements(p.Values()), eps, p.Name())
			require.Equal(t, elements(p.Values()), elements(m.Weights()[i]))
		}
		// Both ways. What a parameter has stays as it is, even where there is no way back.
		outside(m)
		was := bits(m)
		require.NoError(t, m.SetWeights(m.Weights()))
		require.Equal(t, was, bits(m))

		m, free := within(t, dt, true, 1), within(t, dt, false, 2)
		require.NoError(t, free.SetWeights(m.Weights()))
		require.InDeltaSlice(t, outputsOf(t, m), outputsOf(t, free), 20*eps)
		for i, w := range free.Weights() {
			require.Equal(t, elements(m.Weights()[i]), elements(w))
		}
		ws := free.Weights()
		for i, p := range free.Params() {
			if p.Name() == "hidden.TauMemInv" {
				require.NoError(t, ws[i].SetAt(scalar(dt, 64), 2))
			}
		}
		require.NoError(t, free.SetWeights(ws))
		require.NoError(t, m.SetWeights(ws))
		require.InDeltaSlice(t, outputsOf(t, free), outputsOf(t, m), 20*eps)
		require.InEpsilon(t, math.Log(64), elements(named(m, "TauMemInv").Value())[2], eps)
		for i, p := range m.Params() {
			if p.Name() == "hidden.VTh" {
				require.NoError(t, ws[i].SetAt(scalar(dt, 1.5), 2))
			}
		}
		before := bits(m)
		require.EqualError(t, m.SetWeights(ws), "train: set weights: hidden.VTh: element 2: graph: constraint sigmoid: the parameter is 1.5, want a number between 0 and 1")
		require.Equal(t, before, bits(m))
	}
}

// Where training has taken a parameter is no reason not to run the network elsewhere: first
// values alone are checked.
func TestReplicasOfWhatRanAway(t *testing.T) {
	net := layers.Sequential{layers.Linear{Out: 3}, layers.Named("hidden", lif(layers.LearnEach("TauMemInv"))), layers.MaxOverTime}
	m := newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 12, Batch: 5})
	named(m, "TauMemInv").Value().(*tensor.Dense).Float32s()[1] = -5
	want := outputsOf(t, m)
	r, err := m.Replica()
	require.NoError(t, err)
	require.Equal(t, want, outputsOf(t, r))
	require.Equal(t, elements(named(m, "TauMemInv").Values()), elements(named(r, "TauMemInv").Values()))
	s, err := m.Rest(1)
	require.NoError(t, err)
	_, err = m.Step(s, []float32{1, 1, 1, 1})
	require.NoError(t, err)
	_, err = m.Record(background, yinyang(t, 5), nil, []int{0})
	require.NoError(t, err)
}

func scalar(dt tensor.Dtype, x float64) any {
	if dt == tensor.Float32 {
		return float32(x)
	}
	return x
}

// Files have values and name the constraints; what is learnt comes back to the last bit, and
// values go from any network to any other.
func TestConstrainedFiles(t *testing.T) {
	for dt, eps := range map[tensor.Dtype]float64{tensor.Float32: 1e-6, tensor.Float64: 1e-14} {
		for _, file := range []string{"w.safetensors", "arrays"} {
			path := filepath.Join(t.TempDir(), file)
			m := within(t, dt, true, 1)
			_, err := (&train.Trainer{Model: m, Data: yinyang(t, 20), Epochs: 1}).Run(background)
			require.NoError(t, err)
			usual := outputsOf(t, m)

			// Into a network without constraints, and from there into one with them.
			require.NoError(t, m.SaveWeights(path))
			free := within(t, dt, false, 2)
			require.NoError(t, free.LoadWeights(path))
			for i, w := range m.Weights() {
				require.Equal(t, elements(w), bits(free)[i])
			}
			require.InDeltaSlice(t, usual, outputsOf(t, free), 20*eps)
			plain := filepath.Join(t.TempDir(), file)
			require.NoError(t, free.SaveWeights(plain))
			again := within(t, dt, true, 3)
			require.NoError(t, again.LoadWeights(plain))
			require.InDeltaSlice(t, usual, outputsOf(t, again), 20*eps)
			for i, w := range again.Weights() {
				require.InDeltaSlice(t, elements(m.Weights()[i]), elements(w), 500*eps)
			}

			// To the last bit, wherever it stands.
			outside(m)
			require.NoError(t, m.SaveWeights(path))
			again = within(t, dt, true, 3)
			require.NoError(t, again.LoadWeights(path))
			require.Equal(t, bits(m), bits(again))

			// A value out of the range.
			for _, p := range free.Params() {
				if p.Name() == "hidden.TauSynInv" {
					require.NoError(t, p.Value().(*tensor.Dense).SetAt(scalar(dt, -2), 1))
				}
			}
			require.NoError(t, free.SaveWeights(plain))
			require.EqualError(t, again.LoadWeights(plain),
				"train: load weights: "+plain+": hidden.TauSynInv: element 1: graph: constraint softplus: the parameter is -2, want a positive number")
			require.Equal(t, bits(m), bits(again))
		}
	}
}

// What is in the files: the values, what is learnt beside them, the names of constraints.
func TestConstrainedFileForm(t *testing.T) {
	m := within(t, tensor.Float64, true, 1)
	dir := t.TempDir()
	path := filepath.Join(dir, "w.safetensors")
	require.NoError(t, m.SaveWeights(path))
	f := readTensors(t, path)
	const want = `{"hidden.TauMemInv":"exp","hidden.TauSynInv":"softplus","hidden.VLeak":"clip to [-0.25, 0.1]","hidden.VTh":"sigmoid"}`
	require.Equal(t, want, f.Metadata["constraints"])
	all := map[string][]float64{}
	for _, x := range f.Tensors {
		all[x.Name] = x.Data.([]float64)
	}
	require.InEpsilonSlice(t, []float64{335, 100, 20}, all["hidden.TauMemInv"], 1e-14)
	require.Equal(t, elements(named(m, "TauMemInv").Value()), all["learnt/hidden.TauMemInv"])
	require.Len(t, all, len(m.Params())+4)

	require.NoError(t, m.SaveWeights(filepath.Join(dir, "arrays")))
	text, err := os.ReadFile(filepath.Join(dir, "arrays", "constraints.json"))
	require.NoError(t, err)
	require.Equal(t, want, string(text))

	// Values that somebody has changed count, with the metadata gone, as Python's writer leaves
	// them out.
	for i := range f.Tensors {
		if f.Tensors[i].Name == "hidden.TauMemInv" {
			f.Tensors[i].Data = []float64{64, 100, 20}
		}
	}
	write := func(ts []safetensors.Tensor) {
		var b bytes.Buffer
		require.NoError(t, (&safetensors.File{Tensors: ts}).Write(&b))
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o666))
	}
	write(f.Tensors)
	other := within(t, tensor.Float64, true, 2)
	require.NoError(t, other.LoadWeights(path))
	require.InEpsilonSlice(t, []float64{64, 100, 20}, elements(named(other, "TauMemInv").Values()), 1e-14)
	require.Equal(t, elements(named(m, "VTh").Value()), elements(named(other, "VTh").Value()))

	// Files from before constraints were named hold what is learnt.
	var old []safetensors.Tensor
	for _, p := range m.Params() {
		old = append(old, safetensors.Of(p.Name(), p.Value().Shape(), elements(p.Value())))
	}
	write(old)
	require.NoError(t, other.LoadWeights(path))
	require.Equal(t, bits(m), bits(other))
	arrays := filepath.Join(dir, "old")
	require.NoError(t, os.Mkdir(arrays, 0o777))
	for _, x := range old {
		var b bytes.Buffer
		require.NoError(t, npy.Write(&b, x.Shape, x.Data.([]float64)))
		require.NoError(t, os.WriteFile(filepath.Join(arrays, x.Name+".npy"), b.Bytes(), 0o666))
	}
	other = within(t, tensor.Float64, true, 2)
	require.NoError(t, other.LoadWeights(arrays))
	require.Equal(t, bits(m), bits(other))

	for text, want := range map[string]string{
		`[]`:                      "its constraints make no sense: json: cannot unmarshal array into Go value of type weights.Constraints",
		`{"hidden.VTh": "tight"}`: `its constraints make no sense: graph: got constraint "tight", want none, exp, softplus, sigmoid or clip to [lower, upper]`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(arrays, "constraints.json"), []byte(text), 0o666))
		require.EqualError(t, other.LoadWeights(arrays), "train: load weights: "+arrays+": "+want)
	}
}

// A checkpoint has what is learnt, bit for bit, and names the constraints, so that its values
// can be loaded into another network; in one from before, what is learnt is taken for it.
func TestConstrainedCheckpoints(t *testing.T) {
	trainer := func(m *train.Model, dir string) *train.Trainer {
		return &train.Trainer{Model: m, Data: yinyang(t, 20), Validation: yinyang(t, 10), KeepBest: true, Epochs: 3, Optimiser: &optim.Adam{LearningRate: 0.05},
			Checkpoints: &train.Checkpoints{Dir: dir, EverySteps: 3, Keep: 100}}
	}
	whole, dir := within(t, tensor.Float32, true, 1), t.TempDir()
	_, err := trainer(whole, dir).Run(background)
	require.NoError(t, err)
	resumed, second := within(t, tensor.Float32, true, 1), t.TempDir()
	tr := trainer(resumed, second)
	tr.Resume = checkpoint(t, dir, "step-000000006.safetensors")
	_, err = tr.Run(background)
	require.NoError(t, err)
	require.Equal(t, bits(whole), bits(resumed))
	require.Equal(t, read(t, dir, "final.safetensors"), read(t, second, "final.safetensors"))

	tr = trainer(within(t, tensor.Float32, false, 1), t.TempDir())
	tr.Resume = checkpoint(t, dir, "step-000000006.safetensors")
	_, err = tr.Run(background)
	require.ErrorContains(t, err, "it belongs to another network")

	final := filepath.Join(dir, "final.safetensors")
	again := within(t, tensor.Float32, true, 2)
	require.NoError(t, again.LoadWeights(final))
	require.Equal(t, bits(whole), bits(again))
	free := within(t, tensor.Float32, false, 2)
	require.NoError(t, free.LoadWeights(final))
	for i, w := range whole.Weights() {
		require.Equal(t, elements(w), bits(free)[i])
	}

	f := readTensors(t, final)
	var doc map[string]any
	require.NoError(t, json.Unmarshal([]byte(f.Metadata["spikegrad"]), &doc))
	state := doc["state"].(map[string]any)
	require.Equal(t, "exp", state["constraints"].(map[string]any)["hidden.TauMemInv"])
	delete(state, "constraints")
	text, err := json.Marshal(doc)
	require.NoError(t, err)
	f.Metadata["spikegrad"] = string(text)
	var b bytes.Buffer
	require.NoError(t, f.Write(&b))
	old := filepath.Join(dir, "old.safetensors")
	require.NoError(t, os.WriteFile(old, b.Bytes(), 0o666))
	again = within(t, tensor.Float32, true, 2)
	require.NoError(t, again.LoadWeights(old))
	require.Equal(t, bits(whole), bits(again))
}

func readTensors(t *testing.T, path string) *safetensors.File {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	f, err := safetensors.Read(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	return f
}
