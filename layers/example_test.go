package layers_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
)

// A network is a list of layers. Applied to a node it adds itself to the node's
// graph, and the Build says what was added.
func Example() {
	net := layers.Sequential{
		layers.Linear{Out: 128},
		layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(),
			layers.LearnEach("TauMemInv"),
			layers.Regularise(layers.Rate{Upper: 0.1, Weight: 1e-2}))),
		layers.Linear{Out: 10},
		layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
		layers.MaxOverTime,
	}
	g := G.NewGraph()
	x := G.NewTensor(g, tensor.Float32, 3, G.WithName("x"), G.WithShape(100, 32, 700)) // [T, batch, features]
	b := layers.NewBuild(42)
	logits, err := net.Apply(b, x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("logits", logits.Shape())
	for _, p := range b.Params {
		fmt.Println(p.Name(), p.Shape())
	}
	for _, p := range b.Penalties {
		fmt.Println("penalty", p.Name)
	}
	// Output:
	// logits (32, 10)
	// 0.linear.w (700, 128)
	// 0.linear.b (128)
	// hidden.TauMemInv (128)
	// 2.linear.w (128, 10)
	// 2.linear.b (10)
	// penalty hidden.rate
}

// A layer is at home in any Gorgonia graph: here leaky integrate-and-fire
// neurons stand between two matrix products of Gorgonia's, and all is trained by
// Gorgonia's own solver on Gorgonia's own machine. The network learns exclusive
// or from constant currents.
func Example_insideGorgonia() {
	const steps, samples, hidden = 20, 4, 16
	g := G.NewGraph()
	r := rand.New(rand.NewPCG(7, 0))
	matrix := func(name string, rows, cols int, value func(row, col int) float32) *G.Node {
		v := make([]float32, rows*cols)
		for i := range v {
			v[i] = value(i/cols, i%cols)
		}
		return G.NewMatrix(g, tensor.Float32, G.WithName(name), G.WithShape(rows, cols),
			G.WithValue(tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(v))))
	}
	inputs := [samples][3]float32{{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}} // the third is a bias
	x := matrix("x", steps*samples, 3, func(row, col int) float32 { return inputs[row%samples][col] })
	want := matrix("want", samples, 1, func(row, _ int) float32 { return []float32{0, 1, 1, 0}[row] })
	w1 := matrix("w1", 3, hidden, func(int, int) float32 { return float32(r.NormFloat64()) })
	w2 := matrix("w2", hidden, 1, func(int, int) float32 { return float32(r.NormFloat64()) })

	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 5}
	current := G.Must(G.Reshape(G.Must(G.Mul(x, w1)), tensor.Shape{steps, samples, hidden}))
	spiking := layers.Sequential{layers.Lift(neurons.LIFStep, p), layers.MeanOverTime}
	rates, err := spiking.Apply(layers.NewBuild(1), current)
	if err != nil {
		log.Fatal(err)
	}
	out := G.Must(G.Mul(rates, w2))
	loss := G.Must(G.Mean(G.Must(G.Square(G.Must(G.Sub(out, want))))))
	if _, err := G.Grad(loss, w1, w2); err != nil {
		log.Fatal(err)
	}
	var lossNow, outNow G.Value
	G.Read(loss, &lossNow)
	G.Read(out, &outNow)

	vm := G.NewTapeMachine(g, G.BindDualValues(w1, w2))
	defer vm.Close()
	solver := G.NewAdamSolver(G.WithLearnRate(0.05))
	for step := range 301 {
		if err := vm.RunAll(); err != nil {
			log.Fatal(err)
		}
		if err := solver.Step([]G.ValueGrad{w1, w2}); err != nil {
			log.Fatal(err)
		}
		if step%150 == 0 {
			fmt.Printf("step %3d: loss below 0.01 is %t\n", step, lossNow.Data().(float32) < 0.01)
		}
		vm.Reset()
	}
	for i, y := range outNow.Data().([]float32) {
		fmt.Printf("%v xor %v: %t\n", inputs[i][0], inputs[i][1], y > 0.5)
	}
	// Output:
	// step   0: loss below 0.01 is false
	// step 150: loss below 0.01 is true
	// step 300: loss below 0.01 is true
	// 0 xor 0: false
	// 0 xor 1: true
	// 1 xor 0: true
	// 1 xor 1: false
}

// A probe records what a neuron does in a network: here the voltage of the third
// of four neurons, that fires once.
func ExampleProbe() {
	g := G.NewGraph()
	x := G.NewTensor(g, tensor.Float32, 3, G.WithName("x"), G.WithShape(6, 1, 4), G.WithInit(G.ValuesOf(float32(1.2))))
	b := layers.NewBuild(42)
	hidden := layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()))
	if _, err := hidden.Apply(b, x); err != nil {
		log.Fatal(err)
	}
	taps, err := layers.Probe{Layer: "hidden", State: "V", Neurons: []int{2}}.Attach(b)
	if err != nil {
		log.Fatal(err)
	}
	var v G.Value
	G.Read(taps[0].Node, &v)
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	r, err := taps[0].Record(v)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f\n", r.Sample(0))
	// Output: [0.12 0.32 0.58 0.88 0.00 0.44]
}
