package optim_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/optim"
)

// Momentum carries a weight down the parabola (w − 3)².
func ExampleSGD() {
	g := G.NewGraph()
	w := G.NewScalar(g, tensor.Float64, G.WithName("w"), G.WithValue(0.0))
	loss := G.Must(G.Square(G.Must(G.Sub(w, G.NewConstant(3.0)))))
	if _, err := G.Grad(loss, w); err != nil {
		log.Fatal(err)
	}
	vm := G.NewTapeMachine(g, G.BindDualValues(w))
	defer vm.Close()

	sgd := &optim.SGD{LearningRate: 0.05, Momentum: 0.5, Nesterov: true}
	for step := range 60 {
		if err := vm.RunAll(); err != nil {
			log.Fatal(err)
		}
		if err := sgd.Step([]G.ValueGrad{w}); err != nil {
			log.Fatal(err)
		}
		vm.Reset()
		if step%20 == 19 {
			fmt.Printf("step %d: w = %.4f\n", step+1, w.Value().Data())
		}
	}
	// Output:
	// step 20: w = 2.9842
	// step 40: w = 2.9999
	// step 60: w = 3.0000
}
