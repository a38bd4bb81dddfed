package docs_test

import (
	"context"
	"fmt"
	"log"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/augment"
	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/recordings"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/nir"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// The Examples here are what docs/spikingjelly.md shows; go generate
// ./internal/readme brings it up to date.

// lifNode returns the parameters of a LIFNode of SpikingJelly with this tau.
func lifNode(tau float64) neurons.LIFBoxParams {
	p := neurons.DefaultLIFBoxParams()
	p.TauMemInv = graph.Const(1 / (tau * p.Dt)) // 1/s
	p.Spike = surrogate.Sigmoid{Alpha: 4}
	return p
}

// bars returns images [1 8 8] with an upright bar, class 0, or one that lies, class 1.
func bars() *data.Memory {
	x, labels := make([]float32, 32*64), make([]int, 32)
	for i := range labels {
		labels[i] = i % 2
		for k := range 8 {
			x[64*i+[]int{8*k + i/2%8, i/2%8*8 + k}[i%2]] = 1
		}
	}
	return must(data.New([]int{1, 8, 8}, x, labels))
}

// nmnist writes recordings in the way in which N-MNIST lies in its folder, one a
// digit to train with and one to test.
func nmnist() (dir string) {
	dir = must(os.MkdirTemp("", "nmnist"))
	for i := range 20 {
		folder := filepath.Join(dir, []string{"Train", "Test"}[i/10], fmt.Sprint(i%10))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			log.Fatal(err)
		}
		var es []events.Event
		for t := range 200 {
			es = append(es, events.Event{T: int64(1500 * t), X: uint16(3*(i%10) + t%7), Y: uint16(t / 10), On: t%2 == 0})
		}
		if err := events.WriteFile(filepath.Join(folder, fmt.Sprintf("%05d.bin", i+1)), "", events.Of(es, 34, 34)); err != nil {
			log.Fatal(err)
		}
	}
	return dir
}

// conv returns a block of a convolutional network: kernels, threshold-dependent
// batch norm, neurons.
func conv(out int) layers.Layer {
	return layers.Sequential{
		layers.Conv2D{Out: out, Kernel: 3, Conv: connect.Conv{Pad: 1}, NoBias: true},
		layers.BatchNorm{Scale: 1}, // α v_th
		layers.Lift(neurons.LIFBoxStep, lifNode(2)),
	}
}

func Example_spikingjellyLIF() {
	g := G.NewGraph()
	x := input(g, "x", slices.Repeat([]float32{1.2}, 10), 10, 1, 1) // [T, batch, n]
	run := must(graph.Scan(neurons.LIFBoxStep, x, nil, lifNode(2)))
	fmt.Println(values(run.Out))
	fmt.Printf("%.2f\n", values(must(run.Trace("V"))))
	// Output:
	// [0 0 1 0 0 1 0 0 1 0]
	// [0.60 0.90 0.00 0.60 0.90 0.00 0.60 0.90 0.00 0.60]
}

func Example_spikingjellyPLIF() {
	p := neurons.DefaultPLIFParams()
	p.K = graph.Const(1.0 / 4) // 1/tau
	plif := layers.Lift(neurons.PLIFStep, p, layers.Learn("K"), layers.Constrain(graph.Sigmoid, "K"))
	m := must(train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 20}, layers.Named("hidden", plif), layers.Linear{Out: 3}, layers.MeanOverTime},
		Shape: []int{4}, Steps: 8, Batch: 50,
	}.Compile())
	w := m.Params()[2]
	fmt.Printf("%s %.3f\n", w.Name(), w.Values().Data())
	// Output: hidden.K [0.250]
}

func Example_spikingjellyPoisson() {
	x := []float32{0, 0.25, 1}
	z := make([]float32, 1000*len(x)) // [T, n]
	p := encode.PoissonParams{FMax: 1000, Dt: 1e-3}
	if err := p.Encode(z, x, 1000, rand.New(rand.NewPCG(1, 0))); err != nil {
		log.Fatal(err)
	}
	fmt.Println(values(must(encode.Sum(input(G.NewGraph(), "z", z, 1000, 1, len(x)), 0))))
	// Output: [0 244 1000]
}

func Example_spikingjellyConv() {
	m := must(train.Network{
		Net:   layers.Sequential{conv(8), layers.Pool{Size: 2, Max: true}, conv(8), layers.Flatten, layers.Linear{Out: 2}, layers.MeanOverTime},
		Shape: []int{1, 8, 8}, Steps: 4, Batch: 16, Seed: 1,
	}.Compile())
	t := train.Trainer{Model: m, Data: bars(), Optimiser: &optim.Adam{LearningRate: 0.01}, Epochs: 10}
	r := must(t.Run(context.Background()))
	fmt.Println(r.History[9].Train.Accuracy)
	// Output: 1
}

func Example_spikingjellySEW() {
	for _, join := range []layers.Join{layers.JoinAdd, layers.JoinAnd, layers.JoinIAnd} {
		block := layers.Residual{
			Body: layers.Sequential{layers.Linear{Out: 1, Init: layers.Constant(1.5)}, layers.Lift(neurons.LIFBoxStep, lifNode(2))},
			Join: join,
		}
		x := input(G.NewGraph(), "x", []float32{1, 1, 0, 1, 0}, 5, 1, 1) // spikes, [T, batch, n]
		fmt.Println(values(must(block.Apply(layers.NewBuild(1), x))))
	}
	// Output:
	// [1 2 0 1 0]
	// [0 1 0 0 0]
	// [1 0 0 1 0]
}

func Example_spikingjellyTET() {
	net := layers.Sequential{
		layers.Linear{Out: 20}, layers.Lift(neurons.LIFBoxStep, lifNode(2)), layers.Linear{Out: 3}, // no readout
	}
	for _, l := range []loss.Loss{loss.CrossEntropy{Sequence: true}, loss.TET{}, loss.TET{Lambda: 0.05, Level: 1}} {
		m := must(train.Network{Net: net, Shape: []int{4}, Steps: 8, Batch: 50, Seed: 1, Loss: l}.Compile())
		s := must(m.Evaluate(context.Background(), must(data.NewYinYang(50, 42)), nil))
		fmt.Printf("%.4f\n", s.Loss)
	}
	// Output:
	// 1.1109
	// 1.1109
	// 1.1101
}

func Example_spikingjellyBNTT() {
	for _, norm := range []layers.Layer{
		layers.Named("bntt", layers.BatchNorm{PerStep: 4, NoBias: true}),
		layers.Named("tebn", layers.BatchNorm{StepGain: 4}),
	} {
		x := input(G.NewGraph(), "x", make([]float32, 4*2*3), 4, 2, 3) // [T, batch, channels]
		b := layers.NewBuild(1)
		must(norm.Apply(b, x))
		for _, n := range slices.Concat(b.Params, b.Fixed) {
			fmt.Println(n.Name(), n.Shape())
		}
	}
	// Output:
	// bntt.norm.w (4, 3)
	// bntt.norm.mean (4, 3)
	// bntt.norm.var (4, 3)
	// tebn.norm.w (3)
	// tebn.norm.b (3)
	// tebn.norm.step (4)
	// tebn.norm.mean (3)
	// tebn.norm.var (3)
}

func Example_spikingjellyNMNIST() {
	dir := nmnist() // or the folder of N-MNIST
	defer os.RemoveAll(dir)
	folder := must(recordings.NMNIST.Open(dir))
	set := must(recordings.New(folder.Train, recordings.Params{
		Options: folder.Options, Classes: len(folder.Classes),
		Bins: events.Bins{Dt: 30 * time.Millisecond, Steps: 10},
	}))
	learn := must(augment.New(set, 42, augment.Shift{Most: 2}, augment.Drop{P: 0.1}, augment.Delay{Most: 1}))
	m := must(train.Network{
		Net: layers.Sequential{
			layers.Conv2D{Out: 4, Kernel: 5, Conv: connect.Conv{Stride: 3}}, layers.Lift(neurons.LIFBoxStep, lifNode(2)),
			layers.Flatten, layers.Linear{Out: len(folder.Classes)}, layers.MeanOverTime,
		},
		Shape: []int{2, 34, 34}, Steps: 10, Batch: 5, SpikeInput: true, Classes: folder.Classes,
	}.Compile())
	r := must((&train.Trainer{Model: m, Data: learn, Epochs: 2, Loaders: 2}).Run(context.Background()))
	fmt.Println(learn.Len(), "recordings,", len(r.History), "epochs")
	// Output: 10 recordings, 2 epochs
}

func Example_spikingjellyMonitor() {
	m := must(train.Network{
		Net:   layers.Sequential{layers.Named("features", conv(4)), layers.Flatten, layers.Linear{Out: 2}, layers.MeanOverTime},
		Shape: []int{1, 8, 8}, Steps: 4, Batch: 16, Seed: 1,
	}.Compile())
	for _, r := range must(m.Record(context.Background(), bars(), nil, []int{0, 1})) {
		fmt.Printf("%s %q: %d samples, %d steps, %d neurons\n", r.Layer, r.State, len(r.Samples), r.Steps, r.N())
	}
	// Output:
	// features.2 "": 2 samples, 4 steps, 256 neurons
	// features.2 "V": 2 samples, 4 steps, 256 neurons
}

func Example_spikingjellyFold() {
	n := train.Network{
		Net:   layers.Sequential{conv(4), layers.Flatten, layers.Linear{Out: 2}, layers.MeanOverTime},
		Shape: []int{1, 8, 8}, Steps: 4, Batch: 16, Seed: 1,
	}
	m := must(n.Compile())
	must((&train.Trainer{Model: m, Data: bars(), Epochs: 2}).Run(context.Background()))
	n.Net = must(layers.Fold(n.Net, n.Shape, m.Tensors()))
	folded := must(n.Compile())

	a, b := must(m.Predict(context.Background(), bars(), nil)), must(folded.Predict(context.Background(), bars(), nil))
	off := 0.0
	for i, y := range a.Data().([]float32) {
		off = max(off, math.Abs(float64(y-b.Data().([]float32)[i])))
	}
	fmt.Println(len(m.Tensors()), "tensors, folded", len(folded.Tensors()), "and the same within 1e-5:", off < 1e-5)

	g := must(nir.Export(n.Net, n.Shape, folded.Tensors(), nir.ExportOptions{Metadata: true}))
	fmt.Println(slices.Sorted(maps.Keys(g.Nodes)))
	// Output:
	// 7 tensors, folded 4 and the same within 1e-5: true
	// [0.0 0.2 1 2 input output]
}

func Example_spikingjellyGroups() {
	m := must(train.Network{
		Net: layers.Sequential{
			layers.Named("trunk", conv(4)), layers.Flatten, layers.Named("head", layers.Linear{Out: 2}), layers.MeanOverTime,
		},
		Shape: []int{1, 8, 8}, Steps: 4, Batch: 16, Seed: 1,
	}.Compile())
	before := map[string]*tensor.Dense{}
	for _, p := range m.Params() {
		before[p.Name()] = p.Values().Clone().(*tensor.Dense)
	}
	t := train.Trainer{Model: m, Data: bars(), Epochs: 1, Optimiser: &optim.Groups{
		Default: &optim.Adam{LearningRate: 1e-2},
		Of: []optim.Group{
			{Match: "trunk.*", Frozen: true},
			{Match: "*.b", Optimiser: &optim.SGD{LearningRate: 0.1}},
		},
	}}
	must(t.Run(context.Background()))
	for _, p := range m.Params() {
		fmt.Println(p.Name(), "changed:", !p.Values().Eq(before[p.Name()]))
	}
	// Output:
	// trunk.0.conv.w changed: false
	// trunk.1.norm.w changed: false
	// trunk.1.norm.b changed: false
	// head.linear.w changed: true
	// head.linear.b changed: true
}
