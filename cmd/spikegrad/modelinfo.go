package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/cost"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/tally"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/train"
)

const modelInfoHelp = `usage: spikegrad model info FILE [-input IN.csv|IN.npy] [-json]

Says what is in a file of a model (model.Save): a line for each layer with the shape of
what comes out at one time step, or of a readout at the end, and the number of its
weights; and the multiply-accumulates of its maps, which no input takes more of.

What a network does depends on its input: with -input, as model predict takes it, the
spikes of each layer and the synaptic operations of each map are counted for that sample.
An operation is the addition of one weight to one neuron, for an input that is not zero.
What was measured when the model was saved is shown, too.

`

// A modelReport is what model info says.
type modelReport struct {
	File     string         `json:"file"`
	Sample   []int          `json:"sample"`
	Steps    int            `json:"steps"`
	Elements string         `json:"elements"`
	Layers   []layerReport  `json:"layers"`
	Weights  int            `json:"weights"`
	Maps     []mapReport    `json:"maps"`
	MACs     int            `json:"macs"` // of a time step
	Measured []effortReport `json:"measured,omitempty"`
}

type layerReport struct {
	Name    string `json:"name"`
	Layer   string `json:"layer"`
	Shape   []int  `json:"shape"`
	Weights int    `json:"weights"`
}

type mapReport struct {
	Name string `json:"name"`
	MACs int    `json:"macs"` // of a time step
}

// An effortReport is what a network did, a sample.
type effortReport struct {
	Data    string          `json:"data"`
	Samples int             `json:"samples"`
	Steps   float64         `json:"steps"`
	Layers  []spikingReport `json:"layers"`
	Maps    []eventsReport  `json:"maps"`
	SynOps  float64         `json:"synops"`
	PerStep float64         `json:"synops_per_step"`
	MACs    float64         `json:"macs"`
}

type spikingReport struct {
	Name    string  `json:"name"`
	Neurons int     `json:"neurons"`
	Spikes  float64 `json:"spikes"`
	Rate    float64 `json:"rate"` // spikes a neuron and time step
}

type eventsReport struct {
	Name   string  `json:"name"`
	Events float64 `json:"events"`
	SynOps float64 `json:"synops"`
	MACs   float64 `json:"macs"`
}

func modelInfo(args []string, out, _ io.Writer) error {
	fs := command("info", modelInfoHelp, out)
	input := fs.String("input", "", "`file` with the inputs of a sample, on which spikes and operations are counted")
	asJSON := fs.Bool("json", false, "an object of JSON")
	paths, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(paths) != 1 {
		return wrong("%d files are named, want one", len(paths))
	}
	rep, err := reportOf(paths[0], *input)
	if err != nil {
		return err
	}
	if !*asJSON {
		rep.print(out)
		return nil
	}
	b, err := json.MarshalIndent(rep, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(out, "%s\n", b)
	}
	return err
}

// reportOf says what is in a file, and what it does for an input unless that is "".
func reportOf(path, input string) (*modelReport, error) {
	m, err := model.Load(path)
	if err != nil {
		return nil, err
	}
	n := m.Network()
	rep := &modelReport{File: path, Sample: n.Shape, Steps: n.Steps, Elements: n.Dtype.String(), Layers: []layerReport{}, Maps: []mapReport{}}
	shapes, maps, err := shapesOf(n)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, p := range m.Params() {
		counts[p.Name()] = p.Value().Shape().TotalSize()
		rep.Weights += counts[p.Name()]
	}
	for _, l := range layers.Describe(n.Net) {
		own := 0
		for name, k := range counts {
			if name == l.Name || strings.HasPrefix(name, l.Name+".") || l.Name == "" {
				own += k
			}
		}
		rep.Layers = append(rep.Layers, layerReport{l.Name, l.Settings, shapes[l.Name], own})
	}
	for _, c := range maps {
		rep.Maps = append(rep.Maps, mapReport{c.Weights, c.TotalFanOut()})
		rep.MACs += c.TotalFanOut()
	}
	recorded, err := model.Recorded(path)
	if err != nil {
		return nil, err
	}
	if input != "" {
		x, err := readInputs(input, tensor.Shape(n.Shape).TotalSize())
		if err != nil {
			return nil, err
		}
		c, err := effort(m, x)
		if err != nil {
			return nil, fmt.Errorf("%s on %s: %w", path, input, err)
		}
		recorded = append(recorded, model.Measured{Data: input, Cost: c})
	}
	for _, r := range recorded {
		rep.Measured = append(rep.Measured, reported(r))
	}
	return rep, nil
}

// shapesOf returns the shapes that come out of layers, by name, without time and batch,
// and the maps.
func shapesOf(n train.Network) (map[string][]int, []connect.Connection, error) {
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
	if err != nil {
		return nil, nil, err
	}
	note("", nil, x, y)
	maps, _, err := connect.Connections(y)
	return shapes, maps, err
}

// effort counts what a model does for one sample.
func effort(m *train.Model, x []float64) (cost.Cost, error) {
	b, y, steps, err := applied(m, x)
	if err != nil {
		return cost.Cost{}, err
	}
	t, err := tally.New(y, b.Activities, m.Network().Dtype, 1, steps)
	if err != nil {
		return cost.Cost{}, err
	}
	one := &feed.Feeder{Present: []int{0}, Steps: []float32{float32(steps)}, Length: []float32{float32(steps)}}
	t.Begin(one)
	if err := t.Add(one, 0); err != nil {
		return cost.Cost{}, err
	}
	return t.Cost(), nil
}

func reported(r model.Measured) effortReport {
	macs, _ := r.Cost.MACs()
	rep := effortReport{Data: r.Data, Samples: r.Cost.Samples, Steps: r.Cost.Steps, Layers: []spikingReport{}, Maps: []eventsReport{}, SynOps: r.Cost.SynOps(), MACs: macs}
	if rep.Steps > 0 {
		rep.PerStep = rep.SynOps / rep.Steps
	}
	for _, l := range r.Cost.Layers {
		rate := 0.0
		if moments := float64(l.Neurons) * r.Cost.Steps; moments > 0 {
			rate = l.Spikes / moments
		}
		rep.Layers = append(rep.Layers, spikingReport{l.Name, l.Neurons, l.Spikes, rate})
	}
	for _, c := range r.Cost.Maps {
		rep.Maps = append(rep.Maps, eventsReport{c.Name, c.Events, c.Ops, c.Dense})
	}
	return rep
}

func (r *modelReport) print(out io.Writer) {
	fmt.Fprintf(out, "file: %s\nsample: %v, %d time steps\nelements: %v\n", r.File, r.Sample, r.Steps, r.Elements)
	for _, l := range r.Layers {
		fmt.Fprintf(out, "layer %s: %s, %v, %d weights\n", l.Name, l.Layer, l.Shape, l.Weights)
	}
	fmt.Fprintf(out, "weights: %d\n", r.Weights)
	for _, m := range r.Maps {
		fmt.Fprintf(out, "map %s: at most %d multiply-accumulates a time step\n", m.Name, m.MACs)
	}
	fmt.Fprintf(out, "multiply-accumulates: at most %d a time step, %d a sample\n", r.MACs, r.MACs*r.Steps)
	for _, e := range r.Measured {
		fmt.Fprintf(out, "measured on %q, %d samples of %g time steps, means a sample:\n", e.Data, e.Samples, e.Steps)
		for _, l := range e.Layers {
			fmt.Fprintf(out, "  spikes of %s: %.6g of %d neurons, %.4g a neuron and time step\n", l.Name, l.Spikes, l.Neurons, l.Rate)
		}
		for _, m := range e.Maps {
			fmt.Fprintf(out, "  map %s: %.6g events, %.6g synaptic operations, %.6g if dense\n", m.Name, m.Events, m.SynOps, m.MACs)
		}
		fmt.Fprintf(out, "  synaptic operations: %.6g a sample, %.6g a time step\n", e.SynOps, e.PerStep)
	}
}
