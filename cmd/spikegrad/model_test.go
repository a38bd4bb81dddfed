package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/npy"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/train"
)

// A model that doubles and adds up what comes in says so, and does so.
func TestModel(t *testing.T) {
	dir := t.TempDir()
	path, csv := filepath.Join(dir, "m.safetensors"), filepath.Join(dir, "in.csv")
	two := layers.Linear{Out: 1, NoBias: true, Init: layers.Constant(2)}
	save := func(n train.Network) {
		m, err := n.Compile()
		require.NoError(t, err)
		require.NoError(t, model.Save(path, m))
	}
	save(train.Network{Net: layers.Sequential{layers.Named("double", two), layers.SumOverTime}, Shape: []int{2}, Steps: 7, Batch: 3})
	code, out, errs := call("model", "info", path)
	require.Zero(t, code, errs)
	require.Equal(t, "file: "+path+`
sample: [2], 7 time steps
elements: float32
layer double: Linear{Out: 1, NoBias: true}, [1], 2 weights
layer 1: sum over time, [1], 0 weights
weights: 2
map double.linear.w: at most 2 multiply-accumulates a time step
multiply-accumulates: at most 2 a time step, 14 a sample
`, out)
	require.NoError(t, os.WriteFile(csv, []byte("1,2\n0,0.5\n"), 0o600))
	code, out, errs = call("model", "predict", path, "-input", csv)
	require.Zero(t, code, errs)
	require.Equal(t, "7\n", out)
	array := filepath.Join(dir, "in.npy")
	require.NoError(t, files.Replace(array, func(w io.Writer) error { return npy.Write(w, []int{3, 2}, []float64{1, 2, 0, 0.5, 1, 0}) }))
	code, out, errs = call("model", "predict", path, "-input", array)
	require.Zero(t, code, errs)
	require.Equal(t, "9\n", out)
	// A line for each time step where there is no readout.
	save(train.Network{Net: layers.Sequential{two}, Shape: []int{2}, Steps: 7, Batch: 3, Loss: loss.MeanSquared{Sequence: true}, Dtype: tensor.Float64})
	code, out, errs = call("model", "predict", path, "-input", csv)
	require.Zero(t, code, errs)
	require.Equal(t, "6\n1\n", out)

	require.NoError(t, files.Replace(array, func(w io.Writer) error { return npy.Write(w, []int{3}, []float64{1, 2, 0}) }))
	code, _, errs = call("model", "predict", path, "-input", array)
	require.Equal(t, failed, code)
	require.Contains(t, errs, "an array of shape [3], want [T …] with 2 numbers a time step")
	code, _, errs = call("model", "info", csv)
	require.Equal(t, failed, code)
	require.Contains(t, errs, "spikegrad: model: load "+csv)
	for want, args := range map[string][]string{
		`there is no command "model"`: {"model"}, "0 files are named, want one": {"model", "info"}, "there is no -input": {"model", "predict", path},
	} {
		code, _, errs := call(args...)
		require.Equal(t, misuse, code)
		require.Contains(t, errs, want)
	}
	for _, args := range [][]string{{"model", "-h"}, {"model", "info", "-h"}, {"model", "predict", "-h"}} {
		code, out, _ := call(args...)
		require.Zero(t, code)
		require.Contains(t, out, "usage:")
	}
}

// Of three time steps (1, 0), (0, 0) and (1, 1) three elements are not 0 and reach two
// neurons each. The first gets 0.6, 0 and 1.2 and spikes once, the second 1.5, 0 and 1.5
// and spikes twice; each spike reaches three outputs.
func TestModelInfoCounts(t *testing.T) {
	dir := t.TempDir()
	path, csv := filepath.Join(dir, "m.safetensors"), filepath.Join(dir, "in.csv")
	require.NoError(t, os.WriteFile(csv, []byte("1,0\n0,0\n1,1\n"), 0o600))
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		m, err := train.Network{
			Net: layers.Sequential{
				layers.Named("in", layers.Linear{Out: 2, NoBias: true, Init: layers.Values{0.6, 1.5, 0.6, 0}}),
				layers.Named("hidden", layers.Lift(neurons.IAFStep, neurons.DefaultIAFParams())),
				layers.Named("out", layers.Linear{Out: 3, NoBias: true}), layers.SumOverTime,
			}, Shape: []int{2}, Steps: 3, Batch: 2, Dtype: dt,
		}.Compile()
		require.NoError(t, err)
		require.NoError(t, model.Save(path, m))
		counted := `, 1 samples of 3 time steps, means a sample:
  spikes of hidden: 3 of 2 neurons, 0.5 a neuron and time step
  map in.linear.w: 3 events, 6 synaptic operations, 12 if dense
  map out.linear.w: 3 events, 9 synaptic operations, 18 if dense
  synaptic operations: 15 a sample, 5 a time step
`
		code, out, errs := call("model", "info", path, "-input", csv)
		require.Zero(t, code, errs)
		require.Contains(t, out, "multiply-accumulates: at most 10 a time step, 30 a sample\nmeasured on \""+csv+"\""+counted)
		// The same of a model that was saved with it.
		d, err := data.New([]int{3, 2}, []float32{1, 0, 0, 0, 1, 1}, []int{0})
		require.NoError(t, err)
		c, err := m.Cost(context.Background(), d, nil)
		require.NoError(t, err)
		require.NoError(t, model.Save(path, m, model.Measured{Data: "one sample", Cost: c}))
		code, out, errs = call("model", "info", path)
		require.Zero(t, code, errs)
		require.Contains(t, out, "a sample\nmeasured on \"one sample\""+counted)
		code, out, errs = call("model", "info", "-json", path, "-input", csv)
		require.Zero(t, code, errs)
		var rep modelReport
		require.NoError(t, json.Unmarshal([]byte(out), &rep))
		require.Equal(t, modelReport{
			File: path, Sample: []int{2}, Steps: 3, Elements: dt.String(), Weights: 10, MACs: 10,
			Layers: []layerReport{
				{"in", "Linear{Out: 2, NoBias: true}", []int{2}, 4}, {"hidden", "IAF{VTh: 1, Spike: SuperSpike{Alpha: 100}}", []int{2}, 0},
				{"out", "Linear{Out: 3, NoBias: true}", []int{3}, 6}, {"3", "sum over time", []int{3}, 0},
			},
			Maps:     []mapReport{{"in.linear.w", 4}, {"out.linear.w", 6}},
			Measured: []effortReport{effortOf("one sample"), effortOf(csv)},
		}, rep)
	}
	code, _, errs := call("model", "info", path, "-input", filepath.Join(dir, "none.csv"))
	require.Equal(t, failed, code)
	require.Contains(t, errs, "none.csv")
}

// effortOf is what that network does for that sample.
func effortOf(data string) effortReport {
	return effortReport{
		Data: data, Samples: 1, Steps: 3, SynOps: 15, PerStep: 5, MACs: 30, Layers: []spikingReport{{"hidden", 2, 3, 0.5}},
		Maps: []eventsReport{{"in.linear.w", 3, 6, 12}, {"out.linear.w", 3, 9, 18}},
	}
}

// A model becomes the files of a C program, and says what they hold.
func TestExportC(t *testing.T) {
	dir := t.TempDir()
	path, to := filepath.Join(dir, "m.safetensors"), filepath.Join(dir, "code.c")
	two := layers.Linear{Out: 3, NoBias: true, Init: layers.Values{2, 1, 2, 1, 2, 1}}
	m, err := train.Network{Net: layers.Sequential{layers.Named("double", two), layers.SumOverTime}, Shape: []int{2}, Steps: 7, Batch: 3}.Compile()
	require.NoError(t, err)
	require.NoError(t, model.Save(path, m))
	code, out, errs := call("export", "c", path, to, "-prefix", "doubler")
	require.Zero(t, code, errs)
	require.Equal(t, to+", "+filepath.Join(dir, "doubler.h")+": 2 numbers in, 3 out, 24 bytes of constants, 24 bytes of a state\n", out)
	text, err := os.ReadFile(to)
	require.NoError(t, err)
	require.Contains(t, string(text), "static const float doubler_c0[6] = {\n    2.0f, 1.0f, 2.0f, 1.0f, 2.0f, 1.0f\n};")
	require.FileExists(t, filepath.Join(dir, "doubler.h"))
	code, out, errs = call("export", "c", path, to, "-bits", "8")
	require.Zero(t, code, errs)
	require.Contains(t, out, "18 bytes of constants") // 6 of a byte, and 3 scales
	require.FileExists(t, filepath.Join(dir, "code.h"))
	for path, want := range map[string]string{"a/net.c": "net", "my-net 2.c": "my_net_2", "2.c": "net2", "_x.c": "net_x", ".c": "net", "Größe.c": "Gr____e"} {
		require.Equal(t, want, prefixOf(path))
	}
	code, _, errs = call("export", "c", path, filepath.Join(dir, "code.h"))
	require.Equal(t, misuse, code)
	require.Contains(t, errs, "does not end in .c")
	code, _, errs = call("export", "c", path, to, "-bits", "9")
	require.Equal(t, failed, code)
	require.Contains(t, errs, "weights of 9 bits, want 2 to 8")
	code, out, _ = call("export", "c", "-h")
	require.Zero(t, code)
	require.Contains(t, out, "void net_reset")
}
