// Package model keeps a model in one file: its weights and buffers, as
// train.Model.SaveWeights writes them, and among the metadata the network, as package
// blueprint writes it. A program that has the file needs no code that made the network:
//
//	err := model.Save("digits.safetensors", m)
//	…
//	m, err := model.Load("digits.safetensors")
//
// The file is still one of weights, which LoadWeights of a network that is given reads,
// and Python in one line (safetensors.numpy.load_file).
package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/blueprint"
	"github.com/spikegrad/spikegrad/cost"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/limit"
	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/internal/tensorfile"
	"github.com/spikegrad/spikegrad/layers"
	_ "github.com/spikegrad/spikegrad/nir" // a model may have an imported network, whatever program reads it
	"github.com/spikegrad/spikegrad/train"
)

// Names among the metadata of a file.
const (
	key      = "network"
	measured = "measured"
)

// A Measured is what a model does for the samples of a data set: firing rates and synaptic
// operations, as train.Model.Cost counts them. In a file it says so of the weights that
// were saved with it.
type Measured struct {
	Data string    // which samples, for people: "MNIST, the first 1,000 of the test set"
	Cost cost.Cost // without Each of its layers
}

// Save writes a model to one file, which appears whole or not at all, and whose name
// ends in ".safetensors". Metrics are left out. What was measured of the model is kept
// beside it, for Recorded and for "spikegrad model info". An error names the layer that
// cannot be written: one of a type that is not registered.
func Save(path string, m *train.Model, of ...Measured) error {
	if err := save(path, m, of); err != nil {
		return fmt.Errorf("model: save: %w", err)
	}
	return nil
}

func save(path string, m *train.Model, of []Measured) error {
	if m == nil {
		return errors.New("the model is nil")
	}
	if filepath.Ext(path) != tensorfile.Ext {
		return fmt.Errorf("the name %s does not end in %s", path, tensorfile.Ext)
	}
	n := m.Network()
	if n.Net == nil {
		return errors.New("the model was not compiled, or is in use")
	}
	n.Metrics = nil
	text, err := blueprint.WriteValue(n)
	if err != nil {
		return err
	}
	notes, err := written(of)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".model-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	weights := filepath.Join(dir, "weights"+tensorfile.Ext)
	if err := m.SaveWeights(weights); err != nil {
		return err
	}
	f, err := tensorfile.Read(weights)
	if err != nil {
		return err
	}
	f.Metadata[key] = string(text)
	if len(of) > 0 {
		f.Metadata[measured] = notes
	}
	return files.Replace(path, f.Write)
}

// Load returns the model in a file that Save has written, with its weights. Layers,
// neurons and losses of one's own have to be registered (package blueprint); the error
// names what is not.
func Load(path string) (*train.Model, error) {
	n, err := Read(path)
	if err != nil {
		return nil, err
	}
	if _, err := limit.Within(mostInputs, append([]int{n.Steps, n.Batch}, n.Shape...)...); err != nil {
		return nil, fmt.Errorf("model: load %s: the input of a batch: %w; Read gives a network to compile for fewer samples", path, err)
	}
	m, err := n.Compile()
	if err == nil {
		err = m.LoadWeights(path)
	}
	if err != nil {
		return nil, fmt.Errorf("model: load %s: %w", path, err)
	}
	return m, nil
}

// Read returns the network in a file that Save has written, without its weights: to be
// compiled for another number of samples or time steps, say, after which LoadWeights
// reads the same file.
func Read(path string) (train.Network, error) {
	f, err := tensorfile.Read(path)
	if err == nil && f.Metadata[key] == "" {
		err = errors.New("it has weights and no network: LoadWeights of a train.Model reads it")
	}
	var n train.Network
	if err == nil {
		n, err = blueprint.ReadValue[train.Network]([]byte(f.Metadata[key]))
	}
	if err == nil {
		err = fits(n, f)
	}
	if err != nil {
		return n, fmt.Errorf("model: load %s: %w", path, err)
	}
	return n, nil
}

// written returns what was measured as text.
func written(of []Measured) (string, error) {
	of = slices.Clone(of)
	for i, r := range of {
		if r.Data == "" || r.Cost.Samples < 1 {
			return "", fmt.Errorf("what was measured: number %d is of %d samples of the data %q, want at least 1, and what data it is", i, r.Cost.Samples, r.Data)
		}
		of[i].Cost.Layers = slices.Clone(r.Cost.Layers)
		for k := range of[i].Cost.Layers {
			of[i].Cost.Layers[k].Each = nil
		}
	}
	text, err := json.Marshal(of)
	if err != nil {
		return "", fmt.Errorf("what was measured: %w", err)
	}
	return string(text), nil
}

// Recorded returns what was measured of the model in a file when it was saved, nil if
// nothing was.
func Recorded(path string) ([]Measured, error) {
	f, err := tensorfile.Read(path)
	var of []Measured
	if err == nil && f.Metadata[measured] != "" {
		if err = json.Unmarshal([]byte(f.Metadata[measured]), &of); err != nil {
			err = fmt.Errorf("what was measured: %w", err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("model: recorded in %s: %w", path, err)
	}
	return of, nil
}

// mostInputs bounds the elements of the input of a model that Load makes.
const mostInputs = 1 << 28

// fits returns an error unless the network has about as many weights as the file at most, before
// memory is taken for what a file says and does not have.
func fits(n train.Network, f *safetensors.File) error {
	most := 1 << 22 // masks of one sample, which are not in the file
	for _, t := range f.Tensors {
		k, err := limit.Elements(t.Shape...)
		if err != nil {
			return err
		}
		most += k
	}
	if n.Net == nil || len(n.Shape) == 0 || slices.Min(n.Shape) < 1 {
		return fmt.Errorf("there is no network, or its samples have shape %v", n.Shape)
	}
	if _, err := limit.Within(mostInputs, n.Shape...); err != nil {
		return fmt.Errorf("a sample: %w", err)
	}
	dt := n.Dtype
	if dt == (tensor.Dtype{}) {
		dt = tensor.Float32
	}
	shape := append([]int{2, 1}, n.Shape...)
	x := G.NewTensor(G.NewGraph(), dt, len(shape), G.WithShape(shape...), G.WithName("x"))
	b := layers.NewBuild(n.Seed)
	b.Most = most
	_, err := n.Net.Apply(b, x)
	return err
}
