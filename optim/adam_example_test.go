package optim_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/optim"
)

// An optimiser takes the place of a solver in any Gorgonia graph: here it fits
// a line to four points on y = 2x − 1.
func ExampleAdam() {
	g := G.NewGraph()
	x := G.NewVector(g, tensor.Float32, G.WithName("x"), G.WithShape(4), G.WithValue(
		tensor.New(tensor.WithShape(4), tensor.WithBacking([]float32{0, 1, 2, 3}))))
	y := G.NewVector(g, tensor.Float32, G.WithName("y"), G.WithShape(4), G.WithValue(
		tensor.New(tensor.WithShape(4), tensor.WithBacking([]float32{-1, 1, 3, 5}))))
	slope := G.NewScalar(g, tensor.Float32, G.WithName("slope"), G.WithValue(float32(0)))
	offset := G.NewScalar(g, tensor.Float32, G.WithName("offset"), G.WithValue(float32(0)))
	line := G.Must(G.Add(G.Must(G.Mul(x, slope)), offset))
	loss := G.Must(G.Mean(G.Must(G.Square(G.Must(G.Sub(line, y))))))
	if _, err := G.Grad(loss, slope, offset); err != nil {
		log.Fatal(err)
	}
	vm := G.NewTapeMachine(g, G.BindDualValues(slope, offset))
	defer vm.Close()

	adam := &optim.Adam{LearningRate: 0.05}
	for range 500 {
		if err := vm.RunAll(); err != nil {
			log.Fatal(err)
		}
		if err := adam.Step([]G.ValueGrad{slope, offset}); err != nil {
			log.Fatal(err)
		}
		vm.Reset()
	}
	fmt.Printf("y = %.2fx %+.2f\n", slope.Value().Data(), offset.Value().Data())
	// Output:
	// y = 2.00x -1.00
}

// The first step of Adam is as long as the learning rate, 0.1. Decoupled decay
// takes 0.1 · 0.5 of the weight on top of it.
func ExampleNewAdamW() {
	g := G.NewGraph()
	w := G.NewScalar(g, tensor.Float64, G.WithName("w"), G.WithValue(1.0))
	loss := G.Must(G.Square(G.Must(G.Sub(w, G.NewConstant(3.0)))))
	if _, err := G.Grad(loss, w); err != nil {
		log.Fatal(err)
	}
	vm := G.NewTapeMachine(g, G.BindDualValues(w))
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	if err := optim.NewAdamW(0.1, 0.5).Step([]G.ValueGrad{w}); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f\n", w.Value().Data())
	// Output:
	// 1.0500
}
