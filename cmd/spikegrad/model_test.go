package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/npy"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/model"
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
