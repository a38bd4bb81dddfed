package train_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/train"
)

// twoLayers returns a model with a learnt time constant, whose weights depend on
// the seed.
func twoLayers(t testing.TB, seed uint64, dt tensor.Dtype, out int) *train.Model {
	net := layers.Sequential{
		layers.Linear{Out: 5},
		layers.Named("hidden/one", layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams(), layers.LearnEach("TauMemInv"))),
		layers.Named("out", layers.Linear{Out: out}),
		layers.MaxOverTime,
	}
	return newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 3, Batch: 2, Seed: seed, Dtype: dt})
}

// safetensor is a tensor in a file, found by a reader that knows the layout only
// from its description.
type safetensor struct {
	Dtype   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets []int  `json:"data_offsets"`
	x       []float64
}

// readSafetensors reads a file by its published description: eight bytes of
// length, little-endian; so many bytes of JSON; the tensors.
func readSafetensors(t testing.TB, path string) (map[string]safetensor, map[string]string) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	n := binary.LittleEndian.Uint64(b)
	var head map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(b[8:8+n], &head))
	meta := map[string]string{}
	all := map[string]safetensor{}
	end := 0
	for name, raw := range head {
		if name == "__metadata__" {
			require.NoError(t, json.Unmarshal(raw, &meta))
			continue
		}
		var s safetensor
		require.NoError(t, json.Unmarshal(raw, &s))
		data := b[8+n:][s.Offsets[0]:s.Offsets[1]]
		for size := map[string]int{"F32": 4, "F64": 8}[s.Dtype]; len(data) > 0; data = data[size:] {
			if size == 4 {
				s.x = append(s.x, float64(math.Float32frombits(binary.LittleEndian.Uint32(data))))
			} else {
				s.x = append(s.x, math.Float64frombits(binary.LittleEndian.Uint64(data)))
			}
		}
		require.Len(t, s.x, tensor.Shape(s.Shape).TotalSize())
		all[name], end = s, max(end, s.Offsets[1])
	}
	require.Len(t, b, 8+int(n)+end)
	return all, meta
}

// Weights go to a file or a folder and come back with every bit.
func TestSaveWeights(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		m := twoLayers(t, 1, dt, 3)
		dir := t.TempDir()
		for _, path := range []string{filepath.Join(dir, "w.safetensors"), filepath.Join(dir, "arrays"), filepath.Join(dir, "v1.2") + string(filepath.Separator)} {
			require.NoError(t, m.SaveWeights(path))
			other := twoLayers(t, 2, dt, 3)
			require.NotEqual(t, bits(m), bits(other))
			require.NoError(t, other.LoadWeights(path))
			require.Equal(t, bits(m), bits(other))
			require.NoError(t, m.SaveWeights(path), "an old file is replaced")
			if filepath.Ext(path) == "" {
				require.NoError(t, os.WriteFile(filepath.Join(path, "._hidden.npy"), nil, 0o666)) // as some systems make
				require.NoError(t, other.LoadWeights(path))
			}
		}
		got, _ := readSafetensors(t, filepath.Join(dir, "w.safetensors"))
		require.Len(t, got, len(m.Params()))
		for i, p := range m.Params() {
			require.Equal(t, []int(p.Value().Shape()), got[p.Name()].Shape)
			require.Equal(t, map[tensor.Dtype]string{tensor.Float32: "F32", tensor.Float64: "F64"}[dt], got[p.Name()].Dtype)
			require.Equal(t, bits(m)[i], got[p.Name()].x)
		}
		require.FileExists(t, filepath.Join(dir, "arrays", "hidden%2Fone.TauMemInv.npy"))
		f, err := os.Open(filepath.Join(dir, "arrays", "out.linear.w.npy"))
		require.NoError(t, err)
		defer f.Close()
		d := new(tensor.Dense)
		require.NoError(t, d.ReadNpy(f), "another reader")
		require.Equal(t, tensor.Shape{5, 3}, d.Shape())
	}
}

// around draws from half to three halves of a value.
type around float64

func (a around) Draw(r *rand.Rand, _ []int, w []float64) error {
	for i := range w {
		w[i] = float64(a) * (0.5 + r.Float64())
	}
	return nil
}

// spread returns a network whose neurons differ, by values that are not learnt and
// that the seed decides.
func spread(t testing.TB, seed uint64) *train.Model {
	net := layers.Sequential{
		layers.Linear{Out: 20, Init: layers.Scaled{Gain: 4}},
		layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(),
			layers.Each(around(100), "TauMemInv"), layers.Each(around(1), "VTh"), layers.LearnEach("VTh"))),
		layers.Linear{Out: 3}, layers.MaxOverTime,
	}
	return newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 20, Batch: 5, Seed: seed})
}

// Values that differ from neuron to neuron and are not learnt belong to the weights:
// with those, a network of another seed is the same, in whatever way it runs.
func TestSaveWeightsOfEach(t *testing.T) {
	m, points := spread(t, 1), yinyang(t, 10)
	does := func(m *train.Model) []any {
		v, err := m.Evaluate(background, points, nil)
		require.NoError(t, err)
		rs, err := m.Record(background, points, nil, []int{0, 7}, layers.Probe{Layer: "hidden", State: "V"})
		require.NoError(t, err)
		state, err := m.Rest(1)
		require.NoError(t, err)
		var outs []float32
		for range 5 {
			out, err := m.Step(state, []float32{1, 1, 1, 1})
			require.NoError(t, err)
			outs = append(outs, out.Data().([]float32)...)
		}
		fs, err := train.Diagnose(background, m, points, nil)
		require.NoError(t, err)
		return []any{v.Loss, rs[0].Values, outs, fs}
	}
	want := does(m)
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "w.safetensors"), filepath.Join(dir, "arrays")} {
		require.NoError(t, m.SaveWeights(path))
		other := spread(t, 2)
		require.NoError(t, other.SetWeights(m.Weights()))
		require.NotEqual(t, want, does(other), "their values differ")
		require.NoError(t, other.LoadWeights(path))
		require.Equal(t, want, does(other))
	}
	got, _ := readSafetensors(t, filepath.Join(dir, "w.safetensors"))
	require.Contains(t, got, "hidden.TauMemInv")
	require.Len(t, got, 6) // two linear maps, and thresholds that are learnt

	require.NoError(t, os.Remove(filepath.Join(dir, "arrays", "hidden.TauMemInv.npy")))
	require.ErrorContains(t, spread(t, 2).LoadWeights(filepath.Join(dir, "arrays")), `does not have "hidden.TauMemInv"; `)
}

// A checkpoint has them as well.
func TestResumeOfEach(t *testing.T) {
	trainer := func(dir string, from uint64) *train.Trainer {
		m := spread(t, 2)
		path := filepath.Join(t.TempDir(), "w.safetensors")
		require.NoError(t, spread(t, from).SaveWeights(path))
		require.NoError(t, m.LoadWeights(path))
		return &train.Trainer{
			Model: m, Data: yinyang(t, 20), Validation: yinyang(t, 10), KeepBest: true, Epochs: 3,
			Checkpoints: &train.Checkpoints{Dir: dir, EverySteps: 5, Keep: 100},
		}
	}
	whole := trainer(t.TempDir(), 1)
	_, err := whole.Run(background)
	require.NoError(t, err)
	want := read(t, whole.Checkpoints.Dir, "final.safetensors")
	dir := t.TempDir()
	tr := trainer(dir, 2) // the values come from the checkpoint
	tr.Resume = checkpoint(t, whole.Checkpoints.Dir, "step-000000005.safetensors")
	_, err = tr.Run(background)
	require.NoError(t, err)
	require.Equal(t, want, read(t, dir, "final.safetensors"))

	m := spread(t, 3)
	require.NoError(t, m.LoadWeights(filepath.Join(dir, "final.safetensors")))
	again := filepath.Join(dir, "again.safetensors")
	require.NoError(t, m.SaveWeights(again))
	a, _ := readSafetensors(t, again)
	b, _ := readSafetensors(t, filepath.Join(dir, "final.safetensors"))
	require.Len(t, a, 6)
	for name, x := range a {
		require.Equal(t, b[name].x, x.x, name)
	}
}

// What is not there and what there is besides is named, and loaded in part only
// when that is asked for.
func TestLoadPartial(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "w.safetensors")
	m := twoLayers(t, 1, tensor.Float32, 3)
	require.NoError(t, m.SaveWeights(path))

	net := layers.Sequential{layers.Linear{Out: 5}, layers.Named("head", layers.Linear{Out: 3, NoBias: true}), layers.MaxOverTime}
	other := newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 3, Batch: 2, Seed: 2})
	was := bits(other)
	require.EqualError(t, other.LoadWeights(path), "train: load weights: "+path+` does not have "head.linear.w" and has `+
		`"hidden/one.TauMemInv", "hidden/one.recurrent.w", "out.linear.w", "out.linear.b", which the model does not; LoadPartial loads what fits`)
	require.Equal(t, was, bits(other))
	p, err := other.LoadPartial(path)
	require.NoError(t, err)
	require.Equal(t, train.Partial{
		Missing: []string{"head.linear.w"},
		Unused:  []string{"hidden/one.TauMemInv", "hidden/one.recurrent.w", "out.linear.w", "out.linear.b"},
	}, p)
	require.Equal(t, bits(m)[:2], bits(other)[:2])
	require.Equal(t, was[2], bits(other)[2])

	// A shape or a type that does not fit is an error, and nothing is loaded.
	wide := twoLayers(t, 3, tensor.Float32, 4)
	was = bits(wide)
	_, err = wide.LoadPartial(path)
	require.EqualError(t, err, "train: load weights: "+path+": out.linear.w is F32 of shape [5 3], want F32 of shape [5 4]")
	require.Equal(t, was, bits(wide))
	double := twoLayers(t, 3, tensor.Float64, 3)
	require.EqualError(t, double.LoadWeights(path), "train: load weights: "+path+": 0.linear.w is F32 of shape [4 5], want F64 of shape [4 5]")
}

func TestLoadWeightsErrors(t *testing.T) {
	dir := t.TempDir()
	m := twoLayers(t, 1, tensor.Float32, 3)
	was := bits(m)
	path := filepath.Join(dir, "w.safetensors")
	require.NoError(t, m.SaveWeights(path))
	good, err := os.ReadFile(path)
	require.NoError(t, err)

	write := func(b []byte) { require.NoError(t, os.WriteFile(path, b, 0o666)) }
	write(good[:len(good)-1])
	require.EqualError(t, m.LoadWeights(path), "train: load weights: "+path+": the file is truncated: 1 bytes are missing")
	flipped := append([]byte(nil), good...)
	flipped[len(flipped)-1] ^= 1
	write(flipped)
	require.ErrorContains(t, m.LoadWeights(path), "the file is damaged: its checksum is ")
	require.Equal(t, was, bits(m))

	require.ErrorIs(t, m.LoadWeights(filepath.Join(dir, "none.safetensors")), os.ErrNotExist)
	require.ErrorIs(t, m.LoadWeights(filepath.Join(dir, "none")), os.ErrNotExist)
	require.ErrorContains(t, m.LoadWeights(dir), "the folder has no file *.npy")
	require.EqualError(t, m.SaveWeights("w.bin"), `train: save weights: the path is "w.bin", want that of a file *.safetensors, or of a folder for one file *.npy a parameter`)
	require.ErrorContains(t, m.LoadWeights(""), `the path is ""`)
	require.ErrorContains(t, new(train.Model).SaveWeights(path), "was not made by Network.Compile")
	require.ErrorContains(t, new(train.Model).LoadWeights(path), "was not made by Network.Compile")

	// An infinite weight is refused, as SetWeights does.
	m.Params()[0].Value().Data().([]float32)[0] = float32(math.Inf(1))
	require.NoError(t, m.SaveWeights(path))
	require.EqualError(t, m.LoadWeights(path), "train: load weights: "+path+": 0.linear.w: the tensor has an element that is NaN or infinite")
}
