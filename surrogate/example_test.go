package surrogate_test

import (
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/surrogate"
)

// The published functions have names, for files and command lines.
func ExampleByName() {
	f, err := surrogate.ByName("super", 100)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.0f %.0f\n", f.Eval(-0.01), f.Eval(0.01))
	fmt.Printf("%.2f %.2f\n", f.Deriv(0), f.Deriv(0.01))

	_, err = surrogate.ByName("super", -1)
	fmt.Println(err)
	// Output:
	// 0 1
	// 1.00 0.25
	// surrogate: SuperSpike: α is -1, want a finite number above 0
}

// The derivative of a step is 0 wherever there is one. The gradient of a spike
// is the surrogate's slope in its place.
func ExampleThreshold() {
	g := G.NewGraph()
	x := G.NewVector(g, tensor.Float64, G.WithName("x"), G.WithShape(4),
		G.WithValue(tensor.New(tensor.WithBacking([]float64{-2, -0.5, 0.5, 2}))))
	z, err := surrogate.Threshold(x, surrogate.Triangle{Alpha: 1})
	if err != nil {
		log.Fatal(err)
	}
	grads, _, err := graph.Grad(G.Must(G.Sum(z)), x)
	if err != nil {
		log.Fatal(err)
	}
	var spikes, slopes G.Value
	G.Read(z, &spikes)
	G.Read(grads[0], &slopes)
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(spikes.Data(), slopes.Data())
	// Output: [0 0 1 1] [0 0.5 0.5 0]
}

// Cosine is a spike function of one's own: a step, and half a period of a
// cosine for its slope. Embedding surrogate.Step gives it Eval.
type Cosine struct{ surrogate.Step }

// Deriv returns cos(x) between −π/2 and π/2.
func (Cosine) Deriv(x float64) float64 {
	if math.Abs(x) > math.Pi/2 {
		return 0
	}
	return math.Cos(x)
}

// Two methods make a spike function, and embedding gives one of them. It serves
// wherever those of the package do: as the Spike of a neuron, for example.
func ExampleStep() {
	var f graph.Func = Cosine{}
	fmt.Printf("%.0f %.0f\n", f.Eval(-1), f.Eval(1))
	fmt.Printf("%.3f %.3f %.3f\n", f.Deriv(0), f.Deriv(math.Pi/3), f.Deriv(2))
	// Output:
	// 0 1
	// 1.000 0.500 0.000
}

// A neuron with noise fires by chance, more often the higher its voltage. The
// noise comes from a generator with a seed, so that a run can be repeated.
func ExampleDraw() {
	const trials = 10000
	g := G.NewGraph()
	v := G.NewMatrix(g, tensor.Float32, G.WithName("v"), G.WithShape(trials, 3))
	u := G.NewMatrix(g, tensor.Float32, G.WithName("noise"), G.WithShape(trials, 3))
	var b graph.Builder
	z := surrogate.Draw(&b, surrogate.Logistic{K: 1}, v, graph.Const(1), u)
	if err := b.Err(); err != nil {
		log.Fatal(err)
	}
	rate := G.Must(G.Mean(z, 0))
	var rates G.Value
	G.Read(rate, &rates)

	voltages, noise := make([]float32, trials*3), make([]float32, trials*3)
	for i := range voltages {
		voltages[i] = []float32{0, 1, 2}[i%3]
	}
	if err := surrogate.Uniform(noise, rand.New(rand.NewPCG(1, 0))); err != nil {
		log.Fatal(err)
	}
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	for n, x := range map[*G.Node][]float32{v: voltages, u: noise} {
		if err := G.Let(n, tensor.New(tensor.WithShape(trials, 3), tensor.WithBacking(x))); err != nil {
			log.Fatal(err)
		}
	}
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f\n", rates.Data())
	// Output: [0.1 0.5 0.9]
}
