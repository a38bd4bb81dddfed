package train

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/npy"
	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/internal/tensorfile"
)

// SaveWeights writes the parameters under their names, also the values that
// neurons have from layers.Each and keep: to one file if path ends
// in ".safetensors", which Python reads by
//
//	safetensors.numpy.load_file(path)
//
// or safetensors.torch.load_file; else to a folder, NAME.npy for each, where what
// a file name cannot have is escaped as in a URL. A file appears whole or not at
// all, and replaces one that is there.
//
// A parameter with a constraint is there as the value that the network has. So that
// LoadWeights gives back every bit, what is learnt stands beside it as learnt/NAME. JSON
// names the constraints by parameter: the entry "constraints" of the metadata, or the file
// constraints.json of the folder.
func (m *Model) SaveWeights(path string) error {
	if err := m.within(func() error { return m.reading(func() error { return m.saveWeights(path) }) }); err != nil {
		return fmt.Errorf("train: save weights: %w", err)
	}
	return nil
}

func (m *Model) saveWeights(path string) error {
	single, err := tensorfile.IsFile(path)
	if err != nil {
		return err
	}
	ts, err := m.namedValues()
	if err != nil {
		return err
	}
	within, err := json.Marshal(m.constraints())
	if err != nil {
		return err
	}
	if single {
		f := safetensors.File{Tensors: ts, Metadata: map[string]string{constraintsName: string(within)}}
		return files.Replace(path, f.Write)
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	for _, t := range ts {
		err := files.Replace(filepath.Join(path, tensorfile.ArrayName(t.Name)), func(w io.Writer) error {
			if x, ok := t.Data.([]float32); ok {
				return npy.Write(w, t.Shape, x)
			}
			return npy.Write(w, t.Shape, t.Data.([]float64))
		})
		if err != nil {
			return err
		}
	}
	return files.Replace(filepath.Join(path, constraintsFile), func(w io.Writer) error {
		_, err := w.Write(within)
		return err
	})
}

// namedWeights returns all parameters as they are, not copies.
func (m *Model) namedWeights() ([]safetensors.Tensor, error) {
	params := m.all()
	ts := make([]safetensors.Tensor, len(params))
	for i, p := range params {
		t, err := tensorfile.Of(p.name, p.value)
		if err != nil {
			return nil, fmt.Errorf("%s %w", p.name, err)
		}
		ts[i] = t
	}
	return ts, nil
}

// namedValues returns all parameters as the values that the network has, and behind them
// what is learnt, where that is something else.
func (m *Model) namedValues() ([]safetensors.Tensor, error) {
	ts, err := m.namedWeights()
	if err != nil {
		return nil, err
	}
	for i, p := range m.params {
		if p.keep == (graph.Constraint{}) {
			continue
		}
		learnt := ts[i]
		if ts[i], err = tensorfile.Of(p.name, p.Values()); err != nil {
			return nil, fmt.Errorf("%s %w", p.name, err)
		}
		learnt.Name = learntPrefix + p.name
		ts = append(ts, learnt)
	}
	return ts, nil
}
