package docs_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/presets"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plasticity"
	"github.com/spikegrad/spikegrad/readout"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// The Examples here are what docs/norse.md shows; go generate ./internal/readme
// brings it up to date.

// must returns v, and ends the program if there is an error.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// input adds an input with a value to a graph.
func input(g *G.ExprGraph, name string, x []float32, shape ...int) *G.Node {
	return must(graph.Input(g, name, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))))
}

// values computes a node and returns its elements.
func values(n *G.Node) []float32 {
	m := must(machine.New(n))
	if err := m.Run(); err != nil {
		log.Fatal(err)
	}
	return m.Value(0).Data().([]float32)
}

func Example_norseLift() {
	g := G.NewGraph()
	x := input(g, "x", slices.Repeat([]float32{0.5}, 20), 20, 1, 1)
	run := must(graph.Scan(neurons.LIFStep, x, nil, neurons.DefaultLIFParams()))
	fmt.Println(values(run.Out))
	// Output: [0 0 0 0 0 0 0 0 1 0 0 0 0 0 1 0 0 0 0 1]
}

func Example_norseRecurrent() {
	g := G.NewGraph()
	x := input(g, "x", slices.Repeat([]float32{1, 0, 1}, 30), 30, 1, 3)
	in := input(g, "in", []float32{0.9, 0.2, 0, 0, 0.1, 0.2}, 3, 2) // from row to column
	w := input(g, "w", []float32{0, 1.5, -0.5, 0}, 2, 2)

	p := neurons.DefaultLSNNParams()
	p.DetachReset = true // as lsnn_step has it
	run := must(graph.Scan(wrap.Recurrent(neurons.LSNNStep), must(connect.Linear(x, in, nil)), nil,
		wrap.RecurrentParams[neurons.LSNNState, neurons.LSNNParams]{Inner: p, W: w}))
	fmt.Println(values(must(readout.SumOverTime(run.Out))))
	// Output: [2 1]
}

func Example_norseTrain() {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	m := must(train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 100, Init: layers.Scaled{Gain: 4}},
			layers.Lift(neurons.LIFStep, p),
			layers.Linear{Out: 3},
			layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 30, Batch: 50, Seed: 1,
	}.Compile())
	t := train.Trainer{
		Model: m, Data: must(data.NewYinYang(5000, 42)),
		Optimiser: &optim.Adam{LearningRate: 5e-3}, Epochs: 4,
	}
	must(t.Run(context.Background()))
	test := must(m.Evaluate(context.Background(), must(data.NewYinYang(500, 40)), nil))
	fmt.Println("more than 9 of 10 points right:", test.Accuracy > 0.9)
	// Output: more than 9 of 10 points right: true
}

func Example_norseSurrogate() {
	g := G.NewGraph()
	x := input(g, "x", []float32{6, 0, 4, 0, 0}, 5, 1, 1)
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.Triangle{Alpha: 0.3}
	run := must(graph.Scan(neurons.LIFStep, x, nil, p))
	grads, _, err := graph.Grad(must(G.Sum(run.Out)), x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f\n", values(grads[0]))
	// Output: [0.087 0.066 0.058 0.028 0.015]
}

func Example_norseLearn() {
	g := G.NewGraph()
	x := input(g, "x", slices.Repeat([]float32{0.5}, 20), 20, 1, 1)
	tau := input(g, "tau", []float32{100}, 1)
	p := neurons.DefaultLIFParams()
	p.TauMemInv = graph.Learn(tau)
	run := must(graph.Scan(neurons.LIFStep, x, nil, p))
	grads, _, err := graph.Grad(must(G.Sum(run.Out)), tau)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("a faster membrane fires more:", values(grads[0])[0] > 0)

	// In a layer by the name of the field, here one value for each neuron.
	b := layers.NewBuild(1)
	l := layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), layers.LearnEach("TauMemInv")))
	must(l.Apply(b, x))
	fmt.Println(b.Params[0].Name(), values(b.Params[0]))
	// Output:
	// a faster membrane fires more: true
	// hidden.TauMemInv [100]
}

func Example_norsePoisson() {
	x := []float32{0, 0.5, 1}
	z := make([]float32, 1000*len(x)) // [T, n]
	p := encode.PoissonParams{FMax: 100, Dt: 1e-3}
	if err := encode.Poisson(z, x, 1000, p, rand.New(rand.NewPCG(1, 0))); err != nil {
		log.Fatal(err)
	}
	node := input(G.NewGraph(), "z", z, 1000, 1, len(x))
	fmt.Println(values(must(encode.Sum(node, 0))))
	// Output: [0 45 97]
}

func Example_norseSparse() {
	events := must(connect.NewSpikes(20, 1, 3)) // [T, batch, m]
	for t := range 10 {
		if err := events.Add(2*t, 0, 2, 1); err != nil {
			log.Fatal(err)
		}
	}

	g := G.NewGraph()
	x := must(connect.SpikeInput(g, "x", tensor.Float32, events))
	in := input(g, "in", []float32{0.9, 0.2, 0, 0, 1.1, 0.8}, 3, 2)
	w := input(g, "w", []float32{0, 0.5, -0.5, 0}, 2, 2)
	run := must(graph.Scan(wrap.Recurrent(neurons.LIFStep), must(connect.Linear(x, in, nil)), nil,
		wrap.RecurrentParams[neurons.LIFState, neurons.LIFParams]{Inner: neurons.DefaultLIFParams(), W: w}))
	fmt.Println(values(must(readout.SumOverTime(run.Out))))
	// Output: [3 2]
}

func Example_norseRegularise() {
	p := neurons.DefaultLIFParams()
	m := must(train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 100, Init: layers.Scaled{Gain: 4}},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, p,
				layers.Regularise(layers.Rate{Upper: 0.05, Weight: 1, Layer: true}))),
			layers.Linear{Out: 3},
			layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 30, Batch: 50,
	}.Compile())
	r := must(m.Evaluate(context.Background(), must(data.NewYinYang(500, 40)), nil))
	fmt.Println("more than 5 % of the steps have a spike:", r.Rates[0].Value > 0.05)
	fmt.Println("which adds to the loss that a Trainer lowers:", r.Terms["hidden.rate"] > 0)
	// Output:
	// more than 5 % of the steps have a spike: true
	// which adds to the loss that a Trainer lowers: true
}

func Example_norseRefractory() {
	g := G.NewGraph()
	x := input(g, "x", slices.Repeat([]float32{2}, 20), 20, 1, 1)
	p := wrap.RefractoryParams[neurons.LIFState, neurons.LIFParams]{
		Inner: neurons.DefaultLIFParams(), RhoReset: graph.Const(4),
	}
	run := must(graph.Scan(wrap.Refractory(neurons.LIFStep), x, nil, p))
	fmt.Println(values(run.Out))
	// Output: [0 0 0 1 0 0 0 0 0 1 0 0 0 0 0 1 0 0 0 0]
}

func Example_norseSTDP() {
	g := G.NewGraph()
	before := input(g, "before", []float32{1, 0, 0, 0, 0, 0}, 6, 1, 1)
	behind := input(g, "behind", []float32{0, 0, 1, 0, 0, 0}, 6, 1, 1)
	rule := plasticity.DefaultSTDPParams()
	rule.APre, rule.EtaPlus = graph.Const(50), graph.Const(0.1)
	p := plasticity.NewRuleParams(rule, []int{1}, []int{1})
	run := must(graph.Scan(plasticity.RuleStep, must(plasticity.Join(before, behind)), nil, p))
	fmt.Printf("%.3f\n", values(must(run.Trace("W")))) // [T, pre, post]
	// Output: [0.500 0.500 0.596 0.596 0.596 0.596]
}

func Example_norseSTP() {
	g := G.NewGraph()
	z := input(g, "z", []float32{0, 1, 1, 1, 1}, 5, 1, 1)
	run := must(graph.Scan(plasticity.STPStep, z, nil, plasticity.DefaultSTPParams()))
	fmt.Printf("%.3f\n", values(run.Out))
	// Output: [0.000 0.450 0.379 0.140 0.029]
}

func Example_norseIzhikevich() {
	g := G.NewGraph()
	x := input(g, "x", slices.Repeat([]float32{15}, 400), 400, 1, 1)
	run := must(graph.Scan(neurons.IzhikevichStep, x, nil, presets.TonicBursting.Params()))
	for t, z := range values(run.Out) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 11 17 24 31 39 47 56 66 77 91 110 247 256 266 278 292 311
}

func Example_norseRecord() {
	g := G.NewGraph()
	x := input(g, "x", slices.Repeat([]float32{1.2}, 6), 6, 1, 1)
	run := must(graph.Scan(neurons.LIFStep, x, nil, neurons.DefaultLIFParams()))
	fmt.Printf("%.2f\n", values(must(run.Trace("V"))))
	s := must(run.Final())
	fmt.Printf("%.2f %.2f\n", values(s.V), values(s.I))
	// Output:
	// [0.12 0.32 0.58 0.88 0.00 0.44]
	// [0.44] [3.54]
}
