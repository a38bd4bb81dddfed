package docs_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/readout"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// The Examples here are what docs/snntorch.md shows; go generate ./internal/readme
// brings it up to date.

// leaky returns the parameters of a Leaky of snnTorch that decays by beta.
func leaky(beta float64) neurons.LIFBoxParams {
	p := neurons.DefaultLIFBoxParams() // Dt is 1 ms
	p.TauMemInv = graph.Const((1 - beta) / p.Dt)
	p.Spike = surrogate.Arctan{Alpha: 2}
	p.ResetMethod = neurons.ResetSubtract
	p.DetachReset = true
	return p
}

// classifier returns a network for points of the Yin-Yang set.
func classifier(l loss.Loss, end layers.Layer, ms ...metric.Metric) train.Network {
	return train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 50, Init: layers.Scaled{Gain: 8}}, layers.Named("hidden", layers.Lift(neurons.LIFBoxStep, leaky(0.9))),
			layers.Linear{Out: 3, Init: layers.Scaled{Gain: 4}}, layers.Named("out", layers.Lift(neurons.LIFBoxStep, leaky(0.9))),
			end,
		},
		Shape: []int{4}, Steps: 20, Batch: 50, Seed: 1, Loss: l, Metrics: ms,
	}
}

func Example_snntorchLeaky() {
	g := G.NewGraph()
	x := input(g, "x", slices.Repeat([]float32{0.3 / (1 - 0.9)}, 10), 10, 1, 1)
	run := must(graph.Scan(neurons.LIFBoxStep, x, nil, leaky(0.9)))
	fmt.Println(values(run.Out))
	fmt.Printf("%.2f\n", values(must(run.Trace("V"))))
	// Output:
	// [0 0 0 1 0 0 0 1 0 0]
	// [0.30 0.57 0.81 0.03 0.33 0.60 0.84 0.05 0.35 0.61]
}

func Example_snntorchSynaptic() {
	p := neurons.DefaultLIFParams()
	p.TauSynInv = graph.Const((1 - 0.8) / p.Dt)
	p.TauMemInv = graph.Const((1 - 0.9) / p.Dt)
	p.ResetMethod = neurons.ResetSubtract

	g := G.NewGraph()
	x := input(g, "x", []float32{5, 0, 0, 0, 5, 0, 0, 0, 0, 0}, 10, 1, 1) // 0.5/(1 - 0.9)
	run := must(graph.Scan(neurons.LIFStep, x, nil, p))
	fmt.Println(values(run.Out))
	fmt.Printf("%.2f\n", values(must(run.Trace("V"))))
	// Output:
	// [0 0 1 0 1 0 0 1 0 0]
	// [0.50 0.85 0.09 0.33 0.00 0.57 0.96 0.23 0.49 0.67]
}

func Example_snntorchRecurrent() {
	g := G.NewGraph()
	x := input(g, "x", slices.Repeat([]float32{3, 0}, 12), 12, 1, 2)
	w := input(g, "w", []float32{0, 12, -8, 0}, 2, 2) // from row to column
	run := must(graph.Scan(wrap.Recurrent(neurons.LIFBoxStep), x, nil,
		wrap.RecurrentParams[neurons.BoxState, neurons.LIFBoxParams]{Inner: leaky(0.9), W: w}))
	fmt.Println(values(must(readout.SumOverTime(run.Out))))
	// Output: [2 2]
}

func Example_snntorchSurrogate() {
	for _, f := range []graph.Func{surrogate.Arctan{Alpha: 2}, surrogate.SuperSpike{Alpha: 25}, surrogate.Sigmoid{Alpha: 25}} {
		g := G.NewGraph()
		v := input(g, "v", []float32{-0.1, 0, 0.2}, 3)
		z := must(surrogate.Threshold(v, f))
		grads, _, err := graph.Grad(must(G.Sum(z)), v)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%T %v %.3f\n", f, values(z), values(grads[0]))
	}
	// Output:
	// surrogate.Arctan [0 0 1] [0.910 1.000 0.717]
	// surrogate.SuperSpike [0 0 1] [0.082 1.000 0.028]
	// surrogate.Sigmoid [0 0 1] [1.753 6.250 0.166]
}

func Example_snntorchLearnBeta() {
	lif := layers.Lift(neurons.LIFBoxStep, leaky(0.9),
		layers.LearnEach("TauMemInv"), layers.Constrain(graph.Clip(0, 1000), "TauMemInv"), // β from 1 to 0
		layers.Learn("VTh"))
	m := must(train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 4, NoBias: true}, layers.Named("hidden", lif), layers.SumOverTime},
		Shape: []int{4}, Steps: 20, Batch: 50,
	}.Compile())
	for _, p := range m.Params() {
		fmt.Println(p.Name(), p.Value().Shape())
	}
	// Output:
	// 0.linear.w (4, 4)
	// hidden.TauMemInv (4)
	// hidden.VTh (1)
}

func Example_snntorchEncode() {
	x := []float32{0.02, 0.5, 1}
	rate := make([]float32, 1000*len(x)) // [T, n]
	p := encode.PoissonParams{FMax: 1000, Dt: 1e-3}
	if err := encode.Poisson(rate, x, 1000, p, rand.New(rand.NewPCG(1, 0))); err != nil {
		log.Fatal(err)
	}
	node := input(G.NewGraph(), "z", rate, 1000, 1, len(x))
	fmt.Println(values(must(encode.Sum(node, 0))))

	latency := make([]float32, 5*len(x))
	if err := encode.LinearLatency(latency, x, 5, encode.LinearLatencyParams{First: 0, Last: 4}); err != nil {
		log.Fatal(err)
	}
	for t := range 5 {
		fmt.Println(latency[3*t : 3*t+3])
	}
	// Output:
	// [21 489 1000]
	// [0 0 1]
	// [0 0 0]
	// [0 1 0]
	// [0 0 0]
	// [1 0 0]
}

func Example_snntorchTrain() {
	m := must(classifier(loss.CrossEntropy{}, layers.SumOverTime).Compile())
	t := train.Trainer{
		Model: m, Data: must(data.NewYinYang(2000, 42)),
		Optimiser: &optim.Adam{LearningRate: 0.03}, Epochs: 8,
	}
	must(t.Run(context.Background()))
	test := must(m.Evaluate(context.Background(), must(data.NewYinYang(500, 40)), nil))
	fmt.Println("more than 8 of 10 points right:", test.Accuracy > 0.8)
	// Output: more than 8 of 10 points right: true
}

func Example_snntorchLoss() {
	points := must(data.NewYinYang(50, 42))
	for _, n := range []train.Network{
		classifier(loss.CrossEntropy{Sequence: true}, layers.Identity),       // ce_rate_loss
		classifier(loss.CrossEntropy{}, layers.SumOverTime),                  // ce_count_loss
		classifier(loss.SpikeCount{Right: 16, Wrong: 4}, layers.SumOverTime), // mse_count_loss
		classifier(loss.FirstSpike{}, layers.FirstSpike{Latest: 20}),         // ce_temporal_loss
	} {
		s := must(must(n.Compile()).Evaluate(context.Background(), points, nil))
		fmt.Printf("%.2f\n", s.Loss)
	}
	// Output:
	// 1.09
	// 1.04
	// 0.36
	// 1.35
}

func Example_snntorchMetrics() {
	m := must(classifier(nil, layers.SumOverTime, metric.TopK{K: 2}, metric.F1{}, metric.Confusion{}).Compile())
	t := train.Trainer{
		Model: m, Data: must(data.NewYinYang(1000, 42)), Validation: must(data.NewYinYang(200, 40)),
		Optimiser: &optim.Adam{LearningRate: 0.03}, Epochs: 4,
	}
	r := must(t.Run(context.Background()))
	v := r.History[3].Validation
	for _, v := range v.Values[:3] {
		fmt.Println(v.Name, "above 0.5:", v.Value > 0.5)
	}
	fmt.Println("answers for each class:", len(v.Values[3].Table[0]))
	// Output:
	// accuracy above 0.5: true
	// top-2 accuracy above 0.5: true
	// F1 above 0.5: true
	// answers for each class: 3
}

func Example_snntorchSave() {
	dir := must(os.MkdirTemp("", "snntorch"))
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "yinyang.safetensors")

	m := must(classifier(nil, layers.SumOverTime).Compile())
	if err := model.Save(path, m); err != nil {
		log.Fatal(err)
	}
	same := must(model.Load(path)) // the network too
	x := []float32{0.75, 0.5, 0.25, 0.5}
	a := must(m.Answers(context.Background(), nil, x))
	b := must(same.Answers(context.Background(), nil, x))
	fmt.Println(slices.Equal(a[0].Outputs, b[0].Outputs), len(same.Tensors()), "tensors")
	// Output: true 4 tensors
}

func Example_snntorchRecord() {
	m := must(train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 2, Init: layers.Constant(3), NoBias: true},
			layers.Named("hidden", layers.Lift(neurons.LIFBoxStep, leaky(0.9))), layers.SumOverTime,
		},
		Shape: []int{1}, Steps: 10, Batch: 1,
	}.Compile())
	d := must(data.New([]int{1}, []float32{1}, []int{0}))
	rs := must(m.Record(context.Background(), d, nil, []int{0},
		layers.Probe{Layer: "hidden", Neurons: []int{1}}, layers.Probe{Layer: "hidden", State: "V", Neurons: []int{1}}))
	fmt.Println(rs[0].Sample(0))
	fmt.Printf("%.2f\n", rs[1].Sample(0))
	// Output:
	// [0 0 0 1 0 0 0 1 0 0]
	// [0.30 0.57 0.81 0.03 0.33 0.60 0.84 0.05 0.35 0.61]
}
