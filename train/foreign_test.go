package train_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/npy"
	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/train"
)

// Whatever a parameter is called, what is saved to a folder is found again.
func TestSaveWeightsOfAnyName(t *testing.T) {
	for _, name := range []string{".", "..", ".hidden", "a/../b", "c:d", "%2E", "über all", "con", "\\", "x.npy", ".npy"} {
		model := func(seed uint64) *train.Model {
			return newModel(t, train.Network{Net: layers.Sequential{layers.Named(name, layers.Linear{Out: 2}), layers.Last},
				Shape: []int{4}, Steps: 1, Batch: 2, Seed: seed})
		}
		m, other := model(1), model(2)
		dir := filepath.Join(t.TempDir(), "weights")
		require.NoError(t, m.SaveWeights(dir), name)
		require.NotEqual(t, bits(m), bits(other))
		require.NoError(t, other.LoadWeights(dir), name)
		require.Equal(t, bits(m), bits(other))
		for _, f := range fileNames(t, dir) {
			require.NotEqual(t, byte('.'), f[0], "%q would be hidden", f)
			require.NotContains(t, f, ":")
		}
	}
}

// Names in a file may be anything: in errors they are quoted, and short.
func TestForeignNames(t *testing.T) {
	nasty := "\x1b[2J\r\n" + strings.Repeat("nasty ", 1e5)
	m := smallModel(t, 5)
	was := bits(m)
	file := filepath.Join(t.TempDir(), "weights.safetensors")
	dir := t.TempDir()
	one := []float32{1}
	save := func(f *safetensors.File) {
		var b bytes.Buffer
		require.NoError(t, f.Write(&b))
		require.NoError(t, os.WriteFile(file, b.Bytes(), 0o666))
	}
	array := func(name, head string) {
		b := append([]byte("\x93NUMPY\x02\x00"), byte(len(head)), byte(len(head)>>8), byte(len(head)>>16), 0)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), append(b, head...), 0o666))
	}
	checks := map[string]func() error{
		"a name": func() error {
			save(&safetensors.File{Tensors: []safetensors.Tensor{safetensors.Of(nasty, []int{1}, one)}})
			return m.LoadWeights(file)
		},
		"many names": func() error {
			f := &safetensors.File{}
			for i := range 2000 {
				f.Tensors = append(f.Tensors, safetensors.Of(nasty[:20]+strings.Repeat("x", i), []int{1}, one))
			}
			save(f)
			return m.LoadWeights(file)
		},
		"a shape": func() error {
			shape := make([]int, 1e5)
			for i := range shape {
				shape[i] = 1
			}
			save(&safetensors.File{Tensors: []safetensors.Tensor{safetensors.Of(m.Params()[0].Name(), shape, one)}})
			return m.LoadWeights(file)
		},
		"a header": func() error {
			head := `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"` + nasty[6:] + `":1}}`
			b := append([]byte{byte(len(head)), byte(len(head) >> 8), byte(len(head) >> 16), 0, 0, 0, 0, 0}, head...)
			require.NoError(t, os.WriteFile(file, append(b, 0, 0, 0, 0), 0o666))
			return m.LoadWeights(file)
		},
		"the type of an array": func() error {
			array("w.npy", "{'descr': '"+nasty+"', 'fortran_order': False, 'shape': (1,), }\n")
			return m.LoadWeights(dir)
		},
		"the order of an array": func() error {
			array("w.npy", "{'descr': '<f4', 'fortran_order': "+strings.ReplaceAll(nasty[6:], " ", "_")+", 'shape': (1,), }\n")
			return m.LoadWeights(dir)
		},
		"the shape of an array": func() error {
			array("w.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': ("+strings.Repeat("1,", 1e5)+strings.Repeat("9", 1e5)+"), }\n")
			return m.LoadWeights(dir)
		},
		"the name of an array": func() error {
			require.NoError(t, os.Remove(filepath.Join(dir, "w.npy")))
			var b bytes.Buffer
			require.NoError(t, npy.Write(&b, []int{1}, one))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "%1B[2J.npy"), b.Bytes(), 0o666))
			return m.LoadWeights(dir)
		},
	}
	for _, name := range []string{"a name", "many names", "a shape", "a header", "the type of an array", "the order of an array", "the shape of an array", "the name of an array"} {
		harmless(t, name, checks[name]())
		require.Equal(t, was, bits(m))
	}

	path := filepath.Join(half(t, courses()["rmsprop"]), "step-000000010.safetensors")
	good := read(t, path)
	for name, fields := range map[string]map[string]any{
		"version":   {"format": 2, "version": nasty},
		"network":   {"network": nasty},
		"kind":      {"seed": nasty},
		"layers":    {"layers": []string{nasty}, "network": fmt.Sprintf("%x", sha256.Sum256([]byte(nasty)))},
		"optimiser": {"state": map[string]any{"optimiser": map[string]any{"type": nasty}}},
	} {
		require.NoError(t, os.WriteFile(path, good, 0o666))
		edit(t, path, func(_ *safetensors.File, doc map[string]any) {
			if state, ok := fields["state"].(map[string]any); ok {
				maps.Copy(doc["state"].(map[string]any), state)
				return
			}
			maps.Copy(doc, fields)
		})
		ck, err := train.ReadCheckpoint(path)
		if err == nil {
			tr := courses()["rmsprop"].trainer(t, t.TempDir())
			tr.Resume = ck
			_, err = tr.Run(background)
		}
		harmless(t, name, err)
	}
}

// harmless fails the test unless err is an error that a terminal can show.
func harmless(t *testing.T, name string, err error) {
	t.Helper()
	require.Error(t, err, name)
	require.Less(t, len(err.Error()), 6000, name)
	for _, r := range err.Error() {
		require.False(t, r < ' ' || r == 0x7f, "%s: %q", name, err.Error())
	}
}
