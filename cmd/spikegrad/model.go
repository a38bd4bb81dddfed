package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

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

const modelInfoHelp = `usage: spikegrad model info FILE

Says what is in a file of a model (model.Save): a line for each layer with the shape of
what comes out at one time step, or of a readout at the end, and the number of its
weights.

`

func modelInfo(args []string, out, _ io.Writer) error {
	fs := command("info", modelInfoHelp, out)
	paths, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(paths) != 1 {
		return wrong("%d files are named, want one", len(paths))
	}
	m, err := model.Load(paths[0])
	if err != nil {
		return err
	}
	n := m.Network()
	fmt.Fprintf(out, "file: %s\nsample: %v, %d time steps\nelements: %v\n", paths[0], n.Shape, n.Steps, n.Dtype)
	shapes, err := shapesOf(n)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	total := 0
	for _, p := range m.Params() {
		k := p.Value().Shape().TotalSize()
		total += k
		counts[p.Name()] = k
	}
	for _, l := range layers.Describe(n.Net) {
		own := 0
		for name, k := range counts {
			if name == l.Name || strings.HasPrefix(name, l.Name+".") || l.Name == "" {
				own += k
			}
		}
		fmt.Fprintf(out, "layer %s: %s, %v, %d weights\n", l.Name, l.Settings, shapes[l.Name], own)
	}
	fmt.Fprintf(out, "weights: %d\n", total)
	return nil
}

// shapesOf returns the shapes that come out of layers, by name, without time and batch.
func shapesOf(n train.Network) (map[string][]int, error) {
	shape := append([]int{2, 1}, n.Shape...)
	x := G.NewTensor(G.NewGraph(), n.Dtype, len(shape), G.WithShape(shape...), G.WithName("x"), G.WithInit(G.Zeroes()))
	shapes := map[string][]int{}
	note := func(name string, _ layers.Layer, _, y *G.Node) {
		s := y.Shape()
		if len(s) > 2 || len(s) == 2 && s[0] == 2 {
			s = s[1:]
		}
		shapes[name] = append([]int{}, s[1:]...)
	}
	b := layers.NewBuild(0)
	b.Applied = note
	y, err := n.Net.Apply(b, x)
	if err == nil {
		note("", nil, x, y)
	}
	return shapes, err
}

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

// outputs returns the outputs of a model for one sample, and of how many time steps.
func outputs(m *train.Model, x []float64) (out []float64, steps int, err error) {
	n := m.Network()
	shape := append([]int{len(x) / tensor.Shape(n.Shape).TotalSize(), 1}, n.Shape...)
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
		return nil, 0, err
	}
	y, err := layers.Given(m.Tensors(), n.Net).Apply(layers.NewBuild(n.Seed), xs)
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
	if steps = 1; y.Dims() > 2 && y.Shape()[0] == shape[0] {
		steps = shape[0]
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
