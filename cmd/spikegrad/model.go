package main

import (
	"fmt"
	"io"
	"path/filepath"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/npy"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/train"
)

const modelPredictHelp = `usage: spikegrad model predict FILE -input IN.csv|IN.npy

Runs a model (model.Save) on one sample and prints its outputs. IN.csv has a line for each
time step, with the inputs separated by commas, row by row where they have several axes;
IN.npy is an array [T, …]. The model is built for as many time steps. Outputs are
separated by commas, a line for each time step where they are sequences.

`

func modelPredict(args []string, out, _ io.Writer) error {
	fs := command("predict", modelPredictHelp, out)
	input := fs.String("input", "", "`file` with the inputs")
	paths, err := parse(fs, args)
	switch {
	case err != nil:
		return err
	case len(paths) != 1:
		return wrong("%d files are named, want one", len(paths))
	case *input == "":
		return wrong("there is no -input")
	}
	m, err := model.Load(paths[0])
	if err != nil {
		return err
	}
	x, err := readInputs(*input, tensor.Shape(m.Network().Shape).TotalSize())
	if err != nil {
		return err
	}
	y, steps, err := outputs(m, x)
	if err != nil {
		return err
	}
	return writeLines(out, y, steps)
}

// readInputs reads numbers from lines, or from an array.
func readInputs(path string, width int) ([]float64, error) {
	if filepath.Ext(path) != ".npy" {
		return readLines(path, width)
	}
	f, info, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	shape, data, err := npy.Read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	x, ok := data.([]float64)
	if short, isShort := data.([]float32); isShort {
		x, ok = make([]float64, len(short)), true
		for i, v := range short {
			x[i] = float64(v)
		}
	}
	if !ok || len(x) == 0 || len(shape) == 0 || len(x) != shape[0]*width {
		return nil, fmt.Errorf("%s: an array of shape %v, want [T …] with %d numbers a time step", path, shape, width)
	}
	return x, nil
}

// applied adds a model to a graph of its own, for one sample x of so many time steps.
func applied(m *train.Model, x []float64) (b *layers.Build, y *G.Node, steps int, err error) {
	n := m.Network()
	steps = len(x) / tensor.Shape(n.Shape).TotalSize()
	shape := append([]int{steps, 1}, n.Shape...)
	v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))
	if n.Dtype == tensor.Float32 {
		short := make([]float32, len(x))
		for i := range x {
			short[i] = float32(x[i])
		}
		v = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(short))
	}
	xs, err := graph.Input(G.NewGraph(), "x", v)
	if err != nil {
		return nil, nil, 0, err
	}
	b = layers.NewBuild(n.Seed)
	y, err = layers.Given(m.Tensors(), n.Net).Apply(b, xs)
	return b, y, steps, err
}

// outputs returns the outputs of a model for one sample, and of how many time steps.
func outputs(m *train.Model, x []float64) (out []float64, steps int, err error) {
	_, y, length, err := applied(m, x)
	if err != nil {
		return nil, 0, err
	}
	run, err := machine.New(y)
	if err != nil {
		return nil, 0, err
	}
	if err := run.Run(); err != nil {
		return nil, 0, err
	}
	if steps = 1; y.Dims() > 2 && y.Shape()[0] == length {
		steps = length
	}
	switch v := run.Value(0).Data().(type) {
	case []float64:
		return v, steps, nil
	case []float32:
		for i := range v {
			out = append(out, float64(v[i]))
		}
		return out, steps, nil
	}
	return nil, 0, fmt.Errorf("outputs are of type %v", y.Dtype())
}
