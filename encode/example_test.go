package encode_test

import (
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
)

// input adds an input with a value to a graph.
func input(g *G.ExprGraph, name string, shape []int, x ...float32) *G.Node {
	n, err := graph.Input(g, name, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x)))
	if err != nil {
		log.Fatal(err)
	}
	return n
}

// value computes a node.
func value(n *G.Node) []float32 {
	m, err := machine.New(n)
	if err != nil {
		log.Fatal(err)
	}
	if err := m.Run(); err != nil {
		log.Fatal(err)
	}
	return m.Value(0).Data().([]float32)
}

// show prints each train of a code, [T, n], as a line.
func show(z []float32, steps int) {
	n := len(z) / steps
	for i := range n {
		for t := range steps {
			fmt.Print(map[float32]string{0: "·", 1: "|"}[z[t*n+i]])
		}
		fmt.Println()
	}
}

// Pixels fire at up to 200 Hz for 100 ms.
func ExamplePoisson() {
	const steps = 100
	pixels := []float32{0, 0.25, 0.5, 1}
	spikes := make([]float32, steps*len(pixels))
	p := encode.PoissonParams{FMax: 200, Dt: 1e-3}
	if err := encode.Poisson(spikes, pixels, steps, p, rand.New(rand.NewPCG(1, 0))); err != nil {
		log.Fatal(err)
	}
	counts := make([]int, len(pixels))
	for i, z := range spikes {
		counts[i%len(pixels)] += int(z)
	}
	fmt.Println(counts[0], counts[1] < counts[2], counts[2] < counts[3])
	// Output: 0 true true
}

// A point of the Yin-Yang set as four spike times. Here small values spike
// early, as its authors do it, so that first, the step of a value of 1, is late.
func ExampleLinearLatency() {
	const steps = 12
	set, err := data.NewYinYang(1, 42)
	if err != nil {
		log.Fatal(err)
	}
	x := make([]float32, 4)
	if _, err := set.Sample(0, x); err != nil {
		log.Fatal(err)
	}
	spikes := make([]float32, steps*len(x))
	if err := encode.LinearLatency(spikes, x, steps, encode.LinearLatencyParams{First: steps - 1, Last: 0}); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f\n", x)
	show(spikes, steps)
	// Output:
	// [0.77 0.53 0.23 0.47]
	// ········|···
	// ······|·····
	// ···|········
	// ·····|······
}

// The closer to the threshold, the later; below it, never.
func ExampleLogLatency() {
	const steps = 20
	x := []float32{1, 0.5, 0.3, 0.25, 0.2}
	spikes := make([]float32, steps*len(x))
	if err := encode.LogLatency(spikes, x, steps, encode.DefaultLogLatencyParams()); err != nil {
		log.Fatal(err)
	}
	show(spikes, steps)
	// Output:
	// ··|·················
	// ·····|··············
	// ··········|·········
	// ················|···
	// ····················
}

// A constant current makes a neuron fire at a steady rate.
func ExampleConstantCurrentLIF() {
	x := input(G.NewGraph(), "x", []int{1, 3}, 0.9, 1.5, 3)
	z, err := encode.ConstantCurrentLIF(x, 30, neurons.DefaultLIFBoxParams())
	if err != nil {
		log.Fatal(err)
	}
	show(value(z), 30)
	// Output:
	// ······························
	// ··········|··········|········
	// ···|···|···|···|···|···|···|··
}

// The same neurons, and of each its first spike.
func ExampleSpikeLatencyLIF() {
	x := input(G.NewGraph(), "x", []int{1, 3}, 0.9, 1.5, 3)
	z, err := encode.SpikeLatencyLIF(x, 30, neurons.DefaultLIFBoxParams())
	if err != nil {
		log.Fatal(err)
	}
	show(value(z), 30)
	// Output:
	// ······························
	// ··········|···················
	// ···|··························
}

// Five neurons prefer 0, 0.25, 0.5, 0.75 and 1. A kernel of one's own tunes them
// more narrowly than the default.
func ExamplePopulation() {
	x := input(G.NewGraph(), "x", []int{2}, 0.25, 0.9)
	y, err := encode.Population(x, encode.PopulationParams{
		Features: 5, Scale: 1,
		Kernel: func(b *graph.Builder, d *G.Node) *G.Node { return b.Exp(b.Scale(d, graph.Const(-10))) },
	})
	if err != nil {
		log.Fatal(err)
	}
	z := value(y)
	fmt.Printf("%.2f\n%.2f\n", z[:5], z[5:])
	// Output:
	// [0.54 1.00 0.54 0.08 0.00]
	// [0.00 0.01 0.20 0.80 0.90]
}

// The first two spikes of each of two trains.
func ExampleSpikeTimes() {
	z := input(G.NewGraph(), "z", []int{4, 2},
		0, 1,
		1, 0,
		0, 0,
		1, 0)
	ts, err := encode.SpikeTimes(z, 2)
	if err != nil {
		log.Fatal(err)
	}
	v := value(ts)
	fmt.Println(v[:2], v[2:])
	// Output: [1 0] [3 +Inf]
}

// A trace of spikes that is halved in every step.
func ExampleFilterStep() {
	z := input(G.NewGraph(), "z", []int{5, 1}, 0, 1, 0, 0, 1)
	run, err := graph.Scan(encode.FilterStep, z, nil, encode.FilterParams{Decay: graph.Const(0.5)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(value(run.Out))
	// Output: [0 1 0.5 0.25 1.125]
}

// A bank of fields whose parameters can be learnt: two angles, and for each a
// Gaussian that is twice as long as wide, and its derivative along the angle.
func ExampleSpatialReceptiveFields() {
	p, err := encode.SpatialParameters[float32](encode.SpatialSet{
		Scales: []float64{2}, Angles: []float64{0, math.Pi / 2}, Ratios: []float64{math.Sqrt2},
		Derivatives: [][2]int{{0, 0}, {1, 0}},
	})
	if err != nil {
		log.Fatal(err)
	}
	parameters, err := graph.Input(G.NewGraph(), "fields", p)
	if err != nil {
		log.Fatal(err)
	}
	k, err := encode.SpatialReceptiveFields(parameters, 5, 4)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(k.Shape())
	v := value(k)
	for r := range 5 {
		fmt.Printf("%.3f\n", v[r*5:r*5+5])
	}
	// Output:
	// (4, 5, 5)
	// [0.000 0.000 0.000 0.000 0.000]
	// [0.006 0.026 0.043 0.026 0.006]
	// [0.043 0.192 0.317 0.192 0.043]
	// [0.006 0.026 0.043 0.026 0.006]
	// [0.000 0.000 0.000 0.000 0.000]
}

// An edge in an image, seen by fields that look for one in two directions.
func ExampleSpatialReceptiveFields_convolution() {
	p, err := encode.SpatialParameters[float32](encode.SpatialSet{
		Scales: []float64{1}, Angles: []float64{0, math.Pi / 2}, Ratios: []float64{2}, Derivatives: [][2]int{{1, 0}},
	})
	if err != nil {
		log.Fatal(err)
	}
	g := G.NewGraph()
	parameters, err := graph.Input(g, "fields", p)
	if err != nil {
		log.Fatal(err)
	}
	k, err := encode.SpatialReceptiveFields(parameters, 7, 3) // [2, 7, 7]
	if err != nil {
		log.Fatal(err)
	}
	k, err = graph.Reshape(k, 2, 1, 7, 7) // [out, in, h, w]
	if err != nil {
		log.Fatal(err)
	}
	image := make([]float32, 9*9)
	for i := range image {
		if i%9 >= 4 {
			image[i] = 1 // the right half is bright
		}
	}
	x := input(g, "image", []int{1, 1, 1, 9, 9}, image...) // [T, batch, in, h, w]
	y, err := connect.Conv2D(x, k, nil, connect.Conv{})    // [T, batch, out, h', w']
	if err != nil {
		log.Fatal(err)
	}
	v := value(y)
	for i, angle := range []string{"0°", "90°"} {
		strongest := 0.
		for _, answer := range v[9*i : 9*i+9] {
			strongest = max(strongest, math.Abs(float64(answer)))
		}
		fmt.Printf("derivative at %s: %.2f\n", angle, strongest)
	}
	// Output:
	// derivative at 0°: 0.16
	// derivative at 90°: 0.00
}
