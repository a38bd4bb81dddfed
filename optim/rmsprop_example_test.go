package optim_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/optim"
)

// RMSProp moves weights alike that have gradients of very different size.
func ExampleRMSProp() {
	g := G.NewGraph()
	w := G.NewVector(g, tensor.Float64, G.WithName("w"), G.WithShape(2), G.WithInit(G.Zeroes()))
	x := G.NewVector(g, tensor.Float64, G.WithName("x"), G.WithShape(2), G.WithValue(
		tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{100, 0.01}))))
	loss := G.Must(G.Mul(w, x)) // its gradient is x
	if _, err := G.Grad(loss, w); err != nil {
		log.Fatal(err)
	}
	vm := G.NewTapeMachine(g, G.BindDualValues(w))
	defer vm.Close()

	rmsProp := &optim.RMSProp{LearningRate: 0.01}
	for range 10 {
		if err := vm.RunAll(); err != nil {
			log.Fatal(err)
		}
		if err := rmsProp.Step([]G.ValueGrad{w}); err != nil {
			log.Fatal(err)
		}
		vm.Reset()
	}
	fmt.Printf("%.4f\n", w.Value().Data())
	// Output:
	// [-0.1733 -0.1733]
}
